// SPDX-License-Identifier: Apache-2.0
/// \file
/// A meeting point for a number of tasks, phase after phase.
#pragma once

#include <cowarp/sync/detail/wait_list.hpp>

#include <cstdint>

namespace cowarp {

/// Lets nobody on before all participants, `Initial` at first, have arrived; then the next phase
/// begins. With `device` scope the tasks of all blocks can meet.
///
/// ```text
///   phase 0: arrive arrive ... arrive ─┐  the last arrival lets all in
///   phase 1:                           └► arrive ... arrive ─┐
///   phase 2:                                                 └► ...
/// ```
///
/// Invariant:     fewer have arrived than take part; nobody waits for a phase that is over, but
///                those whom the last arrival is letting in.
/// Called by:     any lane within `Scope`.
/// Scope:         `Scope`; with `block` it lives in the block state.
/// Memory order:  what was written before any arrival of a phase is visible to all who wait for its
///                end.
/// Resumes on:    the executor's next poll of the waiting task; the last to arrive goes on at once.
/// Progress:      a short spin lock. All participants must be able to run: a task counts as one
///                however long it is not polled.
/// Storage:       40 bytes; zero bytes are valid. A waiting future: 48 bytes.
/// Fails:         more arrivals than participants, in Debug builds.
/// Cancelling a task that waits in `arrive_and_wait` takes its arrival back if the phase is not
/// over; `arrive` is final. After `std::barrier` and tokio's `Barrier`.
template <std::uint32_t Initial = 0, scope Scope = scope::device>
class barrier {
 public:
  static constexpr scope primitive_scope = Scope;

  class wait_future;

  /// Says which phase an arrival counted for.
  struct [[nodiscard]] arrival {
    std::uint32_t phase;
  };

  /// Sets the number of participants where it is not known to the compiler. \pre nobody uses the
  /// barrier yet.
  COWARP_FN void init(std::uint32_t participants) { gone_ = Initial - participants; }

  /// Arrives at the first poll, then waits for the others. \returns a future of true for the task
  /// whose arrival ended the phase, of false for the rest.
  [[nodiscard]] COWARP_FN wait_future arrive_and_wait() { return wait_future(*this); }

  /// Arrives without waiting. \returns what to wait for.
  COWARP_FN arrival arrive(std::uint32_t count = 1) {
    arrival result{};
    change([&] {
      result.phase = phase_;
      add(count);
    });
    return result;
  }
  /// \returns a future that is ready, with false, once the phase of that arrival is over.
  [[nodiscard]] COWARP_FN wait_future wait(arrival of) { return wait_future(*this, of); }
  /// \returns true if the phase of that arrival is over.
  [[nodiscard]] COWARP_FN bool try_wait(arrival of) {
    bool result = false;
    list_.with([&] { result = phase_ != of.phase; });
    return result;
  }

  /// Takes part no more, from this phase on; it may be the one that the others were waiting for.
  COWARP_FN void drop() {
    change([&] {
      ++gone_;
      add(0);
    });
  }

  [[nodiscard]] COWARP_FN std::uint32_t participants() {
    std::uint32_t result = 0;
    list_.with([&] { result = expected(); });
    return result;
  }

  // ---- for the future ----

  struct waiter : detail::round_waiter {
    waiter() = default;
    COWARP_FN explicit waiter(arrival of) : has_arrived(true) { round = of.phase; }

    bool has_arrived = false;  // by `arrive`
    bool is_last     = false;
  };
  using waiter_type = waiter;

  COWARP_FN bool enter(waiter& w, task_id task) {
    bool is_in = false;
    change([&] {
      is_in = list_.enter_locked(w, task, [&](waiter& newcomer) {
        if (newcomer.has_arrived) return newcomer.round != phase_;
        newcomer.round   = phase_;
        newcomer.is_last = add(1);
        return newcomer.is_last;
      });
    });
    return is_in;
  }
  COWARP_FN void leave(waiter& w) {
    list_.with([&] {
      const bool was_queued = list_.forget_locked(w) == detail::waiter::state::queued;
      if (was_queued && !w.has_arrived && w.round == phase_) --arrived_;
    });
  }

 private:
  [[nodiscard]] COWARP_FN std::uint32_t expected() const { return Initial - gone_; }

  /// Counts arrivals. \returns true if that ended the phase.
  COWARP_FN bool add(std::uint32_t count) {
    arrived_ += count;
    COWARP_ASSERT(arrived_ <= expected(),
                  "more arrivals at a barrier than participants: give it a larger count");
    if (arrived_ != expected() || arrived_ == 0) return false;
    arrived_ = 0;
    ++phase_;
    return true;
  }

  template <class Fn>
  COWARP_FN void change(Fn&& fn) {
    list_.update(fn, [&] { return detail::first_of_past_round(list_, phase_); });
  }

  std::uint32_t phase_;
  std::uint32_t arrived_;  // in this phase
  std::uint32_t gone_;     // `Initial` less the participants
  detail::wait_list<Scope, waiter> list_;
};

/// Arrives if it was asked to, then waits for the end of the phase.
template <std::uint32_t Initial, scope Scope>
class barrier<Initial, Scope>::wait_future {
 public:
  using output = bool;

  COWARP_FN explicit wait_future(barrier& at) : wait_(at) {}
  COWARP_FN wait_future(barrier& at, arrival of) : wait_(at, of) {}

  COWARP_FN polled<bool> poll(context& cx) {
    if (!wait_.poll(cx)) return pending;
    return wait_.waiter().is_last;
  }

 private:
  detail::queued_wait<barrier> wait_;
};

}  // namespace cowarp
