// SPDX-License-Identifier: Apache-2.0
/// \file
/// The smallest futures: a value that is there, one more turn, and a function polled by hand.
#pragma once

#include <cowarp/executor/future.hpp>

#include <utility>

namespace cowarp {

/// Ready at the first poll. Made by `ready(value)`.
template <class Value>
class ready_future {
 public:
  using output = Value;

  COWARP_FN explicit ready_future(Value&& value) : value_(static_cast<Value&&>(value)) {}
  COWARP_FN polled<Value> poll(context&) { return polled<Value>(std::move(value_)); }

 private:
  Value value_;
};

/// \returns a future that is ready with `value`.
template <class Value>
[[nodiscard]] COWARP_FN ready_future<std::remove_cvref_t<Value>> ready(Value value) {
  return ready_future<std::remove_cvref_t<Value>>(std::move(value));
}

/// Lets every other ready task of the worker run once, then goes on.
///
/// Costs no atomic: the executor folds the self-wakes of a warp into one. After Embassy's
/// `yield_now`.
class yield_now {
 public:
  using output = unit;

  /// Whoever resumes a task after this await may skip the poll.
  static constexpr bool resumes_ready = true;

  COWARP_FN polled<unit> poll(context& cx) {
    if (has_yielded_) return unit{};
    has_yielded_ = true;
    cx.wake_self();
    return pending;
  }

 private:
  bool has_yielded_ = false;
};

/// A future whose poll is `fn(cx)`, which returns `polled<Output>`. Made by `poll_fn(fn)`.
template <class Fn>
class polled_function {
 public:
  using output = typename std::invoke_result_t<Fn&, context&>::value_type;

  COWARP_FN explicit polled_function(Fn&& fn) : fn_(static_cast<Fn&&>(fn)) {}
  COWARP_FN polled<output> poll(context& cx) { return fn_(cx); }

 private:
  Fn fn_;
};

/// \returns a future that calls `fn(context&)` at every poll until that returns a value.
template <class Fn>
[[nodiscard]] COWARP_FN polled_function<Fn> poll_fn(Fn fn) {
  return polled_function<Fn>(std::move(fn));
}

/// Never ready.
template <class Output = unit>
class never {
 public:
  using output = Output;
  COWARP_FN polled<Output> poll(context&) { return pending; }
};

}  // namespace cowarp
