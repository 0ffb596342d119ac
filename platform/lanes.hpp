// SPDX-License-Identifier: Apache-2.0
/// \file
/// A warp as the executor sees it: run a function on some lanes, learn which said what.
#pragma once

#include <cowarp/platform/platform.hpp>

#include <cstdint>

namespace cowarp::platform {

/// One bit mask per flag that the lanes returned; bit i speaks for lane i.
struct lane_flags {
  std::uint32_t first;
  std::uint32_t second;
  std::uint32_t third;
  std::uint32_t fourth;
};

}  // namespace cowarp::platform

#if defined(COWARP_SIM)
#  include <cowarp/platform/sim/sim_lanes.hpp>
#else

namespace cowarp::platform {

/// \returns this lane's index in its warp; 0 on the CPU.
[[nodiscard]] COWARP_FN inline std::uint32_t lane() {
#  if defined(__CUDA_ARCH__)
  return threadIdx.x & 31u;
#  else
  return 0;
#  endif
}

/// \returns this warp's index in its block, which is its worker number; 0 on the CPU.
[[nodiscard]] COWARP_FN inline std::uint32_t warp() {
#  if defined(__CUDA_ARCH__)
  // The same value in all lanes: read it from one so that the compiler knows it is uniform.
  return __shfl_sync(~0u, threadIdx.x >> 5, 0);
#  else
  return 0;
#  endif
}

/// Has the lanes of the warp go on in step; all lanes reach this line.
///
/// Lanes that parted may stay apart for good: a barrier or a vote of the warp waits for all of them, and then lets
/// each group go on by itself, so that what follows runs once for each group. In front of instructions for
/// tensor cores ptxas puts one that has the lanes meet (WARPSYNC.ALL); of this one nobody uses the result,
/// and nothing else of it is left.
COWARP_FN inline void converge_warp() {
#  if defined(__CUDA_ARCH__)
  asm volatile(
      "{ .reg .b32 nothing, unused; mov.b32 nothing, 0;"
      " movmatrix.sync.aligned.m8n8.trans.b16 unused, nothing; }" ::
          : "memory");
#  endif
}

/// Makes what any lane of the warp wrote visible to all its lanes; all lanes reach this line.
COWARP_FN inline void sync_warp() {
#  if defined(__CUDA_ARCH__)
  __syncwarp();
#  endif
}

/// Waits for all threads of the block, whose warps may come from different lines. (`__syncthreads` asks that all come to
/// the same one; compute-sanitizer tells of those that do not.) What they wrote before is visible to all after it.
COWARP_FN inline void sync_block() {
#  if defined(__CUDA_ARCH__)
  asm volatile("barrier.sync 0;" ::: "memory");
#  endif
}

/// Gives lane 0's value to all lanes; all lanes reach this line.
[[nodiscard]] COWARP_FN inline std::uint32_t from_leader(std::uint32_t value) {
#  if defined(__CUDA_ARCH__)
  return __shfl_sync(~0u, value, 0);
#  else
  return value;
#  endif
}

/// The same for 64 bits.
[[nodiscard]] COWARP_FN inline std::uint64_t uniform(std::uint64_t value) {
#  if defined(__CUDA_ARCH__)
  return __shfl_sync(~0u, static_cast<unsigned long long>(value), 0);
#  else
  return value;
#  endif
}

/// \returns true in all lanes if any lane passes true; all lanes reach this line.
[[nodiscard]] COWARP_FN inline bool any_lane(bool value) {
#  if defined(__CUDA_ARCH__)
  return __any_sync(~0u, value) != 0;
#  else
  return value;
#  endif
}

/// \returns `lane()`, as a number that stays in a register. `lane()` itself is read anew wherever it is used, which
/// takes some 25 cycles. All lanes reach this line.
[[nodiscard]] COWARP_FN inline std::uint32_t kept_lane() {
#  if defined(__CUDA_ARCH__)
  return __shfl_sync(~0u, lane(), static_cast<int>(lane()));
#  else
  return lane();
#  endif
}

/// \returns the value, which is the same in all lanes, as one of which the compiler knows that. Branches on it
/// and loops that it ends then cost neither a barrier nor a YIELD. All lanes reach this line.
/// \param kept what `kept_lane` said
[[nodiscard]] COWARP_FN inline std::uint32_t known_uniform(std::uint32_t value,
                                                           [[maybe_unused]] std::uint32_t kept) {
#  if defined(__CUDA_ARCH__)
  std::uint32_t same;
  asm volatile(
      "{ .reg .b32 bit; .reg .pred has; and.b32 bit, %1, %2; setp.ne.u32 has, bit, 0;"
      " vote.sync.ballot.b32 %0, has, 0xffffffff; }"
      : "=r"(same)
      : "r"(value), "r"(1u << kept)
      : "memory");
  return same;
#  else
  return value;
#  endif
}

/// \returns in all lanes the smallest of the lanes' values; all lanes reach this line.
[[nodiscard]] COWARP_FN inline std::uint64_t smallest_of_lanes(std::uint64_t value) {
#  if defined(__CUDA_ARCH__)
  for (int distance = 16; distance > 0; distance /= 2) {
    const auto other = __shfl_xor_sync(~0u, static_cast<unsigned long long>(value), distance);
    value            = other < value ? other : value;
  }
#  endif
  // The same already, but only of a shuffle from one lane does the compiler know it.
  return uniform(value);
}

#  if defined(__CUDA_ARCH__)
/// \returns in all lanes which lanes have the flag; all lanes reach this line.
template <std::uint32_t Flag>
[[nodiscard]] COWARP_DEVICE_FN inline std::uint32_t lanes_with(std::uint32_t flags) {
  // As text: in front of a vote on one bit nvcc 13.0 moves the bit to the right and compares it with 1.
  std::uint32_t lanes;
  asm volatile(
      "{ .reg .b32 bit; .reg .pred has; and.b32 bit, %1, %2; setp.ne.u32 has, bit, 0;"
      " vote.sync.ballot.b32 %0, has, 0xffffffff; }"
      : "=r"(lanes)
      : "r"(flags), "n"(Flag)
      : "memory");
  return lanes;
}
#  endif

/// Runs `fn(i)` for every bit i in `mask`: lane i its own on a GPU, one after the other on a CPU.
///
/// `fn` returns up to `Flags` flags, 3 or 4, from bit 0 on; all lanes get all answers. All lanes reach this
/// line with the same `mask`, may diverge inside `fn`, and are converged after it. \param kept what `kept_lane`
/// said, or `lane()`
template <int Flags = 3, class Fn>
[[nodiscard]] COWARP_FN inline lane_flags for_lanes(std::uint32_t mask, Fn&& fn,
                                                    [[maybe_unused]] std::uint32_t kept = lane()) {
#  if defined(__CUDA_ARCH__)
  const std::uint32_t flags = (mask & 1u << kept) != 0 ? fn(kept) : 0u;
  converge_warp();
  __syncwarp();
  const std::uint32_t second = lanes_with<2>(flags);
  const std::uint32_t fourth = Flags > 3 ? lanes_with<8>(flags) : 0;
  // The first and the third are rare: one vote tells that there is neither.
  if (__any_sync(~0u, flags & 5u) == 0) return {0, second, 0, fourth};
  return {lanes_with<1>(flags), second, lanes_with<4>(flags), fourth};
#  else
  lane_flags all{};
  for (; mask != 0; mask &= mask - 1) {
    const std::uint32_t i     = lowest_bit(mask);
    const std::uint32_t flags = fn(i);
    all.first |= (flags & 1u) << i;
    all.second |= (flags >> 1 & 1u) << i;
    all.third |= (flags >> 2 & 1u) << i;
    all.fourth |= (flags >> 3 & 1u) << i;
  }
  return all;
#  endif
}

/// Runs `fn(i)` for every bit i in `mask`, as `for_lanes` does, without answers.
template <class Fn>
COWARP_FN inline void each_lane(std::uint32_t mask, Fn&& fn,
                                [[maybe_unused]] std::uint32_t kept = lane()) {
#  if defined(__CUDA_ARCH__)
  if ((mask & 1u << kept) != 0) fn(kept);
  converge_warp();
  __syncwarp();
#  else
  for (; mask != 0; mask &= mask - 1) fn(lowest_bit(mask));
#  endif
}

}  // namespace cowarp::platform

#endif
