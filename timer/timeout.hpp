// SPDX-License-Identifier: Apache-2.0
/// \file
/// A future that gives up when time is over.
#pragma once

#include <cowarp/platform/coroutine.hpp>
#include <cowarp/timer/sleep.hpp>

#include <utility>

namespace cowarp {

/// A future with a deadline: its output is the awaited output, or nothing if the deadline came first.
///
/// The clock is read before the awaited future is polled, so a result that is there at the deadline
/// wins, and a timeout of zero still polls once. At the deadline the awaited future is left alone; it is cancelled when
/// this one is destroyed. A deadline that has passed is ready at the first poll: a loop around such an
/// await never lets others run, and should `yield_now` as well.
///
/// Storage: the awaited future and a `timer`. After Embassy's `with_timeout`.
template <class Future>
class COWARP_AWAIT_ELIDABLE timeout {
 public:
  using output = polled<typename Future::output>;

  COWARP_FN timeout(timer deadline, Future&& awaited)
      : awaited_(static_cast<Future&&>(awaited)), deadline_(static_cast<timer&&>(deadline)) {}

  COWARP_FN polled<output> poll(context& cx) {
    const bool late = deadline_.has_passed();
    if (auto result = awaited_.poll(cx)) return polled<output>(in_place, std::move(result));
    if (late) return polled<output>(in_place);
    deadline_.arm(cx);
    return pending;
  }

 private:
  Future awaited_;
  timer deadline_;
};

/// Awaits for `duration` at most. \returns a future of an optional, empty after a timeout.
template <class Rep, class Period, class Awaited>
[[nodiscard]] COWARP_FN auto with_timeout(std::chrono::duration<Rep, Period> duration,
                                          Awaited&& awaited COWARP_AWAIT_ELIDABLE_ARGUMENT) {
  return timeout<detail::future_of<Awaited>>(sleep_for(duration),
                                             into_future(static_cast<Awaited&&>(awaited)));
}

/// Awaits until `deadline` at most. \returns a future of an optional, empty after the deadline.
template <class Awaited>
[[nodiscard]] COWARP_FN auto with_deadline(clock::time_point deadline,
                                           Awaited&& awaited COWARP_AWAIT_ELIDABLE_ARGUMENT) {
  return timeout<detail::future_of<Awaited>>(sleep_until(deadline),
                                             into_future(static_cast<Awaited&&>(awaited)));
}

}  // namespace cowarp
