// SPDX-License-Identifier: Apache-2.0
/// \file
/// Who waits, who is called when something is there, and whom to wake: lines and audiences.
#pragma once

#include <cowarp/executor/waker.hpp>
#include <cowarp/sync/detail/waiter.hpp>

#include <cstdint>

namespace cowarp::detail {

/// Finds out, in Debug builds, if a task destroys a primitive while others wait for it.
COWARP_FN inline void require_no_waiters([[maybe_unused]] bool has_none) {
  // On the host side a copy of the state may come back with tasks that a stopped run left waiting.
  COWARP_ASSERT(!platform::has_block() || has_none,
                "a primitive was destroyed while tasks waited for it: let it live longer than "
                "they wait, or cancel them first");
}

/// A wait queue that finds that out.
class owned_queue : public wait_queue {
 public:
  COWARP_FN ~owned_queue() { require_no_waiters(is_empty()); }
};

/// The tasks to wake once a lock is free, a few at a time.
class wake_list {
 public:
  [[nodiscard]] COWARP_FN bool is_full() const { return count_ == capacity; }
  /// \returns true if one more fits, for whom the caller has it; notes if not that there are more.
  [[nodiscard]] COWARP_FN bool has_room() {
    has_more_ = is_full();
    return !has_more_;
  }
  /// \returns true if somebody found no room.
  [[nodiscard]] COWARP_FN bool has_more() const { return has_more_; }

  /// Adds a task. \pre the list is not full.
  COWARP_FN void add(task_id task) { tasks_[count_++] = task; }

  COWARP_FN void wake_all() const {
    if (count_ != 0) wake_tasks();
  }
  COWARP_FN void clear() {
    count_    = 0;
    has_more_ = false;
  }

  /// \returns the news to tell: those there were at the first call, however often the list is
  /// cleared; so telling them comes to an end.
  COWARP_FN std::uint64_t news(std::uint64_t now) {
    if (now < news_) news_ = now;
    return news_;
  }

 private:
  static constexpr std::uint32_t capacity = 4;

  /// A function of its own: a copy of it at every change would be most of the code of a program.
  [[gnu::noinline]] COWARP_FN void wake_tasks() const {
    for (std::uint32_t i = 0; i < count_; ++i) wake(tasks_[i]);
  }

  task_id tasks_[capacity];
  std::uint32_t count_ = 0;
  bool has_more_       = false;
  std::uint64_t news_  = ~std::uint64_t{0};
};

/// A line of waiters for something of which `available` can be had now, one by each.
///
/// Invariant:     while somebody stands in line, at least `available` waiters are called: notified,
///                out of the queue, and each sure of one until something is withdrawn. Whoever
///                changes what is available calls `call` under the same lock.
/// Called by:     whoever holds the primitive's lock.
/// Storage:       24 bytes; zero is empty.
/// Nobody overtakes: a newcomer goes on only if nobody waits and more is there than the called take.
class line {
 public:
  using place = waiter;

  /// As many as ask, in any order: what remains to be seen is the end.
  static constexpr std::uint32_t everyone = ~0u;

  [[nodiscard]] COWARP_FN bool may_go(const waiter& w, std::uint32_t available) const {
    if (available == everyone) return true;
    if (w.is == waiter::state::notified) return available != 0;
    return queue_.is_empty() && available > called_;
  }

  /// Puts a waiter at the end; one that was called in vain goes back to the front.
  COWARP_FN void wait(waiter& w, task_id task) {
    w.task = task;
    if (w.is == waiter::state::queued) return;
    if (w.is == waiter::state::notified) {
      --called_;
      queue_.push_front(w);
    } else {
      queue_.push_back(w);
    }
  }

  /// Puts one that just went on back to the front. \pre it waits no more.
  COWARP_FN void wait_first(waiter& w, task_id task) {
    w.task = task;
    queue_.push_front(w);
  }

  /// Takes a waiter out, wherever it stands; `call` then hands on what it was called for.
  COWARP_FN void leave(waiter& w) {
    if (w.is == waiter::state::queued) queue_.remove(w);
    if (w.is == waiter::state::notified) --called_;
    w.is = waiter::state::idle;
  }

  /// Calls waiters until as many are called as can go on, or the list is full.
  COWARP_FN void call(std::uint32_t available, wake_list& woken) {
    while (called_ < available && !queue_.is_empty() && woken.has_room()) {
      woken.add(queue_.notify_first());
      ++called_;
    }
  }

 private:
  owned_queue queue_;
  std::uint32_t called_;  // notified waiters that were not polled since
};

/// Waiters for news that are for all of them; news are counted.
///
/// Invariant:     whoever is in the queue has seen, or need not see, the news before its `since`; the
///                queue is in the order of `since`.
/// Called by:     whoever holds the primitive's lock.
/// Storage:       24 bytes; zero is empty.
class audience {
 public:
  struct place : waiter {
    std::uint64_t since = 0;
  };

  /// \returns how many news there have been.
  [[nodiscard]] COWARP_FN std::uint64_t now() const { return now_; }
  COWARP_FN std::uint64_t advance() { return ++now_; }

  COWARP_FN void wait(place& w, task_id task) {
    w.task = task;
    if (w.is == waiter::state::queued) return;
    w.since = now_;
    queue_.push_back(w);
  }

  COWARP_FN void leave(place& w) {
    if (w.is == waiter::state::queued) queue_.remove(w);
  }

  /// Calls those who have not seen the latest news, or at the end all, until the list is full.
  /// Whoever is called and waits again stands behind them.
  COWARP_FN void call(bool is_end, wake_list& woken) {
    const std::uint64_t news = woken.news(now_);
    while (!queue_.is_empty()) {
      auto& first = static_cast<place&>(*queue_.first());
      if (!is_end && first.since >= news) return;
      if (!woken.has_room()) return;
      woken.add(first.task);
      queue_.remove(first);
    }
  }

 private:
  owned_queue queue_;
  std::uint64_t now_;
};

}  // namespace cowarp::detail
