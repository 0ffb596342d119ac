// SPDX-License-Identifier: Apache-2.0
/// \file
/// A value that one task at a time may touch, also across awaits.
#pragma once

#include <cowarp/sync/detail/held.hpp>

namespace cowarp {

/// Guards a value: `lock` waits for its turn and yields a guard that shows the value and unlocks.
///
/// ```text
///               lock 1                  unlock 2
///   ┌──────┐ ────────────► ┌────────┐ ────────────► ┌──────┐
///   │ free │               │ locked │               │ free │
///   └──────┘               └──┬──▲──┘               └──────┘
///                             └──┘ unlock 3
/// ```
///
/// 1  nobody waits, so nobody is overtaken
/// 2  nobody waits
/// 3  the lock goes from hand to hand: to the first who waits, and no newcomer gets in between
///
/// Invariant:     at most one guard exists; while tasks wait, the lock is never free.
/// Called by:     any lane within `Scope`; any number of tasks may wait, served first come first.
/// Scope:         `Scope`; with `block` it lives in the block state.
/// Memory order:  what a task wrote while it held the lock is visible to the next who holds it.
/// Resumes on:    the executor's next poll of the waiting task.
/// Progress:      a short spin lock to lock and to unlock; none is held in between, so a task that
///                keeps the lock across an await stops nobody but those who want the lock.
/// Storage:       32 bytes and the value; zero bytes are free, and must be a valid `Value`. A
///                waiting future: 56 bytes.
/// Fails:         `try_lock`, while somebody holds the lock. A task that waits for a lock which it
///                holds itself waits for ever. Do not hold a lock while you wait for the whole
///                block or for lanes of it: they may be running the task that waits for this lock.
/// Cancelling a task that was given the lock hands it to the next. After Embassy's `Mutex`, fair.
template <class Value = unit, scope Scope = scope::device>
class mutex {
  using pool = detail::permit_pool<1, detail::service::fair, Scope>;

 public:
  static constexpr scope primitive_scope = Scope;

  using guard       = detail::held<Value, pool, 1>;
  using lock_future = detail::held_future<Value, pool, 1>;

  /// \returns a future of the guard.
  [[nodiscard]] COWARP_FN lock_future lock() { return lock_future(pool_, value_); }

  /// \returns a guard if the lock is free.
  [[nodiscard]] COWARP_FN polled<guard> try_lock() { return detail::try_hold<1>(pool_, value_); }

  [[nodiscard]] COWARP_FN bool is_locked() { return pool_.available() == 0; }

  /// The value, for who knows that no task uses the mutex: before the run, or after.
  [[nodiscard]] COWARP_FN Value& unguarded() { return value_; }

 private:
  pool pool_;
  Value value_;
};

}  // namespace cowarp
