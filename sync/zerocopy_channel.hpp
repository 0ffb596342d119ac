// SPDX-License-Identifier: Apache-2.0
/// \file
/// A channel whose messages are written and read where they stand.
#pragma once

#include <cowarp/sync/detail/waiting.hpp>

#include <cstdint>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace cowarp {

/// A bounded channel that lends out its own storage: a sender fills a slot in place, a receiver
/// reads it in place, and nothing is copied.
///
/// ```text
///             send 1             done 2             receive 3            done 4
///   ┌──────┐ ───────► ┌─────────┐ ─────► ┌─────────┐ ────────► ┌─────────┐ ─────► ┌──────┐
///   │ free │          │ written │        │ message │           │  read   │        │ free │
///   └──────┘ ◄─────── └─────────┘        └─────────┘ ◄──────── └─────────┘        └──────┘
///             drop 5                                  drop 6
/// ```
///
/// 1  `send` lends a free slot; it still holds what its last message left there (at first zero)
/// 2  `send_slot::done` publishes it: messages are received in the order of their `done`
/// 3  `receive` lends the oldest message
/// 4  `receive_slot::done` frees it
/// 5  a send slot destroyed before `done` publishes nothing
/// 6  a receive slot destroyed before `done` consumes nothing: the message takes its old place
///
/// Invariant:     every slot is in one of the four states; a lent slot has one owner.
/// Called by:     any lane within `Scope`; any number of senders and receivers, and of slots lent
///                at once. Lanes that fill a slot together meet before one of them calls `done`.
/// Scope:         `Scope`; with `block` it lives in the block state.
/// Memory order:  what was written before a `done` is visible to whoever is lent that slot next.
/// Resumes on:    the executor's next poll of the waiting task.
/// Progress:      a short spin lock; senders, and receivers, are served first come first.
/// Storage:       88 bytes, and 16 bytes beside each message; zero bytes are valid, empty and open.
/// Fails:         `send` and `receive` with an empty slot once closed (and drained), the `try_`
///                twins also where they would have to wait. Slots lent before `close` may still be
///                done, and receivers see the end only after them; what a receive slot gives back
///                after the end is for whoever asks.
/// After Embassy's `zerocopy_channel`, for any number of both sides.
template <class Value, std::uint32_t Capacity, scope Scope = scope::device>
class zerocopy_channel : public detail::closable<zerocopy_channel<Value, Capacity, Scope>, Scope> {
  static_assert(Capacity > 0, "a channel has room for at least one message");
  static_assert(std::is_trivially_copyable_v<Value> && std::is_trivially_destructible_v<Value>,
                "a zerocopy_channel's slots live as long as the channel and begin as zero bytes: "
                "give it a trivially copyable type");

  enum class side : std::uint8_t { send, receive };
  template <side Side>
  class slot;
  template <side Side>
  struct lend_operation;

 public:
  using send_slot      = slot<side::send>;
  using receive_slot   = slot<side::receive>;
  using send_future    = detail::waiting<lend_operation<side::send>>;
  using receive_future = detail::waiting<lend_operation<side::receive>>;

  /// \returns a future of a free slot to fill; of an empty one once the channel is closed.
  [[nodiscard]] COWARP_FN send_future send() { return send_future({*this}); }
  /// \returns a future of the oldest message; of an empty slot once closed and drained.
  [[nodiscard]] COWARP_FN receive_future receive() { return receive_future({*this}); }

  [[nodiscard]] COWARP_FN send_slot try_send() { return try_lend<side::send>(); }
  [[nodiscard]] COWARP_FN receive_slot try_receive() { return try_lend<side::receive>(); }

  /// Drops all messages that are not lent to a receiver.
  COWARP_FN void clear() {
    this->change([&] {
      for (; count_ != 0; --count_) spare_[spares_++] = pop();
    });
  }

  [[nodiscard]] static COWARP_FN constexpr std::uint32_t capacity() { return Capacity; }
  /// \returns the number of messages that are not lent.
  [[nodiscard]] COWARP_FN std::uint32_t size() {
    return this->look([&] { return count_; });
  }
  [[nodiscard]] COWARP_FN bool is_empty() { return size() == 0; }
  /// \returns true if no slot is free.
  [[nodiscard]] COWARP_FN bool is_full() {
    return this->look([&] { return free() == 0; });
  }

 private:
  friend class detail::closable<zerocopy_channel, Scope>;

  template <side Side>
  COWARP_FN slot<Side> try_lend() {
    lend_operation<Side> operation{*this};
    auto result = detail::attempt_now(operation);
    return result ? std::move(*result) : slot<Side>();
  }

  COWARP_FN Value& value(std::uint32_t index) {
    return *std::launder(reinterpret_cast<Value*>(bytes_[index]));
  }

  /// Ends the loan of a slot: to a sender or to a receiver, done or dropped.
  COWARP_FN void end_loan(side of, std::uint32_t index, bool is_done) {
    this->change([&] {
      if (of == side::send) --written_;
      if (of == side::send ? is_done : !is_done) {
        if (of == side::send) order_of_[index] = published_++;
        insert(index);
      } else {
        spare_[spares_++] = index;
      }
    });
  }

  COWARP_FN std::uint32_t& message(std::uint32_t i) { return messages_[(first_ + i) % Capacity]; }

  /// Puts a slot among the messages: a new one at the end, a dropped one where it was.
  COWARP_FN void insert(std::uint32_t index) {
    std::uint32_t i = count_++;
    for (; i != 0 && order_of_[message(i - 1)] > order_of_[index]; --i) message(i) = message(i - 1);
    message(i) = index;
  }
  /// Takes the oldest message out; the caller counts.
  COWARP_FN std::uint32_t pop() {
    const std::uint32_t index = messages_[first_];
    first_                    = first_ + 1 == Capacity ? 0 : first_ + 1;
    return index;
  }

  COWARP_FN std::uint32_t lend_free() {
    ++written_;
    return spares_ != 0 ? spare_[--spares_] : fresh_++;
  }
  COWARP_FN std::uint32_t lend_message() {
    --count_;
    return pop();
  }

  COWARP_FN std::uint32_t free() const { return spares_ + Capacity - fresh_; }
  COWARP_FN std::uint32_t available(side of) const {
    if (of == side::send) return this->is_closed_ ? detail::line::everyone : free();
    const bool is_end = this->is_closed_ && count_ == 0 && written_ == 0;
    return is_end ? detail::line::everyone : count_;
  }
  COWARP_FN detail::line& line_of(side of) { return of == side::send ? senders_ : receivers_; }
  COWARP_FN void call(detail::wake_list& woken) {
    receivers_.call(available(side::receive), woken);
    senders_.call(available(side::send), woken);
  }

  std::uint32_t first_;      // where in `messages_` the oldest message stands
  std::uint32_t count_;      // messages
  std::uint32_t written_;    // slots lent to senders
  std::uint32_t spares_;     // free slots in `spare_`
  std::uint32_t fresh_;      // slots that were ever lent: those from here on are free too
  std::uint64_t published_;  // messages ever published
  detail::line senders_;
  detail::line receivers_;
  std::uint32_t messages_[Capacity];  // a ring of slots
  std::uint32_t spare_[Capacity];     // a stack of slots
  std::uint64_t order_of_[Capacity];  // when the slot's message was published
  alignas(Value) unsigned char bytes_[Capacity][sizeof(Value)];
};

/// A slot lent to a sender or a receiver; empty if there was none. Its value is a plain object that
/// any lane may use. Destroyed before `done` it gives the slot back as it was.
/// Storage: 16 bytes; the channel must outlive it.
template <class Value, std::uint32_t Capacity, scope Scope>
template <typename zerocopy_channel<Value, Capacity, Scope>::side Side>
class COWARP_TRIVIAL_ABI zerocopy_channel<Value, Capacity, Scope>::slot {
 public:
  slot() = default;
  COWARP_FN slot(zerocopy_channel& channel, std::uint32_t index)
      : channel_(std::addressof(channel)), index_(index) {}
  COWARP_FN slot(slot&& other) noexcept
      : channel_(std::exchange(other.channel_, nullptr)), index_(other.index_) {}
  COWARP_FN slot& operator=(slot&& other) noexcept {
    if (this == &other) return *this;
    end(false);
    channel_ = std::exchange(other.channel_, nullptr);
    index_   = other.index_;
    return *this;
  }
  COWARP_FN ~slot() { end(false); }

  /// Publishes what was written, or frees what was read; the slot is empty then.
  COWARP_FN void done() { end(true); }

  [[nodiscard]] COWARP_FN explicit operator bool() const { return channel_ != nullptr; }
  [[nodiscard]] COWARP_FN Value& operator*() const { return channel_->value(index_); }
  [[nodiscard]] COWARP_FN Value* operator->() const { return std::addressof(**this); }

 private:
  COWARP_FN void end(bool is_done) {
    if (channel_ != nullptr) std::exchange(channel_, nullptr)->end_loan(Side, index_, is_done);
  }

  zerocopy_channel* channel_ = nullptr;
  std::uint32_t index_       = 0;
};

template <class Value, std::uint32_t Capacity, scope Scope>
template <typename zerocopy_channel<Value, Capacity, Scope>::side Side>
struct zerocopy_channel<Value, Capacity, Scope>::lend_operation {
  using output = slot<Side>;

  zerocopy_channel& of;

  COWARP_FN detail::line& line() { return of.line_of(Side); }
  COWARP_FN polled<output> attempt(const detail::waiter& place) {
    if (!line().may_go(place, of.available(Side))) return pending;
    if constexpr (Side == side::send) {
      if (of.is_closed_) return polled<output>(in_place);
      return polled<output>(in_place, of, of.lend_free());
    } else {
      if (of.count_ == 0) return polled<output>(in_place);
      return polled<output>(in_place, of, of.lend_message());
    }
  }
};

}  // namespace cowarp
