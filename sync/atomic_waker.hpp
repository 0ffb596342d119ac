// SPDX-License-Identifier: Apache-2.0
/// \file
/// One task that waits, without a lock.
#pragma once

#include <cowarp/executor/context.hpp>
#include <cowarp/platform/atomic.hpp>

#include <bit>
#include <cstdint>
#include <type_traits>

namespace cowarp {

/// Holds the waker of one task; whoever makes something happen wakes it.
///
/// The waiting future calls `register_waker` at every poll and then looks whether the thing has
/// happened; the other side makes it happen and then calls `wake`. Both are one exchange on the
/// same word, so either the future sees what happened, or `wake` finds its waker: no wake is lost,
/// however the two race. A waker is an integer, so there is nothing to protect while it is moved,
/// and no state but the word.
///
/// Invariant:     the word holds at most one waker; a waker that is replaced by another is woken.
/// Called by:     any lane within `Scope`, any number at once; one task waits, others take turns.
/// Scope:         `Scope`; with `block` it lives in the block state.
/// Memory order:  what was written before `wake` is visible after `register_waker` to a task that
///                comes too late for that `wake`, and to the poll that it leads to.
/// Progress:      wait-free: one exchange, or one plain read when a waker is registered again.
/// Storage:       8 bytes, 4 with `block`; zero bytes are "nobody".
/// Fails:         never. After futures-rs's and Embassy's `AtomicWaker`, without their three
///                states.
template <scope Scope = scope::device>
class atomic_waker {
 public:
  static constexpr scope primitive_scope = Scope;

  /// Makes `w` the one to wake. If that was another task, it is woken, so that it can come back.
  COWARP_FN void register_waker(waker w) {
    const bits_type mine = encode(w);
    // relaxed: if it still stands here, no `wake` came between; one that comes now finds it.
    if (word_.load(platform::relaxed) == mine) return;
    // acq_rel: shows what was written before the last `wake`, and hands that on to the next one who
    // registers.
    const bits_type old = word_.exchange(mine, platform::acq_rel);
    if (old != mine) decode(old).wake();
  }

  /// Wakes the task that is registered, if any; it has to register anew.
  COWARP_FN void wake() { take().wake(); }

  /// \returns the waker that is registered, which is none after that; its owner wakes it.
  [[nodiscard]] COWARP_FN waker take() {
    // acq_rel: publishes the caller's writes to the task that registers next, and takes over those
    // of the task that registered.
    return decode(word_.exchange(encode(waker()), platform::acq_rel));
  }

  [[nodiscard]] COWARP_FN bool is_registered() const {
    // relaxed: a hint, true or not by the time that the caller looks at it.
    return word_.load(platform::relaxed) != encode(waker());
  }

 private:
  // Shared-memory words have 32 bits. There the task's id plus one is enough: a wake that finds the
  // slot's next life is a poll without cause.
  using bits_type = std::conditional_t<Scope == scope::block, std::uint32_t, std::uint64_t>;

  static COWARP_FN bits_type encode(waker w) {
    if constexpr (Scope == scope::block) {
      return w.task().value + 1;  // 0 for none
    } else {
      return ~std::bit_cast<std::uint64_t>(w);
    }
  }
  static COWARP_FN waker decode(bits_type bits) {
    if constexpr (Scope == scope::block) {
      return context(task_id{bits - 1}).waker();
    } else {
      return std::bit_cast<waker>(~bits);
    }
  }

  platform::atomic<bits_type, Scope> word_;
};

}  // namespace cowarp
