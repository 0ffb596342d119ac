// SPDX-License-Identifier: Apache-2.0
/// \file
/// The matrix-vector product on a CPU: each block multiplies its tiles where they stand.
#pragma once

#include <cstdint>

namespace peers {

inline constexpr std::uint32_t matvec_first_line = __LINE__;
template <class Job, std::uint32_t Stages, std::uint32_t Consumers>
struct matvec_pipeline {
  using argument                             = Job*;
  static constexpr std::uint32_t workers     = 1;
  static constexpr std::uint32_t max_threads = 32;
  struct memory {
    std::uint64_t unused[2];
  };

  static void run(Job* const& job, unsigned char*, std::uint32_t block, std::uint32_t,
                  std::uint32_t) {
    for (std::uint32_t i = block; i < job->tiles; i += job->blocks) {
      Job::store(Job::multiply(job->matrix[i], *job->vector, 0), job->result + Job::rows * i, 0);
    }
  }
};
inline constexpr std::uint32_t matvec_last_line = __LINE__;

}  // namespace peers
