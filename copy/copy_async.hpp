// SPDX-License-Identifier: Apache-2.0
/// \file
/// Awaiting a copy between global and shared memory.
#pragma once

#include <cowarp/executor/future.hpp>
#include <cowarp/platform/bulk_copy.hpp>

#include <cstdint>

namespace cowarp {

/// What makes a copy cheaper.
enum class copy_option : std::uint8_t {
  none,
  /// Into shared memory: nobody writes the source while the kernel runs. Saves a fence on its way to L2,
  /// which holds up the worker for about 700 cycles.
  constant_source,
  /// Out of shared memory: ready as soon as the source may be used again. The bytes arrive before the
  /// kernel ends; no task may ask for them earlier.
  until_source_is_free
};

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
class copy_future {
 public:
  using output = unit;

  COWARP_FN copy_future(void* to, const void* from, std::uint32_t bytes, copy_option option,
                        platform::mbarrier_word* ends)
      : to_(to), from_(from), ends_(ends), bytes_(bytes), option_(option) {}
  copy_future(copy_future&&) = default;  // before the first poll only
  COWARP_FN ~copy_future() {
    if (!is_under_way_) return;
    while (!has_ended()) {
    }
  }

  COWARP_FN polled<unit> poll(context& cx) {
    if (!is_under_way_) {
      begin();
    } else if (has_ended()) {
      is_under_way_ = false;
    }
    if (!is_under_way_) return unit{};
    cx.wake_self();
    return pending;
  }

 private:
  using way = platform::copy_way;

  COWARP_FN void begin() {
    COWARP_ASSERT(
        platform::is_copy_aligned(to_, from_, bytes_),
        "copy_async: both places and the size must be multiples of 16 bytes: align them, or "
        "copy the rest with lanes_for");
    way_ = platform::way_of_copy(to_, from_, bytes_);
    if (way_ == way::bulk_load && !find_mbarrier()) way_ = way::at_once;
    if (way_ == way::bulk_load) {
      platform::begin_bulk_load(to_, from_, bytes_, option_ == copy_option::constant_source,
                                *ends_);
    } else if (way_ == way::bulk_store) {
      platform::begin_bulk_store(to_, from_, bytes_);
    } else if (way_ == way::lane_load) {
      platform::begin_lane_load(to_, from_, bytes_);
    } else {
      platform::copy_at_once(to_, from_, bytes_);
    }
    is_under_way_ = way_ != way::at_once;
  }

  /// \returns false if there is no mbarrier in shared memory.
  COWARP_FN bool find_mbarrier() {
    if (ends_ == nullptr && platform::is_shared(this)) ends_ = &own_;
    COWARP_ASSERT(ends_ != nullptr,
                  "copy_async: a bulk load ends on an mbarrier in shared memory: give the program "
                  "`frames = cowarp::memory::shared`, or load by a tile of a tile_pool");
    return ends_ != nullptr;
  }

  COWARP_FN bool has_ended() {
    if (way_ == way::bulk_load) {
      if (!ends_->has_passed(0)) return false;
      ends_->invalidate();
    } else if (way_ == way::lane_load) {
      platform::wait_lane_loads();
    } else if (option_ != copy_option::until_source_is_free) {
      platform::wait_bulk_stores();
    } else {
      platform::wait_bulk_stores_read();
    }
    return true;
  }

  void* to_;
  const void* from_;
  platform::mbarrier_word* ends_;
  platform::mbarrier_word own_{};  // a load's, if it stands in shared memory
  std::uint32_t bytes_;
  copy_option option_;
  way way_           = way::at_once;
  bool is_under_way_ = false;
};

/// \returns a future that is ready once `bytes` were copied from global to shared memory, or back.
/// Both places and `bytes` are multiples of 16.
[[nodiscard]] COWARP_FN inline copy_future copy_async(void* to, const void* from,
                                                      std::uint32_t bytes,
                                                      copy_option option = copy_option::none) {
  return {to, from, bytes, option, nullptr};
}

}  // namespace cowarp
