// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a worker does when it finds nothing to poll.
#pragma once

#include <cowarp/platform/pause.hpp>
#include <cowarp/platform/platform.hpp>

#if defined(COWARP_SIM)
#  include <cowarp/platform/sim/schedule.hpp>
#elif !defined(__CUDA_ARCH__)
#  include <cowarp/platform/host/pender.hpp>
#endif

#include <cstdint>

namespace cowarp::platform {

#if defined(__CUDA_ARCH__) || defined(COWARP_SIM)
class pender;
#endif

#if defined(COWARP_SIM)
inline constexpr bool is_simulated = true;
#else
inline constexpr bool is_simulated = false;
#endif

// All are few in simulation, where nothing is to depend on their number.

/// Passes without work before a worker looks at its timers and calls itself quiet.
inline constexpr std::uint32_t settling_passes = is_simulated ? 1 : 16;
/// Passes between two looks at what the host wants, which cross the bus; a multiple of those after which a
/// busy worker looks outside at all.
inline constexpr std::uint32_t ask_host_passes = is_simulated ? 16 : 128;
/// Polls in which a task looks for a credit before it goes to sleep until there is one. On a GPU a look is a
/// load, and going to sleep takes a lock for which thousands of tasks may come at once.
inline constexpr std::uint32_t tries_before_sleep = is_simulated ? 1 : on_device ? 4096 : 32;

/// Ends the sleep of the host worker behind `sleeper`; on a GPU workers look by themselves.
COWARP_FN inline void rouse(pender* sleeper) {
#if defined(__CUDA_ARCH__) || defined(COWARP_SIM)
  static_cast<void>(sleeper);
#else
  if (sleeper != nullptr) sleeper->rouse();
#endif
}

/// Backs off after `passes` passes over the words that found nothing, for at most `limit_ns`.
///
/// A GPU worker spins first and then sleeps in short, doubling naps; all its lanes call it. A host
/// worker sleeps until it is roused.
COWARP_FN inline void back_off(pender* sleeper, std::uint32_t passes, std::uint64_t limit_ns) {
#if defined(__CUDA_ARCH__)
  constexpr std::uint32_t spins      = 64;
  constexpr std::uint32_t longest_ns = 512;
  static_cast<void>(sleeper);
  if (passes < spins) return;
  const std::uint32_t doublings = passes - spins < 5 ? passes - spins : 5;
  const std::uint32_t nap       = 16u << doublings;
  pause(limit_ns < nap ? static_cast<std::uint32_t>(limit_ns) : nap);
  static_assert(16u << 5 == longest_ns);
#elif defined(COWARP_SIM)
  static_cast<void>(sleeper);
  sim::idle(passes, limit_ns);
#else
  constexpr std::uint32_t spins      = 16;
  constexpr std::uint64_t longest_ns = 2'000'000;
  if (passes < spins) {
    pause(0);
  } else if (sleeper != nullptr && limit_ns != 0) {
    sleeper->sleep(limit_ns < longest_ns ? limit_ns : longest_ns);
  }
#endif
}

}  // namespace cowarp::platform
