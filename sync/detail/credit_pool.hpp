// SPDX-License-Identifier: Apache-2.0
/// \file
/// Credits that whoever comes first takes, and a place to sleep for those who tried in vain.
#pragma once

#include <cowarp/executor/context.hpp>
#include <cowarp/platform/idle.hpp>
#include <cowarp/sync/detail/wait_list.hpp>

#include <cstdint>

namespace cowarp::detail {

/// A count of credits, `Initial` at first, and the tasks that sleep because there were none. After
/// `close` there are none to be had, unless `ServesAfterClose`.
///
/// ```text
///     bit 31 .. 2: credits less Initial, signed     bit 1: closed     bit 0: somebody sleeps
/// ```
///
/// Everything that decides who sleeps and who wakes stands in one word, so it has one order: a task
/// that says that it sleeps learns in the same access whether there is a credit, and whoever adds
/// credits learns in the same access whether somebody sleeps. Only sleeping takes a lock.
///
/// The count is negative for a moment after somebody took more than there was; they put the rest back
/// as anybody else adds credits, and look for sleepers too. So a task that went to sleep over such a
/// moment is woken.
///
/// Invariant:     sleepers are woken for at least as many credits as are there and not spoken for.
/// Called by:     any lane within `Scope`.
/// Scope:         `Scope`.
/// Memory order:  relaxed, but for `close`: the credits order nothing else.
/// Progress:      lock-free while nobody sleeps; sleeping and waking take a short spin lock.
/// Storage:       32 bytes; zero bytes are valid, with `Initial` credits.
template <std::uint32_t Initial, scope Scope, bool ServesAfterClose>
class credit_pool {
 public:
  using waiter_type = waiter;

  static_assert(Initial < 1u << 28);

  /// Takes up to `wanted` credits. \param looks_first for who expects none: reads before it writes,
  /// so that those who wait do not make the count negative again and again.
  /// \returns how many.
  COWARP_FN std::uint32_t take(std::uint32_t wanted, bool looks_first) {
    if (looks_first && available() == 0) return 0;
    // relaxed: the credits order nothing else.
    const std::uint32_t old = word_.fetch_sub(wanted * credit, platform::relaxed);
    const std::int32_t had  = ServesAfterClose || (old & closed) == 0 ? credits(old) : 0;
    std::uint32_t taken     = had <= 0 ? 0 : static_cast<std::uint32_t>(had);
    if (taken > wanted) taken = wanted;
    if (taken < wanted) give(wanted - taken);
    return taken;
  }

  /// Adds credits and wakes as many sleepers.
  COWARP_FN void give(std::uint32_t count) {
    // relaxed: the credits order nothing else.
    const std::uint32_t old = word_.fetch_add(count * credit, platform::relaxed);
    if ((old & sleeping) != 0 && credits(old) + static_cast<std::int32_t>(count) > 0) call(count);
  }

  /// Lets everybody know who sleeps, and nobody sleep from here on.
  COWARP_FN void close() {
    // release: shows what the closer wrote before to who sees the end.
    if ((word_.fetch_or(closed, platform::release) & sleeping) != 0) call(everyone);
  }

  [[nodiscard]] COWARP_FN std::uint32_t available() const {
    // relaxed: a moment's view.
    const std::int32_t now = credits(word_.load(platform::relaxed));
    return now <= 0 ? 0 : static_cast<std::uint32_t>(now);
  }
  [[nodiscard]] COWARP_FN bool is_closed() const {
    // acquire: shows what the closer wrote before.
    return (word_.load(platform::acquire) & closed) != 0;
  }
  /// \returns true once it is closed and all credits are back.
  [[nodiscard]] COWARP_FN bool is_closed_and_whole() const {
    // acquire: shows what the closer wrote before.
    return (word_.load(platform::acquire) & ~sleeping) == closed;
  }

  // ---- a source for `queued_wait` ----

  /// Goes to sleep. \returns true if it must not: there is a credit, or the end, or it was woken.
  COWARP_FN bool enter(waiter& w, task_id task) {
    return sleepers_.enter(w, task, [&](waiter&) {
      // relaxed: decides by the order of this word alone.
      const std::uint32_t old = word_.fetch_or(sleeping, platform::relaxed);
      if (credits(old) <= 0 && (old & closed) == 0) return false;
      note_sleepers();
      return true;
    });
  }

  /// Gives up sleep; what it may have been woken for goes to the next.
  COWARP_FN void leave(waiter& w) {
    sleepers_.with([&] {
      static_cast<void>(sleepers_.forget_locked(w));
      note_sleepers();
    });
    hand_on();
  }

  /// Wakes a sleeper if there is a credit; for who was woken, and wants none any more.
  COWARP_FN void hand_on() {
    // relaxed: whoever adds a credit after this read sees that somebody sleeps.
    const std::uint32_t now = word_.load(platform::relaxed);
    if ((now & sleeping) != 0 && credits(now) > 0) call(1);
  }

 private:
  static constexpr std::uint32_t sleeping = 1u << 0;
  static constexpr std::uint32_t closed   = 1u << 1;
  static constexpr std::uint32_t credit   = 1u << 2;
  static constexpr std::uint32_t everyone = ~0u;

  [[nodiscard]] COWARP_FN static std::int32_t credits(std::uint32_t word) {
    return (static_cast<std::int32_t>(word) >> 2) + static_cast<std::int32_t>(Initial);
  }

  /// Takes the note away that somebody sleeps, if nobody does; under the lock.
  COWARP_FN void note_sleepers() {
    // relaxed: decides by the order of this word alone; nobody falls asleep without the lock.
    if (sleepers_.is_empty()) word_.fetch_and(~sleeping, platform::relaxed);
  }

  /// Out of line: it is rare, and would stand at every send and receive.
  [[gnu::noinline]] COWARP_FN void call(std::uint32_t count) {
    sleepers_.update([] {},
                     [&]() -> waiter* {
                       if (sleepers_.is_empty()) note_sleepers();
                       return count-- != 0 ? sleepers_.first() : nullptr;
                     });
  }

  platform::atomic_word<Scope> word_;
  wait_list<Scope, waiter> sleepers_;
};

/// The waiting of a future that takes credits: some tries in the next passes, then sleep.
///
/// Called by:     the lane that polls the task.
/// Storage:       56 bytes; it must not move after the first poll.
/// Dropping it hands on what it may have been woken for.
template <class Pool>
class COWARP_TRIVIAL_ABI patience {
 public:
  COWARP_FN explicit patience(Pool& pool) : sleep_(pool) {}
  patience(patience&&) = default;  // before the first poll only
  COWARP_FN ~patience() {
    if (tries_ == 0) return;
    sleep_.cancel();
    sleep_.source().hand_on();
  }

  /// \returns true after a try in vain.
  [[nodiscard]] COWARP_FN bool has_tried() const { return tries_ != 0; }

  /// \returns true if the first try is for the next pass, since the task's turn is over.
  [[nodiscard]] COWARP_FN bool lets_pass(context& cx) const {
    if (tries_ != 0 || !cx.is_turn_over()) return false;
    cx.wake_self();
    return true;
  }

  /// After a try in vain: to be polled again, soon or when there is something.
  COWARP_FN void wait(context& cx) {
    if (tries_ > platform::tries_before_sleep) {
      if (!sleep_.poll(cx)) return;
      tries_ = 0;
    }
    ++tries_;
    cx.wake_self();
  }

  /// After success: waits no more.
  COWARP_FN void stop() {
    sleep_.cancel();
    tries_ = 0;
  }

 private:
  queued_wait<Pool> sleep_;
  std::uint32_t tries_ = 0;
};

}  // namespace cowarp::detail
