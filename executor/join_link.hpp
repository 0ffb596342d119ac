// SPDX-License-Identifier: Apache-2.0
/// \file
/// Where a task and its handle find each other, or find out that the other one is gone.
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

  /// Passes a handle on to the slot that its task has found in another block; an abort too.
  template <class Output>
  COWARP_FN void hand_over(join_link& to, waker task) {
    if (is_empty()) return;
    with([&] {
      to.set(word());
      auto* of = static_cast<task_handle<Output>*>(handle());
      if (of != nullptr) of->follow(to, task);
      clear();
    });
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
template <bool SurvivesFailures, class Storage>
COWARP_FN bool poll_joinable(Storage& storage, join_link& link, context& cx, bool was_woken) {
  auto result = decltype(storage.poll_for_output(cx))();
  if (was_woken && link.is_aborted()) {
    storage.cancel();
  } else {
    result = storage.poll_for_output(cx);
    if (result) {
      storage.destroy();
    } else if (SurvivesFailures && cx.has_failed()) {
      storage.cancel();
    } else {
      return false;
    }
  }
  link.finish(std::move(result));
  return true;
}

}  // namespace detail
}  // namespace cowarp
