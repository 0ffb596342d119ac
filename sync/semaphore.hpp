// SPDX-License-Identifier: Apache-2.0
/// \file
/// A number of permits: at most so many tasks, or so many units of something, at once.
#pragma once

#include <cowarp/sync/detail/permit_pool.hpp>

#include <cstdint>
#include <utility>

namespace cowarp {

/// Counts permits: `acquire(n)` waits until it can take n and yields a guard that gives them back.
///
/// `semaphore` is fair: requests are served in the order in which they came, so a large one at the
/// head keeps smaller ones waiting and is never starved. `greedy_semaphore` serves the first
/// request that fits, and lets newcomers that fit pass: better use of the permits, but a large
/// request may starve.
///
/// Invariant:     permits that are free and those that guards hold make up `Initial`, plus what was
///                released, less what was disarmed.
/// Called by:     any lane within `Scope`; any number of tasks may wait.
/// Scope:         `Scope`; with `block` it lives in the block state.
/// Memory order:  what a task wrote before it gave permits back is visible to who gets them.
/// Resumes on:    the executor's next poll of the waiting task.
/// Progress:      a short spin lock.
/// Storage:       32 bytes; zero bytes are valid, with `Initial` free permits. A waiting
///                future: 48 bytes.
/// Fails:         `acquire` yields nothing once the semaphore is closed; `try_acquire` also where
///                it would have to wait.
/// Cancelling gives back what the task was given, and serves those who had to wait behind it. After
/// Embassy's `FairSemaphore` and `GreedySemaphore`, without a limit to the waiters.
template <std::uint32_t Initial, scope Scope, detail::service Service>
class basic_semaphore {
  using pool = detail::permit_pool<Initial, Service, Scope>;

 public:
  static constexpr scope primitive_scope = Scope;

  class permits;
  class acquire_future;

  /// Sets the number of free permits where it is not known to the compiler. \pre nobody uses it
  /// yet.
  COWARP_FN void init(std::uint32_t count) { pool_.set(count); }

  /// \returns a future of `count` permits; of nothing once the semaphore is closed.
  [[nodiscard]] COWARP_FN acquire_future acquire(std::uint32_t count = 1) {
    return acquire_future(pool_, count, false);
  }
  /// \returns a future of all free permits, once there are `at_least` so many.
  [[nodiscard]] COWARP_FN acquire_future acquire_all(std::uint32_t at_least = 1) {
    return acquire_future(pool_, at_least, true);
  }

  [[nodiscard]] COWARP_FN polled<permits> try_acquire(std::uint32_t count = 1) {
    return try_take(detail::permit_waiter(count));
  }
  [[nodiscard]] COWARP_FN polled<permits> try_acquire_all(std::uint32_t at_least = 1) {
    return try_take(detail::permit_waiter(at_least, true));
  }

  /// Adds free permits, new ones or those of a disarmed guard.
  COWARP_FN void release(std::uint32_t count = 1) { pool_.give(count); }

  /// Makes `count` permits free, whatever was free before; guards give back theirs on top of it.
  COWARP_FN void set(std::uint32_t count) { pool_.set(count); }

  /// Refuses all who wait and all who come; guards stay good.
  COWARP_FN void close() { pool_.close(); }

  [[nodiscard]] COWARP_FN bool is_closed() { return pool_.is_closed(); }
  [[nodiscard]] COWARP_FN std::uint32_t available() { return pool_.available(); }

 private:
  COWARP_FN polled<permits> try_take(detail::permit_waiter request) {
    if (!pool_.try_take(request)) return pending;
    return polled<permits>(in_place, pool_, request.granted);
  }

  pool pool_;
};

/// Served in the order of arrival.
template <std::uint32_t Initial = 0, scope Scope = scope::device>
using semaphore = basic_semaphore<Initial, Scope, detail::service::fair>;

/// Served by what fits.
template <std::uint32_t Initial = 0, scope Scope = scope::device>
using greedy_semaphore = basic_semaphore<Initial, Scope, detail::service::greedy>;

/// Permits that a task holds; gives them back when destroyed. An empty one holds none.
///
/// It may be kept across awaits, moved, and handed to another task within the semaphore's scope.
/// Storage: 16 bytes; the semaphore must outlive it.
template <std::uint32_t Initial, scope Scope, detail::service Service>
class COWARP_TRIVIAL_ABI basic_semaphore<Initial, Scope, Service>::permits {
 public:
  permits() = default;
  COWARP_FN permits(pool& from, std::uint32_t count) : pool_(&from), count_(count) {}
  COWARP_FN permits(permits&& other) noexcept : pool_(other.pool_), count_(other.disarm()) {}
  COWARP_FN permits& operator=(permits&& other) noexcept {
    if (this == &other) return *this;
    release();
    pool_  = other.pool_;
    count_ = other.disarm();
    return *this;
  }
  COWARP_FN ~permits() { release(); }

  /// Gives the permits back now.
  COWARP_FN void release() {
    if (count_ != 0) pool_->give(disarm());
  }
  /// Keeps the permits taken when this guard is gone. \returns how many, for a later `release`.
  COWARP_FN std::uint32_t disarm() { return std::exchange(count_, 0u); }

  [[nodiscard]] COWARP_FN std::uint32_t count() const { return count_; }

 private:
  pool* pool_          = nullptr;
  std::uint32_t count_ = 0;
};

/// Waits for permits. Dropped after they were given, it gives them back.
template <std::uint32_t Initial, scope Scope, detail::service Service>
class basic_semaphore<Initial, Scope, Service>::acquire_future {
 public:
  using output = polled<permits>;

  COWARP_FN acquire_future(pool& from, std::uint32_t count, bool wants_all)
      : wait_(from, count, wants_all) {}

  COWARP_FN polled<output> poll(context& cx) {
    if (!wait_.poll(cx)) return pending;
    polled<output> result(in_place);
    if (!wait_.waiter().is_refused) result->emplace(wait_.source(), wait_.waiter().granted);
    return result;
  }

 private:
  detail::queued_wait<pool> wait_;
};

}  // namespace cowarp
