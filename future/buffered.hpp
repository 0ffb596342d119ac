// SPDX-License-Identifier: Apache-2.0
/// \file
/// A stream of futures, several of them at once, and their outputs in order.
#pragma once

#include <cowarp/future/detail/child_set.hpp>
#include <cowarp/future/detail/succession.hpp>
#include <cowarp/future/stream.hpp>

#include <cstdint>
#include <utility>

namespace cowarp {

/// The outputs of a stream of futures, in the order of the futures. Made by `buffered<Most>(stream)`.
///
/// ```text
///   stream of futures ──► [ up to Most: running, or an output that waits for those before it ] ──►
/// ```
///
/// Every poll takes futures while there is room and polls those that are new, were woken, or woke
/// themselves. One that is ready is destroyed at once; its output keeps its place. With clang CUDA async functions cannot be
/// items: their frames must stand in an awaited call.
///
/// Invariant:     at most `Most` futures and outputs; the oldest stands at `first_`.
/// Called by:     the lane that polls the task.
/// Storage:       the stream, `Most` times the larger of a future and its output, and what
///                `detail::child_set` keeps.
/// After futures-rs's `buffered`.
template <std::uint32_t Most, stream Upstream>
class buffered_stream {
  static_assert(Most > 0, "buffered: at least one future must run");
  using child = detail::future_of<typename Upstream::item>;

 public:
  using item = typename child::output;

  COWARP_FN explicit buffered_stream(Upstream&& upstream)
      : upstream_(static_cast<Upstream&&>(upstream)) {}
  COWARP_FN buffered_stream(buffered_stream&& other) noexcept  // before the first poll only
      : upstream_(std::move(other.upstream_)) {
    COWARP_ASSERT(other.count_ == 0, "a stream must not move after it was polled");
  }

  COWARP_FN polled_item<item> poll_next(context& cx) {
    begin_futures(cx);
    children_.begin(cx);
    for (std::uint32_t i = 0; i < count_; ++i) {
      const std::uint32_t at = behind_first(i);
      static_cast<void>(detail::poll_to_output(cx, *futures_[at], children_, at));
    }
    if (count_ == 0 && has_ended_) return polled_item<item>(in_place);
    if (count_ == 0) return pending;
    auto& oldest = futures_[first_];
    if (!oldest->is_second()) return pending;
    polled_item<item> next(in_place, in_place, std::move(oldest->second()));
    oldest.reset();
    children_.renew(first_);
    first_ = behind_first(1);
    --count_;
    return next;
  }

 private:
  COWARP_FN void begin_futures(context& cx) {
    while (count_ < Most && !has_ended_) {
      auto next = upstream_.poll_next(cx);
      if (!next) return;
      has_ended_ = !next->has_value();
      if (*next) futures_[behind_first(count_++)].emplace(into_future(std::move(**next)));
    }
  }
  [[nodiscard]] COWARP_FN std::uint32_t behind_first(std::uint32_t i) const {
    return first_ + i < Most ? first_ + i : first_ + i - Most;
  }

  Upstream upstream_;
  std::uint32_t first_ = 0;
  std::uint32_t count_ = 0;
  bool has_ended_      = false;
  optional<detail::future_then_output<child>> futures_[Most];
  detail::child_set<Most> children_;
};

/// \returns a stream of the outputs of a stream of futures, in order, with up to `Most` at work.
template <std::uint32_t Most, class Upstream>
requires detail::streaming<Upstream>
[[nodiscard]] COWARP_FN auto buffered(Upstream&& upstream) {
  static_assert(detail::awaitable<typename std::remove_cvref_t<Upstream>::item>,
                "buffered: the stream's items must be futures; map makes them of others");
  return buffered_stream<Most, detail::owned_stream<Upstream>>(static_cast<Upstream&&>(upstream));
}

}  // namespace cowarp
