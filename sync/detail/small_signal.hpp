// SPDX-License-Identifier: Apache-2.0
/// \file
/// The signal of small values: one word, and a lock only where a second task waits.
#pragma once

#include <cowarp/sync/detail/signal_word.hpp>
#include <cowarp/sync/signal.hpp>

#include <cstdint>
#include <new>

namespace cowarp {

/// The same for values of 4 bytes or fewer that are copied as bytes.
///
/// ```text
///              send 1                take 2
///   ┌───────┐ ────────► ┌─────────┐ ────────► ┌───────┐     1, 5  replaces a value; wakes nobody
///   │ empty │           │  value  │           │ empty │     4     wakes; the value is the waiter's
///   └───┬───┘ ◄──────── └─────────┘           └───────┘     6     the next in line moves up, or
///  wait │ ▲    leave 7       ▲ leave 7                            nobody waits any more
///     3 ▼ │                  │                              7     the next in line moves up, and is
///   ┌─────┴───┐ send 4  ┌────┴─────┐ take 6                       woken if there is a value
///   │ waiting │ ──────► │ reserved │ ────────► empty or waiting
///   └─────────┘         └──────────┘ ◄─┐ send 5
///                            └─────────┘
/// ```
///
/// Each edge is one compare-and-exchange on the word. Who comes first by `wait_awake` looks for the value by itself in
/// its next polls, then falls asleep (a change of the word as well); 4 wakes only who sleeps. Who waits first stands in
/// the word; others stand
/// in a line behind, under a lock. The word says that there is a line, and who finds that and wants to
/// leave the first place changes word and line under the lock. A `reset` of a reserved value leaves the
/// reservation: the notified task waits on, first in line.
///
/// Invariant:     there is a line only behind a first waiter or a reservation; the note of it changes
///                only under the lock.
/// Resumes on:    the executor's next poll of the waiting task.
/// Progress:      lock-free while one task waits; a short spin lock for the line.
/// Storage:       32 bytes; zero bytes are valid and empty. A waiting future: 40 bytes.
template <class Value, scope Scope>
requires detail::fits_signal_word<Value>
class signal<Value, Scope> {
  using word = detail::signal_word;

 public:
  static constexpr scope primitive_scope = Scope;

  class wait_future;

  signal() = default;
  COWARP_FN ~signal() { detail::require_no_waiters(!look().is_waiting()); }

  /// Gives a value, in place of one that was not taken yet.
  COWARP_FN void send(Value value) {
    word was = look();
    // release: shows what was written before to who takes the value.
    while (!change(was, was.with(value), platform::release)) {
    }
    if (was.is_waiting() && !was.is_looking()) wake(was.first());
  }

  /// \returns a future of the value.
  [[nodiscard]] COWARP_FN wait_future wait() { return wait_future(*this, 0); }

  /// The same, but who comes first looks for the value in its next polls, `looks` of them, before it sleeps. Whoever sends
  /// meanwhile wakes nobody, which between blocks takes longer than the rest of the way; the price is that the
  /// task is polled. For an answer that is about to come. A child of `join` and its kin sleeps at once.
  [[nodiscard]] COWARP_FN wait_future wait_awake(std::uint8_t looks = 16) {
    return wait_future(*this, looks);
  }

  /// \returns the value if there is one that is not reserved for a waiting task.
  [[nodiscard]] COWARP_FN polled<Value> try_take() {
    polled<Value> result;
    for (word was = look(); was.is_free();) {
      if (!take(was)) continue;
      result.emplace(was.value<Value>());
      break;
    }
    return result;
  }

  /// Drops a value that was not taken; a task notified of it waits on, first in line.
  COWARP_FN void reset() {
    word was = look();
    // relaxed: hands nothing over.
    while (was.has_value() && !change(was, was.without_value(), platform::relaxed)) {
    }
  }

  [[nodiscard]] COWARP_FN bool has_value() const {
    // acquire: shows what the signaller wrote.
    return word(word_.load(platform::acquire)).has_value();
  }

 private:
  [[nodiscard]] COWARP_FN word look() const {
    // relaxed: the first guess for a change.
    return word(word_.load(platform::relaxed));
  }

  /// Changes the word. \returns false, and what it is now in `was`, if it was not that any more.
  [[nodiscard]] COWARP_FN bool change(word& was, word to, platform::order order) {
    std::uint64_t expected = was.bits();
    if (word_.compare_exchange(expected, to.bits(), order)) return true;
    was = word(expected);
    return false;
  }

  /// Takes the value that is free, or that the caller is first for. \returns false as `change` does.
  [[nodiscard]] COWARP_FN bool take(word& was) {
    // acquire: shows what the signaller wrote.
    if (!was.has_line()) return change(was, word(), platform::acquire);
    const word taken = move_up(true);
    was              = taken.has_line() ? taken : look();
    return taken.has_line();
  }

  /// Gives the first place to the next in line. \param takes the caller goes with the value
  /// \returns the word before that; one without a line if nobody stands there, or no value is to be had.
  // These are out of line: they are rare, and would stand at every wait. Words go by value, which keeps
  // them in registers.
  [[gnu::noinline]] COWARP_FN word move_up(bool takes) {
    task_id woken{task_id::none};
    word moved;
    lock_.with([&] {
      for (word was = look(); was.has_line() && (was.has_value() || !takes);) {
        detail::waiter& next = *line_.first();
        const bool has_more  = next.next != nullptr;
        const bool is_given  = was.has_value() && !takes;
        const word to = is_given ? was.with_line(has_more) : word::waiting(next.task, has_more);
        // acquire: shows what the signaller wrote.
        if (!change(was, to, platform::acquire)) continue;
        const task_id task = line_.notify_first();
        if (is_given) woken = task;
        moved = was;
        break;
      }
    });
    wake(woken);
    return moved;
  }

  /// Puts a waiter at the end of the line. \returns false if it could be first.
  [[gnu::noinline]] COWARP_FN bool join_line(detail::waiter& w, task_id task) {
    bool is_in_line = false;
    lock_.with([&] {
      for (word was = look(); was.is_waiting() || was.is_reserved();) {
        // relaxed: the lock orders the line.
        if (!was.has_line() && !change(was, was.with_line(true), platform::relaxed)) continue;
        w.task = task;
        line_.push_back(w);
        is_in_line = true;
        break;
      }
    });
    return is_in_line;
  }

  /// Takes a waiter out of the line. \returns false if it came first meanwhile.
  [[gnu::noinline]] COWARP_FN bool leave_line(detail::waiter& w) {
    bool was_in_line = false;
    lock_.with([&] {
      if (w.is != detail::waiter::state::queued) return;
      was_in_line = true;
      line_.remove(w);
      word was = look();
      // relaxed: the lock orders the line.
      while (line_.is_empty() && !change(was, was.with_line(false), platform::relaxed)) {
      }
    });
    return was_in_line;
  }

  /// \returns true if the waiter came first; else it waits on, for `task`.
  [[gnu::noinline]] COWARP_FN bool has_come_first(detail::waiter& w, task_id task) {
    bool is_first = false;
    lock_.with([&] {
      is_first = w.is == detail::waiter::state::notified;
      w.is     = is_first ? detail::waiter::state::idle : w.is;
      w.task   = task;
    });
    return is_first;
  }

  platform::atomic<std::uint64_t, Scope> word_;
  platform::spin_lock<Scope> lock_;  // over the line
  detail::wait_queue line_;          // who waits behind the first
};

/// Waits for a signal's value. Cancelling it loses nothing.
template <class Value, scope Scope>
requires detail::fits_signal_word<Value>
class COWARP_TRIVIAL_ABI signal<Value, Scope>::wait_future {
 public:
  using output = Value;

  static constexpr bool is_spent_when_ready = true;  // it stands nowhere then

  COWARP_FN wait_future(signal& from, std::uint8_t looks) : from_(from), looks_(looks) {}
  COWARP_FN wait_future(wait_future&& other) noexcept : from_(other.from_), looks_(other.looks_) {
    COWARP_ASSERT(other.stands_ == place::nowhere, "a future must not move after its first poll");
  }
  COWARP_FN ~wait_future() {
    if (stands_ != place::nowhere) leave();
  }

  // Who waits alone goes through in two changes: from empty to waiting, which is guessed, and from the value that it
  // was woken for to empty. All else is out of line, since it would stand at every wait.
  COWARP_FN polled<Value> poll(context& cx) {
    COWARP_ASSERT(platform::is_shared(&from_) || !platform::is_shared(this),
                  "a task whose frame is in shared memory waits for a primitive that other blocks "
                  "reach: put the program's frames in global memory");
    signal& from = from_;
    if (stands_ == place::nowhere) {
      word was;
      const bool looks = looks_ != 0 && cx.task().child() == 0;
      const word first = looks ? word::looking(cx.task()) : word::waiting(cx.task(), false);
      // relaxed: hands nothing over; who takes a value acquires it.
      if (from.change(was, first, platform::relaxed)) {
        stands_ = place::first;
        if (looks) cx.wake_self();
        return pending;
      }
      if (was.is_free_alone() && from.take(was)) return was.template value<Value>();
    } else if (stands_ == place::first) {
      word was = from.look();
      if (was.is_reserved_alone() && from.take(was)) {
        stands_ = place::nowhere;
        return was.template value<Value>();
      }
      if (looks_ > 1 && was.is_looking()) {
        --looks_;
        cx.wake_self();
        return pending;
      }
    }
    return poll_among(cx.task());
  }

 private:
  enum class place : std::uint8_t { nowhere, first, in_line };

  COWARP_FN detail::waiter& waiter() {
    return *std::launder(reinterpret_cast<detail::waiter*>(waiter_));
  }

  /// The same in every state.
  [[gnu::noinline]] COWARP_FN polled<Value> poll_among(task_id task) {
    polled<Value> result;
    if (stands_ == place::in_line) {
      if (!from_.has_come_first(waiter(), task)) return pending;
      stands_ = place::first;
    }
    word was = from_.look();
    while (!result) {
      const bool is_first = stands_ == place::first;
      if (was.has_value() && (is_first || !was.is_reserved())) {
        if (!from_.take(was)) continue;
        stands_ = place::nowhere;
        result.emplace(was.template value<Value>());
      } else if (is_first || was.bits() == 0) {
        if (!wait_first(was, task)) continue;
        break;
      } else {
        ::new (static_cast<void*>(waiter_)) detail::waiter();
        if (from_.join_line(waiter(), task)) {
          stands_ = place::in_line;
          break;
        }
        was = from_.look();
      }
    }
    return result;
  }

  /// Stands first, for `task`, which sleeps. \returns false as `change` does.
  COWARP_FN bool wait_first(word& was, task_id task) {
    if (!was.is_waiting() || was.is_looking() || !(was.first() == task)) {
      // relaxed: hands nothing over; who takes a value acquires it.
      if (!from_.change(was, word::waiting(task, was.has_line()), platform::relaxed)) return false;
    }
    stands_ = place::first;
    return true;
  }

  /// Leaves the line or the first place, and hands on what it was notified of.
  [[gnu::noinline]] COWARP_FN void leave() {
    if (stands_ == place::in_line && from_.leave_line(waiter())) return;
    for (word was = from_.look();;) {
      if (was.has_line()) {
        if (from_.move_up(false).has_line()) return;
        was = from_.look();
        // relaxed: what the signaller wrote is handed on with the value.
      } else if (from_.change(was, was.without_first(), platform::relaxed)) {
        return;
      }
    }
  }

  signal& from_;
  // A union of it would not pass by value, see COWARP_TRIVIAL_ABI.
  alignas(detail::waiter) unsigned char waiter_[sizeof(detail::waiter)];  // there in line only
  place stands_ = place::nowhere;
  std::uint8_t looks_;  // polls that are left before it sleeps, if it comes first
};

}  // namespace cowarp
