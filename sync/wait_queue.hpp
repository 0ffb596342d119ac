// SPDX-License-Identifier: Apache-2.0
/// \file
/// Waiting for a wake: the building block for primitives that are not here yet.
#pragma once

#include <cowarp/sync/detail/wait_list.hpp>
#include <cowarp/sync/detail/waiter.hpp>

#include <cstdint>
#include <utility>

namespace cowarp {

/// Tasks that wait to be woken, one at a time or all at once, in the order in which they came.
///
/// `wake_one` with nobody waiting is kept, once, for the next who waits; `wake_all` is not kept.
/// `wait_until(condition)` is a condition variable without a mutex: whoever changes what the
/// condition reads calls `wake_one` or `wake_all` after the change.
///
/// Invariant:     a wake is kept only while nobody waits.
/// Called by:     any lane within `Scope`; any number of tasks may wait.
/// Scope:         `Scope`; with `block` it lives in the block state.
/// Memory order:  what the waker wrote before a wake is visible to whom it wakes.
/// Resumes on:    the executor's next poll of the waiting task.
/// Progress:      a short spin lock; no limit to the number of waiters.
/// Storage:       32 bytes; zero bytes are valid, empty and open. A waiting future: 48 bytes.
/// Fails:         waiting, with `false`, once the queue is closed.
/// Cancelling a task that `wake_one` woke wakes the next instead. After maitake's `WaitQueue` and
/// tokio's `Notify`.
template <scope Scope = scope::device>
class wait_queue {
  enum class reason : std::uint8_t { none, one, all, closed };
  struct waiter : detail::round_waiter {
    reason let_in = reason::none;
  };

 public:
  static constexpr scope primitive_scope = Scope;

  class wait_future;
  template <class Condition>
  class wait_until_future;

  /// \returns a future of true when woken, of false once the queue is closed.
  [[nodiscard]] COWARP_FN wait_future wait() { return wait_future(*this); }

  /// \returns a future of true once `condition()` is, of false if the queue is closed before that.
  /// \param condition reads atomics or what other tasks do not write at the same time.
  template <class Condition>
  [[nodiscard]] COWARP_FN auto wait_until(Condition condition) {
    return wait_until_future<Condition>(*this, std::move(condition));
  }

  /// Takes a wake that was kept. \returns false if there was none.
  [[nodiscard]] COWARP_FN bool try_wait() {
    bool result = false;
    list_.with([&] { result = std::exchange(has_kept_wake_, false); });
    return result;
  }

  /// Wakes the first who waits; if there is none, the next who comes will not wait.
  COWARP_FN void wake_one() {
    bool is_given = false;
    list_.update([] {}, [&] { return next(is_given); });
  }
  /// Wakes all who wait now.
  COWARP_FN void wake_all() {
    bool is_given = true;
    list_.update([&] { ++round_; }, [&] { return next(is_given); });
  }
  /// Wakes all who wait and all who will, with `false`.
  COWARP_FN void close() {
    bool is_given = true;
    list_.update([&] { is_closed_ = true; }, [&] { return next(is_given); });
  }

  [[nodiscard]] COWARP_FN bool is_closed() {
    bool result = false;
    list_.with([&] { result = is_closed_; });
    return result;
  }

  // ---- for the futures ----

  using waiter_type = waiter;
  COWARP_FN bool enter(waiter& w, task_id task) {
    return list_.enter(w, task, [&](waiter& newcomer) {
      newcomer.round  = round_;
      newcomer.let_in = is_closed_ ? reason::closed : reason::one;
      return is_closed_ || std::exchange(has_kept_wake_, false);
    });
  }
  COWARP_FN void leave(waiter& w) {
    bool is_given = true;
    list_.update(
        [&] {
          const bool was_notified = list_.forget_locked(w) == detail::waiter::state::notified;
          if (was_notified && w.let_in == reason::one) is_given = false;
        },
        [&] { return next(is_given); });
  }

 private:
  /// \returns the next to wake: all of earlier rounds, then one more if `is_given` is false.
  COWARP_FN waiter* next(bool& is_given) {
    waiter* w = list_.first();
    if (w != nullptr && (is_closed_ || w->round != round_)) {
      w->let_in = is_closed_ ? reason::closed : reason::all;
      return w;
    }
    if (is_given || is_closed_) return nullptr;
    is_given = true;
    if (w == nullptr) {
      has_kept_wake_ = true;
    } else {
      w->let_in = reason::one;
    }
    return w;
  }

  std::uint32_t round_;  // how often all were woken
  bool has_kept_wake_;
  bool is_closed_;
  detail::wait_list<Scope, waiter> list_;
};

/// Waits for one wake.
template <scope Scope>
class wait_queue<Scope>::wait_future {
 public:
  using output = bool;

  COWARP_FN explicit wait_future(wait_queue& queue) : wait_(queue) {}

  COWARP_FN polled<bool> poll(context& cx) {
    if (!wait_.poll(cx)) return pending;
    return wait_.waiter().let_in != reason::closed;
  }

 private:
  detail::queued_wait<wait_queue> wait_;
};

/// Waits for a condition, which it asks after every wake.
template <scope Scope>
template <class Condition>
class wait_queue<Scope>::wait_until_future {
 public:
  using output = bool;

  COWARP_FN wait_until_future(wait_queue& queue, Condition&& condition)
      : wait_(queue), condition_(std::move(condition)) {}

  COWARP_FN polled<bool> poll(context& cx) {
    for (;;) {
      // Waits first and asks then: a change after the question finds the waiter in the queue.
      const bool is_in = wait_.poll(cx);
      if (condition_()) {
        wait_.cancel();
        return true;
      }
      if (!is_in) return pending;
      if (wait_.waiter().let_in == reason::closed) return false;
    }
  }

 private:
  detail::queued_wait<wait_queue> wait_;
  Condition condition_;
};

}  // namespace cowarp
