// SPDX-License-Identifier: Apache-2.0
/// \file
/// A flag to wait for, set and reset by hand.
#pragma once

#include <cowarp/sync/detail/wait_list.hpp>

#include <cstdint>

namespace cowarp {

/// Lets all pass while it is set; tasks that come while it is not wait until it is.
///
/// ```text
///                   set 1
///   ┌───────────┐ ────────► ┌───────────┐
///   │ reset     │           │ set       │
///   │ (even)    │ ◄──────── │ (odd)     │
///   └───────────┘  reset 2  └───────────┘
/// ```
///
/// 1  all who wait are let in, also if a reset follows at once; a set event is not set again
/// 2  those who come from now on wait for the next `set`
///
/// Invariant:     while the event is set, nobody waits but those whom a `set` under way lets in.
/// Called by:     any lane within `Scope`; any number of tasks may wait.
/// Scope:         `Scope`; with `block` it lives in the block state.
/// Memory order:  what the setter wrote before `set` is visible to all whom that let pass.
/// Resumes on:    the executor's next poll of the waiting task; at once if the event is set.
/// Progress:      a short spin lock.
/// Storage:       32 bytes; zero bytes are valid and reset. A waiting future: 48 bytes.
/// A task that was let pass may destroy the event: `set` does not touch it any more. tokio's and
/// Embassy's nearest are `Notify` and `Signal`; neither lets latecomers pass.
template <scope Scope = scope::device>
class event {
 public:
  static constexpr scope primitive_scope = Scope;

  class wait_future;

  /// Lets all pass until `reset`.
  COWARP_FN void set() {
    list_.update([&] { changes_ += is_odd() ? 0 : 1; },
                 [&] { return detail::first_of_past_round(list_, changes_); });
  }

  COWARP_FN void reset() {
    list_.with([&] { changes_ += is_odd() ? 1 : 0; });
  }

  /// \returns a future that is ready as soon as the event is set.
  [[nodiscard]] COWARP_FN wait_future wait() { return wait_future(*this); }

  /// \returns true if the event is set.
  [[nodiscard]] COWARP_FN bool try_wait() {
    bool result = false;
    list_.with([&] { result = is_odd(); });
    return result;
  }
  [[nodiscard]] COWARP_FN bool is_set() { return try_wait(); }

  // ---- for the future ----

  using waiter_type = detail::round_waiter;
  COWARP_FN bool enter(detail::round_waiter& w, task_id task) {
    return list_.enter(w, task, [&](detail::round_waiter& newcomer) {
      newcomer.round = changes_;
      return is_odd();
    });
  }
  COWARP_FN void leave(detail::round_waiter& w) {
    list_.with([&] { list_.forget_locked(w); });
  }

 private:
  [[nodiscard]] COWARP_FN bool is_odd() const { return (changes_ & 1u) != 0; }

  std::uint32_t changes_;  // odd: set
  detail::wait_list<Scope, detail::round_waiter> list_;
};

/// Waits until the event is set.
template <scope Scope>
class event<Scope>::wait_future {
 public:
  using output = unit;

  COWARP_FN explicit wait_future(event& of) : wait_(of) {}

  COWARP_FN polled<unit> poll(context& cx) {
    if (wait_.poll(cx)) return unit{};
    return pending;
  }

 private:
  detail::queued_wait<event> wait_;
};

}  // namespace cowarp
