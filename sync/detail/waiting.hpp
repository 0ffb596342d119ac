// SPDX-License-Identifier: Apache-2.0
/// \file
/// What most primitives are made of: a lock and an end, and futures that try and wait in line.
#pragma once

#include <cowarp/executor/future.hpp>
#include <cowarp/platform/spin_lock.hpp>
#include <cowarp/sync/detail/line.hpp>

#include <cstdint>
#include <type_traits>
#include <utility>

namespace cowarp::detail {

/// What the primitives share: a lock, an end, and changes that call whoever they concern.
///
/// `Primitive` has `call(wake_list&)`, which calls in all its lines whoever can go on now.
/// Storage: 8 bytes; zero is open.
template <class Primitive, scope Scope>
class closable {
 public:
  static constexpr scope primitive_scope = Scope;

  /// Refuses what is new from now on, and lets everyone know who waits.
  COWARP_FN void close() {
    change([&] { is_closed_ = true; });
  }
  [[nodiscard]] COWARP_FN bool is_closed() {
    return look([&] { return is_closed_; });
  }

 protected:
  /// Runs `fn` under the lock, then wakes whom `call` named under the same lock; if the list had no room
  /// for all, calls again. After the last of them is woken this touches nothing: it may end the primitive.
  template <class Fn>
  COWARP_FN void change(Fn&& fn) {
    bool has_changed = false;
    wake_list woken;
    do {
      woken.clear();
      lock_.with([&] {
        if (!has_changed) fn();
        has_changed = true;
        static_cast<Primitive&>(*this).call(woken);
      });
      woken.wake_all();
    } while (woken.has_more());
  }

  /// \returns what `fn` returns under the lock, where it changes nothing that anyone waits for.
  template <class Fn>
  [[nodiscard]] COWARP_FN auto look(Fn&& fn) {
    decltype(fn()) result{};
    lock_.with([&] { result = fn(); });
    return result;
  }

  template <class Operation>
  friend class waiting;
  template <class Operation>
  friend COWARP_FN polled<typename Operation::output> attempt_now(Operation& operation);

  platform::spin_lock<Scope> lock_;
  bool is_closed_;
};

/// A future that tries an operation at every poll, and waits in line in between.
///
/// An operation has an `output`, the primitive `of` which it is one, a `line()` of it to wait in
/// (a `line` or an `audience`), and `attempt(place)`, which returns the output or `pending`, under
/// the lock. In a `line` an attempt may fail only if nothing is available to that place.
///
/// Invariant:     the place is known to the line only while `has_waited_`.
/// Resumes on:    the executor's next poll of the waiting task.
/// Cancelling it leaves the line and hands on what it was called for.
template <class Operation>
class COWARP_TRIVIAL_ABI waiting {
 public:
  using output = typename Operation::output;

  COWARP_FN explicit waiting(Operation&& operation)
      : operation_(static_cast<Operation&&>(operation)) {}
  waiting(waiting&&) = default;  // before the first poll only
  COWARP_FN ~waiting() {
    if (has_waited_) operation_.of.change([&] { operation_.line().leave(place_); });
  }

  COWARP_FN polled<output> poll(context& cx) {
    polled<output> result;
    operation_.of.change([&] {
      result = operation_.attempt(place_);
      if (result) {
        operation_.line().leave(place_);
      } else {
        operation_.line().wait(place_, cx.task());
      }
    });
    has_waited_ = !result.has_value();
    return result;
  }

  /// Makes a change under the lock and waits again, before everyone else; polled again at once.
  template <class Change>
  COWARP_FN void wait_first(context& cx, Change&& then) {
    operation_.of.change([&] {
      then();
      operation_.line().wait_first(place_, cx.task());
    });
    has_waited_ = true;
  }

  [[nodiscard]] COWARP_FN auto& of() const { return operation_.of; }

 private:
  Operation operation_;
  typename std::remove_reference_t<decltype(std::declval<Operation&>().line())>::place place_;
  bool has_waited_ = false;
};

/// Tries an operation once, without waiting. \returns its output, or `pending` if it would wait.
template <class Operation>
COWARP_FN polled<typename Operation::output> attempt_now(Operation& operation) {
  polled<typename Operation::output> result;
  typename std::remove_reference_t<decltype(operation.line())>::place newcomer;
  operation.of.change([&] { result = operation.attempt(newcomer); });
  return result;
}

}  // namespace cowarp::detail
