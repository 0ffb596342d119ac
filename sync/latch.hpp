// SPDX-License-Identifier: Apache-2.0
/// \file
/// Waiting until a number of things have happened, once.
#pragma once

#include <cowarp/platform/atomic.hpp>
#include <cowarp/sync/detail/wait_list.hpp>

#include <cstdint>
#include <utility>

namespace cowarp {

/// Counts down from `Initial`; tasks wait until it is at zero, where it stays. Without an
/// `Initial`, `init` is called first.
///
/// Invariant:     nobody passes before the last `count_down` has opened the latch, and nobody waits
///                after it has.
/// Called by:     any lane within `Scope`; any number of tasks may count and wait.
/// Scope:         `Scope`; with `block` it lives in the block state.
/// Memory order:  what was written before any `count_down` is visible to all who find zero.
/// Resumes on:    the executor's next poll of the waiting task; at once at zero.
/// Progress:      counting is one atomic, wait-free but for the last; waiting is a short spin lock.
/// Storage:       32 bytes; zero bytes are valid, with `Initial` to go. A waiting future: 48 bytes.
/// Fails:         counting below zero, in Debug builds.
/// Cancelling a task that waits takes back no count. A task that was let pass may destroy the
/// latch, for nobody touches it any more. After `std::latch`.
template <std::uint32_t Initial = 0, scope Scope = scope::device>
class latch {
 public:
  static constexpr scope primitive_scope = Scope;

  class wait_future;

  /// Sets what is to go where it is not known to the compiler. \pre nobody uses the latch yet.
  COWARP_FN void init(std::uint32_t count) {
    // relaxed: nobody looks yet.
    counted_.store(Initial - count, platform::relaxed);
    is_open_ = count == 0;
  }

  /// Says that `count` of the things have happened.
  COWARP_FN void count_down(std::uint32_t count = 1) {
    // acq_rel: publishes the caller's writes, and the last one collects everybody's for those who
    // wait in the queue.
    const std::uint32_t to_go = Initial - counted_.fetch_add(count, platform::acq_rel);
    COWARP_ASSERT(count <= to_go, "a latch was counted down below zero: give it a larger count");
    if (count != to_go) return;
    list_.update([&] { is_open_ = true; }, [&] { return list_.first(); });
  }

  /// \returns a future that is ready at zero.
  [[nodiscard]] COWARP_FN wait_future wait() { return wait_future(*this, 0); }
  /// Counts down at the first poll, then waits.
  [[nodiscard]] COWARP_FN wait_future arrive_and_wait(std::uint32_t count = 1) {
    return wait_future(*this, count);
  }

  /// \returns true at zero.
  [[nodiscard]] COWARP_FN bool try_wait() {
    bool result = false;
    list_.with([&] { result = is_open_; });
    return result;
  }

  [[nodiscard]] COWARP_FN std::uint32_t remaining() const {
    // relaxed: a number to look at; `try_wait` and `wait` hand over what was written.
    return Initial - counted_.load(platform::relaxed);
  }

  // ---- for the future ----

  using waiter_type = detail::waiter;
  COWARP_FN bool enter(detail::waiter& w, task_id task) {
    return list_.enter(w, task, [&](detail::waiter&) { return is_open_; });
  }
  COWARP_FN void leave(detail::waiter& w) {
    list_.with([&] { list_.forget_locked(w); });
  }

 private:
  platform::atomic_word<Scope> counted_;  // `Initial` less what is to go
  bool is_open_;  // set by the last count, which touches nothing here after that
  detail::wait_list<Scope, detail::waiter> list_;
};

/// Counts down if it was asked to, then waits until the latch is at zero.
template <std::uint32_t Initial, scope Scope>
class latch<Initial, Scope>::wait_future {
 public:
  using output = unit;

  COWARP_FN wait_future(latch& of, std::uint32_t count) : wait_(of), count_(count) {}

  COWARP_FN polled<unit> poll(context& cx) {
    if (count_ != 0) wait_.source().count_down(std::exchange(count_, 0u));
    if (wait_.poll(cx)) return unit{};
    return pending;
  }

 private:
  detail::queued_wait<latch> wait_;
  std::uint32_t count_;  // to be counted down by the first poll
};

}  // namespace cowarp
