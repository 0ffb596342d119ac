// SPDX-License-Identifier: Apache-2.0
/// \file
/// An integer that names one life of one task, and wakes it from anywhere.
#pragma once

#include <cowarp/executor/block.hpp>
#include <cowarp/executor/child_wakes.hpp>

#include <cstdint>

namespace cowarp {

/// Names a task slot in the grid: block and slot; and maybe one of the futures that the task awaits
/// side by side, its child. What a wait queue keeps for each waiter.
///
/// Storage:       4 bytes: child 5 bits (0: the task as a whole), block 12, slot 15.
struct task_id {
  static constexpr std::uint32_t none        = ~0u;
  static constexpr std::uint32_t slot_bits   = 15;
  static constexpr std::uint32_t block_bits  = 12;
  static constexpr std::uint32_t most_slots  = 1u << slot_bits;
  static constexpr std::uint32_t most_blocks = platform::most_blocks;
  static_assert(most_blocks < 1u << block_bits, "the last block's number is part of `none`");

  std::uint32_t value;

  [[nodiscard]] COWARP_FN static constexpr task_id of(std::uint32_t block, std::uint32_t slot) {
    // Masked, so that the compiler knows that this is no child, and drops what children need.
    return {(block & ((1u << block_bits) - 1)) << slot_bits | slot};
  }
  [[nodiscard]] COWARP_FN constexpr std::uint32_t block() const {
    return value >> slot_bits & ((1u << block_bits) - 1);
  }
  [[nodiscard]] COWARP_FN constexpr std::uint32_t slot() const { return value & (most_slots - 1); }
  [[nodiscard]] COWARP_FN constexpr std::uint32_t child() const { return value >> child_shift; }
  [[nodiscard]] COWARP_FN constexpr bool is_none() const { return value == none; }
  /// \returns true if it is a task of this block, as a whole.
  [[nodiscard]] COWARP_FN constexpr bool is_whole_in(std::uint32_t block) const {
    return value >> slot_bits == block;
  }

  /// \returns the task as a whole. \pre not `none`
  [[nodiscard]] COWARP_FN constexpr task_id whole() const {
    return {value & ((1u << child_shift) - 1)};
  }
  /// \returns one of the task's children. \pre not `none`
  [[nodiscard]] COWARP_FN constexpr task_id with_child(std::uint32_t child) const {
    return {whole().value | child << child_shift};
  }
  friend COWARP_FN constexpr bool operator==(task_id a, task_id b) { return a.value == b.value; }

 private:
  static constexpr std::uint32_t child_shift = slot_bits + block_bits;
};

namespace detail {

/// \returns where the wakes of a task's children are noted. \pre `task` is not `none`
[[nodiscard]] COWARP_FN inline child_wakes& children_of(const block_header& here, task_id task) {
  return here.grid->children[task.block() * here.words * 32 + task.slot()];
}

/// Notes that a child of a task of this block was woken, before the task is. Not inlined: few tasks have
/// children.
[[gnu::noinline]] COWARP_FN inline void note_child(const block_header& here, task_id task) {
  children_of(here, task).note(task.child(), true);
}

/// Wakes a task of another block, or a child. Not inlined: the first takes a microsecond anyway, and
/// both would stand at every await.
[[gnu::noinline]] COWARP_FN inline void wake_elsewhere(block_header& here, task_id task) {
  const bool is_here = task.block() == here.block;
  if (task.child() != 0) children_of(here, task).note(task.child(), is_here);
  if (is_here) {
    here.wake(task.slot());
  } else {
    here.grid->queues[task.block()].wake(task.slot());
  }
}

/// The same for one life of the task.
[[gnu::noinline]] COWARP_FN inline void wake_elsewhere(block_header& here, task_id task,
                                                       std::uint32_t generation) {
  const bool is_here = task.block() == here.block;
  if (is_here && here.items[task.slot()].generation() != generation) return;
  // A child of the slot's next life may be polled without cause.
  if (task.child() != 0) children_of(here, task).note(task.child(), is_here);
  if (is_here) {
    here.wake(task.slot());
  } else {
    here.grid->queues[task.block()].wake_generation(task.slot(), generation);
  }
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
  if (task.is_whole_in(here.block)) {
    here.wake(task.slot());
  } else {
    detail::wake_elsewhere(here, task);
  }
}

/// Wakes one life of one task, or a child of it; after that life it does nothing. (A wake that was on its way when that
/// life ended may cost the slot's next task a poll without cause.)
///
/// Invariant:     a copy is as good as the original; keeping one keeps nothing alive.
/// Called by:     any lane or host thread inside an executor of the same grid.
/// Scope:         device.
/// Memory order:  writes before `wake` are visible to the poll that it leads to.
/// Progress:      lock-free, never fails; many wakes before the poll fold into one.
/// Storage:       8 bytes: generation 24, processing element 8 (0 for now), child 5, block 12, slot 15
///                bits.
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
    if (!task().is_whole_in(here.block)) {
      detail::wake_elsewhere(here, task(), generation());
    } else if (here.items[task().slot()].generation() == generation()) {
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
  /// \returns true if both wake the same life of the same task, and the same child of it.
  friend COWARP_FN constexpr bool operator==(waker a, waker b) { return a.bits_ == b.bits_; }

 private:
  static constexpr std::uint64_t no_task = ~std::uint64_t{0};

  std::uint64_t bits_ = no_task;
};

}  // namespace cowarp
