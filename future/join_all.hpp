// SPDX-License-Identifier: Apache-2.0
/// \file
/// Several futures of one type at once, until all are ready.
#pragma once

#include <cowarp/future/detail/child_set.hpp>
#include <cowarp/future/detail/succession.hpp>
#include <cowarp/platform/coroutine.hpp>

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace cowarp {

/// All outputs of `Size` futures of one type, as an `array`. Made by `join_all`.
///
/// The first poll polls all, in order, and every further one those that were woken, or woke themselves.
/// A future that is ready is destroyed at once. With clang CUDA async functions are for `join`: their
/// frames must stand in an awaited call.
///
/// Storage: for each future the larger of it and its output, and what `detail::child_set` keeps. After
/// Embassy's `join_array` and futures-rs's `join_all`, without a heap.
template <class Future, std::size_t Size>
class COWARP_AWAIT_ELIDABLE joined_all {
  static_assert(Size > 0, "join_all: give at least one future");

  using part = detail::future_then_output<Future>;

 public:
  using output = array<typename Future::output, Size>;

  /// \param make gives the awaitable of each index, in order.
  template <class Make>
  COWARP_FN joined_all(in_place_t, Make& make)
      : joined_all(make, std::make_index_sequence<Size>()) {}

  COWARP_FN polled<output> poll(context& cx) {
    bool all_ready = true;
    children_.begin(cx);
    for (std::uint32_t i = 0; i < Size; ++i) {
      all_ready &= detail::poll_to_output(cx, parts_[i], children_, i);
    }
    if (!all_ready) return pending;
    return take(std::make_index_sequence<Size>());
  }

 private:
  template <class Make, std::size_t... I>
  COWARP_FN joined_all(Make& make, std::index_sequence<I...>)
      : parts_{part(into_future(make(I)))...} {}

  template <std::size_t... I>
  COWARP_FN polled<output> take(std::index_sequence<I...>) {
    return polled<output>(in_place, output{{std::move(parts_[I].second())...}});
  }

  part parts_[Size];
  detail::child_set<Size> children_;
};

namespace detail {

/// Moves awaitables out of a row of them.
template <class Awaited>
struct moving_out {
  Awaited* row;
  COWARP_FN Awaited&& operator()(std::size_t i) const { return std::move(row[i]); }
};

}  // namespace detail

/// \returns a future of the array of all outputs. `join_all({a, b, c})`, with futures of one type.
template <class Awaited, std::size_t Size>
[[nodiscard]] COWARP_FN auto join_all(Awaited (&&awaited)[Size]) {
  const detail::moving_out<Awaited> row{awaited};
  return joined_all<detail::future_of<Awaited>, Size>(in_place, row);
}

/// \returns a future of the array of all outputs. \param awaited a `cowarp::array` or `std::array`.
template <template <class, std::size_t> class Array, class Awaited, std::size_t Size>
[[nodiscard]] COWARP_FN auto join_all(Array<Awaited, Size>&& awaited) {
  const detail::moving_out<Awaited> row{awaited.data()};
  return joined_all<detail::future_of<Awaited>, Size>(in_place, row);
}

/// \returns a future of the array of the outputs of the futures `make(0)` to `make(Size - 1)`.
template <std::size_t Size, class Make>
[[nodiscard]] COWARP_FN auto join_all(Make make) {
  using awaited = std::invoke_result_t<Make&, std::size_t>;
  return joined_all<detail::future_of<awaited>, Size>(in_place, make);
}

}  // namespace cowarp
