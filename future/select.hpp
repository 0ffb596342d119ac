// SPDX-License-Identifier: Apache-2.0
/// \file
/// Several futures at once, until the first is ready.
#pragma once

#include <cowarp/future/detail/first_ready.hpp>

#include <cstddef>

namespace cowarp {

namespace detail {

/// Keeps in a variant which future was first.
template <class... Futures>
struct first_of_any {
  using output = variant<typename Futures::output...>;

  template <std::size_t I, class Value>
  static COWARP_FN void put(polled<output>& result, Value&& value) {
    result.emplace(in_place_index_t<I>{}, static_cast<Value&&>(value));
  }
};

}  // namespace detail

/// The first output of several futures. Made by `select(awaited...)` or `select_biased(awaited...)`.
///
/// The output is a variant; `index()` says which future won, `get_if<i>` gives its output. For the
/// rest see `detail::first_ready`. After Embassy's `select`, for any number.
template <bool Biased, class... Futures>
using selected = detail::first_ready<Biased, detail::first_of_any<Futures...>, Futures...>;

/// \returns a future of the first output; chance decides who is asked first.
template <class... Awaited>
[[nodiscard]] COWARP_FN auto select(Awaited&&... awaited COWARP_AWAIT_ELIDABLE_ARGUMENT) {
  static_assert(sizeof...(Awaited) > 0, "select: give at least one future");
  return selected<false, detail::future_of<Awaited>...>(
      into_future(static_cast<Awaited&&>(awaited))...);
}

/// \returns a future of the first output; the earliest in the list wins a tie.
template <class... Awaited>
[[nodiscard]] COWARP_FN auto select_biased(Awaited&&... awaited COWARP_AWAIT_ELIDABLE_ARGUMENT) {
  static_assert(sizeof...(Awaited) > 0, "select_biased: give at least one future");
  return selected<true, detail::future_of<Awaited>...>(
      into_future(static_cast<Awaited&&>(awaited))...);
}

}  // namespace cowarp
