// SPDX-License-Identifier: Apache-2.0
/// \file
/// A set of futures that grows while it is awaited, and yields outputs as they come.
#pragma once

#include <cowarp/future/detail/child_set.hpp>
#include <cowarp/future/stream.hpp>

#include <cstdint>
#include <type_traits>
#include <utility>

namespace cowarp {

/// Up to `Capacity` futures of one type, at work at the same time: a stream of their outputs, each as
/// soon as it is ready. It ends when it is empty, and goes on if more is put in.
///
/// ```cpp
/// cowarp::futures_unordered<decltype(channel.receive()), 8> all{};  // a member of the frame
/// ... all.try_push(channel.receive());
/// COWARP_AWAIT_INTO(output, cowarp::next(all));  // empty once nothing is left
/// ```
///
/// Every poll asks those that are new, were woken, or woke themselves, until one is ready. It begins
/// behind the one that was ready last, so that none starves. A task can tell 27 of its futures apart, at
/// all depths together; of more, some are polled with others.
///
/// Invariant:     `size()` of the children hold a future; `pending` is returned only after every one
///                that was due was polled.
/// Called by:     the task that owns it.
/// Storage:       `Capacity` futures, two words, and what `detail::child_set` keeps. A future is destroyed when it is ready, or with
///                the set; with clang CUDA it may not be an async function, whose frame must stand in
///                an awaited call.
/// Fails:         `try_push` with false if the set is full; the future is untouched then.
/// After futures-rs's `FuturesUnordered`, without a heap.
template <class Future, std::uint32_t Capacity>
class futures_unordered {
  static_assert(Capacity > 0, "futures_unordered: give it room for at least one future");

 public:
  using item = typename Future::output;

  static constexpr std::uint32_t capacity = Capacity;

  futures_unordered()                    = default;
  futures_unordered(futures_unordered&&) = default;  // before the first poll only

  /// Adds a future; it is first polled with the set.
  template <class Awaited>
  [[nodiscard]] COWARP_FN bool try_push(Awaited&& awaited) {
    static_assert(std::is_same_v<detail::future_of<Awaited>, Future>,
                  "futures_unordered: its futures are all of the type that it names");
    if (size_ == Capacity) return false;
    std::uint32_t i = 0;
    while (futures_[i]) ++i;
    futures_[i].emplace(into_future(static_cast<Awaited&&>(awaited)));
    ++size_;
    return true;
  }

  /// Cancels all.
  COWARP_FN void clear() {
    for (std::uint32_t i = 0; i < Capacity; ++i) remove(i);
    size_ = 0;
  }

  [[nodiscard]] COWARP_FN std::uint32_t size() const { return size_; }
  [[nodiscard]] COWARP_FN bool is_empty() const { return size_ == 0; }
  [[nodiscard]] COWARP_FN bool is_full() const { return size_ == Capacity; }

  COWARP_FN polled_item<item> poll_next(context& cx) {
    if (size_ == 0) return polled_item<item>(in_place);
    children_.begin(cx);
    for (std::uint32_t turn = 0; turn < Capacity; ++turn) {
      const std::uint32_t i = next_;
      next_                 = next_ + 1 == Capacity ? 0 : next_ + 1;
      if (!futures_[i] || !children_.is_due(i)) continue;
      auto output = children_.poll(cx, i, [&](context& its) { return futures_[i]->poll(its); });
      if (!output) continue;
      remove(i);
      --size_;
      return polled_item<item>(in_place, in_place, std::move(*output));
    }
    return pending;
  }

 private:
  COWARP_FN void remove(std::uint32_t i) {
    futures_[i].reset();
    children_.renew(i);
  }

  std::uint32_t size_ = 0;
  std::uint32_t next_ = 0;  // the child to poll first
  optional<Future> futures_[Capacity];
  detail::child_set<Capacity> children_;
};

}  // namespace cowarp
