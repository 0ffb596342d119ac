// SPDX-License-Identifier: Apache-2.0
/// \file
/// What the tile pipelines have to do, and what a CPU says the result is.
#pragma once

#include <support/measure.hpp>

#include <cstdint>
#include <cstring>
#include <vector>

namespace bench {

/// Tiles of numbers that are loaded, put through `rounds` steps x -> x / 2 + 1, and stored.
///
/// A step rounds once on every processor, so results are equal to the bit. With `Varies` one tile in ten,
/// nobody knows which, takes 20 times as many steps as the others.
template <std::uint32_t TileBytes, bool Varies>
struct tile_job {
  static constexpr std::uint32_t tile_bytes = TileBytes;
  static constexpr std::uint32_t tile_words = TileBytes / 4;
  static constexpr bool varies              = Varies;

  const float* in;
  float* out;
  std::uint32_t tiles;
  std::uint32_t blocks;
  cowarp::platform::atomic_word<cowarp::scope::device> next;  // tiles that were taken

  static COWARP_FN std::uint32_t mixed(std::uint32_t i) {
    i = (i ^ (i >> 16)) * 0x7feb352du;
    i = (i ^ (i >> 15)) * 0x846ca68bu;
    return i ^ (i >> 16);
  }
  /// Input `i` of the job: a whole number, so that the first steps are exact.
  static COWARP_FN float input(std::uint32_t i) { return static_cast<float>(mixed(i) & 0xffffu); }
  static COWARP_FN std::uint32_t rounds(std::uint32_t tile) {
    if (!Varies) return 1;
    return mixed(tile) % 10 == 0 ? 20 * 64 : 64;
  }
  static COWARP_FN float step(float x) { return x * 0.5f + 1.0f; }

  /// The part of a tile that one of `threads` threads does.
  static COWARP_FN void transform(std::uint32_t tile, float* words, std::uint32_t thread,
                                  std::uint32_t threads) {
    struct alignas(16) four {
      float of[4];
    };
    four* const fours = reinterpret_cast<four*>(words);
    if constexpr (Varies) {
      const std::uint32_t steps = rounds(tile);
      for (std::uint32_t i = thread; i < tile_words / 4; i += threads) {
        four x = fours[i];
        for (std::uint32_t j = 0; j < steps; ++j) {
          for (float& each : x.of) each = step(each);
        }
        fours[i] = x;
      }
    } else {
      constexpr std::uint32_t batch = 4;  // loads that are under way at once
      std::uint32_t i               = thread;
      for (; i + (batch - 1) * threads < tile_words / 4; i += batch * threads) {
        four x[batch];
        for (std::uint32_t k = 0; k < batch; ++k) x[k] = fours[i + k * threads];
        for (four& each : x) {
          for (float& one : each.of) one = step(one);
        }
        for (std::uint32_t k = 0; k < batch; ++k) fours[i + k * threads] = x[k];
      }
      for (; i < tile_words / 4; i += threads) {
        four x = fours[i];
        for (float& one : x.of) one = step(one);
        fours[i] = x;
      }
    }
  }
};

/// Writes the inputs, or something that no output is.
template <class Job, bool Inputs>
struct fill_entry {
  using argument                             = Job*;
  static constexpr std::uint32_t max_threads = 1024;
  static COWARP_FN void run(Job* const& job, unsigned char*, std::uint32_t block,
                            std::uint32_t thread, std::uint32_t threads) {
    const std::size_t all = std::size_t{job->tiles} * Job::tile_words;
    for (std::size_t i = std::size_t{block} * threads + thread; i < all;
         i += std::size_t{job->blocks} * threads) {
      if constexpr (Inputs) {
        const_cast<float*>(job->in)[i] = Job::input(static_cast<std::uint32_t>(i));
      } else {
        job->out[i] = -1.0f;
      }
    }
  }
};

/// Memory of the processor that runs kernels, for inputs and outputs of `words` numbers each.
class tile_memory {
 public:
  explicit tile_memory(std::size_t words) : words_(words), launch_({0, 1, 1, 1, 16, nullptr}) {
    in_  = reinterpret_cast<float*>(launch_.allocate(words * 4));
    out_ = reinterpret_cast<float*>(launch_.allocate(words * 4));
  }

  /// \returns the job on this memory, with inputs written and outputs spoilt.
  template <class Job>
  Job fresh() {
    Job job{};
    job.in     = in_;
    job.out    = out_;
    job.tiles  = static_cast<std::uint32_t>(words_ / Job::tile_words);
    job.blocks = launch_.blocks();
    run_kernel<fill_entry<Job, true>>({job.blocks, workers}, job);
    run_kernel<fill_entry<Job, false>>({job.blocks, workers}, job);
    return job;
  }

  /// \returns how many numbers in one part of `parts` of the output are not what a CPU computes.
  /// Which part it is rotates from call to call.
  template <class Job>
  std::size_t wrong(std::uint32_t parts) {
    const std::size_t part  = words_ / parts / Job::tile_words * Job::tile_words;
    const std::size_t first = calls_++ % parts * part;
    std::vector<float> got(part);
    launch_.download(got.data(), out_ + first, part * 4);
    std::size_t wrong = 0;
    for (std::size_t at = 0; at < part; at += Job::tile_words) {
      float expected[Job::tile_words];
      for (std::uint32_t i = 0; i < Job::tile_words; ++i) {
        expected[i] = Job::input(static_cast<std::uint32_t>(first + at + i));
      }
      const auto tile = static_cast<std::uint32_t>((first + at) / Job::tile_words);
      for (std::uint32_t j = 0; j < Job::rounds(tile); ++j) {
        for (float& each : expected) each = Job::step(each);
      }
      wrong += std::memcmp(expected, got.data() + at, sizeof expected) != 0;
    }
    return wrong;
  }

  [[nodiscard]] float* in() const { return in_; }
  [[nodiscard]] float* out() const { return out_; }
  [[nodiscard]] std::size_t bytes() const { return words_ * 4; }

 private:
  static constexpr std::uint32_t workers = has_workers ? 32 : 1;

  std::size_t words_;
  cowarp::platform::entry_launch<nothing_entry> launch_;
  float* in_           = nullptr;
  float* out_          = nullptr;
  std::uint32_t calls_ = 0;
};

}  // namespace bench
