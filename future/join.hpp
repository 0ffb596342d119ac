// SPDX-License-Identifier: Apache-2.0
/// \file
/// Several futures at once, until all are ready.
#pragma once

#include <cowarp/executor/future.hpp>
#include <cowarp/platform/coroutine.hpp>

#include <cstddef>
#include <tuple>
#include <utility>

namespace cowarp {

/// All outputs of several futures. Made by `join(awaited...)`.
///
/// Every poll polls the futures that are not ready yet, in order.
///
/// Storage: the futures and their outputs. After Embassy's `join`, for any number.
template <class... Futures>
class COWARP_AWAIT_ELIDABLE joined {
 public:
  using output = std::tuple<typename Futures::output...>;

  COWARP_FN explicit joined(Futures&&... awaited) : futures_(static_cast<Futures&&>(awaited)...) {}

  COWARP_FN polled<output> poll(context& cx) {
    return poll(cx, std::index_sequence_for<Futures...>());
  }

 private:
  template <std::size_t... I>
  COWARP_FN polled<output> poll(context& cx, std::index_sequence<I...>) {
    bool all_ready = true;
    ((all_ready &= poll_one(cx, std::get<I>(futures_), std::get<I>(outputs_))), ...);
    if (!all_ready) return pending;
    return polled<output>(std::in_place, std::move(*std::get<I>(outputs_))...);
  }

  template <class Future, class Output>
  COWARP_FN static bool poll_one(context& cx, Future& awaited, Output& result) {
    if (!result) {
      if (auto ready = awaited.poll(cx)) result.emplace(std::move(*ready));
    }
    return result.has_value();
  }

  std::tuple<Futures...> futures_;
  std::tuple<polled<typename Futures::output>...> outputs_;
};

/// \returns a future of the tuple of all outputs.
template <class... Awaited>
[[nodiscard]] COWARP_FN auto join(Awaited&&... awaited COWARP_AWAIT_ELIDABLE_ARGUMENT) {
  static_assert(sizeof...(Awaited) > 0, "join: give at least one future");
  return joined<detail::future_of<Awaited>...>(into_future(static_cast<Awaited&&>(awaited))...);
}

}  // namespace cowarp
