// SPDX-License-Identifier: Apache-2.0
/// \file
/// A ring of messages in which room can be promised to someone who fills it later.
#pragma once

#include <cowarp/executor/future.hpp>

#include <cstdint>
#include <memory>
#include <new>
#include <utility>

namespace cowarp::detail {

/// Messages in the order in which their room was taken.
///
/// ```text
///   put 1 ──► message            take 4: the first cell, once it is a message
///   promise 2 ──► promised ──► keep 3 ──► message
///                     └──────► drop 3 ──► gap, skipped when it comes first
/// ```
///
/// 1  takes room and fills it
/// 2  takes room for a message that comes later; those behind it wait for it
/// 3  fills the promised room, or gives it up
///
/// Invariant:     the first cell is never a gap; `ready_` messages stand before the first promise.
/// Called by:     whoever holds the lock of the channel that the ring belongs to.
/// Storage:       20 bytes, and a message and a byte for each of `Capacity`; zero is empty.
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
  COWARP_FN void put(Value&& value) { keep(promise(), std::move(value)); }

  /// Takes room for later. \returns the cell, for `keep` or `drop`. \pre has_room()
  [[nodiscard]] COWARP_FN std::uint32_t promise() {
    const std::uint32_t cell = behind_first(count_++);
    states_[cell]            = state::promised;
    return cell;
  }
  COWARP_FN void keep(std::uint32_t cell, Value&& value) {
    ::new (static_cast<void*>(bytes_[cell])) Value(std::move(value));
    states_[cell] = state::message;
    ++messages_;
    settle();
  }
  COWARP_FN void drop(std::uint32_t cell) {
    states_[cell] = state::gap;
    settle();
  }

  /// \pre ready() > 0
  [[nodiscard]] COWARP_FN Value& front() {
    return *std::launder(reinterpret_cast<Value*>(bytes_[first_]));
  }
  /// Moves the first message to `to`. \pre ready() > 0
  COWARP_FN void take(polled<Value>& to) {
    to.emplace(std::move(front()));
    front().~Value();
    --ready_;
    --messages_;
    pop();
    settle();
  }

 private:
  enum class state : std::uint8_t { promised, message, gap };

  [[nodiscard]] COWARP_FN std::uint32_t behind_first(std::uint32_t i) const {
    return first_ + i < Capacity ? first_ + i : first_ + i - Capacity;
  }
  COWARP_FN void pop() {
    first_ = behind_first(1);
    --count_;
    --settled_;
  }

  /// Counts the cells before the first promise, and drops the gaps in front.
  COWARP_FN void settle() {
    for (; settled_ < count_; ++settled_) {
      const state next = states_[behind_first(settled_)];
      if (next == state::promised) break;
      if (next == state::message) ++ready_;
    }
    while (settled_ != 0 && states_[first_] == state::gap) pop();
  }

  std::uint32_t first_;     // the oldest cell in use
  std::uint32_t count_;     // cells in use
  std::uint32_t settled_;   // of these, before the first promise
  std::uint32_t ready_;     // messages among the settled
  std::uint32_t messages_;  // messages in all
  state states_[Capacity];
  alignas(Value) unsigned char bytes_[Capacity][sizeof(Value)];
};

}  // namespace cowarp::detail
