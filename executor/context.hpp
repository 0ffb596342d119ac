// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a future is given when it is polled: who asks, and how to be polled again.
#pragma once

#include <cowarp/executor/waker.hpp>

#include <cstdint>

namespace cowarp {

namespace detail {
struct width_place;
}

/// The task on whose behalf a future is polled.
///
/// Called by:     the lane that polls the task, during the poll.
/// Storage:       24 bytes, copied where needed; do not keep it, keep a `waker`.
class context {
 public:
  /// Stands for nobody: `wake_self` and wakers do nothing, so the caller must poll by itself.
  constexpr context() = default;
  COWARP_FN constexpr explicit context(task_id task) : task_(task) {}
  /// The same in a program that serves width. \param width_place where the task asks for it
  COWARP_FN constexpr context(task_id task, detail::width_place& width_place)
      : task_(task), mode_(wide), width_place_(&width_place) {}

  /// \returns the waiting task, for wait queues that take it out again before the task ends.
  [[nodiscard]] COWARP_FN constexpr task_id task() const { return task_; }

  /// \returns a waker that anyone may keep for as long as they like.
  [[nodiscard]] COWARP_FN cowarp::waker waker() const {
    if (task_.is_none()) return {};
    return {task_, platform::this_block()->items[task_.slot()].generation()};
  }

  /// \returns true if the program serves width. Only width/ calls it.
  [[nodiscard]] COWARP_FN constexpr bool serves_width() const { return (mode_ & wide) != 0; }
  /// Notes that the task asks for width. \returns where. \pre the program serves it
  COWARP_FN constexpr detail::width_place& ask_for_width() {
    notes_ |= width_asked;
    return *width_place_;
  }
  /// \returns true if the task has asked in this poll.
  [[nodiscard]] COWARP_FN constexpr bool has_asked_for_width() const {
    return (notes_ & width_asked) != 0;
  }

  /// Asks for one more poll of this task in the next pass; costs no atomic.
  COWARP_FN constexpr void wake_self() { notes_ |= self_wake; }

  /// Says that the task's timers changed; only timer/ calls it.
  COWARP_FN constexpr void touch_timers() { notes_ |= timers_changed; }

  /// Says that the task has had its turn: what it awaits next and can begin later should begin in the next
  /// pass, in step with the other lanes of its warp. Lanes that part in a poll meet only when it is over.
  COWARP_FN constexpr void end_turn() { notes_ |= turn_over; }
  [[nodiscard]] COWARP_FN constexpr bool is_turn_over() const { return (notes_ & turn_over) != 0; }

  /// Says that the task has failed; only `fail` calls it.
  COWARP_FN constexpr void note_failure() { notes_ |= failed; }
  [[nodiscard]] COWARP_FN constexpr bool has_failed() const { return (notes_ & failed) != 0; }

  /// \returns true while a frame is taken apart: the future must release what it holds.
  [[nodiscard]] COWARP_FN constexpr bool is_cancelling() const { return (mode_ & cancelling) != 0; }
  /// \returns the context that takes a frame apart.
  [[nodiscard]] COWARP_FN static constexpr context cancel() {
    context cx;
    cx.mode_ = cancelling;
    return cx;
  }

  /// \returns true while the host reads where a frame waits; it is cancelling as well.
  [[nodiscard]] COWARP_FN constexpr bool is_describing() const { return (mode_ & describing) != 0; }
  [[nodiscard]] COWARP_FN static constexpr context describe() {
    context cx;
    cx.mode_ = cancelling | describing;
    return cx;
  }

  /// \returns the context for polling one of the task's children. Of this one's notes it knows only
  /// whether the task has asked for width, and whether its turn is over.
  [[nodiscard]] COWARP_FN constexpr context for_child(std::uint32_t child) const {
    context its = *this;
    its.task_   = task_.with_child(child);
    its.notes_ &= width_asked | turn_over;
    return its;
  }
  /// Says which children the polled future has, below it at any depth; a mask of their numbers.
  COWARP_FN constexpr void note_children(std::uint32_t mask) { notes_ |= mask; }
  /// \returns the children that were noted.
  [[nodiscard]] COWARP_FN constexpr std::uint32_t children() const {
    return notes_ & child_wakes::numbers;
  }

  /// Becomes another context, which is mostly that of the same task's latest poll; stores what differs only.
  /// \pre what was noted was handed over
  COWARP_FN constexpr void renew(const context& other) {
    if (!(task_ == other.task_) | (mode_ != other.mode_)) {
      *this = other;  // the task says where it asks for width, so that need not be compared
    } else if (other.notes_ != 0) {
      notes_ = other.notes_;
    }
  }
  /// Takes over what another context of the same task noted.
  COWARP_FN constexpr void merge(const context& other) { notes_ |= other.notes_; }
  /// \returns what was noted, 0 if nothing was.
  [[nodiscard]] COWARP_FN constexpr std::uint32_t notes() const { return notes_; }
  /// Has another context of the same task take over what was noted.
  COWARP_FN constexpr void hand_over(context& other) {
    other.merge(*this);
    notes_ = 0;
  }

  /// \returns the notes for the executor: bit 1 self-wake, bit 2 timers changed, bit 3 width asked for,
  /// bit 4 failed.
  [[nodiscard]] COWARP_FN constexpr std::uint32_t flags() const {
    return notes_ & ~(child_wakes::numbers | turn_over);
  }

  static constexpr std::uint32_t self_wake      = 1u << 1;
  static constexpr std::uint32_t timers_changed = 1u << 2;
  static constexpr std::uint32_t width_asked    = 1u << 3;
  static constexpr std::uint32_t failed         = 1u << 4;

 private:
  // In the notes; the executor's flags have something else there.
  static constexpr std::uint32_t turn_over = 1u << 0;

  // In the mode.
  static constexpr std::uint32_t cancelling = 1u << 0;
  static constexpr std::uint32_t describing = 1u << 1;
  static constexpr std::uint32_t wide       = 1u << 2;
  static_assert(((self_wake | timers_changed | width_asked | failed) & child_wakes::numbers) == 0);

  task_id task_{task_id::none};
  // Apart from the notes: no poll changes it, so the compiler knows it throughout an ordinary poll.
  std::uint32_t mode_               = 0;
  std::uint32_t notes_              = 0;  // bits 0 to 4 as above; from bit 5: children
  detail::width_place* width_place_ = nullptr;
};

}  // namespace cowarp
