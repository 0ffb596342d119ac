// SPDX-License-Identifier: Apache-2.0
/// \file
/// How wakes reach a block from outside: an intrusive list that anyone pushes and the owner takes.
#pragma once

#include <cowarp/platform/atomic.hpp>
#include <cowarp/platform/idle.hpp>
#include <cowarp/platform/pause.hpp>

#include <cstdint>

namespace cowarp {

/// The link of one task slot (or of one spawn inbox) in its block's run queue.
struct run_item {
  /// Bit 0: stands in the queue. Bits 1 to 31: the slot's generation.
  platform::atomic_word<scope::device> state;
  /// The next item's index plus two, 1 at the end of the list; written by whoever pushes. 0 until then:
  /// the owner resets it.
  platform::atomic_word<scope::device> next;

  /// \returns the current life of the slot, modulo 2^24.
  [[nodiscard]] COWARP_FN std::uint32_t generation() const {
    // relaxed: a task reads its own; others only compare.
    return state.load(platform::relaxed) >> 1 & generation_mask;
  }
  /// Begins the slot's next life; wakers of the last one do nothing from here on.
  COWARP_FN void next_generation() {
    // relaxed: the slot is freed later, with release.
    state.fetch_add(2, platform::relaxed);
  }

  static constexpr std::uint32_t generation_mask = (1u << 24) - 1;  // what a waker has room for
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
/// 2  that waker swaps the head for its item, and then links the item to what it found there
/// 3  the owner takes the whole list in one swap; for each item it waits for the link, clears bit 0,
///    and only then makes the task ready, so that a wake that comes later pushes again
///
/// Invariant:     an item is in the list at most once; only the setter of bit 0 pushes it.
/// Called by:     `wake*`: any lane or host thread; `drain`: one lane of the owning block.
/// Scope:         device; process on the CPU.
/// Memory order:  writes before a wake are visible to the poll that it leads to, also when the wake
///                found the item queued already.
/// Progress:      `wake*` wait for nobody; the owner waits for wakers between their swap and their link,
///                two instructions. No capacity, never full.
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
    // acq_rel: hands the waker's writes to the owner, whose clearing of the bit acquires them; and orders
    // the owner's reset of the link before the link that follows.
    const std::uint32_t old = items_[item].state.fetch_or(queued, platform::acq_rel);
    if ((old & queued) == 0) push(item);
  }

  /// Wakes the slot's task unless it is of another life. \returns false if it is.
  COWARP_FN bool wake_generation(std::uint32_t item, std::uint32_t generation) {
    // relaxed: only the first guess for the exchange below.
    std::uint32_t state = items_[item].state.load(platform::relaxed);
    do {
      if ((state >> 1 & run_item::generation_mask) != generation) return false;
      // acq_rel: as in `wake`; the exchange writes even if the bit was set, so that these writes
      // too are handed over.
    } while (!items_[item].state.compare_exchange(state, state | queued, platform::acq_rel));
    if ((state & queued) == 0) push(item);
    return true;
  }

  /// What the owner sleeps on; null on a GPU.
  [[nodiscard]] COWARP_FN platform::pender* sleeper() const { return sleeper_; }

  /// Ends the sleep of the owner on a host.
  COWARP_FN void rouse() { platform::rouse(sleeper_); }

  /// \returns the storage that `bind` named.
  [[nodiscard]] COWARP_FN run_item* items() const { return items_; }

  /// \returns true if a `drain` would find nothing; costs one plain read.
  [[nodiscard]] COWARP_FN bool is_empty() const {
    // relaxed: a hint; `drain` acquires.
    return head_.load(platform::relaxed) == 0;
  }

  /// Takes every item and calls `deliver(item)` for each, youngest first.
  template <class Deliver>
  COWARP_FN void drain(Deliver&& deliver) {
    // relaxed: each item's link is waited for, and its bit acquires what its wakers wrote.
    std::uint32_t at = head_.exchange(0, platform::relaxed);
    while (at != 0) {
      const std::uint32_t item = at - 1;
      // The link must be read before the bit is cleared.
      at = take_link(item);
      // acq_rel: acquires the writes of every wake since the item was claimed, and keeps what was done
      // to the link before a later waker's write to it.
      items_[item].state.fetch_and(~queued, platform::acq_rel);
      deliver(item);
    }
  }

 private:
  COWARP_FN void push(std::uint32_t item) {
    // relaxed: who comes after this item learns its number and nothing else.
    const std::uint32_t before = head_.exchange(item + 1, platform::relaxed);
    // relaxed: the owner waits for the link itself.
    items_[item].next.store(before + linked, platform::relaxed);
    if (before == 0) platform::rouse(sleeper_);
  }

  /// \returns the link of an item in the list, as the head has it, and resets it.
  COWARP_FN std::uint32_t take_link(std::uint32_t item) {
    auto& link         = items_[item].next;
    std::uint32_t next = 0;
    // relaxed: the link itself is waited for; nothing else comes with it.
    while ((next = link.load(platform::relaxed)) == 0) platform::pause(0);
    // relaxed: ordered before the next waker's link by the item's `queued` bit.
    link.store(0, platform::relaxed);
    return next - linked;
  }

  static constexpr std::uint32_t queued = 1;
  static constexpr std::uint32_t linked = 1;  // in `run_item::next`

  platform::atomic_word<scope::device> head_;  // the first item's index plus one, or 0
  run_item* items_;                            // one for each slot, then one for each task type
  platform::pender* sleeper_;                  // the host worker to rouse; null on a GPU
};

}  // namespace cowarp
