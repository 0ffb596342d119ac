// SPDX-License-Identifier: Apache-2.0
/// \file
/// Several futures polled until the first is ready: what `select` and `race` have in common.
#pragma once

#include <cowarp/executor/future.hpp>
#include <cowarp/platform/coroutine.hpp>
#include <cowarp/platform/pause.hpp>

#include <cstddef>
#include <cstdint>
#include <utility>

namespace cowarp::detail {

/// The output of the first of several futures, as `Kept` keeps it.
///
/// `Kept` has an `output`, and `put<i>(polled<output>&, value)`, which keeps the value of future `i`.
///
/// The others are cancelled when this future is destroyed, which an await does at once: what they
/// were notified of goes to the next in line.
///
/// `Biased`: polls in order, so an earlier future wins a tie. Otherwise the first poll begins anywhere
/// and each further one begins one further, so that of several that are always ready none starves.
/// Called by:     the lane that polls the task.
/// Storage:       the futures and a word.
template <bool Biased, class Kept, class... Futures>
class COWARP_AWAIT_ELIDABLE first_ready {
 public:
  using output = typename Kept::output;

  COWARP_FN explicit first_ready(Futures&&... awaited)
      : futures_(static_cast<Futures&&>(awaited)...) {}

  COWARP_FN polled<output> poll(context& cx) {
    polled<output> result;
    if constexpr (Biased) {
      poll_from(cx, 0, count, result);
    } else {
      if (first_ == undecided) first_ = chance();
      const std::uint32_t first = first_;
      first_                    = first_ + 1 == count ? 0 : first_ + 1;
      if (!poll_from(cx, first, count, result)) poll_from(cx, 0, first, result);
    }
    return result;
  }

 private:
  static constexpr std::uint32_t count     = sizeof...(Futures);
  static constexpr std::uint32_t undecided = ~0u;

  /// \returns a place to begin, as the clock's low bits fall.
  static COWARP_FN std::uint32_t chance() {
    const auto mixed = static_cast<std::uint32_t>(platform::cycles()) * 0x9e3779b9u;
    return (mixed >> 16) % count;
  }

  /// Polls the futures from `begin` to before `end`. \returns true if one was ready.
  COWARP_FN bool poll_from(context& cx, std::uint32_t begin, std::uint32_t end,
                           polled<output>& result) {
    return poll_from(cx, begin, end, result, std::make_index_sequence<count>());
  }
  template <std::size_t... I>
  COWARP_FN bool poll_from(context& cx, std::uint32_t begin, std::uint32_t end,
                           polled<output>& result, std::index_sequence<I...>) {
    return ((I >= begin && I < end && poll_one<I>(cx, result)) || ...);
  }
  template <std::size_t I>
  COWARP_FN bool poll_one(context& cx, polled<output>& result) {
    auto one = get<I>(futures_).poll(cx);
    if (!one) return false;
    Kept::template put<I>(result, std::move(*one));
    return true;
  }

  tuple<Futures...> futures_;
  std::uint32_t first_ = undecided;  // where the next poll begins
};

}  // namespace cowarp::detail
