// SPDX-License-Identifier: Apache-2.0
/// \file
/// How wakes reach a block from outside: an intrusive list that anyone pushes and the owner takes.
#pragma once

#include <cowarp/platform/atomic.hpp>
#include <cowarp/platform/idle.hpp>

#include <cstdint>

namespace cowarp {

/// The link of one task slot (or of one spawn inbox) in its block's run queue.
struct run_item {
  /// Bit 0: stands in the queue. Bits 1 to 31: the slot's generation.
  platform::atomic_word<scope::device> state;
  /// The next item's index plus one, or 0; written by whoever pushes, read by the owner.
  platform::atomic_word<scope::device> next;
};

/// Wakes on their way to one block, from other blocks and from the host.
///
/// ```text
///              claim 1                     push 2                    drain 3
///   ┌───────┐ ─────────► ┌───────────────┐ ──────► ┌───────────────┐ ──────► ┌───────┐
///   │ free  │            │ queued, held  │         │ queued, in    │         │ free  │
///   └───────┘            │ by the waker  │         │ the list      │         └───────┘
///       ▲                └───────────────┘         └───────────────┘
/// ```
///
/// 1  the first wake sets bit 0; later wakes find it set and only leave their writes behind
/// 2  that waker links the item and swings the head
/// 3  the owner takes the whole list in one swap; for each item it reads the link, clears bit 0,
///    and only then makes the task ready, so that a wake that comes later pushes again
///
/// Invariant:     an item is in the list at most once; only the setter of bit 0 pushes it.
/// Called by:     `wake*`: any lane or host thread; `drain`: one lane of the owning block.
/// Scope:         device; process on the CPU.
/// Memory order:  writes before a wake are visible to the poll that it leads to, also when the wake
///                found the item queued already.
/// Progress:      lock-free; no capacity, never full.
/// Storage:       16 bytes for the head, 8 bytes for each item, owned by the arena.
/// After Embassy's `RunQueue` (a cordyceps `TransferStack`).
class alignas(128) run_queue {
 public:
  /// Names the storage. Called once, before anyone wakes.
  COWARP_FN void bind(run_item* items, platform::pender* sleeper) {
    items_   = items;
    sleeper_ = sleeper;
  }

  /// Wakes whatever lives in the slot.
  COWARP_FN void wake(std::uint32_t item) {
    // relaxed: a guess for `push`, on its way from L2 while the claim below waits for its fence.
    const std::uint32_t head = head_.load(platform::relaxed);
    // release: hands the waker's writes to the owner, whose clearing of the bit acquires them.
    const std::uint32_t old = items_[item].state.fetch_or(queued, platform::release);
    if ((old & queued) == 0) push(item, head);
  }

  /// Wakes the slot's task unless it is of another life. \returns false if it is.
  COWARP_FN bool wake_generation(std::uint32_t item, std::uint32_t generation) {
    // relaxed: only the first guess for the exchange below.
    std::uint32_t state = items_[item].state.load(platform::relaxed);
    // relaxed: as in `wake`.
    const std::uint32_t head = head_.load(platform::relaxed);
    do {
      if ((state >> 1 & generation_mask) != generation) return false;
      // release: as in `wake`; the exchange writes even if the bit was set, so that these writes
      // too are handed over.
    } while (!items_[item].state.compare_exchange(state, state | queued, platform::release));
    if ((state & queued) == 0) push(item, head);
    return true;
  }

  /// What the owner sleeps on; null on a GPU.
  [[nodiscard]] COWARP_FN platform::pender* sleeper() const { return sleeper_; }

  /// Ends the sleep of the owner on a host.
  COWARP_FN void rouse() { platform::rouse(sleeper_); }

  /// \returns the current life of the slot, modulo 2^24.
  [[nodiscard]] COWARP_FN std::uint32_t generation(std::uint32_t item) const {
    // relaxed: a task reads its own; others only compare.
    return items_[item].state.load(platform::relaxed) >> 1 & generation_mask;
  }

  /// Begins the slot's next life; wakers of the last one do nothing from here on.
  COWARP_FN void next_generation(std::uint32_t item) {
    // relaxed: the slot is freed later, with release.
    items_[item].state.fetch_add(2, platform::relaxed);
  }

  /// \returns true if a `drain` would find nothing; costs one plain read.
  [[nodiscard]] COWARP_FN bool is_empty() const {
    // relaxed: a hint; the swap in `drain` acquires.
    return head_.load(platform::relaxed) == 0;
  }

  /// Takes every item and calls `deliver(item)` for each, youngest first.
  template <class Deliver>
  COWARP_FN void drain(Deliver&& deliver) {
    // acquire: shows the links of all pushes, which form one release sequence on the head.
    std::uint32_t at = head_.exchange(0, platform::acquire);
    while (at != 0) {
      const std::uint32_t item = at - 1;
      // relaxed: ordered by the swap above; must be read before the bit is cleared.
      at = items_[item].next.load(platform::relaxed);
      // acq_rel: acquires the writes of every wake since the item was claimed, and keeps the read
      // of the link before a later waker's write to it.
      items_[item].state.fetch_and(~queued, platform::acq_rel);
      deliver(item);
    }
  }

 private:
  /// \param head what the head may be
  COWARP_FN void push(std::uint32_t item, std::uint32_t head) {
    do {
      // relaxed: published by the exchange.
      items_[item].next.store(head, platform::relaxed);
      // release: publishes the link.
    } while (!head_.compare_exchange(head, item + 1, platform::release));
    if (head == 0) platform::rouse(sleeper_);
  }

  static constexpr std::uint32_t queued          = 1;
  static constexpr std::uint32_t generation_mask = (1u << 24) - 1;  // what a waker has room for

  platform::atomic_word<scope::device> head_;  // the first item's index plus one, or 0
  run_item* items_;                            // one for each slot, then one for each task type
  platform::pender* sleeper_;                  // the host worker to rouse; null on a GPU
};

}  // namespace cowarp
