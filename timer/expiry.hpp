// SPDX-License-Identifier: Apache-2.0
/// \file
/// How a worker finds the tasks that are due: every lane looks after its own slots.
#pragma once

#include <cowarp/executor/waker.hpp>
#include <cowarp/platform/lanes.hpp>
#include <cowarp/timer/clock.hpp>

#include <cstdint>

namespace cowarp {

/// One worker's view of the timers of its tasks.
///
/// A task's timers form a list that only its lane touches; their earliest deadline stands in
/// `slot_timers`, the earliest of 32 tasks in `slot_word`, and the earliest of all here. So arming
/// and cancelling a timer is a store and costs no lock, and looking for due tasks reads one number
/// per 32 of them, 32 numbers at a time. Deadlines are kept as complements: zero bytes mean "none",
/// and the earliest is the largest.
///
/// Called by:     all lanes of the worker, converged.
class timer_expiry {
 public:
  static constexpr std::uint64_t never = ~std::uint64_t{0};

  /// \returns true if some task of this worker is due, the same in all lanes.
  [[nodiscard]] COWARP_FN bool is_due() const {
    return soonest_ != never && soonest_ <= platform::uniform(clock::now_ns());
  }

  /// \returns nanoseconds until the next deadline; `never` if there is none.
  [[nodiscard]] COWARP_FN std::uint64_t until_next() const {
    if (soonest_ == never) return never;
    const std::uint64_t now = clock::now_ns();
    return soonest_ <= now ? 0 : soonest_ - now;
  }

  /// \returns true if no timer of this worker is known to run; a manual clock that nobody moves is no
  /// reason to say so. `refresh` forgets timers that were cancelled.
  [[nodiscard]] COWARP_FN bool has_none() const { return soonest_ == never; }
  COWARP_FN void refresh(block_header& block, std::uint32_t worker, std::uint32_t workers) {
    soonest_ = never;
    for (std::uint32_t i = worker; i < block.words; i += workers) rescan(block, i);
  }

  /// Learns the deadlines of a word whose tasks changed their timers.
  COWARP_FN void rescan(block_header& block, std::uint32_t index) {
    const std::uint64_t soonest = note_soonest(block, index);
    if (soonest < soonest_) soonest_ = soonest;
  }

  /// Makes the due tasks of this worker's words ready, and finds the next deadline.
  COWARP_FN void expire(block_header& block, std::uint32_t worker, std::uint32_t workers) {
    const std::uint64_t now = platform::uniform(clock::now_ns());
    std::uint64_t next      = never;
    for (std::uint32_t i = worker; i < block.words; i += workers) {
      std::uint64_t soonest = ~block.word(i).not_soonest;
      if (soonest <= now) {
        wake_due(block, i, now);
        soonest = note_soonest(block, i);
      }
      if (soonest < next) next = soonest;
    }
    soonest_ = next;
  }

 private:
  /// \returns the earliest deadline of a word's slots, which it also notes in the word.
  static COWARP_FN std::uint64_t note_soonest(block_header& block, std::uint32_t index) {
    std::uint64_t soonest = never;
    for (std::uint32_t i = platform::lane(); i < 32; i += platform::warp_lanes) {
      const std::uint64_t deadline = ~block.timers[index * 32 + i].not_soonest;
      if (deadline < soonest) soonest = deadline;
    }
    soonest = platform::smallest_of_lanes(soonest);
    if (platform::lane() == 0) block.word(index).not_soonest = ~soonest;
    platform::sync_warp();
    return soonest;
  }

  /// Wakes the due tasks of a word, each once for all its timers that are due.
  static COWARP_FN void wake_due(block_header& block, std::uint32_t index, std::uint64_t now) {
    const auto said = platform::for_lanes(~0u, [&](std::uint32_t lane) -> std::uint32_t {
      slot_timers& timers = block.timers[index * 32 + lane];
      if (~timers.not_soonest > now) return 0u;
      timers.not_soonest = 0;
      for (const timer_item* item = timers.first; item != nullptr; item = item->next) {
        if (item->deadline_ns > now) {
          timers.wait_until(item->deadline_ns);
        } else if (const task_id task{item->task}; task.child() != 0) {
          detail::note_child(block, task);
        }
      }
      return 1u;
    });
    // relaxed: the same lanes poll; nothing is handed over.
    if (platform::lane() == 0) block.word(index).ready.fetch_or(said.first, platform::relaxed);
    platform::sync_warp();
  }

  std::uint64_t soonest_ = never;
};

}  // namespace cowarp
