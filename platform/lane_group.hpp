// SPDX-License-Identifier: Apache-2.0
/// \file
/// Lanes that happen to do the same to the same thing at once, so that one may do it for all.
#pragma once

#include <cowarp/platform/platform.hpp>

#include <cstdint>

namespace cowarp::platform {

/// Some lanes of a warp, met by chance; on a CPU and in simulation always one lane, the caller.
///
/// Called by:     each lane of the group; they diverge only between its functions.
/// After "opportunistic warp-level programming" (Lin and Grover, Using CUDA Warp-Level Primitives).
class lane_group {
 public:
  /// The lanes that are here with the caller for the same `thing`. Others may come later: how many
  /// there are is chance, and must change the speed only.
  [[nodiscard]] COWARP_FN static lane_group here(const void* thing) {
#if defined(__CUDA_ARCH__)
    const std::uint32_t active = __activemask();
    const std::uint32_t below  = (1u << (threadIdx.x & 31u)) - 1;
    if ((active & (active - 1)) == 0) return {active, 0};
    const std::uint32_t same = __match_any_sync(active, reinterpret_cast<std::uint64_t>(thing));
    return {same, count_bits(same & below)};
#else
    static_cast<void>(thing);
    return {1, 0};
#endif
  }

  [[nodiscard]] COWARP_FN std::uint32_t size() const { return count_bits(mask_); }
  /// \returns this lane's place in the group, from 0.
  [[nodiscard]] COWARP_FN std::uint32_t rank() const { return rank_; }
  [[nodiscard]] COWARP_FN bool leads() const { return rank_ == 0; }

  /// \returns the leader's value; all lanes of the group reach this line.
  [[nodiscard]] COWARP_FN std::uint32_t from_leader(std::uint32_t value) const {
#if defined(__CUDA_ARCH__)
    return __shfl_sync(mask_, value, static_cast<int>(lowest_bit(mask_)));
#else
    return value;
#endif
  }

  /// Waits for all lanes of the group; what they wrote is visible to all of them.
  COWARP_FN void sync() const {
#if defined(__CUDA_ARCH__)
    __syncwarp(mask_);
#endif
  }

  /// \returns the group of its first `count` lanes, for those alone; all lanes reach this line.
  [[nodiscard]] COWARP_FN lane_group first(std::uint32_t count) const {
#if defined(__CUDA_ARCH__)
    return {__ballot_sync(mask_, rank_ < count), rank_};
#else
    static_cast<void>(count);
    return *this;
#endif
  }

 private:
  COWARP_FN constexpr lane_group(std::uint32_t mask, std::uint32_t rank)
      : mask_(mask), rank_(rank) {}

  std::uint32_t mask_;
  std::uint32_t rank_;
};

}  // namespace cowarp::platform
