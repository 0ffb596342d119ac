// SPDX-License-Identifier: Apache-2.0
/// \file
/// Items of a stream in groups.
#pragma once

#include <cowarp/future/stream.hpp>

#include <cstdint>
#include <new>
#include <utility>

namespace cowarp {

/// Up to `Capacity` items in a row, in place.
template <class Item, std::uint32_t Capacity>
class COWARP_TRIVIAL_ABI chunk {
  static_assert(Capacity > 0, "a chunk has room for at least one item: give it a capacity");

 public:
  COWARP_FN chunk() {}
  COWARP_FN chunk(chunk&& other) noexcept { take_from(other); }
  COWARP_FN chunk& operator=(chunk&& other) noexcept {
    if (&other == this) return *this;
    clear();
    take_from(other);
    return *this;
  }
  COWARP_FN ~chunk() { clear(); }

  /// \pre !is_full()
  COWARP_FN void push_back(Item&& item) {
    COWARP_ASSERT(!is_full(), "a full chunk takes no more items: look at is_full() first");
    ::new (static_cast<void*>(bytes_ + size_ * sizeof(Item))) Item(std::move(item));
    ++size_;
  }
  COWARP_FN void clear() {
    while (size_ > 0) begin()[--size_].~Item();
  }

  [[nodiscard]] static COWARP_FN constexpr std::uint32_t capacity() { return Capacity; }
  [[nodiscard]] COWARP_FN std::uint32_t size() const { return size_; }
  [[nodiscard]] COWARP_FN bool is_empty() const { return size_ == 0; }
  [[nodiscard]] COWARP_FN bool is_full() const { return size_ == Capacity; }

  [[nodiscard]] COWARP_FN Item& operator[](std::uint32_t i) { return begin()[i]; }
  [[nodiscard]] COWARP_FN const Item& operator[](std::uint32_t i) const { return begin()[i]; }
  [[nodiscard]] COWARP_FN Item* begin() { return std::launder(reinterpret_cast<Item*>(bytes_)); }
  [[nodiscard]] COWARP_FN const Item* begin() const {
    return std::launder(reinterpret_cast<const Item*>(bytes_));
  }
  [[nodiscard]] COWARP_FN Item* end() { return begin() + size_; }
  [[nodiscard]] COWARP_FN const Item* end() const { return begin() + size_; }

 private:
  /// Moves all items here and leaves the other empty. \pre is_empty()
  COWARP_FN void take_from(chunk& other) {
    for (Item& item : other) push_back(std::move(item));
    other.clear();
  }

  alignas(Item) unsigned char bytes_[Capacity * sizeof(Item)];
  std::uint32_t size_ = 0;
};

/// A stream's items, `Size` at a time. Made by `chunks<Size>(stream)`.
///
/// Storage: the stream and one chunk, in which items wait for the others.
template <std::uint32_t Size, stream Upstream>
class chunked_stream {
 public:
  using item = chunk<typename Upstream::item, Size>;

  COWARP_FN explicit chunked_stream(Upstream&& upstream)
      : upstream_(static_cast<Upstream&&>(upstream)) {}

  COWARP_FN polled_item<item> poll_next(context& cx) {
    while (!gathered_.is_full() && !has_ended_) {
      auto next = upstream_.poll_next(cx);
      if (!next) return pending;
      has_ended_ = !next->has_value();
      if (*next) gathered_.push_back(std::move(**next));
    }
    polled_item<item> next(in_place);
    if (!gathered_.is_empty()) next->emplace(std::move(gathered_));
    return next;
  }

 private:
  Upstream upstream_;
  item gathered_;
  bool has_ended_ = false;
};

/// \returns a stream of `chunk`s with `Size` items each; the last may have fewer, but none is empty.
template <std::uint32_t Size, class Upstream>
requires detail::streaming<Upstream>
[[nodiscard]] COWARP_FN auto chunks(Upstream&& upstream) {
  return chunked_stream<Size, detail::owned_stream<Upstream>>(static_cast<Upstream&&>(upstream));
}

}  // namespace cowarp
