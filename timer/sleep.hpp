// SPDX-License-Identifier: Apache-2.0
/// \file
/// Waiting for a point in time.
#pragma once

#include <cowarp/executor/future.hpp>
#include <cowarp/timer/clock.hpp>

#include <chrono>
#include <cstdint>
#include <ratio>
#include <type_traits>

namespace cowarp {

namespace detail {

/// \returns the duration in whole nanoseconds, rounded up; below zero 0, beyond the range its end.
template <class Rep, class Period>
[[nodiscard]] COWARP_FN constexpr std::uint64_t saturated_ns(
    std::chrono::duration<Rep, Period> duration) {
  using std::chrono::nanoseconds;
  // At least 64 bits, so that the range of the clock fits whatever `Rep` is.
  using wide = std::chrono::duration<std::common_type_t<Rep, std::int64_t>, Period>;
  if (duration <= duration.zero()) return 0;
  constexpr nanoseconds longest = nanoseconds::max();
  // Whole numbers of something finer than nanoseconds are never beyond the range.
  if constexpr (std::chrono::treat_as_floating_point_v<Rep> ||
                std::ratio_greater_equal_v<Period, std::nano>) {
    if (wide(duration) >= std::chrono::duration_cast<wide>(longest)) {
      return static_cast<std::uint64_t>(longest.count());
    }
  }
  return static_cast<std::uint64_t>(std::chrono::ceil<nanoseconds>(wide(duration)).count());
}

}  // namespace detail

/// Waits until a deadline; ready at once if it has passed.
///
/// Called by:     the lane that polls the task; any number of timers per task.
/// Scope:         one task.
/// Resumes on:    the first pass of its worker at or after the deadline; never before it.
/// Progress:      arming and cancelling are a few stores, whatever sleeps beside it.
/// Storage:       24 bytes. After Embassy's `Timer`, without its one deadline per task.
class COWARP_TRIVIAL_ABI timer {
 public:
  using output = unit;

  COWARP_FN explicit timer(std::uint64_t deadline_ns)
      : item_{deadline_ns, nullptr, task_id::none} {}
  COWARP_FN timer(timer&& other) noexcept : timer(other.item_.deadline_ns) {}
  COWARP_FN ~timer() { disarm(); }

  COWARP_FN polled<unit> poll(context& cx) {
    if (has_passed()) {
      disarm();
      return unit{};
    }
    arm(cx);
    return pending;
  }

  /// \returns true from the deadline on.
  [[nodiscard]] COWARP_FN bool has_passed() const { return clock::now_ns() >= item_.deadline_ns; }

  /// Has the task polled again at the deadline, at once if it has passed; for futures that watch the
  /// clock themselves. The second time it only notes on whose behalf it is polled now.
  COWARP_FN void arm(context& cx) {
    const bool was_armed = is_armed();
    if (cx.task().is_none()) return;
    item_.task = cx.task().value;
    if (was_armed) return;
    slot_timers& timers = list();
    item_.next          = timers.first;
    timers.first        = &item_;
    timers.wait_until(item_.deadline_ns);
    cx.touch_timers();
  }

 private:
  [[nodiscard]] COWARP_FN bool is_armed() const { return item_.task != task_id::none; }

  /// \returns the list that the item stands in. \pre is_armed()
  [[nodiscard]] COWARP_FN slot_timers& list() const {
    return platform::this_block()->timers[task_id{item_.task}.slot()];
  }

  COWARP_FN void disarm() {
    if (!is_armed()) return;
    slot_timers& timers    = list();
    timer_item** link      = &timers.first;
    std::uint64_t earliest = 0;
    while (*link != nullptr) {
      if (*link == &item_) {
        *link = item_.next;
      } else {
        if (~(*link)->deadline_ns > earliest) earliest = ~(*link)->deadline_ns;
        link = &(*link)->next;
      }
    }
    // Due timers stay out: their task was woken for them already.
    if (earliest < timers.not_soonest) timers.not_soonest = earliest;
    item_.task = task_id::none;
  }

  timer_item item_;  // its task is none while it stands in no list
};

/// Waits until the clock shows `deadline`.
[[nodiscard]] COWARP_FN inline timer sleep_until(clock::time_point deadline) {
  return timer(detail::saturated_ns(deadline.time_since_epoch()));
}

/// Waits at least `duration`, counted from this call; zero and less are ready at once, what the clock
/// cannot hold is "for ever".
template <class Rep, class Period>
[[nodiscard]] COWARP_FN timer sleep_for(std::chrono::duration<Rep, Period> duration) {
  const std::uint64_t now = clock::now_ns();
  const std::uint64_t ns  = detail::saturated_ns(duration);
  return timer(ns > ~std::uint64_t{0} - now ? ~std::uint64_t{0} : now + ns);
}

}  // namespace cowarp
