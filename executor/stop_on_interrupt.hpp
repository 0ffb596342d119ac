// SPDX-License-Identifier: Apache-2.0
/// \file
/// Ctrl-C ends a launch instead of the process.
#pragma once

#include <cowarp/platform/host/interrupt.hpp>

namespace cowarp {

/// While one lives, the first Ctrl-C (SIGINT) ends all launches that somebody waits for; their reports
/// say `interrupted`. The second has the effect that it had without: as a rule it kills the process.
///
/// ```cpp
/// const cowarp::stop_on_interrupt ctrl_c;
/// auto report = cowarp::run<app>({}, state);
/// if (ctrl_c.has_come()) fmt::print(stderr, "{}\n", report);
/// ```
///
/// It prints nothing, and a process that ignores SIGINT goes on ignoring it. A launch that is begun after
/// the signal is ended as well, as soon as somebody waits for it.
///
/// Invariant:     the signal's handler is that of before, after the last one's life and after the signal.
/// Called by:     any host thread; make it before the wait. Several may live at once, in all threads.
/// Scope:         process: `run`, `run_for`, and the waits of `execution`.
/// Progress:      the waits look every 20 ms. A launch ends after the polls under way, so one whose poll
///                does not return needs the second Ctrl-C.
class stop_on_interrupt {
 public:
  stop_on_interrupt() { platform::watch_interrupts(); }
  ~stop_on_interrupt() { platform::unwatch_interrupts(); }
  stop_on_interrupt(const stop_on_interrupt&)            = delete;
  stop_on_interrupt& operator=(const stop_on_interrupt&) = delete;

  /// \returns true once the signal came.
  [[nodiscard]] bool has_come() const { return platform::is_interrupted(); }
};

}  // namespace cowarp
