// SPDX-License-Identifier: Apache-2.0
/// \file
/// Several futures at once, until all have succeeded or one has failed.
#pragma once

#include <cowarp/future/detail/child_set.hpp>
#include <cowarp/future/detail/success.hpp>
#include <cowarp/future/detail/succession.hpp>
#include <cowarp/platform/coroutine.hpp>

#include <cstddef>
#include <utility>

namespace cowarp {

/// The output of `try_join`: what all futures succeeded with, or the first failure. True in a boolean
/// context if all succeeded.
///
/// `*result` is a tuple with one entry for each future: of an `optional<T>` the T in it, of any other
/// type the output itself. After a failure `failed()` says which future, and `failure<i>()` points to
/// its output as it was (a `send_result` has the message that came back); the outputs of the others
/// are gone.
///
/// Built without arguments it is a failure of the first, for members of frames.
template <class... Outputs>
class try_join_result {
  static constexpr std::size_t all = sizeof...(Outputs);

 public:
  using successes = tuple<detail::success_of<Outputs>...>;

  try_join_result() = default;
  template <std::size_t Which, class From>
  COWARP_FN try_join_result(in_place_index_t<Which> which, From&& from)
      : value_(which, static_cast<From&&>(from)) {}

  [[nodiscard]] COWARP_FN bool is_ok() const { return value_.index() == all; }
  COWARP_FN explicit operator bool() const { return is_ok(); }

  /// \pre is_ok()
  [[nodiscard]] COWARP_FN successes& operator*() {
    COWARP_ASSERT(is_ok(), "a failed try_join has no outputs: look at is_ok() first");
    return *get_if<all>(&value_);
  }
  [[nodiscard]] COWARP_FN const successes& operator*() const {
    COWARP_ASSERT(is_ok(), "a failed try_join has no outputs: look at is_ok() first");
    return *get_if<all>(&value_);
  }

  /// \returns which future failed. \pre !is_ok()
  [[nodiscard]] COWARP_FN std::size_t failed() const { return value_.index(); }
  /// \returns the output of future `Which`, or null if it is not the one that failed.
  template <std::size_t Which>
  [[nodiscard]] COWARP_FN auto* failure() {
    static_assert(Which < all, "failure: there are not that many futures");
    return get_if<Which>(&value_);
  }
  template <std::size_t Which>
  [[nodiscard]] COWARP_FN const auto* failure() const {
    static_assert(Which < all, "failure: there are not that many futures");
    return get_if<Which>(&value_);
  }

 private:
  variant<Outputs..., successes> value_;  // the failure of one, or the successes
};

/// All outputs of several futures, or the first that is a failure. Made by `try_join(awaited...)`.
///
/// The first poll polls all, in order, and every further one those that were woken, or woke themselves,
/// up to the first that fails; then none is polled any more. A future that is ready is destroyed at once; the others are cancelled
/// when this one is destroyed, which an await does at once.
///
/// Storage: for each future the larger of it and its output, and what `detail::child_set` keeps. After
/// futures-rs's `try_join`.
template <class... Futures>
class COWARP_AWAIT_ELIDABLE try_joined {
 public:
  using output = try_join_result<typename Futures::output...>;

  COWARP_FN explicit try_joined(Futures&&... awaited)
      : parts_(static_cast<Futures&&>(awaited)...) {}

  COWARP_FN polled<output> poll(context& cx) {
    return poll(cx, std::index_sequence_for<Futures...>());
  }

 private:
  template <std::size_t... I>
  COWARP_FN polled<output> poll(context& cx, std::index_sequence<I...>) {
    bool all_ready = true;
    polled<output> failed;
    children_.begin(cx);
    if (!(poll_one<I>(cx, all_ready, failed) && ...)) return failed;
    if (!all_ready) return pending;
    using successes = typename output::successes;
    return polled<output>(in_place, in_place_index_t<sizeof...(I)>{},
                          successes(take(get<I>(parts_).second())...));
  }

  /// \returns false if the future failed.
  template <std::size_t I>
  COWARP_FN bool poll_one(context& cx, bool& all_ready, polled<output>& failed) {
    auto& one            = get<I>(parts_);
    const bool was_ready = one.is_second();
    if (!detail::poll_to_output(cx, one, children_, I)) all_ready = false;
    if (was_ready || !one.is_second()) return true;
    if (static_cast<bool>(one.second())) return true;
    failed.emplace(in_place_index_t<I>{}, std::move(one.second()));
    return false;
  }

  template <class Output>
  static COWARP_FN decltype(auto) take(Output& success) {
    return detail::success<Output>::take(success);
  }

  tuple<detail::future_then_output<Futures>...> parts_;
  detail::child_set<sizeof...(Futures)> children_;
};

/// \returns a future of a `try_join_result`: true with all outputs, or false with the first failure.
template <class... Awaited>
[[nodiscard]] COWARP_FN auto try_join(Awaited&&... awaited COWARP_AWAIT_ELIDABLE_ARGUMENT) {
  static_assert(sizeof...(Awaited) > 0, "try_join: give at least one future");
  static_assert((detail::fallible<output_of<Awaited>> && ...),
                "try_join: every output must say in a boolean context whether it is a success, as "
                "cowarp::optional does");
  return try_joined<detail::future_of<Awaited>...>(into_future(static_cast<Awaited&&>(awaited))...);
}

}  // namespace cowarp
