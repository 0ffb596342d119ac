// SPDX-License-Identifier: Apache-2.0
/// \file
/// A bounded channel that hands out the most urgent message first.
#pragma once

#include <cowarp/sync/channel.hpp>
#include <cowarp/sync/detail/waiting.hpp>

#include <concepts>
#include <cstdint>
#include <functional>
#include <new>
#include <utility>

namespace cowarp {

/// A channel with `Capacity` messages of room whose receivers get the greatest message by `Less`,
/// and among equals the one that came first.
///
/// ```text
///   send ──► [ senders wait ] ──► [ heap, greatest first ] ──► [ receivers wait ] ──► receive
/// ```
///
/// Invariant:     as many blocked senders are called as there is room, as many blocked receivers as
///                there are messages; a message is in the channel only once its send is ready.
/// Called by:     any lane within `Scope`; any number of senders and receivers. `Less` and the
///                predicate of `remove_if` run under a lock and must not wait.
/// Scope:         `Scope`; with `block` it lives in the block state.
/// Memory order:  what a sender wrote before `send` is visible to whoever receives that message.
/// Resumes on:    the executor's next poll of the waiting task.
/// Progress:      a short spin lock, O(log Capacity) under it; blocked senders, and blocked
///                receivers, are served first come first, whatever the urgency of their messages.
/// Storage:       72 bytes, and for each message 8 bytes beside it; zero bytes are valid, empty and
///                open.
/// Fails:         `try_send` with `full` or `closed`, `send` with `closed`; the message comes back.
/// Cancelling a send takes its message back; cancelling a receive loses nothing. After `close`
/// receivers drain what is there. After Embassy's `PriorityChannel`, first come first among equals.
template <class Value, std::uint32_t Capacity, scope Scope = scope::device,
          class Less = std::less<Value>>
class priority_channel
    : public detail::closable<priority_channel<Value, Capacity, Scope, Less>, Scope> {
  static_assert(Capacity > 0, "a channel has room for at least one message");

  struct send_operation;
  struct receive_operation;

 public:
  using value_type     = Value;
  using send_future    = detail::waiting<send_operation>;
  using receive_future = detail::waiting<receive_operation>;

  /// \returns a future that is ready once the message is in the channel, or refused.
  [[nodiscard]] COWARP_FN send_future send(Value&& value) {
    return send_future(send_operation{*this, std::move(value)});
  }
  [[nodiscard]] COWARP_FN send_future
  send(const Value& value) requires std::copy_constructible<Value> {
    return send(Value(value));
  }

  /// \returns a future of the most urgent message; of nothing once it is closed and drained.
  [[nodiscard]] COWARP_FN receive_future receive() {
    return receive_future(receive_operation{*this});
  }

  /// \returns what can only send here, or only receive.
  [[nodiscard]] COWARP_FN auto sender() { return channel_sender<priority_channel>(*this); }
  [[nodiscard]] COWARP_FN auto receiver() { return channel_receiver<priority_channel>(*this); }

  /// Sends if there is room that no blocked sender was called for.
  COWARP_FN send_result<Value> try_send(Value&& value) {
    send_operation operation{*this, std::move(value)};
    auto result = detail::attempt_now(operation);
    if (result) return std::move(*result);
    return {send_status::full, std::move(operation.value)};
  }
  COWARP_FN send_result<Value> try_send(
      const Value& value) requires std::copy_constructible<Value> {
    return try_send(Value(value));
  }

  /// \returns a message if there is one that no waiting receiver was called for.
  [[nodiscard]] COWARP_FN polled<Value> try_receive() {
    receive_operation operation{*this};
    auto result = detail::attempt_now(operation);
    return result ? std::move(*result) : polled<Value>();
  }

  /// \returns a copy of the most urgent message.
  [[nodiscard]] COWARP_FN polled<Value> try_peek() {
    return this->look([&] { return count_ != 0 ? polled<Value>(at(0).value) : pending; });
  }

  /// Drops every message for which `is_unwanted(message)` is true. \returns how many.
  template <class Predicate>
  COWARP_FN std::uint32_t remove_if(Predicate&& is_unwanted) {
    std::uint32_t removed = 0;
    this->change([&] { removed = remove_locked(is_unwanted); });
    return removed;
  }

  /// Drops all messages.
  COWARP_FN void clear() {
    remove_if([](const Value&) { return true; });
  }

  [[nodiscard]] static COWARP_FN constexpr std::uint32_t capacity() { return Capacity; }
  [[nodiscard]] COWARP_FN std::uint32_t size() {
    return this->look([&] { return count_; });
  }
  [[nodiscard]] COWARP_FN bool is_empty() { return size() == 0; }
  [[nodiscard]] COWARP_FN bool is_full() { return size() == Capacity; }

 private:
  friend class detail::closable<priority_channel, Scope>;

  struct entry {
    Value value;
    std::uint64_t order;  // of arrival
  };

  COWARP_FN entry& at(std::uint32_t i) {
    return *std::launder(reinterpret_cast<entry*>(bytes_[i]));
  }

  static COWARP_FN bool is_before(const entry& a, const entry& b) {
    const Less less{};
    if (less(b.value, a.value)) return true;
    return !less(a.value, b.value) && a.order < b.order;
  }

  COWARP_FN void put(Value&& value) {
    ::new (static_cast<void*>(bytes_[count_])) entry{std::move(value), arrivals_++};
    rise(count_++);
  }

  COWARP_FN Value take() {
    Value first = std::move(at(0).value);
    if (--count_ != 0) at(0) = std::move(at(count_));
    at(count_).~entry();
    sink(0);
    return first;
  }

  // Functions of their own: copies of them in every caller would be large.
  [[gnu::noinline]] COWARP_FN void rise(std::uint32_t i) {
    for (; i != 0 && is_before(at(i), at((i - 1) / 2)); i = (i - 1) / 2) swap(i, (i - 1) / 2);
  }

  [[gnu::noinline]] COWARP_FN void sink(std::uint32_t i) {
    for (std::uint32_t child = 2 * i + 1; child < count_; i = child, child = 2 * i + 1) {
      if (child + 1 < count_ && is_before(at(child + 1), at(child))) ++child;
      if (!is_before(at(child), at(i))) return;
      swap(i, child);
    }
  }

  COWARP_FN void swap(std::uint32_t i, std::uint32_t j) {
    entry kept = std::move(at(i));
    at(i)      = std::move(at(j));
    at(j)      = std::move(kept);
  }

  template <class Predicate>
  COWARP_FN std::uint32_t remove_locked(Predicate& is_unwanted) {
    const std::uint32_t before = count_;
    std::uint32_t kept         = 0;
    for (std::uint32_t i = 0; i < before; ++i) {
      if (is_unwanted(std::as_const(at(i).value))) continue;
      if (kept != i) at(kept) = std::move(at(i));
      ++kept;
    }
    for (std::uint32_t i = kept; i < before; ++i) at(i).~entry();
    count_ = kept;
    for (std::uint32_t i = kept / 2; i-- > 0;) sink(i);
    return before - kept;
  }

  COWARP_FN std::uint32_t sendable() const {
    return this->is_closed_ ? detail::line::everyone : Capacity - count_;
  }
  COWARP_FN std::uint32_t receivable() const {
    return this->is_closed_ && count_ == 0 ? detail::line::everyone : count_;
  }
  COWARP_FN void call(detail::wake_list& woken) {
    receivers_.call(receivable(), woken);
    senders_.call(sendable(), woken);
  }
  std::uint32_t count_;     // messages
  std::uint64_t arrivals_;  // messages ever put in
  detail::line senders_;
  detail::line receivers_;
  alignas(entry) unsigned char bytes_[Capacity][sizeof(entry)];  // a binary heap
};

template <class Value, std::uint32_t Capacity, scope Scope, class Less>
struct priority_channel<Value, Capacity, Scope, Less>::send_operation {
  using output = send_result<Value>;

  priority_channel& of;
  Value value;

  COWARP_FN detail::line& line() { return of.senders_; }
  COWARP_FN polled<output> attempt(const detail::waiter& place) {
    if (!of.senders_.may_go(place, of.sendable())) return pending;
    if (of.is_closed_) return output{send_status::closed, std::move(value)};
    of.put(std::move(value));
    return output{send_status::ok, pending};
  }
};

template <class Value, std::uint32_t Capacity, scope Scope, class Less>
struct priority_channel<Value, Capacity, Scope, Less>::receive_operation {
  using output = polled<Value>;

  priority_channel& of;

  COWARP_FN detail::line& line() { return of.receivers_; }
  COWARP_FN polled<output> attempt(const detail::waiter& place) {
    if (!of.receivers_.may_go(place, of.receivable())) return pending;
    if (of.count_ == 0) return polled<output>(in_place);
    return polled<output>(in_place, of.take());
  }
};

}  // namespace cowarp
