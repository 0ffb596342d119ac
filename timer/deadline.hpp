// SPDX-License-Identifier: Apache-2.0
/// \file
/// By when a task wants to be polled, in programs that poll the earliest deadline first.
#pragma once

#include <cowarp/executor/future.hpp>
#include <cowarp/timer/sleep.hpp>

#include <chrono>
#include <cstdint>

namespace cowarp {

/// Notes the deadline of the task that awaits it; ready at once. Made by `due_at` and `due_in`.
///
/// It stays until the next one. A task that has not been polled yet goes before all others, so that it can say
/// its deadline; one that said none goes after all others. Nothing happens when a deadline is over: for that
/// await `with_deadline`.
///
/// Called by:     the lane that polls the task.
/// Scope:         one task; the order is that of its worker.
/// Storage:       8 bytes.
/// Fails:         in Debug builds, if the program has no `earliest_deadline_first`; in Release it does nothing
///                then.
class deadline_note {
 public:
  using output = unit;

  COWARP_FN explicit deadline_note(std::uint64_t at_ns)
      : at_ns_(at_ns == detail::deadline_unknown ? at_ns + 1 : at_ns) {}

  COWARP_FN polled<unit> poll(context& cx) {
    if (cx.task().is_none()) return unit{};
    block_header& block = *platform::this_block();
    COWARP_ASSERT(block.deadlines_at != 0,
                  "due_at: the program does not poll by deadlines: add `static constexpr bool "
                  "earliest_deadline_first = true;` to it");
    if (block.deadlines_at != 0) detail::deadline_of(block, cx.task().slot()) = at_ns_;
    return unit{};
  }

 private:
  std::uint64_t at_ns_;
};

/// From here on the awaiting task wants to be polled by `deadline`.
[[nodiscard]] COWARP_FN inline deadline_note due_at(clock::time_point deadline) {
  return deadline_note(detail::saturated_ns(deadline.time_since_epoch()));
}

/// The same, counted from this call.
template <class Rep, class Period>
[[nodiscard]] COWARP_FN deadline_note due_in(std::chrono::duration<Rep, Period> duration) {
  const std::uint64_t now = clock::now_ns();
  const std::uint64_t ns  = detail::saturated_ns(duration);
  return deadline_note(ns > detail::deadline_never - now ? detail::deadline_never : now + ns);
}

}  // namespace cowarp
