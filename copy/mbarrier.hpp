// SPDX-License-Identifier: Apache-2.0
/// \file
/// Awaiting a phase of the hardware's barrier, which counts arrivals and bytes that were copied.
#pragma once

#include <cowarp/executor/future.hpp>
#include <cowarp/platform/bulk_copy.hpp>

#include <cstdint>

namespace cowarp {

/// The phase that has this parity, 0 or 1.
struct mbarrier_parity {
  std::uint32_t parity;

  [[nodiscard]] COWARP_FN bool has_ended(const platform::mbarrier_word& at) const {
    return at.has_passed(parity);
  }
};

/// The phase in which somebody arrived, as `arrive` of an mbarrier, or of a `cuda::barrier` of block scope in
/// shared memory, returned it: `mbarrier_token{barrier.arrive()}`. Good for that phase and the next.
struct mbarrier_token {
  std::uint64_t state;

  [[nodiscard]] COWARP_FN bool has_ended(const platform::mbarrier_word& at) const {
    return at.has_passed_state(state);
  }
};

/// Waits until a phase of an mbarrier is over, which is named by its parity or by a token; made by
/// `mbarrier::wait` and `mbarrier_wait`.
///
/// Called by:     the lane that polls the task.
/// Memory order:  what came before the arrivals, and what copies wrote, is visible after the await.
/// Resumes on:    the executor's next pass, over and over: nobody wakes a waiter.
/// Storage:       16 bytes.
template <class Phase>
class mbarrier_future {
 public:
  using output = unit;

  COWARP_FN mbarrier_future(const platform::mbarrier_word& at, Phase phase)
      : at_(at), phase_(phase) {}

  COWARP_FN polled<unit> poll(context& cx) {
    if (phase_.has_ended(at_)) return unit{};
    cx.wake_self();
    return pending;
  }

 private:
  const platform::mbarrier_word& at_;
  Phase phase_;
};

/// The hardware's barrier for code that arrives, or copies, by itself. For tasks that wait for tasks
/// take `barrier`, `latch` or `channel`, which wake them.
///
/// Phases are numbered from 0; one may wait for the current phase and the one before, by its parity.
///
/// Called by:     `init`: one lane, before all others; the rest: any lane of the block.
/// Scope:         block; it lives in the block state.
/// Memory order:  what came before `arrive` is visible to whoever found the phase over.
/// Storage:       8 bytes; zero bytes are not valid: `init` it.
class mbarrier {
 public:
  static constexpr scope primitive_scope = scope::block;

  /// \param arrivals how many end a phase; 1 or more.
  COWARP_FN void init(std::uint32_t arrivals) { word_.init(arrivals); }
  /// \returns the current phase, for who waits for its end.
  COWARP_FN mbarrier_token arrive() { return {word_.arrive()}; }
  [[nodiscard]] COWARP_FN bool has_passed(std::uint32_t parity) const {
    return word_.has_passed(parity & 1u);
  }
  /// \returns a future that is ready once the phase of this parity is over.
  [[nodiscard]] COWARP_FN mbarrier_future<mbarrier_parity> wait(std::uint32_t parity) const {
    return {word_, {parity & 1u}};
  }
  /// \returns a future that is ready once the phase of the token is over.
  [[nodiscard]] COWARP_FN mbarrier_future<mbarrier_token> wait(mbarrier_token token) const {
    return {word_, token};
  }

 private:
  platform::mbarrier_word word_;
};

/// \returns a future that is ready once the phase of this parity of an mbarrier in shared memory is
/// over. Of a `cuda::barrier` of block scope it takes `cuda::device::barrier_native_handle(barrier)`.
[[nodiscard]] COWARP_FN inline mbarrier_future<mbarrier_parity> mbarrier_wait(
    const std::uint64_t* native, std::uint32_t parity) {
  return {*reinterpret_cast<const platform::mbarrier_word*>(native), {parity & 1u}};
}

/// The same for the phase of a token:
/// `mbarrier_wait(cuda::device::barrier_native_handle(barrier), mbarrier_token{barrier.arrive()})`.
[[nodiscard]] COWARP_FN inline mbarrier_future<mbarrier_token> mbarrier_wait(
    const std::uint64_t* native, mbarrier_token token) {
  return {*reinterpret_cast<const platform::mbarrier_word*>(native), token};
}

}  // namespace cowarp
