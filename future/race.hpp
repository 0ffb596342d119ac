// SPDX-License-Identifier: Apache-2.0
/// \file
/// Several futures with one type of output, until the first is ready.
#pragma once

#include <cowarp/future/detail/first_ready.hpp>

#include <concepts>
#include <cstddef>

namespace cowarp {

namespace detail {

/// Keeps the output of whichever future was first, itself.
template <class First, class...>
struct first_of_one_type {
  using output = typename First::output;

  template <std::size_t, class Value>
  static COWARP_FN void put(polled<output>& result, Value&& value) {
    result.emplace(static_cast<Value&&>(value));
  }
};

template <class First, class... Others>
inline constexpr bool have_one_output = (std::same_as<output_of<First>, output_of<Others>> && ...);

}  // namespace detail

/// The first output of several futures, itself: a `select` for those who do not mind who won. Made by
/// `race(awaited...)` or `race_biased(awaited...)`.
///
/// For the rest see `detail::first_ready`. After futures-lite's `race` and `or`, for any number.
template <bool Biased, class... Futures>
using raced = detail::first_ready<Biased, detail::first_of_one_type<Futures...>, Futures...>;

/// \returns a future of the first output; chance decides who is asked first.
template <class... Awaited>
[[nodiscard]] COWARP_FN auto race(Awaited&&... awaited COWARP_AWAIT_ELIDABLE_ARGUMENT) {
  static_assert(sizeof...(Awaited) > 0, "race: give at least one future");
  static_assert(detail::have_one_output<Awaited...>,
                "race: the futures must have one type of output: map them to it, or use select");
  return raced<false, detail::future_of<Awaited>...>(
      into_future(static_cast<Awaited&&>(awaited))...);
}

/// \returns a future of the first output; the earliest in the list wins a tie.
template <class... Awaited>
[[nodiscard]] COWARP_FN auto race_biased(Awaited&&... awaited COWARP_AWAIT_ELIDABLE_ARGUMENT) {
  static_assert(sizeof...(Awaited) > 0, "race_biased: give at least one future");
  static_assert(detail::have_one_output<Awaited...>,
                "race_biased: the futures must have one type of output: map them to it, or use "
                "select_biased");
  return raced<true, detail::future_of<Awaited>...>(
      into_future(static_cast<Awaited&&>(awaited))...);
}

}  // namespace cowarp
