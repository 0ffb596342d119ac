// SPDX-License-Identifier: Apache-2.0
/// \file
/// What time it is, as a `std::chrono` clock, inside and outside a task.
#pragma once

#include <cowarp/executor/block.hpp>
#include <cowarp/platform/pause.hpp>

#include <chrono>
#include <cstdint>

namespace cowarp {

/// A steady clock in nanoseconds: `%globaltimer` on a GPU (all blocks agree; it advances in steps of
/// 32 ns on an H100), the process's steady clock on the CPU, or a manual clock that only
/// `advance_clock` moves, if the launch asked for one.
///
/// Called by:     any lane or host thread; in a kernel without an executor see `this_block`.
struct clock {
  using duration                  = std::chrono::nanoseconds;
  using rep                       = duration::rep;
  using period                    = duration::period;
  using time_point                = std::chrono::time_point<clock>;
  static constexpr bool is_steady = true;

  [[nodiscard]] static COWARP_FN time_point now() {
    return time_point(duration(static_cast<rep>(now_ns())));
  }

  [[nodiscard]] static COWARP_FN std::uint64_t now_ns() {
    if (platform::has_block()) {
      block_header& block = *platform::this_block();
      // relaxed: a time stamp orders nothing.
      if (block.has_manual_clock != 0) return block.grid->manual_now_ns.load(platform::relaxed);
    }
    return platform::clock_ns();
  }
};

/// Moves the manual clock forward; the tasks that become due are polled by their workers' next pass.
///
/// Called by:     any task of a launch with `manual_clock`.
/// Scope:         device.
COWARP_FN inline void advance_clock(std::chrono::nanoseconds by) {
  COWARP_ASSERT(platform::this_block()->has_manual_clock != 0,
                "advance_clock: launch the program with .manual_clock = true");
  // relaxed: a time stamp orders nothing.
  platform::this_block()->grid->manual_now_ns.fetch_add(static_cast<std::uint64_t>(by.count()),
                                                        platform::relaxed);
}

}  // namespace cowarp
