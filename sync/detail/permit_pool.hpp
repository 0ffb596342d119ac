// SPDX-License-Identifier: Apache-2.0
/// \file
/// Permits that tasks take, hold and give back: the common ground of semaphore, mutex and rwlock.
#pragma once

#include <cowarp/sync/detail/wait_list.hpp>

#include <cstdint>

namespace cowarp::detail {

/// Who is served: the first in the queue, or the first in the queue whose request fits.
enum class service : std::uint8_t { fair, greedy };

/// A request for permits.
struct permit_waiter : waiter {
  COWARP_FN explicit permit_waiter(std::uint32_t at_least, bool wants_all = false)
      : takes_all(wants_all), wanted(at_least) {}

  bool takes_all;           // everything there is, if that is `wanted` or more
  bool is_refused = false;  // the pool was closed
  std::uint32_t wanted;
  std::uint32_t granted = 0;
};

/// A number of permits, `Initial` at first, and the tasks that wait for some.
///
/// Invariant:     a waiter whose turn it is and whose request fits is let in by the very change
///                that made it fit, so a newcomer finds either permits or a queue, and overtakes
///                nobody (fair) or only those whose requests do not fit (greedy).
/// Called by:     any lane within `Scope`.
/// Scope:         `Scope`.
/// Memory order:  what a task wrote before it gave permits back is visible to who gets them.
/// Progress:      a short spin lock.
/// Storage:       32 bytes; zero bytes are valid, full and open.
template <std::uint32_t Initial, service Service, scope Scope>
class permit_pool {
 public:
  using waiter_type = permit_waiter;

  COWARP_FN bool enter(permit_waiter& w, task_id task) {
    return list_.enter(w, task, [&](permit_waiter& newcomer) { return is_free(newcomer); });
  }
  COWARP_FN void leave(permit_waiter& w) {
    change([&] {
      if (list_.forget_locked(w) == waiter::state::notified) taken_ -= w.granted;
    });
  }

  /// Takes permits if nobody has to be waited for. \returns false if there are none to be had.
  [[nodiscard]] COWARP_FN bool try_take(permit_waiter& request) {
    bool is_in = false;
    list_.with([&] { is_in = is_free(request); });
    return is_in && !request.is_refused;
  }

  COWARP_FN void give(std::uint32_t count) {
    change([&] { taken_ -= count; });
  }
  /// Makes the number of free permits `count`, whatever is held now.
  COWARP_FN void set(std::uint32_t count) {
    change([&] { taken_ = Initial - count; });
  }

  /// Refuses all who wait and all who come, until `reopen`.
  COWARP_FN void close() {
    close([] {});
  }
  /// The same, and runs `also` under the lock.
  template <class Fn>
  COWARP_FN void close(Fn&& also) {
    change([&] {
      is_closed_ = true;
      also();
    });
  }
  /// Runs `fn` and, if that is true, opens the pool with all its permits.
  template <class Fn>
  COWARP_FN void reopen_if(Fn&& fn) {
    list_.with([&] {
      if (!fn()) return;
      is_closed_ = false;
      taken_     = 0;
    });
  }

  [[nodiscard]] COWARP_FN std::uint32_t available() {
    std::uint32_t result = 0;
    list_.with([&] { result = free(); });
    return result;
  }
  [[nodiscard]] COWARP_FN bool is_closed() {
    bool result = false;
    list_.with([&] { result = is_closed_; });
    return result;
  }

 private:
  [[nodiscard]] COWARP_FN std::uint32_t free() const { return Initial - taken_; }

  /// Serves one request if it can be served. \returns true if it was.
  COWARP_FN bool serve(permit_waiter& w) {
    w.is_refused = is_closed_;
    w.granted    = 0;
    if (is_closed_) return true;
    if (w.wanted > free()) return false;
    w.granted = w.takes_all ? free() : w.wanted;
    taken_ += w.granted;
    return true;
  }
  COWARP_FN bool is_free(permit_waiter& newcomer) {
    if (Service == service::fair && !list_.is_empty() && !is_closed_) return false;
    return serve(newcomer);
  }

  /// \returns the next waiter that can be served, after it was.
  COWARP_FN permit_waiter* next() {
    permit_waiter* w = list_.first();
    if constexpr (Service == service::greedy) {
      while (w != nullptr && !serve(*w)) w = list_.after(*w);
      return w;
    } else {
      return w != nullptr && serve(*w) ? w : nullptr;
    }
  }

  template <class Fn>
  COWARP_FN void change(Fn&& fn) {
    list_.update(fn, [&] { return next(); });
  }

  std::uint32_t taken_;  // may wrap: more may be given than was taken
  bool is_closed_;
  wait_list<Scope, permit_waiter> list_;
};

}  // namespace cowarp::detail
