// SPDX-License-Identifier: Apache-2.0
/// \file
/// Moving the manual clock past many deadlines, one after the other.
#pragma once

#include <cowarp/executor/future.hpp>
#include <cowarp/platform/width.hpp>
#include <cowarp/timer/sleep.hpp>

#include <chrono>
#include <cstdint>

namespace cowarp {

/// Moves the manual clock from deadline to deadline; made by `advance(by)`.
///
/// Before each step it waits until the tasks that were due have been polled. So they run in the order of
/// their deadlines, each at its own time, also those that were armed on the way; and nobody runs whose deadline
/// is later. Where the clock stands at the end is what `advance_clock(by)` at its first poll would have made it.
///
/// Called by:     a task of a launch with `manual_clock`; one at a time.
/// Scope:         the tasks of the caller's worker, so a test that is about order has one worker and one
///                block. Tasks elsewhere see the same clock, but are not waited for.
/// Resumes on:    every pass of its worker, until the last of them was polled.
/// Progress:      two passes a deadline, each with a look at the worker's words.
/// Storage:       24 bytes. Fails: a launch without a manual clock is an assertion in Debug.
class advance_future {
 public:
  using output = unit;

  COWARP_FN explicit advance_future(std::uint64_t ns) : ns_(ns) {}
  advance_future(advance_future&&) = default;  // before the first poll only

  COWARP_FN polled<unit> poll(context& cx) {
    const std::uint64_t now = clock::now_ns();
    if (now_is_ == moment::before) {
      until_  = ns_ > ~now ? ~std::uint64_t{0} : now + ns_;
      now_is_ = moment::settled;
    }
    const bool has_settled = now_is_ == moment::settled;
    now_is_                = moment::settled;
    if (has_settled) {
      const std::uint64_t next = next_deadline();
      if (next > until_) {
        if (now < until_) move(until_ - now);
        return unit{};
      }
      // Else somebody is due already, whom the worker will find after this pass.
      if (next > now) move(next - now);
      now_is_ = moment::stepped;
    }
    cx.wake_self();
    return pending;
  }

 private:
  enum class moment : std::uint8_t {
    before,   // nothing was done yet
    stepped,  // who is due has been made ready, and is polled in the pass of this poll
    settled,  // who was due has been polled
  };

  static COWARP_FN void move(std::uint64_t ns) {
    advance_clock(std::chrono::nanoseconds(static_cast<std::int64_t>(ns)));
  }

  /// \returns the earliest deadline of the worker's tasks; the largest number if nobody sleeps.
  static COWARP_FN std::uint64_t next_deadline() {
    block_header& here        = *platform::this_block();
    std::uint64_t not_soonest = 0;
    for (std::uint32_t i = platform::worker_of_lane(); i < here.words; i += here.workers) {
      const std::uint64_t its = here.word(i).not_soonest;
      if (its > not_soonest) not_soonest = its;
    }
    return ~not_soonest;
  }

  std::uint64_t ns_;
  std::uint64_t until_ = 0;
  moment now_is_       = moment::before;
};

/// \returns a future that is ready once the manual clock has moved by `by` and all that became due on the way
/// was polled, in the order of the deadlines. To move it at once see `advance_clock`.
template <class Rep, class Period>
[[nodiscard]] COWARP_FN advance_future advance(std::chrono::duration<Rep, Period> by) {
  return advance_future(detail::saturated_ns(by));
}

}  // namespace cowarp
