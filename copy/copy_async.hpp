// SPDX-License-Identifier: Apache-2.0
/// \file
/// Awaiting a copy between global and shared memory.
#pragma once

#include <cowarp/copy/detail/copy_on_its_way.hpp>

#include <cstdint>

namespace cowarp {

namespace detail {

/// \returns the fastest way of a copy between global and shared memory. Asserts that hardware can make it.
[[nodiscard]] COWARP_FN inline platform::copy_way way_of_aligned_copy(const void* to,
                                                                      const void* from,
                                                                      std::uint32_t bytes) {
  COWARP_ASSERT(
      platform::is_copy_aligned(to, from, bytes),
      "copy_async: both places and the size must be multiples of 16 bytes: align them, or "
      "copy the rest with lanes_for");
  return platform::way_of_copy(to, from, bytes);
}

/// Begins a copy, or makes it if the way is `at_once`. \param ends where a bulk load ends
COWARP_FN inline void begin_copy(platform::copy_way by, void* to, const void* from,
                                 std::uint32_t bytes, bool is_constant,
                                 platform::mbarrier_word* ends) {
  using way = platform::copy_way;
  if (by == way::bulk_load) {
    platform::open_loads(is_constant, *ends);
    platform::begin_bulk_load(to, from, bytes, *ends);
    platform::close_loads(bytes, *ends);
  } else if (by == way::bulk_store) {
    platform::begin_bulk_store(to, from, bytes);
  } else if (by == way::lane_load) {
    platform::begin_lane_load(to, from, bytes);
  } else {
    platform::copy_at_once(to, from, bytes);
  }
}

}  // namespace detail

/// Copies while the worker polls other tasks; made by `copy_async` and by `tile`.
///
/// ```text
///   ┌───────┐ begin 1  ┌───────────┐ end 2   ┌───────┐
///   │ fresh │ ───────► │ under way │ ──────► │ ready │
///   └───────┘          └─────┬─────┘         └───────┘
///       │ copied at once 3   │ drop 4            ▲
///       └────────────────────┼───────────────────┘
///                            ▼ waits, then gone
/// ```
///
/// 1  the first poll starts a bulk copy (sm_90), or cp.async (sm_80, into shared memory)
/// 2  a load: an mbarrier tells, asked once a pass. A store has no such word: the second poll waits for
///    the lane's bulk groups, which by then are mostly through
/// 3  other places, sizes and processors, and CPUs: the first poll copies with plain loads and stores
/// 4  a copy cannot be called back: to drop it waits until it has left the memory alone
///
/// Invariant:     while it is under way nobody writes the source or touches the target.
/// Called by:     the lane that polls the task.
/// Scope:         block.
/// Memory order:  what the task, and lanes that worked for it, wrote before is what is copied. What
///                was copied is visible to the task after the await, and to lanes it asks then.
/// Resumes on:    the executor's next pass, over and over, until the copy is made.
/// Progress:      a load never holds up the worker; the end of a store may, for less than a microsecond.
/// Storage:       48 bytes. An mbarrier is among them, so a bulk load needs the task's frame in shared
///                memory, or one from elsewhere.
/// Fails:         never. Misaligned places and sizes are an assertion in Debug, else slow.
class copy_future : detail::copy_on_its_way {
 public:
  using output = unit;

  COWARP_FN copy_future(void* to, const void* from, std::uint32_t bytes, copy_option option,
                        platform::mbarrier_word* ends)
      : copy_on_its_way(option, ends), to_(to), from_(from), bytes_(bytes) {}
  copy_future(copy_future&&) = default;  // before the first poll only

  COWARP_FN polled<unit> poll(context& cx) {
    return poll_copy(cx, [&] { begin(); });
  }

 private:
  COWARP_FN void begin() {
    const way by = begins_by(detail::way_of_aligned_copy(to_, from_, bytes_));
    detail::begin_copy(by, to_, from_, bytes_, is_constant(), ends());
  }

  void* to_;
  const void* from_;
  std::uint32_t bytes_;
};

/// \returns a future that is ready once `bytes` were copied from global to shared memory, or back.
/// Both places and `bytes` are multiples of 16.
[[nodiscard]] COWARP_FN inline copy_future copy_async(void* to, const void* from,
                                                      std::uint32_t bytes,
                                                      copy_option option = copy_option::none) {
  return {to, from, bytes, option, nullptr};
}

}  // namespace cowarp
