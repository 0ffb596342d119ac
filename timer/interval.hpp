// SPDX-License-Identifier: Apache-2.0
/// \file
/// Something that is due again and again: ticks at a fixed distance.
#pragma once

#include <cowarp/executor/future.hpp>
#include <cowarp/future/stream.hpp>
#include <cowarp/timer/sleep.hpp>

#include <chrono>
#include <cstdint>

namespace cowarp {

/// \returns `at + by`, or the last instant that the clock can show if that is beyond it; what is below
/// zero is added as zero. `clock::now() + duration::max()` itself wraps into the past.
template <class Rep, class Period>
[[nodiscard]] COWARP_FN clock::time_point saturating_add(clock::time_point at,
                                                         std::chrono::duration<Rep, Period> by) {
  const auto ns = static_cast<clock::rep>(detail::saturated_ns(by));
  if (at.time_since_epoch().count() > clock::duration::max().count() - ns) {
    return clock::time_point::max();
  }
  return at + clock::duration(ns);
}

/// What becomes of ticks that were due before anyone asked for them.
///
/// ```text
///   period 100, the tick of 100 is taken at 350:
///   burst   100 200 300 at once, then 400 500     none is lost, the rhythm stays
///   skip    100 at once, then 400 500             the missed are lost, the rhythm stays
///   delay   100 at once, then 450 550             the missed are lost, a whole period follows
/// ```
enum class missed_ticks : std::uint8_t { burst, skip, delay };

/// Ticks, one every period. Made by `every(period)`.
///
/// With `burst` and `skip` ticks stay at multiples of the period, however late each is taken; with
/// `delay` the next is due a period after the last was taken, so it drifts, and never hurries.
///
/// Invariant:     the next tick's instant stands here, not in the future that waits for it: a tick
///                that is dropped, even when it is due, is the next one again.
/// Called by:     the lane that polls the task that it belongs to.
/// Scope:         one task.
/// Resumes on:    the first pass of its worker at or after the tick's instant; never before it.
/// Storage:       24 bytes; must stay where it is while a tick or a stream of ticks waits.
/// After Embassy's `Ticker`, with tokio's choice for missed ticks.
class interval {
 public:
  using instant = clock::time_point;

  class tick_future;

  /// \param period at least a nanosecond; less counts as that.
  COWARP_FN interval(clock::duration period, missed_ticks missed)
      : period_(period < clock::duration(1) ? clock::duration(1) : period), missed_(missed) {
    reset();
  }

  /// \returns a future of the instant at which the next tick was due; ready at once if it is over.
  [[nodiscard]] COWARP_FN tick_future tick();

  /// Puts the next tick a whole period from now. A tick that waits sees that at its next poll.
  COWARP_FN void reset() { next_ = saturating_add(clock::now(), period_); }
  /// Puts the next tick at `at`, and the others behind it. A tick that waits sees that at its next
  /// poll.
  COWARP_FN void reset_at(instant at) { next_ = at < instant() ? instant() : at; }

  /// \returns when the next tick is due.
  [[nodiscard]] COWARP_FN instant deadline() const { return next_; }
  [[nodiscard]] COWARP_FN clock::duration period() const { return period_; }

 private:
  friend class tick_stream;

  /// Where a tick waits: a timer, and the instant that it was set to.
  struct waiting {
    optional<timer> alarm;
    instant due;
  };

  COWARP_FN polled<instant> poll_tick(context& cx, waiting& at) {
    if (!at.alarm || at.due != next_) {
      at.alarm.emplace(sleep_until(next_));
      at.due = next_;
    }
    if (!at.alarm->poll(cx)) return pending;
    at.alarm.reset();
    const instant now = clock::now();
    next_             = after(at.due, now < at.due ? at.due : now);
    return polled<instant>(at.due);
  }

  /// \returns the tick after that of `due`, taken at `now`.
  [[nodiscard]] COWARP_FN instant after(instant due, instant now) const {
    if (missed_ == missed_ticks::delay) return saturating_add(now, period_);
    if (missed_ == missed_ticks::skip) due += (now - due) / period_ * period_;
    return saturating_add(due, period_);
  }

  clock::duration period_;
  instant next_;
  missed_ticks missed_;
};

/// Waits for one tick.
class interval::tick_future {
 public:
  using output = instant;

  COWARP_FN explicit tick_future(interval& of) : of_(of) {}

  COWARP_FN polled<instant> poll(context& cx) { return of_.poll_tick(cx, waiting_); }

 private:
  interval& of_;
  waiting waiting_;
};

COWARP_FN inline interval::tick_future interval::tick() { return tick_future(*this); }

/// \returns ticks at a distance of `period`, the first a period from now.
template <class Rep, class Period>
[[nodiscard]] COWARP_FN interval every(std::chrono::duration<Rep, Period> period,
                                       missed_ticks missed = missed_ticks::burst) {
  return interval(clock::duration(static_cast<clock::rep>(detail::saturated_ns(period))), missed);
}

/// The ticks of an interval, without end. Made by `ticks(interval)`.
class tick_stream {
 public:
  using item = interval::instant;

  COWARP_FN explicit tick_stream(interval& of) : of_(of) {}

  COWARP_FN polled_item<item> poll_next(context& cx) {
    const auto at = of_.poll_tick(cx, waiting_);
    if (!at) return pending;
    return polled_item<item>(in_place, in_place, *at);
  }

 private:
  interval& of_;
  interval::waiting waiting_;
};

/// \returns the stream of the interval's ticks.
[[nodiscard]] COWARP_FN inline tick_stream ticks(interval& of) { return tick_stream(of); }

}  // namespace cowarp
