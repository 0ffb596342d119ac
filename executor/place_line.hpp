// SPDX-License-Identifier: Apache-2.0
/// \file
/// Tasks that wait for a place: a slot of a pool, or room in another block's inbox.
#pragma once

#include <cowarp/executor/future.hpp>
#include <cowarp/sync/detail/wait_list.hpp>

#include <cstdint>

namespace cowarp::detail {

/// The tasks that wait for places of one kind, which are numbers. A place goes from hand to hand: while
/// somebody waits, one that comes back is never free.
///
/// Invariant:     nobody waits while there is a free place.
/// Called by:     any lane within `Scope`.
/// Scope:         `Scope`.
/// Memory order:  what was done at a place before it came back is visible to whom it goes to.
/// Progress:      a short spin lock.
/// Storage:       24 bytes; zero bytes are valid and empty.
template <scope Scope>
class place_line {
 public:
  static constexpr std::uint32_t none = ~0u;

  struct waiter : detail::waiter {
    std::uint32_t place = none;  // what it was given
  };

  /// A poll of a waiter. \param claim() takes a free place, or returns `none`. \returns true once the
  /// waiter has one.
  template <class Claim>
  COWARP_FN bool enter(waiter& w, task_id task, Claim&& claim) {
    return list_.enter(w, task, [&](waiter& newcomer) {
      newcomer.place = claim();
      return newcomer.place != none;
    });
  }

  /// Brings a place back: to the first who waits, or by `free(place)`.
  template <class Free>
  COWARP_FN void give(std::uint32_t place, Free&& free) {
    pass_on([&] { return place; }, free);
  }

  /// Takes a waiter out, which may have been given a place meanwhile.
  template <class Free>
  COWARP_FN void leave(waiter& w, Free&& free) {
    pass_on([&] { return list_.forget_locked(w) == waiter::state::notified ? w.place : none; },
            free);
  }

 private:
  /// \param come_back() is called under the lock and says which place comes back, or `none`.
  template <class ComeBack, class Free>
  COWARP_FN void pass_on(ComeBack&& come_back, Free& free) {
    std::uint32_t place = none;
    list_.update([&] { place = come_back(); },
                 [&]() -> waiter* {
                   if (place == none) return nullptr;
                   waiter* first = list_.first();
                   if (first == nullptr) {
                     free(place);
                   } else {
                     first->place = place;
                   }
                   place = none;
                   return first;
                 });
  }

  wait_list<Scope, waiter> list_;
};

/// Waits for one of the places that `Places` stands for. Its output is `Places::made(place)`.
///
/// `Places` is a small value with `line()`, a `place_line<line_scope>&`, `claim()`, `free(place)` and
/// `made(place)`. None of them deduces its type, since a task's program is not complete where it awaits.
///
/// Called by:     the lane that polls the task.
/// Resumes on:    the executor's next poll.
/// Storage:       40 bytes and `Places`. Dropped after it was given a place, it hands it on.
template <class Places>
class COWARP_TRIVIAL_ABI place_wait {
 public:
  using output = typename Places::output;

  COWARP_FN explicit place_wait(Places of) : of_(of) {}
  place_wait(place_wait&&) = default;  // before the first poll only
  COWARP_FN ~place_wait() {
    if (has_waited_) of_.line().leave(waiter_, [&](std::uint32_t place) { of_.free(place); });
  }

  COWARP_FN polled<output> poll(context& cx) {
    has_waited_ = !of_.line().enter(waiter_, cx.task(), [&] { return of_.claim(); });
    if (has_waited_) return pending;
    return polled<output>(in_place, of_.made(waiter_.place));
  }

 private:
  Places of_;
  typename place_line<Places::line_scope>::waiter waiter_;
  bool has_waited_ = false;  // the waiter may be known to the line
};

}  // namespace cowarp::detail
