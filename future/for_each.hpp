// SPDX-License-Identifier: Apache-2.0
/// \file
/// A stream to its end: something is done with every item, one after another or several at once.
#pragma once

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
/// Every poll takes items while there is room and polls all futures; one that is ready is destroyed
/// at once and makes room. Ready when the stream has ended and no future is left. The others are
/// cancelled with this one. With clang CUDA `fn` may not be an async function: its frame must stand
/// in an awaited call.
///
/// Invariant:     `running_` of the children hold a future; only while it is below `Most` the stream
///                is polled, so a slow future holds up whoever fills the stream.
/// Called by:     the lane that polls the task.
/// Storage:       the stream, the function and `Most` futures.
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
    COWARP_ASSERT(other.running_ == 0, "a future must not move after it was polled");
  }

  COWARP_FN polled<unit> poll(context& cx) {
    for (;;) {
      const bool lacks_room = begin_children(cx);
      const bool has_room   = poll_children(cx);
      if (has_ended_ && running_ == 0) return unit{};
      // Nobody has asked the stream since room was made: its next item would wake nobody.
      if (!lacks_room || !has_room) return pending;
    }
  }

 private:
  /// \returns true if the stream was not asked until it had nothing, for want of room.
  COWARP_FN bool begin_children(context& cx) {
    while (running_ < Most && !has_ended_) {
      auto next = upstream_.poll_next(cx);
      if (!next) return false;
      has_ended_ = !next->has_value();
      if (*next) begin_child(std::move(**next));
    }
    return !has_ended_;
  }
  COWARP_FN void begin_child(typename Upstream::item&& item) {
    std::uint32_t i = 0;
    while (children_[i]) ++i;
    children_[i].emplace(into_future(fn_(std::move(item))));
    ++running_;
  }

  /// \returns true if there is room afterwards.
  COWARP_FN bool poll_children(context& cx) {
    for (auto& one : children_) {
      if (!one || !one->poll(cx)) continue;
      one.reset();
      --running_;
    }
    return running_ < Most;
  }

  Upstream upstream_;
  Fn fn_;
  std::uint32_t running_ = 0;
  bool has_ended_        = false;
  optional<child> children_[Most];
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
