// SPDX-License-Identifier: Apache-2.0
/// \file
/// The tile pipeline on a CPU: each block copies its tiles in, works on them and copies them out.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstring>

namespace peers {

inline constexpr const char* pipeline_name = "by hand";
inline constexpr const char* copy_name     = "memcpy";

/// \returns seconds of a copy.
inline double copy_seconds(void* to, const void* from, std::size_t bytes) {
  const auto begin = std::chrono::steady_clock::now();
  std::memcpy(to, from, bytes);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

inline constexpr std::uint32_t pipeline_first_line = __LINE__;
template <class Job, std::uint32_t Stages>
struct tile_pipeline {
  using argument                             = Job*;
  static constexpr std::uint32_t workers     = 1;
  static constexpr std::uint32_t max_threads = 32;
  struct memory {
    float tile[Job::tile_words];
  };

  static void run(Job* const& job, unsigned char* shared, std::uint32_t block, std::uint32_t,
                  std::uint32_t) {
    float* tile = reinterpret_cast<memory*>(shared)->tile;
    for (std::uint32_t i = block; i < job->tiles; i += job->blocks) {
      const std::size_t at = std::size_t{i} * Job::tile_words;
      std::memcpy(tile, job->in + at, sizeof(memory));
      job->transform(i, tile, 0, 1);
      std::memcpy(job->out + at, tile, sizeof(memory));
    }
  }
};
inline constexpr std::uint32_t pipeline_last_line = __LINE__;

}  // namespace peers
