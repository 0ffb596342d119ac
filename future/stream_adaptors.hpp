// SPDX-License-Identifier: Apache-2.0
/// \file
/// Streams made of streams, one item at a time: `map`, `filter`, `take`, `zip`.
///
/// Each owns what it takes from, polls it no more after its end, and keeps no items but `zip`.
#pragma once

#include <cowarp/future/map.hpp>
#include <cowarp/future/stream.hpp>

#include <cstdint>
#include <utility>

namespace cowarp {

/// A stream whose items are changed by a function. Made by `map(stream, fn)`.
template <stream Upstream, class Fn>
class mapped_stream {
 public:
  using item = std::invoke_result_t<Fn&, typename Upstream::item>;

  COWARP_FN mapped_stream(Upstream&& upstream, Fn&& fn)
      : upstream_(static_cast<Upstream&&>(upstream)), fn_(static_cast<Fn&&>(fn)) {}

  COWARP_FN polled_item<item> poll_next(context& cx) {
    auto next = upstream_.poll_next(cx);
    if (!next) return pending;
    if (!*next) return polled_item<item>(in_place);
    return polled_item<item>(in_place, in_place, fn_(std::move(**next)));
  }

 private:
  Upstream upstream_;
  Fn fn_;
};

/// \returns a stream of `fn(item)`. With a future in place of the stream: see future/map.hpp.
template <class Upstream, class Fn>
requires detail::streaming<Upstream>
[[nodiscard]] COWARP_FN auto map(Upstream&& upstream, Fn fn) {
  return mapped_stream<detail::owned_stream<Upstream>, Fn>(static_cast<Upstream&&>(upstream),
                                                           std::move(fn));
}

/// A stream without some of its items. Made by `filter(stream, keep)`.
template <stream Upstream, class Keep>
class filtered_stream {
 public:
  using item = typename Upstream::item;

  COWARP_FN filtered_stream(Upstream&& upstream, Keep&& keep)
      : upstream_(static_cast<Upstream&&>(upstream)), keep_(static_cast<Keep&&>(keep)) {}

  COWARP_FN polled_item<item> poll_next(context& cx) {
    for (;;) {
      auto next = upstream_.poll_next(cx);
      if (!next || !*next || keep_(std::as_const(**next))) return next;
    }
  }

 private:
  Upstream upstream_;
  Keep keep_;
};

/// \returns a stream of the items for which `keep(const item&)` is true.
template <class Upstream, class Keep>
requires detail::streaming<Upstream>
[[nodiscard]] COWARP_FN auto filter(Upstream&& upstream, Keep keep) {
  return filtered_stream<detail::owned_stream<Upstream>, Keep>(static_cast<Upstream&&>(upstream),
                                                               std::move(keep));
}

/// The first items of a stream. Made by `take(stream, most)`.
template <stream Upstream>
class taken_stream {
 public:
  using item = typename Upstream::item;

  COWARP_FN taken_stream(Upstream&& upstream, std::uint32_t most)
      : upstream_(static_cast<Upstream&&>(upstream)), left_(most) {}

  COWARP_FN polled_item<item> poll_next(context& cx) {
    if (left_ == 0) return polled_item<item>(in_place);
    auto next = upstream_.poll_next(cx);
    if (next) --left_;
    return next;
  }

 private:
  Upstream upstream_;
  std::uint32_t left_;
};

/// \returns a stream of at most `most` items; it takes no further one from `upstream`.
template <class Upstream>
requires detail::streaming<Upstream>
[[nodiscard]] COWARP_FN auto take(Upstream&& upstream, std::uint32_t most) {
  return taken_stream<detail::owned_stream<Upstream>>(static_cast<Upstream&&>(upstream), most);
}

/// Two streams side by side. Made by `zip(first, second)`.
///
/// Both are asked in every poll; the item of the one that is ahead waits here for its partner.
/// Storage: the streams and an item of each.
template <stream First, stream Second>
class zipped_stream {
 public:
  using item = tuple<typename First::item, typename Second::item>;

  COWARP_FN zipped_stream(First&& first, Second&& second)
      : first_(static_cast<First&&>(first)), second_(static_cast<Second&&>(second)) {}
  COWARP_FN zipped_stream(zipped_stream&& other) noexcept  // before the first poll only
      : first_(std::move(other.first_)), second_(std::move(other.second_)) {
    COWARP_ASSERT(!other.from_first_ && !other.from_second_,
                  "a stream must not move after it was polled");
  }

  COWARP_FN polled_item<item> poll_next(context& cx) {
    if (!pull(cx, first_, from_first_) || !pull(cx, second_, from_second_)) {
      return polled_item<item>(in_place);
    }
    if (!from_first_ || !from_second_) return pending;
    polled_item<item> next(in_place, in_place, std::move(*from_first_), std::move(*from_second_));
    from_first_.reset();
    from_second_.reset();
    return next;
  }

 private:
  /// \returns false if the stream has ended.
  template <class Stream>
  static COWARP_FN bool pull(context& cx, Stream& from, optional<typename Stream::item>& to) {
    if (to) return true;
    auto next = from.poll_next(cx);
    if (!next) return true;
    if (*next) to.emplace(std::move(**next));
    return to.has_value();
  }

  First first_;
  Second second_;
  optional<typename First::item> from_first_;
  optional<typename Second::item> from_second_;
};

/// \returns a stream of tuples with an item of each; it ends with the shorter, and an item that has
/// no partner then is dropped.
template <class First, class Second>
requires(detail::streaming<First>&& detail::streaming<Second>) [[nodiscard]] COWARP_FN
    auto zip(First&& first, Second&& second) {
  return zipped_stream<detail::owned_stream<First>, detail::owned_stream<Second>>(
      static_cast<First&&>(first), static_cast<Second&&>(second));
}

}  // namespace cowarp
