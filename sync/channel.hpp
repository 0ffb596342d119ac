// SPDX-License-Identifier: Apache-2.0
/// \file
/// A bounded queue between tasks: many senders, many receivers, back-pressure and an end.
#pragma once

#include <cowarp/executor/future.hpp>
#include <cowarp/platform/spin_lock.hpp>
#include <cowarp/sync/channel_ends.hpp>
#include <cowarp/sync/detail/message_ring.hpp>
#include <cowarp/sync/wait_queue.hpp>

#include <cstdint>
#include <utility>

namespace cowarp {

/// What became of a message that was to be sent.
enum class [[nodiscard]] send_status : std::uint8_t{ok, full, closed};

/// The answer to a send: after `full` or `closed` the message comes back in `value`.
template <class Value>
struct send_result {
  send_status status;
  polled<Value> value;

  [[nodiscard]] COWARP_FN bool is_ok() const { return status == send_status::ok; }
  COWARP_FN explicit operator bool() const { return is_ok(); }
};

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
/// Storage:       64 bytes, and for each of `Capacity` a message (of 8 bytes or more) and a byte; zero
///                bytes are valid,
///                empty and open.
/// Fails:         `try_send` with `full` or `closed`, `send` with `closed`; the message comes back.
/// A send that is cancelled has not sent; a cancelled receive loses nothing: what was promised to or
/// reserved for it goes to the next. After Embassy's `Channel`, with an end and real wait queues.
template <class Value, std::uint32_t Capacity, scope Scope = scope::device>
class channel {
  static_assert(Capacity > 0, "a channel has room for at least one message: give it a capacity");

 public:
  static constexpr scope primitive_scope = Scope;
  using value_type                       = Value;

  class send_future;
  class receive_future;
  class ready_future;

  /// \returns a future that is ready once the message is in the channel, or refused.
  [[nodiscard]] COWARP_FN send_future send(Value value) {
    return send_future(*this, std::move(value));
  }

  /// \returns a future of the next message; of nothing once the channel is closed and drained.
  [[nodiscard]] COWARP_FN receive_future receive() { return receive_future(*this); }

  /// \returns a future of true once there is a message that nobody waits for, which it leaves there;
  /// of false once the channel is closed and drained. Other receivers may be faster.
  [[nodiscard]] COWARP_FN ready_future ready_to_receive() { return ready_future(*this); }

  /// \returns what can only send here, or only receive.
  [[nodiscard]] COWARP_FN channel_sender<channel> sender() { return channel_sender(*this); }
  [[nodiscard]] COWARP_FN channel_receiver<channel> receiver() { return channel_receiver(*this); }

  /// Sends if there is room that nobody waits for.
  [[nodiscard]] COWARP_FN send_result<Value> try_send(Value value) {
    send_result<Value> result{send_status::full, pending};
    notified woken;
    lock_.with([&] { result.status = is_closed_ ? send_status::closed : put(value, woken); });
    wake_and_go_on(woken);
    if (!result) result.value.emplace(std::move(value));
    return result;
  }

  /// \returns a message if there is one that nobody waits for.
  [[nodiscard]] COWARP_FN polled<Value> try_receive() {
    polled<Value> result;
    notified woken;
    lock_.with([&] { take(result, woken); });
    wake_and_go_on(woken);
    return result;
  }

  /// \returns a copy of the next message.
  [[nodiscard]] COWARP_FN polled<Value> try_peek() {
    polled<Value> result;
    lock_.with([&] {
      if (ring_.ready() != 0) result.emplace(ring_.front());
    });
    return result;
  }

  /// Refuses messages from now on and lets blocked senders and receivers know.
  COWARP_FN void close() {
    notified woken;
    lock_.with([&] {
      is_closed_ = true;
      woken      = notify();
    });
    wake_and_go_on(woken);
  }

  /// Drops all messages that nobody waits for; blocked senders move up.
  COWARP_FN void clear() {
    while (try_receive()) {
    }
  }

  [[nodiscard]] static COWARP_FN constexpr std::uint32_t capacity() { return Capacity; }
  [[nodiscard]] COWARP_FN std::uint32_t size() {
    std::uint32_t result = 0;
    lock_.with([&] { result = ring_.size(); });
    return result;
  }
  [[nodiscard]] COWARP_FN bool is_empty() { return size() == 0; }
  [[nodiscard]] COWARP_FN bool is_full() {
    bool result = false;
    lock_.with([&] { result = !ring_.has_room(); });
    return result;
  }
  [[nodiscard]] COWARP_FN bool is_closed() {
    bool result = false;
    lock_.with([&] { result = is_closed_; });
    return result;
  }

 private:
  using waiter_state = detail::waiter::state;

  class receiving_place;

  /// A blocked sender, and the room that it was promised once it is notified.
  struct blocked_sender : detail::waiter {
    detail::promised_room room;
  };
  /// A blocked receiver; one that only looks is let go without a reservation, since two of them would
  /// hand it to each other for ever.
  struct blocked_receiver : detail::waiter {
    bool only_looks = false;
  };

  /// Tasks to wake once the lock is free, and whether there are more.
  struct notified {
    task_id sender{task_id::none};
    task_id receiver{task_id::none};
    bool has_more = false;
  };

  // ---- under the lock ----

  COWARP_FN send_status put(Value& value, notified& woken) {
    if (!ring_.has_room() || !senders_.is_empty()) return send_status::full;
    ring_.put(std::move(value));
    woken = notify();
    return send_status::ok;
  }

  [[nodiscard]] COWARP_FN bool has_free_message() const {
    return ring_.ready() > reserved_ && receivers_.is_empty();
  }

  COWARP_FN bool take(polled<Value>& to, notified& woken) {
    if (!has_free_message()) return false;
    ring_.take(to);
    woken = notify();
    return true;
  }

  /// Gives free room to the first blocked sender and a free message to the first blocked receiver;
  /// after `close`, lets them go without.
  COWARP_FN notified notify() {
    notified woken;
    if (can_notify_sender()) {
      auto& first = static_cast<blocked_sender&>(*senders_.first());
      if (is_closed_) {
        woken.sender = first.task;
        senders_.remove(first);
      } else {
        ring_.promise(first.room);
        woken.sender = senders_.notify_first();
      }
    }
    if (can_notify_receiver()) {
      auto& first = static_cast<blocked_receiver&>(*receivers_.first());
      if (ring_.ready() > reserved_ && !first.only_looks) {
        ++reserved_;
        woken.receiver = receivers_.notify_first();
      } else {
        woken.receiver = first.task;
        receivers_.remove(first);
      }
    }
    woken.has_more = can_notify_sender() || can_notify_receiver();
    return woken;
  }
  [[nodiscard]] COWARP_FN bool can_notify_sender() const {
    return !senders_.is_empty() && (is_closed_ || ring_.has_room());
  }
  [[nodiscard]] COWARP_FN bool can_notify_receiver() const {
    return !receivers_.is_empty() &&
           (ring_.ready() > reserved_ || (is_closed_ && ring_.is_empty()));
  }

  // ---- without the lock ----

  COWARP_FN void wake_and_go_on(notified woken) {
    for (;;) {
      wake(woken.sender);
      wake(woken.receiver);
      if (!woken.has_more) return;
      lock_.with([&] { woken = notify(); });
    }
  }

  platform::spin_lock<Scope> lock_;
  bool is_closed_;
  std::uint32_t reserved_;  // notified receivers that were not polled since
  detail::wait_queue senders_;
  detail::wait_queue receivers_;
  detail::message_ring<Value, Capacity> ring_;
};

/// Sends one message, waiting for room. Its output says `ok` or `closed`.
template <class Value, std::uint32_t Capacity, scope Scope>
class channel<Value, Capacity, Scope>::send_future {
 public:
  using output = send_result<Value>;

  COWARP_FN send_future(channel& to, Value&& value) : to_(to), value_(std::move(value)) {}
  send_future(send_future&&) = default;  // before the first poll only
  COWARP_FN ~send_future() {
    if (!has_waited_) return;
    notified woken;
    to_.lock_.with([&] { leave(woken); });
    to_.wake_and_go_on(woken);
  }

  COWARP_FN polled<output> poll(context& cx) {
    send_result<Value> result{send_status::full, pending};
    notified woken;
    to_.lock_.with([&] { result.status = poll_locked(cx, woken); });
    to_.wake_and_go_on(woken);
    has_waited_ = result.status == send_status::full;
    if (has_waited_) return pending;
    if (result.status == send_status::closed) result.value.emplace(std::move(value_));
    return polled<output>(std::move(result));
  }

 private:
  COWARP_FN send_status poll_locked(context& cx, notified& woken) {
    if (to_.is_closed_) {
      leave(woken);
      return send_status::closed;
    }
    if (sender_.is == waiter_state::queued) return send_status::full;
    if (sender_.is == waiter_state::notified) {
      sender_.is = waiter_state::idle;
      to_.ring_.keep(sender_.room, std::move(value_));
      woken = to_.notify();
      return send_status::ok;
    }
    const send_status status = to_.put(value_, woken);
    if (status == send_status::full) {
      sender_.task = cx.task();
      to_.senders_.push_back(sender_);
    }
    return status;
  }

  COWARP_FN void leave(notified& woken) {
    if (sender_.is == waiter_state::queued) to_.senders_.remove(sender_);
    if (sender_.is == waiter_state::notified) {
      sender_.is = waiter_state::idle;
      to_.ring_.drop(sender_.room);
      woken = to_.notify();
    }
  }

  channel& to_;
  Value value_;
  blocked_sender sender_;
  bool has_waited_ = false;  // the sender may be known to the channel
};

/// A receiver's place in line; it leaves the line, and hands on, when it is destroyed.
template <class Value, std::uint32_t Capacity, scope Scope>
class channel<Value, Capacity, Scope>::receiving_place {
 public:
  enum class turn : std::uint8_t { waits, has_message, has_ended };

  COWARP_FN receiving_place(channel& from, bool only_looks) : from_(from) {
    receiver_.only_looks = only_looks;
  }
  receiving_place(receiving_place&&) = default;  // before the first poll only
  COWARP_FN ~receiving_place() {
    if (!has_waited_) return;
    notified woken;
    from_.lock_.with([&] {
      if (receiver_.is == waiter_state::queued) from_.receivers_.remove(receiver_);
      if (receiver_.is != waiter_state::notified) return;
      --from_.reserved_;
      woken = from_.notify();
    });
    from_.wake_and_go_on(woken);
  }

  /// Calls `serve(ring)` under the lock once there is a message for this receiver.
  template <class Serve>
  COWARP_FN turn poll(context& cx, Serve serve) {
    turn is = turn::waits;
    notified woken;
    from_.lock_.with([&] {
      is = poll_locked(cx);
      if (is != turn::has_message) return;
      serve(from_.ring_);
      woken = from_.notify();
    });
    from_.wake_and_go_on(woken);
    has_waited_ = is == turn::waits;
    return is;
  }

 private:
  COWARP_FN turn poll_locked(context& cx) {
    if (receiver_.is == waiter_state::queued) return turn::waits;
    if (receiver_.is == waiter_state::notified) {
      receiver_.is = waiter_state::idle;
      --from_.reserved_;
      return turn::has_message;
    }
    if (from_.has_free_message()) return turn::has_message;
    if (from_.is_closed_ && from_.ring_.is_empty()) return turn::has_ended;
    receiver_.task = cx.task();
    from_.receivers_.push_back(receiver_);
    return turn::waits;
  }

  channel& from_;
  blocked_receiver receiver_;
  bool has_waited_ = false;  // the receiver may be known to the channel
};

/// Receives one message, waiting for it. Its output is empty once the channel is closed and drained.
template <class Value, std::uint32_t Capacity, scope Scope>
class channel<Value, Capacity, Scope>::receive_future {
 public:
  using output = polled<Value>;

  COWARP_FN explicit receive_future(channel& from) : place_(from, false) {}

  COWARP_FN polled<output> poll(context& cx) {
    using turn = typename receiving_place::turn;
    polled<output> result;
    const turn is = place_.poll(cx, [&](auto& ring) { ring.take(result.emplace()); });
    if (is == turn::has_ended) result.emplace();
    return result;
  }

 private:
  receiving_place place_;
};

/// Waits until a message could be received, and leaves it there.
template <class Value, std::uint32_t Capacity, scope Scope>
class channel<Value, Capacity, Scope>::ready_future {
 public:
  using output = bool;

  COWARP_FN explicit ready_future(channel& from) : place_(from, true) {}

  COWARP_FN polled<bool> poll(context& cx) {
    using turn    = typename receiving_place::turn;
    const turn is = place_.poll(cx, [](auto&) {});
    if (is == turn::waits) return pending;
    return is == turn::has_message;
  }

 private:
  receiving_place place_;
};

}  // namespace cowarp
