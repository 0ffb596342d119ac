// SPDX-License-Identifier: Apache-2.0
/// \file
/// How one thread of a launch stops in the middle of a call, and the others go on without it.
#pragma once

#include <cowarp/platform/platform.hpp>

#include <cstdint>

#if !defined(__CUDA_ARCH__) && !defined(COWARP_SIM)
#  include <cowarp/platform/host/stop_host_thread.hpp>
#endif

namespace cowarp::platform {

/// True where a thread can stop by itself; in simulation the run ends as failed instead.
#if defined(COWARP_SIM)
inline constexpr bool stops_threads = false;
#else
inline constexpr bool stops_threads = true;
#endif

/// Stops the calling lane (GPU) or thread (CPU) for good. Nothing is unwound: its locks stay locked.
///
/// Barriers and votes of the block go on without a lane that has stopped; a value that they ask of it is
/// undefined. On a CPU the thread stays where it is until the process ends, and a debugger shows it there.
///
/// \pre the thread runs a block of a launch.
[[noreturn]] COWARP_FN inline void stop_thread() {
#if defined(__CUDA_ARCH__)
  asm volatile("exit;");
  unreachable();
#elif defined(COWARP_SIM)
  std::abort();
#else
  stop_host_thread();
#endif
}

/// \returns true in all lanes that are left if a lane of the warp has stopped; all of those reach this line.
[[nodiscard]] COWARP_FN inline bool has_lost_lanes() {
#if defined(__CUDA_ARCH__)
  return __ballot_sync(~0u, 1) != ~0u;
#else
  return false;
#endif
}

}  // namespace cowarp::platform
