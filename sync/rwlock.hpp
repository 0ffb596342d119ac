// SPDX-License-Identifier: Apache-2.0
/// \file
/// A value that many tasks may read, or one may change, also across awaits.
#pragma once

#include <cowarp/sync/detail/held.hpp>

#include <cstdint>
#include <utility>

namespace cowarp {

/// Guards a value: any number of readers at once, or one writer.
///
/// A reader takes one of very many permits, a writer takes all. Requests are served in the order in
/// which they came, neighbouring readers together: a reader that comes while a writer waits stands
/// behind it, so neither side starves.
///
/// ```text
///   held by readers        waiting            next          after that
///   [ r r r ]       ◄──    w  r r  w          [ w ]         [ r r ]
/// ```
///
/// Invariant:     there are read guards, or one write guard, or none; while tasks wait, the first
///                of them may not go in yet.
/// Called by:     any lane within `Scope`; any number of tasks may wait.
/// Scope:         `Scope`; with `block` it lives in the block state.
/// Memory order:  what a writer wrote is visible to all who hold the lock later; what a reader read
///                was read before a later writer writes.
/// Resumes on:    the executor's next poll of the waiting task.
/// Progress:      a short spin lock to lock and to unlock, none in between.
/// Storage:       32 bytes and the value; zero bytes are free, and must be a valid `Value`. A
///                waiting future: 56 bytes.
/// Fails:         `try_read` and `try_write`, where they would have to wait. A task that wants to
///                write while it holds a read guard waits for ever, and so may one that wants to
///                read twice.
/// Cancelling hands on what the task was given, and lets in those who had to wait behind it. After
/// Embassy's `RwLock`, fair.
template <class Value = unit, scope Scope = scope::device>
class rwlock {
  static constexpr std::uint32_t all = 1u << 30;

  using pool = detail::permit_pool<all, detail::service::fair, Scope>;

 public:
  static constexpr scope primitive_scope = Scope;

  using read_guard   = detail::held<const Value, pool, 1>;
  using write_guard  = detail::held<Value, pool, all>;
  using read_future  = detail::held_future<const Value, pool, 1>;
  using write_future = detail::held_future<Value, pool, all>;

  /// \returns a future of a guard that shows the value to readers.
  [[nodiscard]] COWARP_FN read_future read() { return read_future(pool_, value_); }
  /// \returns a future of the one guard that may change the value.
  [[nodiscard]] COWARP_FN write_future write() { return write_future(pool_, value_); }

  /// \returns a read guard if nobody writes or waits.
  [[nodiscard]] COWARP_FN polled<read_guard> try_read() {
    return detail::try_hold<1>(pool_, std::as_const(value_));
  }
  /// \returns the write guard if nobody reads, writes or waits.
  [[nodiscard]] COWARP_FN polled<write_guard> try_write() {
    return detail::try_hold<all>(pool_, value_);
  }

  /// Goes from writing to reading without letting another writer in between; readers at the head of
  /// the queue come in as well. \pre `guard` holds a lock.
  [[nodiscard]] static COWARP_FN read_guard downgrade(write_guard&& guard) {
    COWARP_ASSERT(guard.has_lock(), "downgrade: an empty guard holds no lock");
    return std::move(guard).template keep<1>();
  }

  [[nodiscard]] COWARP_FN bool is_locked() { return pool_.available() != all; }

  /// The value, for who knows that no task uses the lock: before the run, or after.
  [[nodiscard]] COWARP_FN Value& unguarded() { return value_; }

 private:
  pool pool_;
  Value value_;
};

}  // namespace cowarp
