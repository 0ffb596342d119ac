// SPDX-License-Identifier: Apache-2.0
/// \file
/// Which of the futures that a task awaits side by side were woken.
#pragma once

#include <cowarp/platform/atomic.hpp>

#include <cstdint>

namespace cowarp {

/// The children of one task slot: the futures that a join, or another future that awaits several, polls
/// under numbers of their own. Numbers are the places of bits in a word.
///
/// ```text
///   who wakes a child:   note its bit 1 ──► wake the task ──► ... ──► the task is polled
///   who polls children:  take the bits 2 ──► poll those children
/// ```
///
/// 1  before the wake of the task, so that the poll which that leads to finds the bit
/// 2  before the polls, so that a wake during one is found by the next
///
/// Invariant:     a bit is set from a wake of its child to the next poll of whoever has that number. A
///                wake may come late and find a number with another child, or with none: that is a poll
///                without cause, or nothing.
/// Called by:     `note`: any lane, host threads too; the rest: the lane that polls the task.
/// Scope:         device.
/// Memory order:  what was written before `note` is visible after the `take` that finds the bit. (A
///                poll may find it before the task's own wake comes, and is then the one that it leads to.)
/// Progress:      wait-free.
/// Storage:       16 bytes in global memory for each slot; zero bytes are "none".
struct alignas(16) child_wakes {
  /// The numbers that children have: those below are other things in `context`, which lends the word.
  static constexpr std::uint32_t numbers = ~0u << 5;

  /// Notes a wake. \param is_here the caller is in the task's block.
  COWARP_FN void note(std::uint32_t child, bool is_here) {
    if (is_here) {
      // release: shows the waker's writes to the poll that takes the bit.
      from_here.fetch_or(1u << child, platform::release);
    } else {
      // release: as above, for all blocks.
      from_elsewhere.fetch_or(1u << child, platform::release);
    }
  }

  /// Takes the bits in `mine`. \returns them and, among others, all those that were noted below `mine`.
  COWARP_FN std::uint32_t take(std::uint32_t mine) {
    // relaxed: the task's own wake ordered the bits of all wakes that led to this poll; both reads
    // are on their way before the first is looked at.
    std::uint32_t here = from_here.load(platform::relaxed);
    // relaxed: as above.
    std::uint32_t there = from_elsewhere.load(platform::relaxed);
    // acquire: shows the writes of a waker whose wake of the task is still on its way.
    if ((here & mine) != 0) here |= from_here.fetch_and(~mine, platform::acquire);
    // acquire: as above.
    if ((there & mine) != 0) there |= from_elsewhere.fetch_and(~mine, platform::acquire);
    return here | there;
  }

  /// \returns up to `most` numbers that nobody has, as a mask.
  [[nodiscard]] COWARP_FN std::uint32_t lend(std::uint32_t most) {
    std::uint32_t lent = 0;
    for (std::uint32_t free = numbers & ~taken; free != 0 && most != 0; --most) {
      lent |= free & (0u - free);
      free &= free - 1;
    }
    taken |= lent;
    return lent;
  }
  COWARP_FN void give_back(std::uint32_t mask) { taken &= ~mask; }

  // Two words, since most wakes come from the task's own block and need not be seen outside of it.
  platform::atomic<std::uint32_t, scope::block, platform::memory_kind::global> from_here;
  platform::atomic_word<scope::device> from_elsewhere;
  std::uint32_t taken;  // numbers that somebody has; the polling lane only
};

}  // namespace cowarp
