// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a future is given when it is polled: who asks, and how to be polled again.
#pragma once

#include <cowarp/executor/waker.hpp>

#include <cstdint>

namespace cowarp {

/// The task on whose behalf a future is polled.
///
/// Called by:     the lane that polls the task, during the poll.
/// Storage:       8 bytes, copied where needed; do not keep it, keep a `waker`.
class context {
 public:
  /// Stands for nobody: `wake_self` and wakers do nothing, so the caller must poll by itself.
  constexpr context() = default;
  COWARP_FN constexpr explicit context(task_id task) : task_(task) {}

  /// \returns the waiting task, for wait queues that take it out again before the task ends.
  [[nodiscard]] COWARP_FN constexpr task_id task() const { return task_; }

  /// \returns a waker that anyone may keep for as long as they like.
  [[nodiscard]] COWARP_FN cowarp::waker waker() const {
    if (task_.is_none()) return {};
    return {task_, platform::this_block()->queue->generation(task_.slot())};
  }

  /// Asks for one more poll of this task in the next pass; costs no atomic.
  COWARP_FN constexpr void wake_self() { flags_ |= self_wake; }

  /// Says that the task's timers changed; only timer/ calls it.
  COWARP_FN constexpr void touch_timers() { flags_ |= timers_changed; }

  /// \returns true while a frame is taken apart: the future must release what it holds.
  [[nodiscard]] COWARP_FN constexpr bool is_cancelling() const {
    return (flags_ & cancelling) != 0;
  }
  /// \returns the context that takes a frame apart.
  [[nodiscard]] COWARP_FN static constexpr context cancel() {
    context cx;
    cx.flags_ = cancelling;
    return cx;
  }

  /// \returns true while the host reads where a frame waits; it is cancelling as well.
  [[nodiscard]] COWARP_FN constexpr bool is_describing() const {
    return (flags_ & describing) != 0;
  }
  [[nodiscard]] COWARP_FN static constexpr context describe() {
    context cx;
    cx.flags_ = cancelling | describing;
    return cx;
  }

  /// \returns the context for polling one of the task's children, which notes nothing of this one's.
  [[nodiscard]] COWARP_FN constexpr context for_child(std::uint32_t child) const {
    return context(task_.with_child(child));
  }
  /// Says which children the polled future has, below it at any depth; a mask of their numbers.
  COWARP_FN constexpr void note_children(std::uint32_t mask) { flags_ |= mask; }
  /// \returns the children that were noted.
  [[nodiscard]] COWARP_FN constexpr std::uint32_t children() const {
    return flags_ & child_wakes::numbers;
  }

  /// Takes over what another context of the same task noted.
  COWARP_FN constexpr void merge(const context& other) { flags_ |= other.flags_; }

  /// \returns the notes for the executor: bit 1 self-wake, bit 2 timers changed.
  [[nodiscard]] COWARP_FN constexpr std::uint32_t flags() const { return flags_ & notes; }

  static constexpr std::uint32_t self_wake      = 1u << 1;
  static constexpr std::uint32_t timers_changed = 1u << 2;

 private:
  static constexpr std::uint32_t cancelling = 1u << 3;
  static constexpr std::uint32_t describing = 1u << 4;
  static constexpr std::uint32_t notes      = self_wake | timers_changed;
  static_assert(((notes | cancelling | describing) & child_wakes::numbers) == 0);

  task_id task_{task_id::none};
  std::uint32_t flags_ = 0;  // bits 1 to 4 as above; from bit 5: children
};

}  // namespace cowarp
