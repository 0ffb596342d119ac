// SPDX-License-Identifier: Apache-2.0
/// \file
/// The one concept behind everything that can be awaited.
#pragma once

#include <cowarp/executor/context.hpp>
#include <cowarp/platform/vocabulary.hpp>

#include <concepts>
#include <type_traits>
#include <utility>

namespace cowarp {

/// The value of something that only happens, as Rust's `()`.
struct unit {
  friend COWARP_FN constexpr bool operator==(unit, unit) { return true; }
};

/// The answer to a poll: the output, or nothing yet.
template <class Output>
using polled = optional<Output>;

/// The poll's answer "not yet".
inline constexpr nullopt_t pending = nullopt;

/// Something that yields an `output` after any number of polls, as Rust's `Future`.
///
/// Lazy: nothing happens before the first poll. Pinned: it must not move after the first poll. To
/// destroy it is to cancel it. A future that returns `pending` has arranged for its task to be
/// woken: it registers first and checks then, on every poll. It may be polled without cause, and is
/// not polled after it was ready.
///
/// Whoever is to wake it keeps what the latest poll's context says (`task` or `waker`): that names
/// which of the task's children waits, so a context of another poll may lead to the wrong one.
template <class Future>
concept future = requires(Future& f, context& cx) {
  typename Future::output;
  { f.poll(cx) } -> std::same_as<polled<typename Future::output>>;
};

/// \returns `awaited` as a future: itself; coroutines add an overload in executor/async.hpp.
template <class Future>
requires future<std::remove_cvref_t<Future>>
[[nodiscard]] COWARP_FN constexpr Future&& into_future(Future&& awaited) {
  return static_cast<Future&&>(awaited);
}

namespace detail {

/// A future that is ready at whatever poll follows the first, and whose first poll wakes its own
/// task; it needs no storage across the await.
template <class Future>
concept resumes_ready = std::remove_cvref_t<Future>::resumes_ready;

/// A future that has nothing left to destroy once it was ready.
template <class Future>
concept spent_when_ready = std::remove_cvref_t<Future>::is_spent_when_ready;

/// A future that can be polled in parts, by who knows which of its polls is the first: that is `begin_poll`, which returns
/// true if it was not ready; a later one is `is_ready` and then either `take`, which returns the output, or `poll`. So no
/// code has to find out how far the future has come, and no answer is kept in between, which compilers for GPUs branch on
/// a second time.
template <class Future>
concept polled_in_parts = requires(std::remove_cvref_t<Future>& f, context& cx) {
  { f.begin_poll(cx) } -> std::same_as<bool>;
  { f.is_ready() } -> std::same_as<bool>;
  { f.take() } -> std::same_as<typename std::remove_cvref_t<Future>::output>;
};

template <class Awaited>
concept awaitable = requires {
  into_future(std::declval<Awaited>());
};

template <class Awaited>
using future_of = std::remove_cvref_t<decltype(into_future(std::declval<Awaited>()))>;

}  // namespace detail

/// The output of whatever `into_future` makes of `Awaited`.
template <class Awaited>
using output_of = typename detail::future_of<Awaited>::output;

}  // namespace cowarp
