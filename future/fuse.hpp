// SPDX-License-Identifier: Apache-2.0
/// \file
/// A future that may be polled after it was ready.
#pragma once

#include <cowarp/executor/future.hpp>
#include <cowarp/platform/coroutine.hpp>

#include <utility>

namespace cowarp {

/// Yields the output of a future once, and is pending from then on, for ever. Made by `fuse(awaited)`.
///
/// The awaited future is destroyed when it is ready. Nobody is woken for a future that is done: who
/// polls it beside others looks at `is_done()` to see whether there is anything left to wait for.
///
/// Storage: the awaited future and a flag. After futures-rs's `fuse`.
template <class Future>
class COWARP_AWAIT_ELIDABLE fused {
 public:
  using output = typename Future::output;

  COWARP_FN explicit fused(Future&& awaited) : awaited_(in_place, static_cast<Future&&>(awaited)) {}

  COWARP_FN polled<output> poll(context& cx) {
    if (!awaited_) return pending;
    auto result = awaited_->poll(cx);
    if (result) awaited_.reset();
    return result;
  }

  /// \returns true once the output was given.
  [[nodiscard]] COWARP_FN bool is_done() const { return !awaited_.has_value(); }

 private:
  optional<Future> awaited_;
};

/// \returns a future of the same output that is pending for ever after that.
template <class Awaited>
[[nodiscard]] COWARP_FN auto fuse(Awaited&& awaited COWARP_AWAIT_ELIDABLE_ARGUMENT) {
  return fused<detail::future_of<Awaited>>(into_future(static_cast<Awaited&&>(awaited)));
}

}  // namespace cowarp
