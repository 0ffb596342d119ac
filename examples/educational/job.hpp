// SPDX-License-Identifier: Apache-2.0
/// \file
/// The job that all five levels do, x -> x / 2 + 1 for many numbers, and how its result is checked and its
/// speed measured.
#pragma once

#include <cowarp/cowarp.hpp>
#include <cowarp/fmt.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

namespace educational {

constexpr std::uint32_t part_words = 4096;  // 16 KB: what a task works on between two awaits
constexpr std::uint32_t part_bytes = part_words * 4;

/// Four numbers: what one lane moves with one instruction.
struct alignas(16) four {
  float of[4];
};

COWARP_FN inline float step(float x) { return x * 0.5f + 1.0f; }
COWARP_FN inline four step(const four& x) {
  return {{step(x.of[0]), step(x.of[1]), step(x.of[2]), step(x.of[3])}};
}

/// The grid state: numbers in parts, that come from `in` and go to `out`.
struct job {
  const float* in;
  float* out;
  std::uint32_t parts;

  [[nodiscard]] COWARP_FN const float* source(std::uint32_t part) const {
    return in + std::size_t{part} * part_words;
  }
  [[nodiscard]] COWARP_FN float* target(std::uint32_t part) const {
    return out + std::size_t{part} * part_words;
  }
};

/// A kernel that is never started, for the sake of the memory that comes with a launch.
struct nothing {
  using argument                             = std::uint32_t;
  static constexpr std::uint32_t max_threads = 32;
  static COWARP_FN void run(const argument&, unsigned char*, std::uint32_t, std::uint32_t,
                            std::uint32_t) {}
};

/// Memory of the processor that runs the tasks.
class memory {
 public:
  explicit memory(std::size_t bytes)
      : launch_({.blocks       = 1,
                 .workers      = 1,
                 .max_workers  = 1,
                 .words        = 1,
                 .shared_bytes = 16,
                 .stream       = nullptr}),
        bytes_(bytes),
        at_(reinterpret_cast<float*>(launch_.allocate(bytes))) {}
  void upload(const void* from) { launch_.upload(at_, from, bytes_); }
  void download(void* to) { launch_.download(to, at_, bytes_); }
  [[nodiscard]] float* for_tasks() const { return at_; }

 private:
  cowarp::platform::entry_launch<nothing> launch_;
  std::size_t bytes_;
  float* at_;
};

/// What `main` of a level does: runs the program and compares all numbers; with `--rate` on much more
/// memory, five times, and prints the speed of the fastest run too. \returns the exit status.
template <class App>
int run(int level, int argc, char** argv, std::uint32_t workers = 1) {
  const bool wants_rate     = argc > 1 && std::string_view(argv[1]) == "--rate";
  const std::uint32_t large = cowarp::platform::launches_on_gpu ? 64 * 1024 : 4 * 1024;
  const std::uint32_t parts = wants_rate ? large : 256;
  const std::size_t bytes   = std::size_t{parts} * part_bytes;

  std::vector<float> numbers(std::size_t{parts} * part_words);
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<float>(i % 65521);
  memory in(bytes), out(bytes);
  in.upload(numbers.data());

  double seconds = 0;
  for (int i = 0; i < (wants_rate ? 5 : 1); ++i) {
    job j{in.for_tasks(), out.for_tasks(), parts};
    const auto done =
        cowarp::run<App>({.workers = cowarp::platform::launches_on_gpu ? workers : 1}, j);
    seconds = i == 0 ? done.seconds : std::min(seconds, done.seconds);
  }

  std::vector<float> results(numbers.size());
  out.download(results.data());
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < results.size(); ++i) wrong += results[i] != step(numbers[i]);
  fmt::print("level {}: {} parts, {} numbers wrong\n", level, parts, wrong);
  if (wants_rate) {
    fmt::print("level {}: {:.1f} GB/s\n", level, 2e-9 * static_cast<double>(bytes) / seconds);
  }
  return wrong == 0 ? 0 : 1;
}

}  // namespace educational
