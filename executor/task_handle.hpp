// SPDX-License-Identifier: Apache-2.0
/// \file
/// The spawner's end of a task: await its result, end it early, or let it go.
#pragma once

#include <cowarp/executor/join_link.hpp>

#include <cstdint>
#include <utility>

namespace cowarp {

/// Holds one task: awaits its end and takes its result, ends it early, or lets it go.
///
/// ```text
///             spawn_with 1               the task ends 2
///   ┌───────┐ ──────────► ┌──────────┐ ────────────────► ┌──────────┐
///   │ empty │             │ attached │                   │ finished │
///   └───────┘ ◄────────── └──────────┘                   └────┬─────┘
///       ▲       detach 3        ▲         spawn_with 4        │
///       │                       └─────────────────────────────┤
///       └────────────────────── detach 3 ─────────────────────┘
/// ```
///
/// 1  from now on the handle stays where it is
/// 2  destroyed first, its result stands here then; after an abort there is none. All who join are
///    woken. The task's slot is free a moment later: a spawn may still find the pool full
/// 3  the task goes on alone and its result is dropped; also what the destructor does
/// 4  the last result is dropped if nobody took it
///
/// `abort` destroys the task in place of its next poll: it takes effect where the task awaits, also
/// before its first poll, and what the task was notified of goes to the next in line. A task that
/// returns in the poll under way has a result all the same. An abort stays asked for if the handle
/// goes.
///
/// Invariant:     attached exactly while the task's slot names this handle.
/// Called by:     any lane that can address the handle, any number at once; `spawn_with`, `detach` and
///                the destructor: one, while nobody joins. In shared memory (the block state, frames
///                that live there) its users are tasks of that block; elsewhere those of any block.
/// Scope:         device.
/// Memory order:  what the task wrote, its destructors too, is visible to who has joined it or sees
///                that it is finished.
/// Resumes on:    the executor's next poll of who joins.
/// Progress:      a short spin lock, which stands beside the task's slot; `is_finished` is wait-free.
/// Storage:       40 bytes and an optional result; zero bytes are valid and empty. A joining future:
///                40 bytes.
/// Fails:         in Debug builds, if it is moved, destroyed or given a new task too early.
/// Any number of tasks may join; the first to be polled has the result, the others have none. After
/// tokio's `JoinHandle` and `AbortHandle`, without a heap.
template <class Output>
class COWARP_TRIVIAL_ABI task_handle {
 public:
  class join_future;

  task_handle() = default;
  /// A frame moves before its first poll, when its handles have no tasks yet.
  COWARP_FN task_handle(task_handle&& other) noexcept {
    COWARP_ASSERT(!other.has_task(), "a task handle must not move once it has a task");
    static_cast<void>(other);
  }
  COWARP_FN ~task_handle() {
    // On the host side a copy of the state may come back with handles of tasks that are no more.
    if (platform::has_block() && has_task() && !is_finished()) let_go();
  }

  /// \returns a future of the result: empty if the task was aborted, if another one took the result,
  /// or if there is no task.
  [[nodiscard]] COWARP_FN join_future join() { return join_future(*this); }

  /// Ends the task at its next await; does nothing if it has ended.
  COWARP_FN void abort() {
    waker task;
    if (!has_task()) return;
    with_link([&](detail::join_link& link) {
      if (link.handle() != this) return;
      link.abort();
      task = task_;  // none while the task is on its way to another block
    });
    task.wake();
  }

  /// Lets the task go on without a handle.
  COWARP_FN void detach() {
    if (has_task()) let_go();
    result_.reset();
    set_link(nullptr);
  }

  /// \returns true once the task has ended, also after an abort; its effects are visible then.
  [[nodiscard]] COWARP_FN bool is_finished() const {
    // acquire: shows what the task did.
    return is_finished_.load(platform::acquire) != 0;
  }

  /// \returns true if the handle has a task, finished or not.
  [[nodiscard]] COWARP_FN bool has_task() const {
    // relaxed: given and taken away by whoever owns the handle.
    return link_.load(platform::relaxed) != 0;
  }

  /// Takes the result without waiting. \returns nothing if there is none, or not yet.
  [[nodiscard]] COWARP_FN polled<Output> try_join() {
    polled<Output> result;
    if (has_task()) with_link([&](detail::join_link&) { result = take(); });
    return result;
  }

  // ---- for the spawner ----

  /// Names the task that is about to begin.
  COWARP_FN void attach(detail::join_link& link, waker task) {
    COWARP_ASSERT(!has_task() || is_finished(),
                  "a handle was given a second task while it had one: join it or detach it first");
    result_.reset();
    has_ended_ = false;
    // relaxed: nobody else uses the handle before the spawn.
    is_finished_.store(0, platform::relaxed);
    set_link(&link);
    task_ = task;
    link.attach(this);
  }

 private:
  friend class detail::join_link;

  /// Runs `fn(link)` under the lock of the link, which is another one once the task has reached the
  /// block that it was sent to.
  template <class Fn>
  COWARP_FN void with_link(Fn&& fn) {
    bool is_done = false;
    do {
      // acquire: shows what was done under the lock of the link before.
      const std::uint64_t now = link_.load(platform::acquire);
      auto& link              = *reinterpret_cast<detail::join_link*>(now);
      link.with([&] {
        // relaxed: changed under this lock.
        if (link_.load(platform::relaxed) != now) return;
        fn(link);
        is_done = true;
      });
    } while (!is_done);
  }
  COWARP_FN void set_link(detail::join_link* to) {
    // relaxed: nobody else uses the handle now.
    link_.store(reinterpret_cast<std::uint64_t>(to), platform::relaxed);
  }

  /// The task has a slot now; the lock of the link that it leaves is held.
  COWARP_FN void follow(detail::join_link& to, waker task) {
    task_ = task;
    // release: who takes the other lock sees what was done under this one.
    link_.store(reinterpret_cast<std::uint64_t>(&to), platform::release);
  }

  /// Keeps the result; the link's lock is held.
  COWARP_FN void keep(polled<Output>&& result) {
    has_ended_ = true;
    if (result) result_.emplace(std::move(*result));
  }

  /// Notifies who joins, until the list is full; the link's lock is held. \returns true once all are:
  /// from then on the task's side does not touch the handle.
  COWARP_FN bool call(detail::wake_list& woken) {
    while (!joining_.is_empty() && !woken.is_full()) woken.add(joining_.notify_first());
    if (!joining_.is_empty()) return false;
    // release: shows what the task did.
    is_finished_.store(1, platform::release);
    return true;
  }

  COWARP_FN polled<Output> take() {
    polled<Output> result(std::move(result_));
    result_.reset();
    return result;
  }

  COWARP_FN void let_go() {
    with_link([&](detail::join_link& link) {
      COWARP_ASSERT(joining_.is_empty(),
                    "a task handle was let go while tasks joined it: let it live longer than they "
                    "wait, or cancel them first");
      if (link.handle() == this) link.detach();
    });
  }

  // Address of the link of the slot that the task has or had, or of its place on the way there.
  platform::atomic<std::uint64_t, scope::device> link_{};
  waker task_;
  detail::wait_queue joining_{};
  polled<Output> result_{};
  platform::atomic_word<scope::device> is_finished_{};
  bool has_ended_ = false;  // under the link's lock; `is_finished_` follows once all are notified
};

/// Waits until a task has ended. Cancelling it leaves the result to others.
template <class Output>
class COWARP_TRIVIAL_ABI task_handle<Output>::join_future {
 public:
  using output = polled<Output>;

  COWARP_FN explicit join_future(task_handle& of) : of_(of) {}
  join_future(join_future&&) = default;  // before the first poll only
  COWARP_FN ~join_future() {
    if (!has_waited_) return;
    of_.with_link([&](detail::join_link&) { leave(); });
  }

  COWARP_FN polled<output> poll(context& cx) {
    if (!of_.has_task()) return polled<output>(in_place);
    polled<output> result;
    of_.with_link([&](detail::join_link&) {
      if (of_.has_ended_) {
        leave();
        result.emplace(of_.take());
        return;
      }
      waiter_.task = cx.task();
      if (waiter_.is == detail::waiter::state::idle) of_.joining_.push_back(waiter_);
    });
    has_waited_ = !result.has_value();
    return result;
  }

 private:
  COWARP_FN void leave() {
    if (waiter_.is == detail::waiter::state::queued) of_.joining_.remove(waiter_);
  }

  task_handle& of_;
  detail::waiter waiter_;
  bool has_waited_ = false;  // the waiter may be known to the handle
};

}  // namespace cowarp
