// SPDX-License-Identifier: Apache-2.0
/// \file
/// A bounded channel whose every subscriber gets every message.
#pragma once

#include <cowarp/sync/channel.hpp>
#include <cowarp/sync/detail/waiting.hpp>

#include <concepts>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>

namespace cowarp {

/// What a subscriber gets: a message, or how many it missed, or, if neither, the end.
template <class Value>
struct [[nodiscard]] pubsub_message {
  std::uint64_t lagged;  // messages that were dropped before this subscriber saw them
  polled<Value> value;

  [[nodiscard]] COWARP_FN bool is_lagged() const { return lagged != 0; }
  [[nodiscard]] COWARP_FN bool is_end() const { return lagged == 0 && !value; }
};

/// A bounded channel from any number of publishers to at most `Subscribers` subscribers.
///
/// ```text
///                       oldest_                       published_
///                          ▼                              ▼
///     dropped or read │ 7  8  9  10  11                   │ ◄── publish
///                  ▲        ▲                             ▲
///                  lags     next_[1]                      next_[2]: waits
/// ```
///
/// A subscriber gets what was published after it came, in order. `publish` waits for the slowest;
/// `publish_immediate` drops the oldest message instead, and a subscriber that had not seen it is
/// told how many it missed before it goes on with the oldest still there. Without subscribers
/// messages are dropped at once.
///
/// Invariant:     the messages from `oldest_` on are stored; while there are subscribers, one of
///                them has not read `oldest_` yet, so what nobody will read is never kept.
/// Called by:     any lane within `Scope`.
/// Scope:         `Scope`; with `block` it lives in the block state.
/// Memory order:  what a publisher wrote before it published is visible to who gets that message.
/// Resumes on:    the executor's next poll of the waiting task.
/// Progress:      a short spin lock, O(Subscribers) under it; blocked publishers are served first
///                come first. A message wakes all subscribers that wait.
/// Storage:       72 bytes, 9 for each subscriber, and the messages; zero bytes are valid.
/// Fails:         `subscribe` at the limit; publishing gives the message back after `close`, and
///                `try_publish` where it would wait. Subscribers drain, then see the end.
/// Cancelling a publish takes its message back. After Embassy's `PubSubChannel`; a subscriber that
/// is dropped frees all it held, also when it lagged.
template <class Value, std::uint32_t Capacity, std::uint32_t Subscribers,
          scope Scope = scope::device>
class pubsub_channel
    : public detail::closable<pubsub_channel<Value, Capacity, Subscribers, Scope>, Scope> {
  static_assert(Capacity > 0, "a channel has room for at least one message");
  static_assert(Subscribers > 0, "a pubsub_channel has room for at least one subscriber");

  struct publish_operation;

 public:
  class subscriber;
  template <bool TellsLag>
  struct next_operation;  // public because nvcc spells out the types of awaited futures
  using publish_future = detail::waiting<publish_operation>;

  /// \returns a future that is ready once the message is in the channel, or refused.
  [[nodiscard]] COWARP_FN publish_future publish(Value&& value) {
    return publish_future({*this, std::move(value)});
  }
  [[nodiscard]] COWARP_FN publish_future
  publish(const Value& value) requires std::copy_constructible<Value> {
    return publish(Value(value));
  }

  /// Publishes if there is room that no blocked publisher was called for.
  COWARP_FN send_result<Value> try_publish(Value&& value) {
    publish_operation operation{*this, std::move(value)};
    auto result = detail::attempt_now(operation);
    if (result) return std::move(*result);
    return {send_status::full, std::move(operation.value)};
  }
  COWARP_FN send_result<Value> try_publish(
      const Value& value) requires std::copy_constructible<Value> {
    return try_publish(Value(value));
  }

  /// Publishes at once; drops the oldest message if there is no room.
  COWARP_FN send_result<Value> publish_immediate(Value&& value) {
    bool is_refused = false;
    this->change([&] {
      is_refused = this->is_closed_;
      if (is_refused || subscribers_ == 0) return;
      if (room() == 0) drop_before(oldest_ + 1);
      put(std::move(value));
    });
    if (!is_refused) return {send_status::ok, pending};
    return {send_status::closed, std::move(value)};
  }
  COWARP_FN send_result<Value> publish_immediate(
      const Value& value) requires std::copy_constructible<Value> {
    return publish_immediate(Value(value));
  }

  /// \returns a subscriber to what is published from now on; an empty one at the limit.
  [[nodiscard]] COWARP_FN subscriber subscribe() {
    subscriber result;
    this->change([&] {
      for (std::uint32_t i = 0; i < Subscribers && !result; ++i) {
        if (is_used_[i]) continue;
        is_used_[i] = true;
        next_[i]    = published();
        ++subscribers_;
        result.assign(*this, i);
      }
    });
    return result;
  }

  /// Drops all messages; to subscribers that had not seen them this is a lag.
  COWARP_FN void clear() {
    this->change([&] { drop_before(published()); });
  }

  [[nodiscard]] static COWARP_FN constexpr std::uint32_t capacity() { return Capacity; }
  /// \returns the number of messages that some subscriber has not read yet.
  [[nodiscard]] COWARP_FN std::uint32_t size() {
    return this->look([&] { return Capacity - room(); });
  }
  [[nodiscard]] COWARP_FN bool is_empty() { return size() == 0; }
  [[nodiscard]] COWARP_FN bool is_full() { return size() == Capacity; }
  [[nodiscard]] COWARP_FN std::uint32_t subscriber_count() {
    return this->look([&] { return subscribers_; });
  }

 private:
  friend class detail::closable<pubsub_channel, Scope>;

  COWARP_FN Value& message(std::uint64_t id) {
    return *std::launder(reinterpret_cast<Value*>(bytes_[id % Capacity]));
  }
  [[nodiscard]] COWARP_FN std::uint64_t published() const { return audience_.now(); }
  [[nodiscard]] COWARP_FN std::uint32_t room() const {
    return Capacity - static_cast<std::uint32_t>(published() - oldest_);
  }

  COWARP_FN void put(Value&& value) {
    ::new (static_cast<void*>(bytes_[published() % Capacity])) Value(std::move(value));
    audience_.advance();
  }
  COWARP_FN void drop_before(std::uint64_t id) {
    for (; oldest_ < id; ++oldest_) message(oldest_).~Value();
  }

  // Functions of their own: copies of these loops in every caller would be large.

  /// \returns true if a subscriber other than `i` will still read this message.
  [[nodiscard, gnu::noinline]] COWARP_FN bool is_wanted(std::uint64_t id, std::uint32_t i) const {
    for (std::uint32_t j = 0; j < Subscribers; ++j) {
      if (j != i && is_used_[j] && next_[j] <= id) return true;
    }
    return false;
  }
  /// Drops the oldest messages for as long as nobody will read them.
  [[gnu::noinline]] COWARP_FN void trim() {
    while (oldest_ != published() && !is_wanted(oldest_, Subscribers)) drop_before(oldest_ + 1);
  }

  COWARP_FN void leave(std::uint32_t i) {
    this->change([&] {
      is_used_[i] = false;
      --subscribers_;
      trim();
    });
  }

  COWARP_FN std::uint32_t publishable() const {
    return this->is_closed_ || subscribers_ == 0 ? detail::line::everyone : room();
  }
  COWARP_FN void call(detail::wake_list& woken) {
    audience_.call(this->is_closed_, woken);
    publishers_.call(publishable(), woken);
  }

  std::uint32_t subscribers_;
  std::uint64_t oldest_;       // id of the oldest message that is stored
  detail::audience audience_;  // counts the messages: the next gets this id
  detail::line publishers_;
  std::uint64_t next_[Subscribers];  // id of the message to read next; below `oldest_`: lags
  bool is_used_[Subscribers];
  alignas(Value) unsigned char bytes_[Capacity][sizeof(Value)];
};

/// One who gets all messages; an empty one gets nothing. Destroyed it frees its place.
/// Called by:     one task at a time.
/// Storage:       16 bytes; the channel, and during an await the subscriber, must live on.
template <class Value, std::uint32_t Capacity, std::uint32_t Subscribers, scope Scope>
class COWARP_TRIVIAL_ABI pubsub_channel<Value, Capacity, Subscribers, Scope>::subscriber {
 public:
  static constexpr scope primitive_scope = Scope;

  subscriber() = default;
  COWARP_FN subscriber(subscriber&& other) noexcept
      : of_(std::exchange(other.of_, nullptr)), index_(other.index_) {}
  COWARP_FN subscriber& operator=(subscriber&& other) noexcept {
    if (this == &other) return *this;
    leave();
    of_    = std::exchange(other.of_, nullptr);
    index_ = other.index_;
    return *this;
  }
  COWARP_FN ~subscriber() { leave(); }

  /// Ends the subscription; messages that only this one had not read make room.
  COWARP_FN void leave() {
    if (of_ != nullptr) std::exchange(of_, nullptr)->leave(index_);
  }

  /// \returns a future of the next message, or of how many were missed, or of the end.
  [[nodiscard]] COWARP_FN auto next() {
    return detail::waiting<next_operation<true>>({*of_, index_});
  }
  /// \returns a future of the next message still there, whatever was missed; of nothing at the end.
  [[nodiscard]] COWARP_FN auto next_value() {
    return detail::waiting<next_operation<false>>({*of_, index_});
  }
  /// \returns what `next` would yield at once, if anything.
  [[nodiscard]] COWARP_FN polled<pubsub_message<Value>> try_next() {
    next_operation<true> operation{*of_, index_};
    return detail::attempt_now(operation);
  }
  [[nodiscard]] COWARP_FN polled<Value> try_next_value() {
    next_operation<false> operation{*of_, index_};
    auto result = detail::attempt_now(operation);
    return result ? std::move(*result) : polled<Value>();
  }

  /// \returns the number of messages to read, those missed included.
  [[nodiscard]] COWARP_FN std::uint64_t available() {
    return of_->look([&] { return of_->published() - of_->next_[index_]; });
  }

  [[nodiscard]] COWARP_FN explicit operator bool() const { return of_ != nullptr; }

 private:
  friend class pubsub_channel;
  COWARP_FN void assign(pubsub_channel& of, std::uint32_t index) {
    of_    = std::addressof(of);
    index_ = index;
  }

  pubsub_channel* of_  = nullptr;
  std::uint32_t index_ = 0;
};

template <class Value, std::uint32_t Capacity, std::uint32_t Subscribers, scope Scope>
struct pubsub_channel<Value, Capacity, Subscribers, Scope>::publish_operation {
  using output = send_result<Value>;

  pubsub_channel& of;
  Value value;

  COWARP_FN detail::line& line() { return of.publishers_; }
  COWARP_FN polled<output> attempt(const detail::waiter& place) {
    if (!of.publishers_.may_go(place, of.publishable())) return pending;
    if (of.is_closed_) return output{send_status::closed, std::move(value)};
    if (of.subscribers_ != 0) of.put(std::move(value));
    return output{send_status::ok, pending};
  }
};

template <class Value, std::uint32_t Capacity, std::uint32_t Subscribers, scope Scope>
template <bool TellsLag>
struct pubsub_channel<Value, Capacity, Subscribers, Scope>::next_operation {
  using message = pubsub_message<Value>;
  using output  = std::conditional_t<TellsLag, message, polled<Value>>;

  pubsub_channel& of;
  std::uint32_t index;

  COWARP_FN detail::audience& line() { return of.audience_; }
  COWARP_FN polled<output> attempt(const detail::audience::place&) {
    std::uint64_t& next        = of.next_[index];
    const std::uint64_t missed = next < of.oldest_ ? of.oldest_ - next : 0;
    next += missed;
    if constexpr (TellsLag) {
      if (missed != 0) return message{missed, pending};
    }
    polled<Value> value = take(next);
    if (!value && !of.is_closed_) return pending;
    if constexpr (TellsLag) {
      return message{0, std::move(value)};
    } else {
      return polled<output>(in_place, std::move(value));
    }
  }

 private:
  /// The last reader gets the message itself, the others a copy.
  COWARP_FN polled<Value> take(std::uint64_t& next) {
    if (next == of.published()) return pending;
    const std::uint64_t id = next++;
    if (of.is_wanted(id, index)) return of.message(id);
    polled<Value> value(std::move(of.message(id)));
    of.trim();
    return value;
  }
};

}  // namespace cowarp
