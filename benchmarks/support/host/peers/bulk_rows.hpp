// SPDX-License-Identifier: Apache-2.0
/// \file
/// Rows in an irregular order on a CPU: each block copies its own.
#pragma once

#include <cstdint>

namespace peers {

template <class Job, std::uint32_t Workers>
struct bulk_rows {
  using argument                             = Job*;
  static constexpr std::uint32_t max_threads = 32;
  struct memory {
    std::uint64_t unused[2];
  };

  static void run(Job* const& job, unsigned char*, std::uint32_t block, std::uint32_t,
                  std::uint32_t) {
    for (std::uint32_t i = block; i < job->rows; i += job->blocks) {
      for (std::uint32_t j = 0; j < Job::pieces; ++j) job->to(i)[j] = job->from(i)[j];
    }
  }
};

}  // namespace peers
