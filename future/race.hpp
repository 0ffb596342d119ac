// SPDX-License-Identifier: Apache-2.0
/// \file
/// Several futures with one type of output, until the first is ready.
#pragma once

#include <cowarp/executor/future.hpp>
#include <cowarp/platform/coroutine.hpp>
#include <cowarp/platform/pause.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace cowarp {

/// The first output of several futures, itself: a `select` for those who do not mind who won. Made by
/// `race(awaited...)` or `race_biased(awaited...)`.
///
/// The others are cancelled when this future is destroyed, which an await does at once: what they
/// were notified of goes to the next in line.
///
/// `Biased`: polls in order, so an earlier future wins a tie. Otherwise the first poll begins anywhere
/// and each further one begins one further, so that of several that are always ready none starves.
/// Storage: the futures. After futures-lite's `race` and `or`, for any number.
template <bool Biased, class First, class... Others>
class COWARP_AWAIT_ELIDABLE raced {
 public:
  using output = typename First::output;

  COWARP_FN explicit raced(First&& first, Others&&... others)
      : futures_(static_cast<First&&>(first), static_cast<Others&&>(others)...) {}

  COWARP_FN polled<output> poll(context& cx) {
    polled<output> result;
    std::uint32_t next = 0;
    if constexpr (!Biased) {
      if (first_ == undecided) first_ = chance();
      next   = first_;
      first_ = after(first_);
    }
    for (std::uint32_t asked = 0; asked < count; ++asked, next = after(next)) {
      if (poll_at(next, cx, result, std::make_index_sequence<count>())) break;
    }
    return result;
  }

 private:
  static constexpr std::uint32_t count     = 1 + sizeof...(Others);
  static constexpr std::uint32_t undecided = ~0u;

  static COWARP_FN std::uint32_t after(std::uint32_t i) { return i + 1 == count ? 0 : i + 1; }

  /// \returns a place to begin, as the clock's low bits fall.
  static COWARP_FN std::uint32_t chance() {
    const auto mixed = static_cast<std::uint32_t>(platform::cycles()) * 0x9e3779b9u;
    return (mixed >> 16) % count;
  }

  /// Polls future `which`. \returns true if it was ready.
  template <std::size_t... I>
  COWARP_FN bool poll_at(std::uint32_t which, context& cx, polled<output>& result,
                         std::index_sequence<I...>) {
    return ((I == which && poll_one<I>(cx, result)) || ...);
  }
  template <std::size_t I>
  COWARP_FN bool poll_one(context& cx, polled<output>& result) {
    auto one = get<I>(futures_).poll(cx);
    if (one) result.emplace(std::move(*one));
    return one.has_value();
  }

  tuple<First, Others...> futures_;
  std::uint32_t first_ = undecided;  // where the next poll begins
};

namespace detail {

template <class First, class... Others>
inline constexpr bool have_one_output = (std::same_as<output_of<First>, output_of<Others>> && ...);

}  // namespace detail

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
