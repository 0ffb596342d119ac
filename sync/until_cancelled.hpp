// SPDX-License-Identifier: Apache-2.0
/// \file
/// A future that gives up when a cancellation token is cancelled.
#pragma once

#include <cowarp/platform/coroutine.hpp>
#include <cowarp/sync/cancellation_token.hpp>

#include <utility>

namespace cowarp {

/// The output of a future as an optional, empty if the token was cancelled first. Made by
/// `until_cancelled(awaited, token)`.
///
/// When it sees the cancellation it destroys the awaited future before anything else. It looks before
/// it polls and, if that yields nothing, once more: so a cancellation that came before the poll wins
/// over an output, and an output over one that came during the poll.
///
/// Resumes on:    the executor's next poll of the waiting task.
/// Storage:       the awaited future, a flag and 40 bytes. After tokio-util's `run_until_cancelled`.
template <class Future, scope Scope>
class COWARP_AWAIT_ELIDABLE until_cancelled_future {
 public:
  using output = polled<typename Future::output>;

  COWARP_FN until_cancelled_future(Future&& awaited, cancellation_token<Scope>& token)
      : token_(token), cancelled_(token), awaited_(in_place, static_cast<Future&&>(awaited)) {}

  COWARP_FN polled<output> poll(context& cx) {
    if (token_.is_cancelled()) return give_up();
    if (auto result = awaited_->poll(cx)) return polled<output>(in_place, std::move(result));
    if (cancelled_.poll(cx)) return give_up();
    return pending;
  }

 private:
  COWARP_FN polled<output> give_up() {
    awaited_.reset();
    return polled<output>(in_place);
  }

  cancellation_token<Scope>& token_;
  typename cancellation_token<Scope>::cancelled_future cancelled_;
  optional<Future> awaited_;
};

/// \returns a future of an optional of the output, empty if the token was cancelled first.
template <class Awaited, scope Scope>
[[nodiscard]] COWARP_FN auto until_cancelled(Awaited&& awaited COWARP_AWAIT_ELIDABLE_ARGUMENT,
                                             cancellation_token<Scope>& token) {
  return until_cancelled_future<detail::future_of<Awaited>, Scope>(
      into_future(static_cast<Awaited&&>(awaited)), token);
}

}  // namespace cowarp
