// SPDX-License-Identifier: Apache-2.0
/// \file
/// A bounded queue between tasks: many senders, many receivers, back-pressure and an end.
#pragma once

#include <cowarp/sync/channel_ends.hpp>
#include <cowarp/sync/detail/channel_core.hpp>

#include <concepts>
#include <cstdint>
#include <utility>

namespace cowarp {

/// A bounded FIFO channel, with `Capacity` messages of room.
///
/// ```text
///   send ──► [ senders wait ] ──► [ up to Capacity messages ] ──► [ receivers wait ] ──► receive
/// ```
///
/// A message goes to one receiver. `send` waits while the channel is full, `receive` while it is
/// empty. After `close` sends are refused and their messages come back, receivers drain what is
/// there and then get nothing.
///
/// Invariant:     freed room is promised to the first blocked sender, and one message reserved for the
///                first blocked receiver; who is notified keeps its place until it is polled.
///                Reserved is a message, not a certain one: messages leave in the order in which they
///                were sent, so the oldest goes to whoever of those with a claim is polled first,
///                and `try_receive` leaves one for everybody who was notified.
/// Called by:     any lane within `Scope`; any number of senders and receivers.
/// Scope:         `Scope`; with `block` it lives in the block state.
/// Memory order:  what a sender wrote before `send` is visible to whoever receives that message.
/// Resumes on:    the executor's next poll of the waiting task.
/// Progress:      a short spin lock; blocked senders and blocked receivers are notified first come
///                first, newcomers take nothing that was promised to them, and messages arrive in the
///                senders' order.
/// Storage:       72 bytes, and for each of `Capacity` a message (of 8 bytes or more) and a byte; rounded up
///                to an odd multiple of 8, so that a warp's lanes find those of an array in different banks of
///                shared memory. Zero bytes are valid, empty and open.
/// Fails:         `try_send` with `full` or `closed`, `send` with `closed`; the message comes back.
/// A send that is cancelled has not sent; a cancelled receive loses nothing: what was promised to or
/// reserved for it goes to the next. After Embassy's `Channel`, with an end and real wait queues.
template <class Value, std::uint32_t Capacity, scope Scope = scope::device>
class channel : detail::to_odd_size<detail::channel_core<Value, Capacity, Scope>> {
  static_assert(Capacity > 0, "a channel has room for at least one message: give it a capacity");

 public:
  static constexpr scope primitive_scope = Scope;
  using value_type                       = Value;

  class send_future;
  class receive_future;
  class ready_future;
  class room_future;

  /// \returns a future that is ready once the message is in the channel, or refused.
  [[nodiscard]] COWARP_FN send_future send(Value&& value) {
    return send_future(*this, std::move(value));
  }
  [[nodiscard]] COWARP_FN send_future
  send(const Value& value) requires std::copy_constructible<Value> {
    return send(Value(value));
  }

  /// \returns a future of the next message; of nothing once the channel is closed and drained.
  [[nodiscard]] COWARP_FN receive_future receive() { return receive_future(*this); }

  /// \returns a future of true once there is a message that nobody waits for, which it leaves there;
  /// of false once the channel is closed and drained. Other receivers may be faster.
  [[nodiscard]] COWARP_FN ready_future ready_to_receive() { return ready_future(*this); }

  /// \returns a future of true once there is room that nobody waits for, which it leaves free; of false once
  /// the channel is closed. Other senders may be faster.
  [[nodiscard]] COWARP_FN room_future ready_to_send() { return room_future(*this); }

  /// \returns what can only send here, or only receive.
  [[nodiscard]] COWARP_FN channel_sender<channel> sender() { return channel_sender(*this); }
  [[nodiscard]] COWARP_FN channel_receiver<channel> receiver() { return channel_receiver(*this); }

  /// Sends if there is room that nobody waits for.
  [[nodiscard]] COWARP_FN send_result<Value> try_send(Value&& value) {
    send_result<Value> result{send_status::full, pending};
    notified woken;
    core_.lock.with(
        [&] { result.status = core_.is_closed ? send_status::closed : core_.put(value, woken); });
    core_.wake_and_go_on(woken);
    if (!result) result.value.emplace(std::move(value));
    return result;
  }
  [[nodiscard]] COWARP_FN send_result<Value> try_send(
      const Value& value) requires std::copy_constructible<Value> {
    return try_send(Value(value));
  }

  /// \returns a message if there is one that nobody waits for.
  [[nodiscard]] COWARP_FN polled<Value> try_receive() {
    polled<Value> result;
    notified woken;
    core_.lock.with([&] { core_.take(result, woken); });
    core_.wake_and_go_on(woken);
    return result;
  }

  /// \returns a copy of the next message.
  [[nodiscard]] COWARP_FN polled<Value> try_peek() {
    polled<Value> result;
    core_.lock.with([&] {
      if (core_.ring.ready() != 0) result.emplace(core_.ring.front());
    });
    return result;
  }

  /// Refuses messages from now on and lets blocked senders and receivers know.
  COWARP_FN void close() {
    notified woken;
    core_.lock.with([&] {
      core_.is_closed = true;
      woken           = core_.notify();
    });
    core_.wake_and_go_on(woken);
  }

  /// Drops all messages that nobody waits for; blocked senders move up.
  COWARP_FN void clear() {
    while (try_receive()) {
    }
  }

  [[nodiscard]] static COWARP_FN constexpr std::uint32_t capacity() { return Capacity; }
  [[nodiscard]] COWARP_FN std::uint32_t size() {
    std::uint32_t result = 0;
    core_.lock.with([&] { result = core_.ring.size(); });
    return result;
  }
  [[nodiscard]] COWARP_FN bool is_empty() { return size() == 0; }
  [[nodiscard]] COWARP_FN bool is_full() {
    bool result = false;
    core_.lock.with([&] { result = !core_.ring.has_room(); });
    return result;
  }
  [[nodiscard]] COWARP_FN bool is_closed() {
    bool result = false;
    core_.lock.with([&] { result = core_.is_closed; });
    return result;
  }

 private:
  using core         = detail::channel_core<Value, Capacity, Scope>;
  using notified     = typename core::notified;
  using waiter_state = detail::waiter::state;

  core core_;
};

/// Sends one message, waiting for room. Its output says `ok` or `closed`.
template <class Value, std::uint32_t Capacity, scope Scope>
class COWARP_TRIVIAL_ABI channel<Value, Capacity, Scope>::send_future {
 public:
  using output = send_result<Value>;

  COWARP_FN send_future(channel& to, Value&& value) : to_(to.core_), value_(std::move(value)) {}
  send_future(send_future&&) = default;  // before the first poll only
  COWARP_FN ~send_future() {
    if (!has_waited_) return;
    notified woken;
    to_.lock.with([&] { leave(woken); });
    to_.wake_and_go_on(woken);
  }

  COWARP_FN polled<output> poll(context& cx) {
    send_result<Value> result{send_status::full, pending};
    notified woken;
    to_.lock.with([&] { result.status = poll_locked(cx, woken); });
    to_.wake_and_go_on(woken);
    has_waited_ = result.status == send_status::full;
    if (has_waited_) return pending;
    if (result.status == send_status::closed) result.value.emplace(std::move(value_));
    return polled<output>(std::move(result));
  }

 private:
  COWARP_FN send_status poll_locked(context& cx, notified& woken) {
    if (to_.is_closed) {
      leave(woken);
      return send_status::closed;
    }
    if (sender_.is == waiter_state::queued) {
      sender_.task = cx.task();  // maybe another child of its task
      return send_status::full;
    }
    if (sender_.is == waiter_state::notified) {
      sender_.is = waiter_state::idle;
      to_.ring.keep(sender_.room, std::move(value_));
      woken = to_.notify();
      return send_status::ok;
    }
    const send_status status = to_.put(value_, woken);
    if (status == send_status::full) {
      sender_.task = cx.task();
      to_.senders.push_back(sender_);
    }
    return status;
  }

  COWARP_FN void leave(notified& woken) {
    if (sender_.is == waiter_state::queued) to_.senders.remove(sender_);
    if (sender_.is == waiter_state::notified) {
      sender_.is = waiter_state::idle;
      to_.ring.drop(sender_.room);
      woken = to_.notify();
    }
  }

  core& to_;
  Value value_;
  typename core::blocked_sender sender_;
  bool has_waited_ = false;  // the sender may be known to the channel
};

/// Waits until a message could be sent, before there is one.
template <class Value, std::uint32_t Capacity, scope Scope>
class COWARP_TRIVIAL_ABI channel<Value, Capacity, Scope>::room_future {
 public:
  using output = bool;

  COWARP_FN explicit room_future(channel& to) : to_(to.core_) { sender_.only_looks = true; }
  room_future(room_future&&) = default;  // before the first poll only
  COWARP_FN ~room_future() {
    if (has_waited_) to_.lock.with([&] { leave(); });
  }

  COWARP_FN polled<bool> poll(context& cx) {
    bool is_open = false;
    to_.lock.with([&] {
      is_open     = !to_.is_closed;
      has_waited_ = is_open && !has_room();
      if (!has_waited_) return leave();
      sender_.task = cx.task();
      if (sender_.is == waiter_state::idle) to_.senders.push_back(sender_);
    });
    if (has_waited_) return pending;
    return is_open;
  }

 private:
  COWARP_FN bool has_room() const { return to_.ring.has_room() && !to_.senders.has_claims(); }
  COWARP_FN void leave() {
    if (sender_.is == waiter_state::queued) to_.senders.remove(sender_);
  }

  core& to_;
  typename core::blocked_sender sender_;
  bool has_waited_ = false;  // the sender may be known to the channel
};

/// Receives one message, waiting for it. Its output is empty once the channel is closed and drained.
template <class Value, std::uint32_t Capacity, scope Scope>
class channel<Value, Capacity, Scope>::receive_future {
 public:
  using output = polled<Value>;

  COWARP_FN explicit receive_future(channel& from) : place_(from.core_, false) {}

  COWARP_FN polled<output> poll(context& cx) {
    using turn = typename detail::receiving_place<core>::turn;
    polled<output> result;
    const turn is = place_.poll(cx, [&](auto& ring) { ring.take(result.emplace()); });
    if (is == turn::has_ended) result.emplace();
    return result;
  }

 private:
  detail::receiving_place<core> place_;
};

/// Waits until a message could be received, and leaves it there.
template <class Value, std::uint32_t Capacity, scope Scope>
class channel<Value, Capacity, Scope>::ready_future {
 public:
  using output = bool;

  COWARP_FN explicit ready_future(channel& from) : place_(from.core_, true) {}

  COWARP_FN polled<bool> poll(context& cx) {
    using turn    = typename detail::receiving_place<core>::turn;
    const turn is = place_.poll(cx, [](auto&) {});
    if (is == turn::waits) return pending;
    return is == turn::has_message;
  }

 private:
  detail::receiving_place<core> place_;
};

}  // namespace cowarp
