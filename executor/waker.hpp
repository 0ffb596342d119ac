// SPDX-License-Identifier: Apache-2.0
/// \file
/// An integer that names one life of one task, and wakes it from anywhere.
#pragma once

#include <cowarp/executor/block.hpp>

#include <cstdint>

namespace cowarp {

/// Names a task slot in the grid: block and slot. What a wait queue keeps for each waiter.
struct task_id {
  static constexpr std::uint32_t none = ~0u;

  std::uint32_t value;

  [[nodiscard]] COWARP_FN static constexpr task_id of(std::uint32_t block, std::uint32_t slot) {
    return {block << 16 | slot};
  }
  [[nodiscard]] COWARP_FN constexpr std::uint32_t block() const { return value >> 16; }
  [[nodiscard]] COWARP_FN constexpr std::uint32_t slot() const { return value & 0xffffu; }
  [[nodiscard]] COWARP_FN constexpr bool is_none() const { return value == none; }
  friend COWARP_FN constexpr bool operator==(task_id a, task_id b) { return a.value == b.value; }
};

namespace detail {

/// Wakes a task of another block. Not inlined: it takes a microsecond anyway, and would stand at every
/// await.
[[gnu::noinline]] COWARP_FN inline void wake_elsewhere(block_header& here, task_id task) {
  here.grid->queues[task.block()].wake(task.slot());
}

}  // namespace detail

/// Wakes whatever lives in the slot; for callers who know that it is the task they mean.
///
/// Called by:     any lane or host thread inside an executor.
/// Scope:         a task of this block: block; of another block: device.
/// Memory order:  writes before it, visible at that scope, are visible to the poll it leads to.
COWARP_FN inline void wake(task_id task) {
  if (task.is_none()) return;
  block_header& here = *platform::this_block();
  if (task.block() == here.block) {
    here.wake(task.slot());
  } else {
    detail::wake_elsewhere(here, task);
  }
}

/// Wakes one life of one task; after that life it does nothing. (A wake that was on its way when that
/// life ended may cost the slot's next task a poll without cause.)
///
/// Invariant:     a copy is as good as the original; keeping one keeps nothing alive.
/// Called by:     any lane or host thread inside an executor of the same grid.
/// Scope:         device.
/// Memory order:  writes before `wake` are visible to the poll that it leads to.
/// Progress:      lock-free, never fails; many wakes before the poll fold into one.
/// Storage:       8 bytes: generation 24, processing element 8 (0 for now), block 16, slot 16 bits.
/// After Embassy's and Rust's `Waker`, without a vtable.
class waker {
 public:
  /// Wakes nobody.
  constexpr waker() = default;
  /// \param generation below 2^24, as `run_queue::generation` gives it.
  COWARP_FN constexpr waker(task_id task, std::uint32_t generation)
      : bits_(static_cast<std::uint64_t>(generation) << 40 | task.value) {}

  /// Asks for one more poll of the task.
  COWARP_FN void wake() const {
    if (is_none()) return;
    block_header& here = *platform::this_block();
    if (task().block() != here.block) {
      here.grid->queues[task().block()].wake_generation(task().slot(), generation());
    } else if (here.queue->generation(task().slot()) == generation()) {
      here.wake(task().slot());
    }
  }

  [[nodiscard]] COWARP_FN constexpr bool is_none() const { return bits_ == no_task; }
  [[nodiscard]] COWARP_FN constexpr task_id task() const {
    return {static_cast<std::uint32_t>(bits_)};
  }
  [[nodiscard]] COWARP_FN constexpr std::uint32_t generation() const {
    return static_cast<std::uint32_t>(bits_ >> 40);
  }
  /// \returns true if both wake the same life of the same task.
  friend COWARP_FN constexpr bool operator==(waker a, waker b) { return a.bits_ == b.bits_; }

 private:
  static constexpr std::uint64_t no_task = ~std::uint64_t{0};

  std::uint64_t bits_ = no_task;
};

}  // namespace cowarp
