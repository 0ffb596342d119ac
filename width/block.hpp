// SPDX-License-Identifier: Apache-2.0
/// \file
/// Awaiting a function that all threads of the block run.
#pragma once

#include <cowarp/width/lanes.hpp>
#include <cowarp/width/lanes_for.hpp>

#include <cstdint>
#include <utility>

namespace cowarp {

/// One of the threads of a block that together run what a task awaits: all of them on a GPU, one on a
/// CPU.
struct block_lane {
  std::uint32_t index;

  static constexpr bool is_of_block = true;
  [[nodiscard]] COWARP_FN static std::uint32_t width() { return platform::threads_of_block(); }
  [[nodiscard]] COWARP_FN constexpr bool is_leader() const { return index == 0; }
};

/// \returns a future of what `fn(block_lane)` returned in the first thread, once all threads of the
/// block have run it. Other workers join in their next pass; `__syncthreads` and the collectives of a
/// block are legal inside. Else as `lanes`, in a program with `uses_block`.
///
/// A program that is ending may leave it pending.
template <class Fn>
[[nodiscard]] COWARP_FN lanes_future<Fn, block_lane> block(Fn fn) {
  return lanes_future<Fn, block_lane>(std::move(fn));
}

/// \returns a future that is ready once `fn(i)` has run for every `i` below `count`, spread over the
/// threads of the block, as `lanes_for`.
template <class Fn>
[[nodiscard]] COWARP_FN auto block_for(std::uint32_t count, Fn fn) {
  return block(detail::for_each_index<block_lane, Fn>{count, std::move(fn)});
}

}  // namespace cowarp
