// SPDX-License-Identifier: Apache-2.0
/// \file
/// Tasks that wait for the same thing, in the order in which they came.
#pragma once

#include <cowarp/executor/context.hpp>

#include <cstdint>

namespace cowarp::detail {

/// A waiting future's place in a wait queue; stands inside the future.
struct COWARP_TRIVIAL_ABI waiter {
  /// What the primitive has to say to the future; only the primitive gives it a meaning.
  enum class state : std::uint8_t { idle, queued, notified };

  waiter* next     = nullptr;
  waiter* previous = nullptr;
  task_id task{task_id::none};
  state is = state::idle;

  waiter() = default;
  /// A future moves before its first poll only, when its waiter stands in no queue.
  COWARP_FN waiter(waiter&& other) noexcept {
    COWARP_ASSERT(other.is == state::idle, "a future must not move after its first poll");
    static_cast<void>(other);
  }
};

/// A waiter that notes in which round of its primitive it came.
struct round_waiter : waiter {
  std::uint32_t round = 0;
};

/// A FIFO of waiters, without a limit and without storage of its own.
///
/// Invariant:     a waiter is in the queue exactly while its state is `queued`.
/// Called by:     whoever holds the lock of the primitive that the queue belongs to.
/// Scope:         that of the lock; waiters in shared memory only within their block.
/// Storage:       16 bytes, zero is empty; a waiter is 24 bytes in the future that waits.
class wait_queue {
 public:
  [[nodiscard]] COWARP_FN bool is_empty() const { return first_ == nullptr; }

  COWARP_FN void push_back(waiter& w) { link(w, last_, nullptr); }
  COWARP_FN void push_front(waiter& w) { link(w, nullptr, first_); }

  /// Takes a waiter out wherever it stands. \pre its state is `queued`.
  COWARP_FN void remove(waiter& w) {
    (w.previous != nullptr ? w.previous->next : first_) = w.next;
    (w.next != nullptr ? w.next->previous : last_)      = w.previous;
    w.is                                                = waiter::state::idle;
  }

  /// Takes a waiter out and notes that it is notified. \returns its task, to be woken once the lock
  /// is free. \pre its state is `queued`.
  [[nodiscard]] COWARP_FN task_id notify(waiter& w) {
    remove(w);
    w.is = waiter::state::notified;
    return w.task;
  }

  /// The same for the first waiter, with fewer reads; no task if nobody waits.
  [[nodiscard]] COWARP_FN task_id notify_first() {
    if (is_empty()) return {task_id::none};
    waiter& w = *first_;
    first_    = w.next;

    (first_ != nullptr ? first_->previous : last_) = nullptr;

    w.is = waiter::state::notified;
    return w.task;
  }

  [[nodiscard]] COWARP_FN waiter* first() const { return first_; }

 private:
  COWARP_FN void link(waiter& w, waiter* before, waiter* after) {
    COWARP_ASSERT(platform::is_shared(this) || !platform::is_shared(&w),
                  "a task whose frame is in shared memory waits for a primitive that other blocks "
                  "reach: put the program's frames in global memory");
    w.previous                                   = before;
    w.next                                       = after;
    (before != nullptr ? before->next : first_)  = &w;
    (after != nullptr ? after->previous : last_) = &w;
    w.is                                         = waiter::state::queued;
  }

  waiter* first_;
  waiter* last_;
};

}  // namespace cowarp::detail
