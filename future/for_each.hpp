// SPDX-License-Identifier: Apache-2.0
/// \file
/// A stream to its end: something is done with every item, one after another or several at once.
#pragma once

#include <cowarp/future/futures_unordered.hpp>
#include <cowarp/future/stream.hpp>

#include <cstdint>
#include <type_traits>
#include <utility>

namespace cowarp {

/// Calls a function with every item of a stream. Made by `for_each(stream, fn)`.
///
/// Ready when the stream has ended. It goes on as long as the stream has items: one that is never
/// without never lets other tasks run, unless `fn` returns a future that does.
template <stream Upstream, class Fn>
class for_each_item {
 public:
  using output = unit;

  COWARP_FN for_each_item(Upstream&& upstream, Fn&& fn)
      : upstream_(static_cast<Upstream&&>(upstream)), fn_(static_cast<Fn&&>(fn)) {}

  COWARP_FN polled<unit> poll(context& cx) {
    for (;;) {
      auto next = upstream_.poll_next(cx);
      if (!next) return pending;
      if (!*next) return unit{};
      static_cast<void>(fn_(std::move(**next)));
    }
  }

 private:
  Upstream upstream_;
  Fn fn_;
};

/// Awaits a future for every item of a stream, up to `Most` at once. Made by
/// `for_each_concurrent<Most>(stream, fn)`, and with one at a time by `for_each(stream, fn)`.
///
/// Every poll takes items while there is room and polls the futures that are new, were woken, or woke
/// themselves; one that is ready is destroyed at once and makes room. Ready when the stream has ended and no future is left. The others are
/// cancelled with this one. With clang CUDA `fn` may not be an async function: its frame must stand
/// in an awaited call.
///
/// Invariant:     only while there is room the stream is polled, so slow futures hold up whoever fills
///                it.
/// Called by:     the lane that polls the task.
/// Storage:       the stream, the function and a `futures_unordered` of `Most`.
/// After futures-rs's `for_each_concurrent`, without a heap.
template <std::uint32_t Most, stream Upstream, class Fn>
class for_each_future {
  static_assert(Most > 0, "for_each_concurrent: at least one future must run");
  using child = detail::future_of<std::invoke_result_t<Fn&, typename Upstream::item>>;

 public:
  using output = unit;

  COWARP_FN for_each_future(Upstream&& upstream, Fn&& fn)
      : upstream_(static_cast<Upstream&&>(upstream)), fn_(static_cast<Fn&&>(fn)) {}
  COWARP_FN for_each_future(for_each_future&& other) noexcept  // before the first poll only
      : upstream_(std::move(other.upstream_)), fn_(std::move(other.fn_)) {
    COWARP_ASSERT(other.running_.is_empty(), "a future must not move after it was polled");
  }

  COWARP_FN polled<unit> poll(context& cx) {
    for (;;) {
      const bool lacks_room = begin_futures(cx);
      poll_futures(cx);
      if (has_ended_ && running_.is_empty()) return unit{};
      // Nobody has asked the stream since room was made: its next item would wake nobody.
      if (!lacks_room || running_.is_full()) return pending;
    }
  }

 private:
  /// \returns true if the stream was not asked until it had nothing, for want of room.
  COWARP_FN bool begin_futures(context& cx) {
    while (!running_.is_full() && !has_ended_) {
      auto next = upstream_.poll_next(cx);
      if (!next) return false;
      has_ended_ = !next->has_value();
      if (*next) static_cast<void>(running_.try_push(fn_(std::move(**next))));
    }
    return !has_ended_;
  }

  /// Polls until none is ready any more, or left.
  COWARP_FN void poll_futures(context& cx) {
    for (;;) {
      const auto ended = running_.poll_next(cx);
      if (!ended || !*ended) return;
    }
  }

  Upstream upstream_;
  Fn fn_;
  bool has_ended_ = false;
  futures_unordered<child, Most> running_;
};

/// \returns a future that awaits `fn(item)` for every item, up to `Most` at once.
template <std::uint32_t Most, class Upstream, class Fn>
requires detail::streaming<Upstream>
[[nodiscard]] COWARP_FN auto for_each_concurrent(Upstream&& upstream, Fn fn) {
  using item = typename std::remove_cvref_t<Upstream>::item;
  static_assert(detail::awaitable<std::invoke_result_t<Fn&, item>>,
                "for_each_concurrent: the function must return a future");
  return for_each_future<Most, detail::owned_stream<Upstream>, Fn>(
      static_cast<Upstream&&>(upstream), std::move(fn));
}

/// \returns a future that calls `fn(item)` for every item; if that returns a future, it is awaited
/// before the next item is taken.
template <class Upstream, class Fn>
requires detail::streaming<Upstream>
[[nodiscard]] COWARP_FN auto for_each(Upstream&& upstream, Fn fn) {
  using item = typename std::remove_cvref_t<Upstream>::item;
  if constexpr (detail::awaitable<std::invoke_result_t<Fn&, item>>) {
    return for_each_concurrent<1>(static_cast<Upstream&&>(upstream), std::move(fn));
  } else {
    return for_each_item<detail::owned_stream<Upstream>, Fn>(static_cast<Upstream&&>(upstream),
                                                             std::move(fn));
  }
}

}  // namespace cowarp
