// SPDX-License-Identifier: Apache-2.0
/// \file
/// A bounded queue between tasks: many senders, many receivers, back-pressure and an end.
#pragma once

#include <cowarp/executor/future.hpp>
#include <cowarp/platform/spin_lock.hpp>
#include <cowarp/sync/wait_queue.hpp>

#include <cstdint>
#include <memory>
#include <new>
#include <utility>

namespace cowarp {

/// What became of a message that was to be sent.
enum class [[nodiscard]] send_status : std::uint8_t{ok, full, closed};

/// The answer to a send: after `full` or `closed` the message comes back in `value`.
template <class Value>
struct [[nodiscard]] send_result {
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
/// Invariant:     senders wait only while the channel is full; at most as many receivers are notified
///                as there are messages, and those messages are reserved for them.
/// Called by:     any lane within `Scope`; any number of senders and receivers.
/// Scope:         `Scope`; with `block` it lives in the block state.
/// Memory order:  what a sender wrote before `send` is visible to whoever receives that message.
/// Resumes on:    the executor's next poll of the waiting task.
/// Progress:      a short spin lock; blocked senders, and blocked receivers, are served first come
///                first, and newcomers do not overtake them.
/// Storage:       56 bytes and the messages; zero bytes are valid, empty and open.
/// Fails:         `try_send` with `full` or `closed`, `send` with `closed`; the message comes back.
/// Cancelling a blocked send takes its message back; cancelling a receive loses nothing: a message
/// reserved for it goes to the next. After Embassy's `Channel`, with an end and real wait queues.
template <class Value, std::uint32_t Capacity, scope Scope = scope::device>
class channel {
  static_assert(Capacity > 0, "a channel has room for at least one message");

 public:
  static constexpr scope primitive_scope = Scope;

  class send_future;
  class receive_future;

  /// \returns a future that is ready once the message is in the channel, or refused.
  [[nodiscard]] COWARP_FN send_future send(Value value) {
    return send_future(*this, std::move(value));
  }

  /// \returns a future of the next message; of nothing once the channel is closed and drained.
  [[nodiscard]] COWARP_FN receive_future receive() { return receive_future(*this); }

  /// Sends if there is room and no sender waits.
  COWARP_FN send_result<Value> try_send(Value value) {
    send_result<Value> result{send_status::full, pending};
    task_id woken{task_id::none};
    lock_.with([&] {
      if (is_closed_) {
        result.status = send_status::closed;
      } else if (count_ < Capacity) {
        woken         = put(std::move(value));
        result.status = send_status::ok;
      }
    });
    wake(woken);
    if (!result) result.value.emplace(std::move(value));
    return result;
  }

  /// \returns a message if there is one that is not reserved for a waiting receiver.
  [[nodiscard]] COWARP_FN polled<Value> try_receive() {
    polled<Value> result;
    task_id woken{task_id::none};
    lock_.with([&] {
      if (count_ > reserved_) woken = take(result);
    });
    wake(woken);
    return result;
  }

  /// \returns a copy of the next message.
  [[nodiscard]] COWARP_FN polled<Value> try_peek() {
    polled<Value> result;
    lock_.with([&] {
      if (count_ != 0) result.emplace(message(0));
    });
    return result;
  }

  /// Refuses messages from now on and lets blocked senders and receivers know.
  COWARP_FN void close() {
    lock_.with([&] { is_closed_ = true; });
    // One waiter at a time, each woken outside the lock. Nobody can join the queues any more.
    for (task_id woken = next_to_release(); !woken.is_none(); woken = next_to_release()) {
      wake(woken);
    }
  }

  /// Drops all messages that are not reserved; blocked senders move up.
  COWARP_FN void clear() {
    while (try_receive()) {
    }
  }

  [[nodiscard]] static COWARP_FN constexpr std::uint32_t capacity() { return Capacity; }
  [[nodiscard]] COWARP_FN std::uint32_t size() {
    std::uint32_t result = 0;
    lock_.with([&] { result = count_; });
    return result;
  }
  [[nodiscard]] COWARP_FN bool is_empty() { return size() == 0; }
  [[nodiscard]] COWARP_FN bool is_full() { return size() == Capacity; }
  [[nodiscard]] COWARP_FN bool is_closed() {
    bool result = false;
    lock_.with([&] { result = is_closed_; });
    return result;
  }

 private:
  /// A blocked sender and where its message is.
  struct sender : detail::waiter {
    Value* value = nullptr;
  };

  COWARP_FN Value& message(std::uint32_t i) {
    const std::uint32_t at = first_ + i < Capacity ? first_ + i : first_ + i - Capacity;
    return *std::launder(reinterpret_cast<Value*>(bytes_[at]));
  }

  /// Adds a message. \returns the receiver to wake.
  COWARP_FN task_id put(Value&& value) {
    ::new (static_cast<void*>(std::addressof(message(count_)))) Value(std::move(value));
    ++count_;
    return notify_receiver();
  }

  /// Takes the first message and lets the first blocked sender's move up. \returns that sender.
  COWARP_FN task_id take(polled<Value>& to) {
    Value& first = message(0);
    to.emplace(std::move(first));
    first.~Value();
    first_ = first_ + 1 == Capacity ? 0 : first_ + 1;
    --count_;
    if (senders_.is_empty()) return {task_id::none};
    auto& next = static_cast<sender&>(*senders_.first());
    // No receiver waits: the channel was full, so all that waited have been notified.
    ::new (static_cast<void*>(std::addressof(message(count_)))) Value(std::move(*next.value));
    ++count_;
    return senders_.notify_first();
  }

  COWARP_FN task_id notify_receiver() {
    if (receivers_.is_empty() || count_ <= reserved_) return {task_id::none};
    ++reserved_;
    return receivers_.notify_first();
  }

  /// \returns a waiter of a closed channel, taken out of its queue.
  COWARP_FN task_id next_to_release() {
    task_id woken{task_id::none};
    lock_.with([&] {
      detail::wait_queue& queue = senders_.is_empty() ? receivers_ : senders_;
      if (queue.is_empty()) return;
      detail::waiter& w = *queue.first();
      woken             = w.task;
      queue.remove(w);
    });
    return woken;
  }

  platform::spin_lock<Scope> lock_;
  bool is_closed_;
  std::uint32_t first_;     // where the oldest message stands
  std::uint32_t count_;     // messages
  std::uint32_t reserved_;  // notified receivers that were not polled since
  detail::wait_queue senders_;
  detail::wait_queue receivers_;
  alignas(Value) unsigned char bytes_[Capacity][sizeof(Value)];
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
    to_.lock_.with([&] {
      if (sender_.is == detail::waiter::state::queued) to_.senders_.remove(sender_);
    });
  }

  COWARP_FN polled<output> poll(context& cx) {
    send_result<Value> result{send_status::full, pending};
    task_id woken{task_id::none};
    to_.lock_.with([&] { result.status = poll_locked(cx, woken); });
    wake(woken);
    has_waited_ = result.status == send_status::full;
    if (has_waited_) return pending;
    if (result.status == send_status::closed) result.value.emplace(std::move(value_));
    return polled<output>(std::move(result));
  }

 private:
  COWARP_FN send_status poll_locked(context& cx, task_id& woken) {
    using state = detail::waiter::state;
    if (sender_.is == state::notified) return send_status::ok;
    if (to_.is_closed_) return send_status::closed;
    if (sender_.is == state::queued) return send_status::full;
    if (to_.count_ < Capacity) {
      woken = to_.put(std::move(value_));
      return send_status::ok;
    }
    sender_.task  = cx.task();
    sender_.value = std::addressof(value_);
    to_.senders_.push_back(sender_);
    return send_status::full;
  }

  channel& to_;
  Value value_;
  sender sender_;
  bool has_waited_ = false;  // the sender may stand in the channel's queue
};

/// Receives one message, waiting for it. Its output is empty once the channel is closed and drained.
template <class Value, std::uint32_t Capacity, scope Scope>
class channel<Value, Capacity, Scope>::receive_future {
 public:
  using output = polled<Value>;

  COWARP_FN explicit receive_future(channel& from) : from_(from) {}
  receive_future(receive_future&&) = default;  // before the first poll only
  COWARP_FN ~receive_future() {
    if (!has_waited_) return;
    task_id woken{task_id::none};
    from_.lock_.with([&] {
      if (waiter_.is == detail::waiter::state::queued) from_.receivers_.remove(waiter_);
      if (waiter_.is != detail::waiter::state::notified) return;
      --from_.reserved_;
      woken = from_.notify_receiver();
    });
    wake(woken);
  }

  COWARP_FN polled<output> poll(context& cx) {
    polled<output> result;
    task_id woken{task_id::none};
    from_.lock_.with([&] { poll_locked(cx, result, woken); });
    wake(woken);
    has_waited_ = !result.has_value();
    return result;
  }

 private:
  COWARP_FN void poll_locked(context& cx, polled<output>& result, task_id& woken) {
    using state = detail::waiter::state;
    if (waiter_.is == state::queued) return;
    if (waiter_.is == state::notified) {
      --from_.reserved_;
      waiter_.is = state::idle;
      woken      = from_.take(result.emplace());
    } else if (from_.count_ > from_.reserved_) {
      woken = from_.take(result.emplace());
    } else if (from_.is_closed_) {
      result.emplace();
    } else {
      waiter_.task = cx.task();
      from_.receivers_.push_back(waiter_);
    }
  }

  channel& from_;
  detail::waiter waiter_;
  bool has_waited_ = false;  // the waiter may be known to the channel
};

}  // namespace cowarp
