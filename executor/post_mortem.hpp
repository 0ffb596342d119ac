// SPDX-License-Identifier: Apache-2.0
/// \file
/// What the host finds in a launch's memory after its end: which tasks were left.
#pragma once

#include <cowarp/executor/executor.hpp>
#include <cowarp/executor/report.hpp>

#include <cstdint>
#include <vector>

namespace cowarp::detail {

/// Adds the tasks of one block that were pending at the end to the report.
///
/// \param masks which slots hold a task, for each word of the block
template <class Program>
void note_waiting(report& to, std::uint32_t block, const std::vector<std::uint32_t>& masks) {
  std::uint32_t word = 0;
  Program::for_each_task([&]<class Task>(task_type<Task>) {
    for (std::uint32_t last = word + words_of<Task>; word < last; ++word) {
      for (std::uint32_t left = masks[word]; left != 0; left &= left - 1) {
        add_waiting(to, {task_name<Task>(), 1, block, word * 32 + platform::lowest_bit(left)});
      }
    }
  });
}

/// Does so for all blocks of a launch that has ended.
template <class Program, class Launch>
void note_waiting(report& to, const Launch& launch, const executor_ref& ref) {
  using layout = detail::layout<Program>;
  if constexpr (finds_stalls<Program>) {
    std::vector<std::uint32_t> masks(layout::words);
    for (std::uint32_t block = 0; block < to.blocks; ++block) {
      if (to.per_block[block].pending == 0) continue;
      launch.download(masks.data(),
                      ref.blocks + layout::block_global_bytes * block + layout::pending_at,
                      layout::pending_bytes);
      note_waiting<Program>(to, block, masks);
    }
  }
}

}  // namespace cowarp::detail
