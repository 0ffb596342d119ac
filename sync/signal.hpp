// SPDX-License-Identifier: Apache-2.0
/// \file
/// The latest value, for one task that waits for it.
#pragma once

#include <cowarp/executor/future.hpp>
#include <cowarp/platform/spin_lock.hpp>
#include <cowarp/sync/detail/line.hpp>

#include <concepts>
#include <memory>
#include <new>
#include <utility>

namespace cowarp {

/// Hands the latest value to one waiting task; a value that nobody took is replaced by the next.
///
/// ```text
///              signal 1               take 2
///   ┌───────┐ ────────► ┌───────────┐ ───────► ┌───────┐
///   │ empty │           │ has value │          │ empty │
///   └───────┘           └─────┬─────┘          └───────┘
///                             │ ▲
///                             └─┘ signal 3
/// ```
///
/// 1  the first waiter, if any, is notified: the value is reserved for it
/// 2  the notified waiter, or without one whoever asks, takes the value
/// 3  the value is replaced; the reservation stays
///
/// Invariant:     at most one waiter is notified, and only while there is a value.
/// Called by:     any lane within `Scope`; any number of tasks may wait, served first come first.
/// Scope:         `Scope`; with `block` it lives in the block state.
/// Memory order:  what the signaller wrote before `signal` is visible to the task that took the value.
/// Resumes on:    the executor's next poll of the waiting task.
/// Progress:      a short spin lock.
/// Storage:       24 bytes and the value; zero bytes are valid and empty. A waiting future: 40 bytes.
/// Values of 4 bytes or fewer pass without a lock while one task waits: sync/detail/small_signal.hpp.
/// Cancelling a notified waiter hands the value to the next. After Embassy's `Signal`.
template <class Value, scope Scope = scope::device>
class signal {
 public:
  static constexpr scope primitive_scope = Scope;

  class wait_future;

  /// Gives a value, in place of one that was not taken yet.
  COWARP_FN void send(Value&& value) {
    task_id woken{task_id::none};
    lock_.with([&] {
      if (has_value_) {
        slot() = std::move(value);
      } else {
        ::new (static_cast<void*>(bytes_)) Value(std::move(value));
        has_value_ = true;
      }
      woken = reserve_for_first();
    });
    wake(woken);
  }
  COWARP_FN void send(const Value& value) requires std::copy_constructible<Value> {
    return send(Value(value));
  }

  /// \returns a future of the value.
  [[nodiscard]] COWARP_FN wait_future wait() { return wait_future(*this); }
  /// The same. A signal of a small value looks for it in so many polls before it sleeps: sync/detail/small_signal.hpp.
  [[nodiscard]] COWARP_FN wait_future wait_awake(std::uint8_t = 16) { return wait(); }

  /// \returns the value if there is one that is not reserved for a waiting task.
  [[nodiscard]] COWARP_FN polled<Value> try_take() {
    polled<Value> result;
    lock_.with([&] {
      if (has_value_ && !is_reserved_) result = take();
    });
    return result;
  }

  /// Drops a value that was not taken; a task notified of it waits on, first in line.
  COWARP_FN void reset() {
    lock_.with([&] {
      if (has_value_) static_cast<void>(take());
    });
  }

  [[nodiscard]] COWARP_FN bool has_value() {
    bool result = false;
    lock_.with([&] { result = has_value_; });
    return result;
  }

 private:
  COWARP_FN Value& slot() { return *std::launder(reinterpret_cast<Value*>(bytes_)); }

  COWARP_FN polled<Value> take() {
    polled<Value> result(std::move(slot()));
    slot().~Value();
    has_value_ = false;
    return result;
  }

  COWARP_FN task_id reserve_for_first() {
    if (is_reserved_ || waiters_.is_empty()) return {task_id::none};
    is_reserved_ = true;
    return waiters_.notify_first();
  }

  platform::spin_lock<Scope> lock_;
  bool has_value_;
  bool is_reserved_;  // a waiter was notified and has not been polled since
  detail::owned_queue waiters_;
  alignas(Value) unsigned char bytes_[sizeof(Value)];
};

/// Waits for a signal's value. Cancelling it loses nothing.
template <class Value, scope Scope>
class COWARP_TRIVIAL_ABI signal<Value, Scope>::wait_future {
 public:
  using output = Value;

  COWARP_FN explicit wait_future(signal& from) : from_(from) {}
  wait_future(wait_future&&) = default;  // before the first poll only
  COWARP_FN ~wait_future() {
    if (has_waited_) leave();
  }

  COWARP_FN polled<Value> poll(context& cx) {
    polled<Value> result;
    from_.lock_.with([&] { result = poll_locked(cx); });
    has_waited_ = !result.has_value();
    return result;
  }

 private:
  COWARP_FN polled<Value> poll_locked(context& cx) {
    using state = detail::waiter::state;
    if (waiter_.is == state::notified) {
      from_.is_reserved_ = false;
      waiter_.is         = state::idle;
      if (from_.has_value_) return from_.take();
      from_.waiters_.push_front(waiter_);  // `reset` dropped the value meanwhile
    } else if (waiter_.is == state::idle) {
      if (from_.has_value_ && !from_.is_reserved_) return from_.take();
      from_.waiters_.push_back(waiter_);
    }
    waiter_.task = cx.task();
    return pending;
  }

  COWARP_FN void leave() {
    task_id woken{task_id::none};
    from_.lock_.with([&] {
      if (waiter_.is == detail::waiter::state::queued) from_.waiters_.remove(waiter_);
      if (waiter_.is != detail::waiter::state::notified) return;
      from_.is_reserved_ = false;
      if (from_.has_value_) woken = from_.reserve_for_first();
    });
    wake(woken);
  }

  signal& from_;
  detail::waiter waiter_;
  bool has_waited_ = false;  // the waiter may be known to the signal
};

}  // namespace cowarp

// The same for small values.
#include <cowarp/sync/detail/small_signal.hpp>
