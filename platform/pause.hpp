// SPDX-License-Identifier: Apache-2.0
/// \file
/// How to wait a moment, and what time it is.
#pragma once

#include <cowarp/platform/platform.hpp>

#include <chrono>
#include <cstdint>
#include <thread>

#if defined(COWARP_SIM)
#  include <cowarp/platform/sim/schedule.hpp>
#endif

namespace cowarp::platform {

/// Lets others run for about `ns` nanoseconds, at most 1 ms; may return early or at once.
COWARP_FN inline void pause(std::uint32_t ns) {
#if defined(__CUDA_ARCH__)
  __nanosleep(ns);
#elif defined(COWARP_SIM)
  static_cast<void>(ns);
  sim::yield();
#else
  static_cast<void>(ns);
  std::this_thread::yield();
#endif
}

/// \returns nanoseconds on a clock that never runs backwards: `%globaltimer` (one for the whole
/// GPU, in steps of 32 ns on an H100), or the process's steady clock.
[[nodiscard]] COWARP_FN inline std::uint64_t clock_ns() {
#if defined(__CUDA_ARCH__)
  std::uint64_t ns;
  asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(ns));
  return ns;
#elif defined(COWARP_SIM)
  return sim::clock_ns();
#else
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(now).count());
#endif
}

/// \returns a count of cycles (GPU) or nanoseconds (CPU) for measuring how long something took.
[[nodiscard]] COWARP_FN inline std::uint64_t cycles() {
#if defined(__CUDA_ARCH__)
  return static_cast<std::uint64_t>(clock64());
#else
  return clock_ns();
#endif
}

}  // namespace cowarp::platform
