// SPDX-License-Identifier: Apache-2.0
/// \file
/// A stream of bytes between tasks.
#pragma once

#include <cowarp/sync/detail/waiting.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <utility>

namespace cowarp {

/// A bounded stream of bytes, in order, with `Capacity` bytes of room.
///
/// `read` and `write` move as much as can be moved at once, at least one byte; `write_all` moves
/// the whole range and lets no other writer in between. `fill_buf` lends the bytes to read in
/// place.
///
/// Invariant:     at most one reader and one writer are at the bytes at a time; `first_` and
///                `count_` tell whose they are, and change only under the lock.
/// Called by:     any lane within `Scope`; any number of readers and writers.
/// Scope:         `Scope`; with `block` it lives in the block state.
/// Memory order:  what a writer wrote before `write` is visible to whoever reads those bytes.
/// Resumes on:    the executor's next poll of the waiting task.
/// Progress:      a short spin lock, twice per call; the bytes are copied outside of it. Readers,
///                and writers, are served first come first.
/// Storage:       64 bytes and `Capacity`; zero bytes are valid, empty and open. The range given to
///                a call must live until its future is ready or destroyed.
/// Fails:         once closed, writes move nothing more; reads drain the pipe and then move
///                nothing. An empty range moves nothing, at once.
/// Cancelling a read or a write moves nothing; cancelling `write_all` leaves what it wrote so far.
/// After Embassy's `Pipe`; whoever frees room wakes, so also `consume`. Ranges that are lent (`fill_buf`,
/// `lend_room`) may be moved by many lanes at once: `lanes_for`.
template <std::uint32_t Capacity, scope Scope = scope::device>
class pipe : public detail::closable<pipe<Capacity, Scope>, Scope> {
  static_assert(Capacity > 0, "a pipe has room for at least one byte");

  struct lend_operation;
  struct room_operation;
  struct all_room_operation;
  struct lend_room_operation;
  class room;

 public:
  class lent_bytes;
  class lent_room;
  class read_future;
  class write_future;
  using fill_future = detail::waiting<lend_operation>;
  using room_future = detail::waiting<lend_room_operation>;

  /// \returns a future of how many bytes were read: 0 at the end of the stream.
  [[nodiscard]] COWARP_FN read_future read(std::span<std::byte> to) {
    return read_future(*this, to);
  }
  /// \returns a future of how many bytes were written: 0 if the pipe is closed.
  [[nodiscard]] COWARP_FN write_future write(std::span<const std::byte> from) {
    return write_future(*this, from, false);
  }
  /// \returns a future of how many bytes were written: fewer than all only if the pipe was closed.
  [[nodiscard]] COWARP_FN write_future write_all(std::span<const std::byte> from) {
    return write_future(*this, from, true);
  }
  /// \returns a future of the bytes there are, in place; of none at the end of the stream. Other
  /// readers wait until they are consumed or destroyed.
  [[nodiscard]] COWARP_FN fill_future fill_buf() { return fill_future({*this}); }

  /// \returns a future of the room there is, to be filled in place, by many lanes if you like; of none if the
  /// pipe is closed. Other writers wait until it is published or destroyed.
  [[nodiscard]] COWARP_FN room_future lend_room() { return room_future({*this}); }

  /// \returns how many bytes were read; nothing if a read would wait.
  [[nodiscard]] COWARP_FN polled<std::uint32_t> try_read(std::span<std::byte> to) {
    if (to.empty()) return 0u;
    auto bytes = try_fill_buf();
    if (!bytes) return pending;
    return bytes->copy_to(to);
  }
  /// \returns how many bytes were written; nothing if a write would wait.
  [[nodiscard]] COWARP_FN polled<std::uint32_t> try_write(std::span<const std::byte> from) {
    if (from.empty()) return 0u;
    room_operation operation{*this};
    return copy_now(operation, from);
  }
  /// Writes the whole range or nothing. \returns how many bytes were written (0: closed); nothing
  /// if there is not room for all.
  [[nodiscard]] COWARP_FN polled<std::uint32_t> try_write_all(std::span<const std::byte> from) {
    if (from.empty()) return 0u;
    all_room_operation operation{{*this}, from.size()};
    return copy_now(operation, from);
  }
  /// \returns the bytes there are, in place; nothing if a read would wait.
  [[nodiscard]] COWARP_FN polled<lent_bytes> try_fill_buf() {
    lend_operation operation{*this};
    return detail::attempt_now(operation);
  }
  /// \returns the room there is, in place; nothing if a write would wait.
  [[nodiscard]] COWARP_FN polled<lent_room> try_lend_room() {
    lend_room_operation operation{{*this}};
    return detail::attempt_now(operation);
  }

  [[nodiscard]] static COWARP_FN constexpr std::uint32_t capacity() { return Capacity; }
  [[nodiscard]] COWARP_FN std::uint32_t size() {
    return this->look([&] { return count_; });
  }
  [[nodiscard]] COWARP_FN std::uint32_t free_capacity() { return Capacity - size(); }
  [[nodiscard]] COWARP_FN bool is_empty() { return size() == 0; }
  [[nodiscard]] COWARP_FN bool is_full() { return size() == Capacity; }

 private:
  friend class detail::closable<pipe, Scope>;

  template <class Operation>
  COWARP_FN polled<std::uint32_t> copy_now(Operation& operation, std::span<const std::byte> from) {
    auto there = detail::attempt_now(operation);
    if (!there) return pending;
    return there->copy_from(from);
  }

  [[nodiscard]] static COWARP_FN std::uint32_t least(std::size_t a, std::uint32_t b) {
    return a < b ? static_cast<std::uint32_t>(a) : b;
  }
  /// \returns how many of `count` bytes from `at` on stand before the end of the ring.
  [[nodiscard]] static COWARP_FN std::uint32_t before_end(std::uint32_t at, std::uint32_t count) {
    return least(count, Capacity - at);
  }

  COWARP_FN void end_read(std::uint32_t consumed) {
    this->change([&] {
      first_ = (first_ + consumed) % Capacity;
      count_ -= consumed;
      is_reading_ = false;
    });
  }
  COWARP_FN void end_write_locked(std::uint32_t written) {
    count_ += written;
    is_writing_ = false;
  }

  COWARP_FN std::uint32_t readable() const {
    if (is_reading_) return 0;
    if (count_ != 0) return 1;
    return this->is_closed_ && !is_writing_ ? detail::line::everyone : 0;
  }
  COWARP_FN std::uint32_t writable() const {
    if (this->is_closed_) return detail::line::everyone;
    return !is_writing_ && count_ != Capacity ? 1 : 0;
  }
  COWARP_FN void call(detail::wake_list& woken) {
    readers_.call(readable(), woken);
    writers_.call(writable(), woken);
  }

  bool is_reading_;      // the bytes are lent to a reader
  bool is_writing_;      // the room is lent to a writer
  std::uint32_t first_;  // where the oldest byte stands
  std::uint32_t count_;  // bytes
  detail::line readers_;
  detail::line writers_;
  std::byte bytes_[Capacity];
};

/// The bytes of a pipe, lent to one reader. Destroyed before `consume` they stay in the pipe.
/// Storage: 16 bytes; the pipe must outlive it.
template <std::uint32_t Capacity, scope Scope>
class COWARP_TRIVIAL_ABI pipe<Capacity, Scope>::lent_bytes {
 public:
  lent_bytes() = default;
  COWARP_FN explicit lent_bytes(pipe& from)
      : from_(std::addressof(from)), first_(from.first_), count_(from.count_) {}
  COWARP_FN lent_bytes(lent_bytes&& other) noexcept
      : from_(std::exchange(other.from_, nullptr)), first_(other.first_), count_(other.count_) {}
  COWARP_FN lent_bytes& operator=(lent_bytes&& other) noexcept {
    if (this == &other) return *this;
    consume(0);
    from_  = std::exchange(other.from_, nullptr);
    first_ = other.first_;
    count_ = other.count_;
    return *this;
  }
  COWARP_FN ~lent_bytes() { consume(0); }

  /// \returns the bytes up to the end of the ring: all of them, or the first of two parts; none at
  /// the end of the stream.
  [[nodiscard]] COWARP_FN std::span<const std::byte> bytes() const {
    if (from_ == nullptr) return {};
    return {from_->bytes_ + first_, before_end(first_, count_)};
  }
  /// \returns the number of bytes in both parts.
  [[nodiscard]] COWARP_FN std::uint32_t size() const { return from_ == nullptr ? 0 : count_; }

  /// Takes the first `count` bytes out of the pipe and ends the loan. \pre count <= size()
  COWARP_FN void consume(std::uint32_t count) {
    if (from_ != nullptr) std::exchange(from_, nullptr)->end_read(count);
  }

  /// Copies and consumes as many bytes as there are and `to` has room for. \returns how many.
  COWARP_FN std::uint32_t copy_to(std::span<std::byte> to) {
    const std::uint32_t count = least(to.size(), size());
    if (count != 0) {
      const std::uint32_t part = before_end(first_, count);
      std::memcpy(to.data(), from_->bytes_ + first_, part);
      std::memcpy(to.data() + part, from_->bytes_, count - part);
    }
    consume(count);
    return count;
  }

 private:
  pipe* from_          = nullptr;
  std::uint32_t first_ = 0;
  std::uint32_t count_ = 0;
};

/// The room of a pipe, lent to one writer for the time of a copy.
template <std::uint32_t Capacity, scope Scope>
class pipe<Capacity, Scope>::room {
 public:
  room() = default;
  COWARP_FN explicit room(pipe& in)
      : in_(std::addressof(in)),
        at_((in.first_ + in.count_) % Capacity),
        count_(Capacity - in.count_) {}

  [[nodiscard]] COWARP_FN bool is_closed() const { return in_ == nullptr; }
  [[nodiscard]] COWARP_FN std::uint32_t size() const { return count_; }

  /// \returns the part up to the end of the ring. \pre not closed
  [[nodiscard]] COWARP_FN std::span<std::byte> bytes() const {
    return {in_->bytes_ + at_, before_end(at_, count_)};
  }
  /// Ends the loan, with that many bytes written. \pre not closed
  COWARP_FN void publish(std::uint32_t count) const {
    in_->change([&] { in_->end_write_locked(count); });
  }
  /// Copies as many bytes as there is room for. \returns how many, to be published by the caller.
  COWARP_FN std::uint32_t fill(std::span<const std::byte> from) const {
    const std::uint32_t count = least(from.size(), count_);
    const std::uint32_t part  = before_end(at_, count);
    std::memcpy(in_->bytes_ + at_, from.data(), part);
    std::memcpy(in_->bytes_, from.data() + part, count - part);
    return count;
  }
  /// The same, and publishes them.
  COWARP_FN std::uint32_t copy_from(std::span<const std::byte> from) const {
    if (is_closed()) return 0;
    const std::uint32_t count = fill(from);
    publish(count);
    return count;
  }

 private:
  pipe* in_            = nullptr;
  std::uint32_t at_    = 0;
  std::uint32_t count_ = 0;
};

/// The room of a pipe, lent to one writer. Destroyed before `publish` it stays as free as it was.
/// Storage: 16 bytes; the pipe must outlive it.
template <std::uint32_t Capacity, scope Scope>
class COWARP_TRIVIAL_ABI pipe<Capacity, Scope>::lent_room {
 public:
  lent_room() = default;
  COWARP_FN explicit lent_room(room of) : room_(of) {}
  COWARP_FN lent_room(lent_room&& other) noexcept : room_(other.take()) {}
  COWARP_FN lent_room& operator=(lent_room&& other) noexcept {
    if (this == &other) return *this;
    publish(0);
    room_ = other.take();
    return *this;
  }
  COWARP_FN ~lent_room() { publish(0); }

  /// \returns the room up to the end of the ring: all of it, or the first of two parts; none if the pipe was
  /// closed.
  [[nodiscard]] COWARP_FN std::span<std::byte> bytes() const {
    return room_.is_closed() ? std::span<std::byte>{} : room_.bytes();
  }
  /// \returns the room in both parts.
  [[nodiscard]] COWARP_FN std::uint32_t size() const { return room_.size(); }

  /// Says that the first `count` bytes were written, and ends the loan. \pre count <= bytes().size()
  COWARP_FN void publish(std::uint32_t count) {
    if (!room_.is_closed()) take().publish(count);
  }

 private:
  COWARP_FN room take() {
    const room it = room_;
    room_         = room();
    return it;
  }

  room room_;
};

template <std::uint32_t Capacity, scope Scope>
struct pipe<Capacity, Scope>::lend_operation {
  using output = lent_bytes;

  pipe& of;

  COWARP_FN detail::line& line() { return of.readers_; }
  COWARP_FN polled<output> attempt(const detail::waiter& place) {
    if (!of.readers_.may_go(place, of.readable())) return pending;
    if (of.count_ == 0) return polled<output>(in_place);
    of.is_reading_ = true;
    return polled<output>(in_place, of);
  }
};

template <std::uint32_t Capacity, scope Scope>
struct pipe<Capacity, Scope>::room_operation {
  using output = room;

  pipe& of;

  COWARP_FN detail::line& line() { return of.writers_; }
  COWARP_FN polled<output> attempt(const detail::waiter& place, std::size_t needed = 1) {
    if (!of.writers_.may_go(place, of.writable())) return pending;
    if (of.is_closed_) return polled<output>(in_place);
    if (Capacity - of.count_ < needed) return pending;
    of.is_writing_ = true;
    return polled<output>(in_place, of);
  }
};

template <std::uint32_t Capacity, scope Scope>
struct pipe<Capacity, Scope>::lend_room_operation : room_operation {
  using output = lent_room;

  COWARP_FN polled<output> attempt(const detail::waiter& place) {
    const auto there = room_operation::attempt(place);
    if (!there) return pending;
    return polled<output>(in_place, *there);
  }
};

/// Never waits: in line it would keep others from room that is enough for them.
template <std::uint32_t Capacity, scope Scope>
struct pipe<Capacity, Scope>::all_room_operation : room_operation {
  std::size_t needed;

  COWARP_FN polled<room> attempt(const detail::waiter& place) {
    return room_operation::attempt(place, needed);
  }
};

/// Reads once. Its output is the number of bytes, 0 at the end of the stream.
template <std::uint32_t Capacity, scope Scope>
class pipe<Capacity, Scope>::read_future {
 public:
  using output = std::uint32_t;

  COWARP_FN read_future(pipe& from, std::span<std::byte> to) : fill_({from}), to_(to) {}

  COWARP_FN polled<output> poll(context& cx) {
    if (to_.empty()) return 0u;
    auto bytes = fill_.poll(cx);
    if (!bytes) return pending;
    return bytes->copy_to(to_);
  }

 private:
  fill_future fill_;
  std::span<std::byte> to_;
};

/// Writes once, or until all is written. Its output is the number of bytes.
template <std::uint32_t Capacity, scope Scope>
class pipe<Capacity, Scope>::write_future {
 public:
  using output = std::uint32_t;

  COWARP_FN write_future(pipe& to, std::span<const std::byte> from, bool all)
      : turn_({to}), from_(from), all_(all) {}

  COWARP_FN polled<output> poll(context& cx) {
    while (!from_.empty()) {
      auto room = turn_.poll(cx);
      if (!room) return pending;
      if (room->is_closed()) break;
      const std::uint32_t count = room->fill(from_);
      from_                     = from_.subspan(count);
      written_ += count;
      pipe& to           = turn_.of();
      const auto publish = [&] { to.end_write_locked(count); };
      if (!all_ || from_.empty()) {
        to.change(publish);
        break;
      }
      turn_.wait_first(cx, publish);
    }
    return written_;
  }

 private:
  detail::waiting<room_operation> turn_;
  std::span<const std::byte> from_;  // what is not written yet
  std::uint32_t written_ = 0;
  bool all_;
};

}  // namespace cowarp
