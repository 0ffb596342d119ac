// SPDX-License-Identifier: Apache-2.0
/// \file
/// What every primitive with waiting tasks is made of: lock, queue, and the future's half of it.
#pragma once

#include <cowarp/executor/future.hpp>
#include <cowarp/platform/spin_lock.hpp>
#include <cowarp/sync/detail/line.hpp>
#include <cowarp/sync/detail/waiter.hpp>

#include <cstdint>
#include <utility>

namespace cowarp::detail {

/// The tasks that wait for one primitive, and the lock over that primitive's state.
///
/// ```text
///            enter 1              update 2                 enter 3
///   ┌──────┐ ───────► ┌────────┐ ─────────► ┌──────────┐ ─────────► ┌──────┐
///   │ idle │          │ queued │            │ notified │            │ idle │
///   └──────┘ ◄─────── └────────┘            └────┬─────┘            └──────┘
///       ▲     leave 4                            │ leave 5
///       └────────────────────────────────────────┘
/// ```
///
/// 1  the primitive does not let a newcomer in: it waits
/// 2  a change lets the waiter in; what it is let in for belongs to it from here on
/// 3  the next poll finds that out
/// 4  the future was dropped while it waited: those behind it may be let in now
/// 5  it was dropped after it was let in: the primitive takes back what belonged to it
///
/// Invariant:     nobody waits whom the primitive would let in, between any two calls.
/// Called by:     any lane within `Scope`.
/// Scope:         `Scope`.
/// Memory order:  what a caller wrote before a change is visible to whom it lets in.
/// Progress:      a short spin lock; tasks are woken while it is free, up to four for each time
///                that it is taken.
/// Storage:       24 bytes; zero bytes are valid and empty.
/// Fails:         in Debug builds, if it is destroyed by a task while others wait.
template <scope Scope, class Waiter>
class wait_list {
 public:
  /// Runs `fn` under the lock. \param fn must let nobody in.
  template <class Fn>
  COWARP_FN void with(Fn&& fn) {
    lock_.with(fn);
  }

  /// A poll of a waiter. \param is_free(w) says whether a newcomer may go in at once, and if so
  /// takes what it goes in for. \returns true if the waiter is in.
  template <class IsFree>
  COWARP_FN bool enter(Waiter& w, task_id task, IsFree&& is_free) {
    bool is_in = false;
    lock_.with([&] { is_in = enter_locked(w, task, is_free); });
    return is_in;
  }

  /// The same for a caller that holds the lock.
  template <class IsFree>
  COWARP_FN bool enter_locked(Waiter& w, task_id task, IsFree&& is_free) {
    if (w.is == waiter::state::queued) {
      w.task = task;  // maybe another child of its task
      return false;
    }
    if (w.is == waiter::state::notified) {
      w.is = waiter::state::idle;
      return true;
    }
    if (is_free(w)) return true;
    w.task = task;
    queue_.push_back(w);
    return false;
  }

  /// Takes a waiter out for a caller that holds the lock. \returns what its state was.
  COWARP_FN waiter::state forget_locked(Waiter& w) {
    const waiter::state was = w.is;
    if (was == waiter::state::queued) queue_.remove(w);
    w.is = waiter::state::idle;
    return was;
  }

  /// Changes the primitive's state and lets in whom the change allows. \param change() runs once,
  /// under the lock. \param next() then names a waiter to let in, after taking for it what it is
  /// let in for; null if there is none.
  template <class Change, class Next>
  COWARP_FN void update(Change&& change, Next&& next) {
    bool has_changed = false;
    bool is_done     = false;
    do {
      wake_list woken;
      lock_.with([&] {
        if (!has_changed) change();
        has_changed = true;
        // With the last waiter in hand this call is over: whoever was let in may end the primitive.
        while (!is_done && (!woken.is_full() || queue_.is_empty())) {
          Waiter* w = next();
          if (w == nullptr) {
            is_done = true;
          } else {
            woken.add(queue_.notify(*w));
          }
        }
      });
      woken.wake_all();
    } while (!is_done);
  }

  [[nodiscard]] COWARP_FN bool is_empty() const { return queue_.is_empty(); }
  [[nodiscard]] COWARP_FN Waiter* first() const { return static_cast<Waiter*>(queue_.first()); }
  [[nodiscard]] static COWARP_FN Waiter* after(const Waiter& w) {
    return static_cast<Waiter*>(w.next);
  }

 private:
  platform::spin_lock<Scope> lock_;
  owned_queue queue_;
};

/// \returns the first waiter if it came in another round than this one: those who came before a
/// round ended stand in front of those who came after.
template <class List>
[[nodiscard]] COWARP_FN auto* first_of_past_round(const List& list, std::uint32_t round) {
  auto* w = list.first();
  return w != nullptr && w->round != round ? w : nullptr;
}

/// The half of a `wait_list` that stands in a future: waits, and gives up when destroyed.
///
/// `Source` has `waiter_type`, `enter(waiter, task)`, which is true once the waiter is in, and
/// `leave(waiter)`, which takes back what a waiter was let in for and does not want any more.
///
/// Called by:     the lane that polls the task.
/// Resumes on:    the executor's next poll.
/// Storage:       16 bytes and the waiter; it must not move after the first poll.
template <class Source>
class COWARP_TRIVIAL_ABI queued_wait {
 public:
  using waiter_type = typename Source::waiter_type;

  COWARP_FN explicit queued_wait(Source& source) : source_(source) {}
  template <class... Request>
  COWARP_FN explicit queued_wait(Source& source, Request... request)
      : source_(source), waiter_(request...) {}
  queued_wait(queued_wait&&) = default;  // before the first poll only
  COWARP_FN ~queued_wait() { cancel(); }

  /// \returns true once the waiter is in; a poll after that waits anew.
  COWARP_FN bool poll(context& cx) {
    has_waited_ = !source_.enter(waiter_, cx.task());
    return !has_waited_;
  }

  /// Gives up; a poll after that waits anew.
  COWARP_FN void cancel() {
    if (has_waited_) source_.leave(waiter_);
    has_waited_ = false;
  }

  [[nodiscard]] COWARP_FN const waiter_type& waiter() const { return waiter_; }
  [[nodiscard]] COWARP_FN Source& source() const { return source_; }

 private:
  Source& source_;
  waiter_type waiter_;
  bool has_waited_ = false;  // the waiter may be known to the source
};

}  // namespace cowarp::detail
