// SPDX-License-Identifier: Apache-2.0
/// \file
/// A bounded queue between a host thread and a task, while the launch runs.
#pragma once

#include <cowarp/executor/future.hpp>
#include <cowarp/platform/atomic.hpp>
#include <cowarp/sync/send_result.hpp>
#include <cowarp/timer/sleep.hpp>

#include <chrono>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace cowarp {

/// A FIFO of up to `Capacity` messages from one sender to one receiver, each of which is a task or a host
/// thread. It stands in a `mapped_memory`, or wherever both reach it.
///
/// ```text
///   send ──► [ up to Capacity messages ] ──► receive        each word has one writer; no lock, no waiters
/// ```
///
/// A host thread cannot wake a task, and a task no host thread, so whoever waits looks again every so often:
/// `receive(every)` and `send(value, every)` sleep in between. The end that looks is asleep for all others.
///
/// Invariant:     only loads and stores are shared, since read-modify-writes of a GPU in mapped memory are
///                atomic for the CPU on some machines only.
/// Called by:     `*send`: one task or host thread at a time; `*receive`: likewise; `close` and the
///                questions: either. A host thread waits by `block_on`. More than one task at an end share it
///                under a `mutex`, or through a `channel`.
/// Scope:         system.
/// Memory order:  what the sender wrote before `send` is visible to whoever receives that message.
/// Resumes on:    the executor's next poll at or after the next look.
/// Progress:      wait-free; a task's look at mapped memory crosses the bus, once or twice.
/// Storage:       264 bytes and the messages, in lines of 128 bytes; zero bytes are valid, empty and open. A
///                waiting future: 48 bytes, and the message of a send.
/// Fails:         `try_send` with `full` or `closed`, `send` with `closed`; the message comes back. What is sent
///                while the receiver closes may stay there unread.
/// A cancelled send was not sent, a cancelled receive loses nothing. A sleeping look is a timer, so the launch
/// is not called stalled for it.
template <class Value, std::uint32_t Capacity>
class mailbox {
  static_assert(Capacity > 0 && (Capacity & (Capacity - 1)) == 0,
                "a mailbox counts around its messages: give it a capacity that is a power of two");
  static_assert(
      std::is_trivially_copyable_v<Value>,
      "a message crosses from one memory to another: its type must be trivially copyable");

 public:
  static constexpr scope primitive_scope = scope::system;
  /// How often who waits looks again, unless told otherwise.
  static constexpr std::chrono::nanoseconds usual_look = std::chrono::microseconds(10);
  using value_type                                     = Value;

  class send_future;
  class receive_future;

  /// \returns a future that is ready once the message is in the mailbox, or refused.
  [[nodiscard]] COWARP_FN send_future send(Value value,
                                           std::chrono::nanoseconds every = usual_look) {
    return send_future(*this, value, every);
  }
  /// \returns a future of the next message; of nothing once the mailbox is closed and drained.
  [[nodiscard]] COWARP_FN receive_future receive(std::chrono::nanoseconds every = usual_look) {
    return receive_future(*this, every);
  }

  [[nodiscard]] COWARP_FN send_result<Value> try_send(Value value) {
    const send_status status = put(value);
    if (status == send_status::ok) return {status, pending};
    return {status, value};
  }

  [[nodiscard]] COWARP_FN polled<Value> try_receive() {
    // relaxed: only the receiver writes it.
    const std::uint32_t received = received_.load(platform::relaxed);
    // relaxed: a look costs no fence; a message does.
    if (sent_.load(platform::relaxed) == received) return pending;
    // acquire: shows the message.
    static_cast<void>(sent_.load(platform::acquire));
    polled<Value> result(messages_[received % Capacity]);
    // release: the message was read before its place is free.
    received_.store(received + 1, platform::release);
    return result;
  }

  /// Refuses messages from now on; the receiver drains what is there, and then sees the end.
  COWARP_FN void close() {
    // release: whoever sees the end sees what was sent before it.
    is_closed_.store(1, platform::release);
  }

  [[nodiscard]] static COWARP_FN constexpr std::uint32_t capacity() { return Capacity; }
  /// \returns how many messages there were a moment ago.
  [[nodiscard]] COWARP_FN std::uint32_t size() const {
    // acquire: read before the other, which is never behind it then.
    const std::uint32_t received = received_.load(platform::acquire);
    // relaxed: a number to look at.
    const std::uint32_t there = sent_.load(platform::relaxed) - received;
    return there < Capacity ? there : Capacity;  // more may have come and gone in between
  }
  [[nodiscard]] COWARP_FN bool is_closed() const {
    // relaxed: a look costs no fence; the end does.
    if (is_closed_.load(platform::relaxed) == 0) return false;
    // acquire: shows what was sent before.
    return is_closed_.load(platform::acquire) != 0;
  }

 private:
  using word = platform::atomic_word<scope::system>;

  /// When to look again.
  class look {
   public:
    COWARP_FN explicit look(std::chrono::nanoseconds every) : every_(every) {}

    /// Has the task polled again after the time.
    COWARP_FN void wait(context& cx) {
      if (!next_ || next_->has_passed()) next_.emplace(sleep_for(every_));
      next_->arm(cx);
    }

   private:
    std::chrono::nanoseconds every_;
    optional<timer> next_{};
  };

  COWARP_FN send_status put(const Value& value) {
    // relaxed: only the sender writes it.
    const std::uint32_t sent = sent_.load(platform::relaxed);
    // relaxed: a message that is sent during a close may go either way.
    if (is_closed_.load(platform::relaxed) != 0) return send_status::closed;
    // acquire: the receiver had read the message whose place this is.
    if (sent - received_.load(platform::acquire) == Capacity) return send_status::full;
    messages_[sent % Capacity] = value;
    // release: publishes the message.
    sent_.store(sent + 1, platform::release);
    return send_status::ok;
  }

  alignas(128) word sent_;      // messages ever sent; the sender writes it
  alignas(128) word received_;  // ... ever received; the receiver writes it
  alignas(128) word is_closed_;
  Value messages_[Capacity];
};

/// Sends one message, looking for room. Its output says `ok` or `closed`.
template <class Value, std::uint32_t Capacity>
class mailbox<Value, Capacity>::send_future {
 public:
  using output = send_result<Value>;

  COWARP_FN send_future(mailbox& to, Value value, std::chrono::nanoseconds every)
      : to_(to), value_(value), look_(every) {}

  COWARP_FN polled<output> poll(context& cx) {
    output result = to_.try_send(value_);
    if (result.status != send_status::full) return polled<output>(std::move(result));
    look_.wait(cx);
    return pending;
  }

 private:
  mailbox& to_;
  Value value_;
  look look_;
};

/// Receives one message, looking for it. Its output is empty once the mailbox is closed and drained.
template <class Value, std::uint32_t Capacity>
class mailbox<Value, Capacity>::receive_future {
 public:
  using output = polled<Value>;

  COWARP_FN receive_future(mailbox& from, std::chrono::nanoseconds every)
      : from_(from), look_(every) {}

  COWARP_FN polled<output> poll(context& cx) {
    // Asked first: what was sent before the end is found after it.
    const bool is_closed = from_.is_closed();
    polled<output> result(in_place, from_.try_receive());
    if (*result || is_closed) return result;
    look_.wait(cx);
    return pending;
  }

 private:
  mailbox& from_;
  look look_;
};

}  // namespace cowarp
