// SPDX-License-Identifier: Apache-2.0
/// \file
/// Several futures at once, until all are ready.
#pragma once

#include <cowarp/executor/future.hpp>
#include <cowarp/future/detail/child_set.hpp>
#include <cowarp/future/detail/succession.hpp>
#include <cowarp/platform/coroutine.hpp>

#include <cstddef>
#include <utility>

namespace cowarp {

/// All outputs of several futures. Made by `join(awaited...)`.
///
/// The first poll polls all, in order, and every further one those that were woken, or woke themselves.
/// A future that is ready is destroyed at once: what it was notified of meanwhile goes to the next in
/// line.
///
/// Storage: for each future the larger of it and its output, and what `detail::child_set` keeps. After
/// Embassy's `join`, which polls all, for any number.
template <class... Futures>
class COWARP_AWAIT_ELIDABLE joined {
 public:
  using output = tuple<typename Futures::output...>;

  COWARP_FN explicit joined(Futures&&... awaited) : parts_(static_cast<Futures&&>(awaited)...) {}

  COWARP_FN polled<output> poll(context& cx) {
    return poll(cx, std::index_sequence_for<Futures...>());
  }

 private:
  template <std::size_t... I>
  COWARP_FN polled<output> poll(context& cx, std::index_sequence<I...>) {
    bool all_ready = true;
    children_.begin(cx);
    ((all_ready &= detail::poll_to_output(cx, get<I>(parts_), children_, I)), ...);
    if (!all_ready) return pending;
    return polled<output>(in_place, std::move(get<I>(parts_).second())...);
  }

  tuple<detail::future_then_output<Futures>...> parts_;
  detail::child_set<sizeof...(Futures)> children_;
};

/// \returns a future of the tuple of all outputs.
template <class... Awaited>
[[nodiscard]] COWARP_FN auto join(Awaited&&... awaited COWARP_AWAIT_ELIDABLE_ARGUMENT) {
  static_assert(sizeof...(Awaited) > 0, "join: give at least one future");
  return joined<detail::future_of<Awaited>...>(into_future(static_cast<Awaited&&>(awaited))...);
}

}  // namespace cowarp
