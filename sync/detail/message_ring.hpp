// SPDX-License-Identifier: Apache-2.0
/// \file
/// A ring of messages in which room can be promised to someone who fills it later.
#pragma once

#include <cowarp/executor/future.hpp>

#include <cstdint>
#include <new>
#include <utility>

namespace cowarp::detail {

/// What was promised to a sender; stands in the future that sends.
struct promised_room {
  std::uint32_t cell = 0;
};

/// Messages in the order in which their room was taken.
///
/// ```text
///   put 1 ──► message              take 4: the oldest cell, once it is a message
///   promise 2 ──► promised ──► keep 3 ──► message
///                     └──────► drop 3: those behind it move up
/// ```
///
/// 1  takes room and fills it
/// 2  takes room for a message that comes later; those behind it wait for it
/// 3  fills the promised room, or gives it up
///
/// Invariant:     `ready_` messages stand before the first promise; a promise knows its cell.
/// Called by:     whoever holds the lock of the channel that the ring belongs to.
/// Progress:      constant time; `drop` moves what is behind it.
/// Storage:       16 bytes, and for each of `Capacity` a byte and a message or pointer; zero is empty.
template <class Value, std::uint32_t Capacity>
class message_ring {
 public:
  [[nodiscard]] COWARP_FN bool has_room() const { return count_ < Capacity; }
  [[nodiscard]] COWARP_FN bool is_empty() const { return count_ == 0; }
  /// \returns how many messages can be taken now.
  [[nodiscard]] COWARP_FN std::uint32_t ready() const { return ready_; }
  /// \returns how many messages there are, also behind a promise.
  [[nodiscard]] COWARP_FN std::uint32_t size() const { return messages_; }

  /// \pre has_room()
  COWARP_FN void put(Value&& value) {
    const std::uint32_t cell = behind_first(count_++);
    is_promised_[cell]       = false;
    fill(cell, std::move(value));
  }

  /// Takes room for later. \pre has_room(), and `to` does not move until `keep` or `drop`
  COWARP_FN void promise(promised_room& to) {
    to.cell               = behind_first(count_++);
    is_promised_[to.cell] = true;
    owner(to.cell)        = &to;
  }
  COWARP_FN void keep(const promised_room& by, Value&& value) {
    is_promised_[by.cell] = false;
    fill(by.cell, std::move(value));
  }
  COWARP_FN void drop(const promised_room& by) {
    const std::uint32_t place = by.cell >= first_ ? by.cell - first_ : by.cell + Capacity - first_;
    for (std::uint32_t i = place + 1; i < count_; ++i) {
      move_up(behind_first(i), behind_first(i - 1));
    }
    --count_;
    settle();
  }

  /// \pre ready() > 0
  [[nodiscard]] COWARP_FN Value& front() { return message(first_); }

  /// Moves the oldest message to `to`. \pre ready() > 0
  COWARP_FN void take(polled<Value>& to) {
    to.emplace(std::move(front()));
    front().~Value();
    first_ = behind_first(1);
    --count_;
    --ready_;
    --messages_;
  }

 private:
  static constexpr std::size_t cell_bytes     = sizeof(Value) > sizeof(promised_room*)
                                                    ? sizeof(Value)
                                                    : sizeof(promised_room*);
  static constexpr std::size_t cell_alignment = alignof(Value) > alignof(promised_room*)
                                                    ? alignof(Value)
                                                    : alignof(promised_room*);
  struct alignas(cell_alignment) cell_type {
    unsigned char bytes[cell_bytes];
  };

  [[nodiscard]] COWARP_FN std::uint32_t behind_first(std::uint32_t i) const {
    return first_ + i < Capacity ? first_ + i : first_ + i - Capacity;
  }
  [[nodiscard]] COWARP_FN Value& message(std::uint32_t cell) {
    return *std::launder(reinterpret_cast<Value*>(cells_[cell].bytes));
  }
  [[nodiscard]] COWARP_FN promised_room*& owner(std::uint32_t cell) {
    return *reinterpret_cast<promised_room**>(cells_[cell].bytes);
  }

  COWARP_FN void fill(std::uint32_t cell, Value&& value) {
    ::new (static_cast<void*>(cells_[cell].bytes)) Value(std::move(value));
    ++messages_;
    settle();
  }

  /// Counts on to the first promise.
  COWARP_FN void settle() {
    while (ready_ < count_ && !is_promised_[behind_first(ready_)]) ++ready_;
  }

  COWARP_FN void move_up(std::uint32_t from, std::uint32_t to) {
    is_promised_[to] = is_promised_[from];
    if (is_promised_[from]) {
      owner(to)       = owner(from);
      owner(to)->cell = to;
    } else {
      ::new (static_cast<void*>(cells_[to].bytes)) Value(std::move(message(from)));
      message(from).~Value();
    }
  }

  std::uint32_t first_;     // the oldest cell in use
  std::uint32_t count_;     // cells in use
  std::uint32_t ready_;     // messages before the first promise
  std::uint32_t messages_;  // messages in all
  cell_type cells_[Capacity];
  bool is_promised_[Capacity];
};

}  // namespace cowarp::detail
