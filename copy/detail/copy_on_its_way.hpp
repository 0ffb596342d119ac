// SPDX-License-Identifier: Apache-2.0
/// \file
/// What all copies have in common: how they go, and how a task knows that they are made.
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

namespace detail {

/// Ends a load that went this way, called by the lane that began it: the mbarrier of a bulk load, whose phase is over, is
/// gone then; the lane's own loads are waited for.
COWARP_FN inline void end_load(platform::copy_way by, platform::mbarrier_word* ends) {
  if (by == platform::copy_way::bulk_load) {
    ends->invalidate();
  } else {
    platform::wait_lane_loads();
  }
}

/// \returns true once a load that went this way is made, asked by the lane that began it.
[[nodiscard]] COWARP_FN inline bool has_load_ended(platform::copy_way by,
                                                   platform::mbarrier_word* ends) {
  if (by == platform::copy_way::bulk_load && !ends->has_passed(0)) return false;
  end_load(by, ends);
  return true;
}

/// The base of futures that copy: waits for what a derived class began in its first poll.
///
/// Called by:     the lane that polls the task.
/// Storage:       24 bytes, an mbarrier among them, which works only if they are in shared memory.
class COWARP_TRIVIAL_ABI copy_on_its_way {
 protected:
  using way = platform::copy_way;

  /// \param ends where a bulk load ends; null: here.
  COWARP_FN copy_on_its_way(copy_option option, platform::mbarrier_word* ends)
      : ends_(ends), option_(option) {}
  copy_on_its_way(copy_on_its_way&&) = default;  // before the first poll only
  COWARP_FN ~copy_on_its_way() {
    if (!is_under_way_) return;
    while (!has_ended()) {
    }
  }

  /// A poll. \param begin() begins the copy; called by the first.
  template <class Begin>
  COWARP_FN polled<unit> poll_copy(context& cx, Begin&& begin) {
    if (!is_under_way_) {
      begin();
    } else {
      is_under_way_ = !has_ended();
    }
    if (!is_under_way_) return unit{};
    cx.wake_self();
    return pending;
  }

  [[nodiscard]] COWARP_FN bool is_constant() const {
    return option_ == copy_option::constant_source;
  }
  [[nodiscard]] COWARP_FN platform::mbarrier_word* ends() const { return ends_; }

  /// \returns the way that the copy takes, which is under way from here on: the fastest, if it has what
  /// it needs.
  [[nodiscard]] COWARP_FN way begins_by(way fastest) {
    way_          = fastest == way::bulk_load && !find_mbarrier() ? way::at_once : fastest;
    is_under_way_ = way_ != way::at_once;
    return way_;
  }

 private:
  /// \returns false if there is no mbarrier in shared memory.
  COWARP_FN bool find_mbarrier() {
    if (ends_ == nullptr && platform::is_shared(this)) ends_ = &own_;
    COWARP_ASSERT(ends_ != nullptr,
                  "copy_async: a bulk load ends on an mbarrier in shared memory: give the program "
                  "`frames = cowarp::memory::shared`, or load by a tile of a tile_pool");
    return ends_ != nullptr;
  }

  COWARP_FN bool has_ended() {
    if (way_ != way::bulk_store) return has_load_ended(way_, ends_);
    if (option_ != copy_option::until_source_is_free) {
      platform::wait_bulk_stores();
    } else {
      platform::wait_bulk_stores_read();
    }
    return true;
  }

  platform::mbarrier_word* ends_;
  platform::mbarrier_word own_{};  // a load's, if it stands in shared memory
  copy_option option_;
  way way_           = way::at_once;
  bool is_under_way_ = false;
};

}  // namespace detail
}  // namespace cowarp
