// SPDX-License-Identifier: Apache-2.0
/// \file
/// The spawner's end of a task: await its result, end it early, or let it go.
#pragma once

#include <cowarp/executor/future.hpp>
#include <cowarp/platform/spin_lock.hpp>
#include <cowarp/sync/detail/line.hpp>

#include <cstdint>
#include <utility>

namespace cowarp {

template <class Output>
class task_handle;

namespace detail {

/// A task type whose tasks have a result and may be spawned with a handle.
template <class Task>
inline constexpr bool is_joinable = requires {
  requires Task::is_joinable;
};

/// What ties one slot of a joinable task type to the handle of the task that lives there.
///
/// It outlives both, so each side finds out here whether the other one is still there. A handle that
/// stands here is attached: nobody else touches it but under the lock.
///
/// Called by:     `attach`: the spawner, before the task begins; the rest: any lane of the grid.
/// Scope:         device.
/// Storage:       16 bytes in global memory; zero is "no handle". One for each slot, none for tasks
///                that are not joinable.
class join_link {
 public:
  COWARP_FN void attach(const void* handle) {
    // relaxed: the task's `alive` bit publishes it.
    word_.store(reinterpret_cast<std::uint64_t>(handle), platform::relaxed);
  }

  /// A look without the lock, for the poll that follows an abort's wake.
  [[nodiscard]] COWARP_FN bool is_aborted() const {
    // relaxed: the wake brought whatever came before the abort.
    return (word_.load(platform::relaxed) & aborted) != 0;
  }
  /// \returns true if nobody holds a handle and nobody has aborted the task.
  [[nodiscard]] COWARP_FN bool is_empty() const {
    // relaxed: attached before the task began; a handle that goes meanwhile needs nothing from it.
    return word_.load(platform::relaxed) == 0;
  }

  template <class Critical>
  COWARP_FN void with(Critical&& critical) {
    lock_.with(critical);
  }

  // ---- under the lock ----

  [[nodiscard]] COWARP_FN void* handle() const {
    return reinterpret_cast<void*>(word() & ~aborted);
  }
  COWARP_FN void abort() { set(word() | aborted); }
  /// Lets go of the handle; an abort that it asked for stays.
  COWARP_FN void detach() { set(word() & aborted); }
  COWARP_FN void clear() { set(0); }

  /// Says that the task has ended, and was destroyed before: keeps the result where the handle is, and
  /// wakes who joins. \param result is empty after an abort.
  template <class Output>
  COWARP_FN void finish(polled<Output>&& result) {
    if (is_empty()) return;
    bool is_first = true;
    bool is_done  = false;
    while (!is_done) {
      wake_list woken;
      with([&] {
        auto* to = static_cast<task_handle<Output>*>(handle());
        if (to != nullptr && is_first) to->keep(std::move(result));
        is_first = false;
        is_done  = to == nullptr || to->call(woken);
        if (is_done) clear();
      });
      woken.wake_all();
    }
  }

 private:
  // Handles are aligned, so the lowest bit of their address is free.
  static constexpr std::uint64_t aborted = 1;

  [[nodiscard]] COWARP_FN std::uint64_t word() const {
    // relaxed: changed under the lock only, but for `attach`.
    return word_.load(platform::relaxed);
  }
  COWARP_FN void set(std::uint64_t word) {
    // relaxed: read again under the lock; `is_aborted` has the wake.
    word_.store(word, platform::relaxed);
  }

  platform::spin_lock<scope::device> lock_;
  platform::atomic<std::uint64_t, scope::device> word_;  // the handle's address; bit 0: aborted
};

/// Polls a joinable task, or takes it apart if its handle asked for that. \param was_woken is false if
/// only the task itself asked for the poll: aborts wake. \returns true once the task is gone.
template <class Storage>
COWARP_FN bool poll_joinable(Storage& storage, join_link& link, context& cx, bool was_woken) {
  auto result = decltype(storage.poll_for_output(cx))();
  if (was_woken && link.is_aborted()) {
    storage.cancel();
  } else {
    result = storage.poll_for_output(cx);
    if (!result) return false;
    storage.destroy();
  }
  link.finish(std::move(result));
  return true;
}

}  // namespace detail

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
class task_handle {
 public:
  class join_future;

  task_handle() = default;
  /// A frame moves before its first poll, when its handles have no tasks yet.
  COWARP_FN task_handle(task_handle&& other) noexcept {
    COWARP_ASSERT(other.link_ == nullptr, "a task handle must not move once it has a task");
    static_cast<void>(other);
  }
  COWARP_FN ~task_handle() {
    // On the host side a copy of the state may come back with handles of tasks that are no more.
    if (platform::has_block() && link_ != nullptr && !is_finished()) let_go();
  }

  /// \returns a future of the result: empty if the task was aborted, if another one took the result,
  /// or if there is no task.
  [[nodiscard]] COWARP_FN join_future join() { return join_future(*this); }

  /// Ends the task at its next await; does nothing if it has ended.
  COWARP_FN void abort() {
    bool is_alive = false;
    if (link_ == nullptr) return;
    link_->with([&] {
      is_alive = link_->handle() == this;
      if (is_alive) link_->abort();
    });
    if (is_alive) task_.wake();
  }

  /// Lets the task go on without a handle.
  COWARP_FN void detach() {
    if (link_ != nullptr) let_go();
    result_.reset();
    link_ = nullptr;
  }

  /// \returns true once the task has ended, also after an abort; its effects are visible then.
  [[nodiscard]] COWARP_FN bool is_finished() const {
    // acquire: shows what the task did.
    return is_finished_.load(platform::acquire) != 0;
  }

  /// \returns true if the handle has a task, finished or not.
  [[nodiscard]] COWARP_FN bool has_task() const { return link_ != nullptr; }

  /// Takes the result without waiting. \returns nothing if there is none, or not yet.
  [[nodiscard]] COWARP_FN polled<Output> try_join() {
    polled<Output> result;
    if (link_ != nullptr) link_->with([&] { result = take(); });
    return result;
  }

  // ---- for the spawner ----

  /// Names the task that is about to begin.
  COWARP_FN void attach(detail::join_link& link, waker task) {
    COWARP_ASSERT(link_ == nullptr || is_finished(),
                  "a handle was given a second task while it had one: join it or detach it first");
    result_.reset();
    has_ended_ = false;
    // relaxed: nobody else uses the handle before the spawn.
    is_finished_.store(0, platform::relaxed);
    link_ = &link;
    task_ = task;
    link.attach(this);
  }

 private:
  friend class detail::join_link;

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
    link_->with([&] {
      COWARP_ASSERT(joining_.is_empty(),
                    "a task handle was let go while tasks joined it: let it live longer than they "
                    "wait, or cancel them first");
      if (link_->handle() == this) link_->detach();
    });
  }

  detail::join_link* link_ = nullptr;  // of the slot that the task has or had
  waker task_;
  detail::wait_queue joining_{};
  polled<Output> result_{};
  platform::atomic_word<scope::device> is_finished_{};
  bool has_ended_ = false;  // under the link's lock; `is_finished_` follows once all are notified
};

/// Waits until a task has ended. Cancelling it leaves the result to others.
template <class Output>
class task_handle<Output>::join_future {
 public:
  using output = polled<Output>;

  COWARP_FN explicit join_future(task_handle& of) : of_(of) {}
  join_future(join_future&&) = default;  // before the first poll only
  COWARP_FN ~join_future() {
    if (!has_waited_) return;
    of_.link_->with([&] { leave(); });
  }

  COWARP_FN polled<output> poll(context& cx) {
    if (of_.link_ == nullptr) return polled<output>(in_place);
    polled<output> result;
    of_.link_->with([&] {
      if (of_.has_ended_) {
        leave();
        result.emplace(of_.take());
      } else if (waiter_.is == detail::waiter::state::idle) {
        waiter_.task = cx.task();
        of_.joining_.push_back(waiter_);
      }
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
