// SPDX-License-Identifier: Apache-2.0
/// \file
/// A lock for a few instructions, safe among the lanes of one warp.
#pragma once

#include <cowarp/platform/atomic.hpp>
#include <cowarp/platform/pause.hpp>

namespace cowarp::platform {

/// Mutual exclusion for short critical sections that neither wait nor call user code that waits.
///
/// Invariant:     at most one lane or thread is inside `with`.
/// Called by:     any lane or host thread within `Scope`; lanes of a warp may be diverged.
/// Scope:         `Scope`.
/// Memory order:  what one critical section wrote is visible in the next.
/// Progress:      blocking. The holder may be a lane of the spinner's own warp, which needs
///                independent thread scheduling (sm_70 and newer): the critical section stands
///                inside the loop, so that a lane that holds the lock never waits for the rest of
///                its warp to leave the loop. One access to memory decides who is next: a look
///                before the exchange would always come too late beside a lane that takes the lock
///                again as soon as it left it. A holder that an assertion stopped keeps the lock;
///                whoever waits for long is stopped as well then.
/// Storage:       4 bytes; zero is unlocked.
template <scope Scope>
class spin_lock {
 public:
  /// Runs `critical` alone. \param critical must not wait for another task, lane or lock.
  template <class Critical>
  COWARP_FN void with(Critical&& critical) {
    std::uint32_t wait_ns                = 0;
    [[maybe_unused]] std::uint32_t waits = 0;
    for (bool entered = false; !entered;) {
      // acquire: shows what the last holder wrote.
      if (word_.exchange(locked, order::acquire) == unlocked) {
        critical();
        // release: publishes this critical section to the next holder.
        word_.store(unlocked, order::release);
        entered = true;
      } else {
        if constexpr (checks_assertions) {
          if (++waits % patience == 0) stop_if_others_were_stopped();
        }
        pause(wait_ns);
        wait_ns = wait_ns < longest_wait_ns ? wait_ns * 2 + 16 : wait_ns;
      }
    }
  }

 private:
  static constexpr std::uint32_t unlocked        = 0;
  static constexpr std::uint32_t locked          = 1;
  static constexpr std::uint32_t longest_wait_ns = 256;
  // Waits after which the holder may have been stopped; one that was not has left long before.
  static constexpr std::uint32_t patience = 8192;

  atomic_word<Scope> word_;
};

}  // namespace cowarp::platform
