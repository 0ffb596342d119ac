// SPDX-License-Identifier: Apache-2.0
/// \file
/// How a future that awaits several at once polls only those that were woken.
#pragma once

#include <cowarp/executor/context.hpp>
#include <cowarp/platform/platform.hpp>

#include <cstdint>

namespace cowarp::detail {

/// The children of one future, by index: who is due for a poll, and the context to poll each with.
///
/// Each child has a number of its task's `child_wakes`, which its context carries to all that it waits
/// for; children of children have numbers of their own, and so have theirs. A task has 27: if they do
/// not suffice, children share one, and are polled together. If there is none left, or nobody to be
/// woken, all are polled with the context that was given.
///
/// ```text
///             its number woken, or one below it 1
///   ┌───────┐ ──────────────────────────────────► ┌─────┐
///   │ waits │ ◄────────────────────────────────── │ due │ ◄── at first, after `renew`
///   └───────┘               poll 2                └─────┘
/// ```
///
/// 1  seen by `begin`
/// 2  and it did not wake itself; else it is due again
///
/// Invariant:     a child that was woken is due, or its bit is set and its task will be polled.
/// Called by:     the lane that polls the task; one task only.
/// Storage:       16 bytes and 5 for each child; it must not move after the first poll.
template <std::uint32_t Count>
class COWARP_TRIVIAL_ABI child_set {
 public:
  COWARP_FN child_set() {
    for (std::uint32_t i = 0; i < Count; ++i) renew(i);
  }
  COWARP_FN child_set(child_set&& other) noexcept : child_set() {  // before the first poll only
    COWARP_ASSERT(other.wakes_ == nullptr, "a future must not move after it was polled");
    static_cast<void>(other);
  }
  COWARP_FN ~child_set() {
    if (wakes_ != nullptr) wakes_->give_back(mine_);
  }

  /// Finds out who is due. Every poll of the future begins with it.
  COWARP_FN void begin(context& cx) {
    if (!cx.task().is_none() && find_numbers(cx.task())) {
      cx.note_children(mine_);
      const std::uint32_t woken = wakes_->take(mine_);
      for (std::uint32_t i = 0; i < Count; ++i) {
        cx.note_children(below_[i]);
        if ((woken & (bit(i) | below_[i])) != 0) children_[i] |= due;
      }
    } else {
      for (auto& child : children_) child |= due;
    }
  }

  [[nodiscard]] COWARP_FN bool is_due(std::uint32_t i) const { return (children_[i] & due) != 0; }

  /// \returns `poll(context&)`, called with the child's context. \pre `begin` was called in this poll.
  template <class Poll>
  COWARP_FN auto poll(context& cx, std::uint32_t i, Poll&& poll) {
    if (wakes_ == nullptr || cx.task().is_none()) return poll(cx);
    context its      = cx.for_child(children_[i] & number);
    auto output      = poll(its);
    below_[i]        = its.children();
    const bool again = (its.flags() & context::self_wake) != 0;
    children_[i]     = static_cast<std::uint8_t>((children_[i] & number) | (again ? due : 0));
    cx.merge(its);
    return output;
  }

  /// Another future takes this child's place.
  COWARP_FN void renew(std::uint32_t i) {
    children_[i] |= due;
    below_[i] = 0;
  }

 private:
  static constexpr std::uint8_t number = 31;
  static constexpr std::uint8_t due    = 1u << 7;

  [[nodiscard]] COWARP_FN std::uint32_t bit(std::uint32_t i) const {
    return 1u << (children_[i] & number);
  }

  /// \returns true if the children have numbers.
  COWARP_FN bool find_numbers(task_id task) {
    child_wakes& wakes = children_of(*platform::this_block(), task);
    COWARP_ASSERT(wakes_ == nullptr || wakes_ == &wakes,
                  "a future that awaits several was polled by two tasks: let one of them poll it");
    if (wakes_ != nullptr) return true;
    mine_ = wakes.lend(Count);
    if (mine_ == 0) return false;
    wakes_             = &wakes;
    std::uint32_t left = mine_;
    for (auto& child : children_) {
      if (left == 0) left = mine_;  // children share numbers
      child |= static_cast<std::uint8_t>(platform::lowest_bit(left));
      left &= left - 1;
    }
    return true;
  }

  child_wakes* wakes_ = nullptr;       // null: the children have no numbers
  std::uint32_t mine_ = 0;             // their numbers, as a mask
  std::uint32_t below_[Count];         // each child's own children and theirs, as masks
  std::uint8_t children_[Count] = {};  // each child's number, and whether it is due
};

}  // namespace cowarp::detail
