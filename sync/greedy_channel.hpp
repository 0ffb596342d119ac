// SPDX-License-Identifier: Apache-2.0
/// \file
/// A bounded queue for throughput: whoever comes first sends and receives first, without a lock.
#pragma once

#include <cowarp/executor/future.hpp>
#include <cowarp/platform/lane_group.hpp>
#include <cowarp/platform/pause.hpp>
#include <cowarp/sync/channel_ends.hpp>
#include <cowarp/sync/detail/credit_pool.hpp>
#include <cowarp/sync/send_result.hpp>

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>

namespace cowarp {

/// A bounded channel with `Capacity` messages of room that nobody stands in line for.
///
/// ```text
///                credit of room ──► ticket ──► its cell is free: fill ──► credit of a message
///        credit of a message ──► ticket ──► its cell is full: empty ──► credit of room
/// ```
///
/// Where `channel` lets tasks wait in line, under a lock, here a credit goes to whoever asks when there
/// is one: a task that waited may be overtaken, again and again. In return senders and receivers
/// do not keep each other out, and lanes of a warp that are polled together take their credits and
/// tickets with one access for all of them. To stay together, a task that has sent or received with others
/// begins the next send or receive of the same poll in the next pass.
///
/// Invariant:     messages sent, less those received, are at most `Capacity`; a message goes to one
///                receiver.
/// Called by:     any lane within `Scope`; any number of senders and receivers.
/// Scope:         `Scope`; with `block` it lives in the block state.
/// Memory order:  what a sender wrote before `send` is visible to whoever receives that message.
/// Resumes on:    the executor's next polls of the waiting task, some of which find nothing; after
///                `platform::tries_before_sleep` of these, when there is something.
/// Progress:      a send or receive waits, spinning, for those with earlier tickets to fill or empty
///                their cells; credits are taken without a lock, and sleepers woken with one.
/// Storage:       96 bytes (beyond a block 512, aligned to 128), and for each of `Capacity` a message and
///                4 bytes; zero bytes are valid, empty and open. `Capacity` is a power of two.
/// Fails:         `try_send` with `full` or `closed`, `send` with `closed`; the message comes back.
/// Messages of one sender arrive in their order; a single receiver sees all of them in the order of
/// the tickets. A send that is cancelled has not sent, a receive that is cancelled takes nothing.
/// After the Broker Queue (Kerbl et al., ICS 2018), with sleep and an end.
template <class Value, std::uint32_t Capacity, scope Scope = scope::device>
class greedy_channel {
  static_assert(std::has_single_bit(Capacity),
                "a greedy_channel's capacity is a power of two: round it up");

  using room_pool    = detail::credit_pool<Capacity, Scope, false>;
  using message_pool = detail::credit_pool<0, Scope, true>;

 public:
  static constexpr scope primitive_scope = Scope;
  using value_type                       = Value;

  class send_future;
  class receive_future;

  /// \returns a future that is ready once the message is in the channel, or refused.
  [[nodiscard]] COWARP_FN send_future send(Value&& value) {
    return send_future(*this, std::move(value));
  }
  [[nodiscard]] COWARP_FN send_future
  send(const Value& value) requires std::copy_constructible<Value> {
    return send(Value(value));
  }

  /// \returns a future of a message; of nothing once the channel is closed and drained.
  [[nodiscard]] COWARP_FN receive_future receive() { return receive_future(*this); }

  /// \returns what can only send here, or only receive.
  [[nodiscard]] COWARP_FN channel_sender<greedy_channel> sender() { return channel_sender(*this); }
  [[nodiscard]] COWARP_FN channel_receiver<greedy_channel> receiver() {
    return channel_receiver(*this);
  }

  /// Sends if there is room.
  [[nodiscard]] COWARP_FN send_result<Value> try_send(Value&& value) {
    std::uint32_t company = 0;
    send_result<Value> result{put(value, false, company), pending};
    if (!result) result.value.emplace(std::move(value));
    return result;
  }
  [[nodiscard]] COWARP_FN send_result<Value> try_send(
      const Value& value) requires std::copy_constructible<Value> {
    return try_send(Value(value));
  }

  /// \returns a message if there is one.
  [[nodiscard]] COWARP_FN polled<Value> try_receive() {
    polled<Value> result;
    static_cast<void>(take(result, false));
    return result;
  }

  /// Refuses messages from now on and lets waiting senders and receivers know.
  COWARP_FN void close() {
    room_.close();
    messages_.close();
  }

  /// Drops the messages that are there.
  COWARP_FN void clear() {
    while (try_receive()) {
    }
  }

  [[nodiscard]] static COWARP_FN constexpr std::uint32_t capacity() { return Capacity; }
  /// \returns how many messages nobody has taken; while others send or receive, perhaps fewer.
  [[nodiscard]] COWARP_FN std::uint32_t size() const { return messages_.available(); }
  [[nodiscard]] COWARP_FN bool is_empty() const { return size() == 0; }
  [[nodiscard]] COWARP_FN bool is_full() const { return room_.available() == 0; }
  [[nodiscard]] COWARP_FN bool is_closed() const { return room_.is_closed(); }

 private:
  /// Where the message of every `Capacity`th ticket passes.
  struct cell {
    /// Twice the round that may fill it; one more while it is full.
    platform::atomic_word<Scope> turn;
    alignas(Value) unsigned char bytes[sizeof(Value)];

    COWARP_FN Value& message() { return *std::launder(reinterpret_cast<Value*>(bytes)); }
    COWARP_FN void await(std::uint32_t wanted) const {
      // acquire: shows the message, or that it is gone.
      while (turn.load(platform::acquire) != wanted) platform::pause(20);
    }
  };

  /// What a lane that wanted a credit has.
  struct claim {
    platform::lane_group group;  // the lanes that have a ticket
    std::uint32_t size;          // how many; 0: this lane has none
    std::uint32_t ticket;
  };

  [[nodiscard]] COWARP_FN static constexpr std::uint32_t turn_of(std::uint32_t ticket) {
    return ticket / Capacity * 2;
  }
  [[nodiscard]] COWARP_FN cell& cell_of(std::uint32_t ticket) { return cells_[ticket % Capacity]; }

  /// Takes credits and tickets for all lanes that are here.
  template <class Pool>
  COWARP_FN claim claim_one(Pool& pool, platform::atomic_word<Scope>& tickets, bool has_tried) {
    const auto group    = platform::lane_group::here(&pool);
    std::uint32_t taken = 0;
    std::uint32_t first = 0;
    if (group.leads()) {
      taken = pool.take(group.size(), has_tried);
      // relaxed: the cell's turn orders the messages.
      if (taken != 0) first = tickets.fetch_add(taken, platform::relaxed);
    }
    taken = group.from_leader(taken);
    first = group.from_leader(first);
    return {group.first(taken), group.rank() < taken ? taken : 0, first + group.rank()};
  }

  /// \param company is the number of lanes that sent together, if this one did.
  COWARP_FN send_status put(Value& value, bool has_tried, std::uint32_t& company) {
    const claim mine = claim_one(room_, sent_, has_tried);
    company          = mine.size;
    if (mine.size == 0) return room_.is_closed() ? send_status::closed : send_status::full;
    cell& to = cell_of(mine.ticket);
    to.await(turn_of(mine.ticket));
    ::new (static_cast<void*>(to.bytes)) Value(std::move(value));
    // release: hands the message over.
    to.turn.store(turn_of(mine.ticket) + 1, platform::release);
    mine.group.sync();
    if (mine.group.leads()) messages_.give(mine.size);
    return send_status::ok;
  }

  /// \returns the number of lanes that received together; 0 if this one did not.
  COWARP_FN std::uint32_t take(polled<Value>& result, bool has_tried) {
    const claim mine = claim_one(messages_, received_, has_tried);
    if (mine.size == 0) return 0;
    cell& from = cell_of(mine.ticket);
    from.await(turn_of(mine.ticket) + 1);
    result.emplace(std::move(from.message()));
    from.message().~Value();
    // release: the message is out; the next round may fill the cell.
    from.turn.store(turn_of(mine.ticket + Capacity), platform::release);
    mine.group.sync();
    if (mine.group.leads()) room_.give(mine.size);
    return mine.size;
  }

  // Beyond a block each in a line of its own: all senders and receivers come for these four.
  static constexpr std::size_t apart = Scope == scope::block ? alignof(room_pool) : 128;

  alignas(apart) room_pool room_;
  alignas(apart) message_pool messages_;
  alignas(apart) platform::atomic_word<Scope> sent_;      // the next sender's ticket
  alignas(apart) platform::atomic_word<Scope> received_;  // the next receiver's
  alignas(apart) cell cells_[Capacity];
};

/// Sends one message. Its output says `ok` or `closed`.
template <class Value, std::uint32_t Capacity, scope Scope>
class greedy_channel<Value, Capacity, Scope>::send_future {
 public:
  using output = send_result<Value>;

  COWARP_FN send_future(greedy_channel& to, Value&& value)
      : to_(to), value_(std::move(value)), patience_(to.room_) {}

  COWARP_FN polled<output> poll(context& cx) {
    if (patience_.lets_pass(cx)) return pending;
    std::uint32_t company = 0;
    send_result<Value> result{to_.put(value_, patience_.has_tried(), company), pending};
    if (result.status == send_status::full) {
      patience_.wait(cx);
      return pending;
    }
    patience_.stop();
    if (company > 1) cx.end_turn();
    if (!result) result.value.emplace(std::move(value_));
    return polled<output>(std::move(result));
  }

 private:
  greedy_channel& to_;
  Value value_;
  detail::patience<room_pool> patience_;
};

/// Receives one message. Its output is empty once the channel is closed and drained.
template <class Value, std::uint32_t Capacity, scope Scope>
class greedy_channel<Value, Capacity, Scope>::receive_future {
 public:
  using output = polled<Value>;

  COWARP_FN explicit receive_future(greedy_channel& from)
      : from_(from), patience_(from.messages_) {}

  COWARP_FN polled<output> poll(context& cx) {
    polled<output> result;
    if (patience_.lets_pass(cx)) return result;
    polled<Value> got;
    if (from_.take(got, patience_.has_tried()) > 1) cx.end_turn();
    // All room is there again, and nobody can send: so all that was sent was received.
    if (got || from_.room_.is_closed_and_whole()) {
      patience_.stop();
      result.emplace(std::move(got));
    } else {
      patience_.wait(cx);
    }
    return result;
  }

 private:
  greedy_channel& from_;
  detail::patience<message_pool> patience_;
};

}  // namespace cowarp
