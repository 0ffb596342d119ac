// SPDX-License-Identifier: Apache-2.0
/// \file
/// What happens to an output: `map` gives a value for it, `then` another future.
#pragma once

#include <cowarp/executor/future.hpp>
#include <cowarp/future/detail/succession.hpp>
#include <cowarp/platform/coroutine.hpp>

#include <utility>

namespace cowarp {

/// The output of a future, changed by a function. Made by `map(awaited, fn)`.
template <class Future, class Fn>
class COWARP_AWAIT_ELIDABLE mapped {
 public:
  using output = std::invoke_result_t<Fn&, typename Future::output>;

  COWARP_FN mapped(Future&& awaited, Fn&& fn)
      : awaited_(static_cast<Future&&>(awaited)), fn_(static_cast<Fn&&>(fn)) {}

  COWARP_FN polled<output> poll(context& cx) {
    auto result = awaited_.poll(cx);
    if (!result) return pending;
    return polled<output>(fn_(std::move(*result)));
  }

 private:
  Future awaited_;
  Fn fn_;
};

/// \returns a future of `fn(output)`.
template <class Awaited, class Fn>
[[nodiscard]] COWARP_FN auto map(Awaited&& awaited COWARP_AWAIT_ELIDABLE_ARGUMENT, Fn fn) {
  return mapped<detail::future_of<Awaited>, Fn>(into_future(static_cast<Awaited&&>(awaited)),
                                                std::move(fn));
}

/// One future after another, the second made from the first's output. Made by `then(awaited, fn)`.
template <class Future, class Fn>
class COWARP_AWAIT_ELIDABLE chained {
  using next_future = detail::future_of<std::invoke_result_t<Fn&, typename Future::output>>;

 public:
  using output = typename next_future::output;

  COWARP_FN chained(Future&& awaited, Fn&& fn)
      : part_(static_cast<Future&&>(awaited)), fn_(static_cast<Fn&&>(fn)) {}

  COWARP_FN polled<output> poll(context& cx) {
    if (part_.is_first()) {
      auto result = part_.first().poll(cx);
      if (!result) return pending;
      part_.clear();  // before `fn_`: what the first was notified of goes on to the next in line
      part_.follow(into_future(fn_(std::move(*result))));
    }
    return part_.second().poll(cx);
  }

 private:
  detail::succession<Future, next_future> part_;
  Fn fn_;
};

/// \returns a future of the output of the future that `fn(output)` returns.
template <class Awaited, class Fn>
[[nodiscard]] COWARP_FN auto then(Awaited&& awaited COWARP_AWAIT_ELIDABLE_ARGUMENT, Fn fn) {
  return chained<detail::future_of<Awaited>, Fn>(into_future(static_cast<Awaited&&>(awaited)),
                                                 std::move(fn));
}

}  // namespace cowarp
