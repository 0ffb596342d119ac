// SPDX-License-Identifier: Apache-2.0
/// \file
/// How this side copies memory while others work: bulk copies, pieces of 16 bytes, or at once.
#pragma once

#include <cowarp/platform/platform.hpp>

#if defined(__CUDA_ARCH__)
#  include <cowarp/platform/cuda/bulk_copy.hpp>
#endif

#include <cstdint>
#include <cstring>

namespace cowarp::platform {

/// The unit of size and alignment of every asynchronous copy, in bytes.
inline constexpr std::uint32_t copy_unit = 16;

/// Which way a copy goes, decided by where its two ends stand.
enum class copy_way : std::uint8_t {
  at_once,     // by the calling lane, with loads and stores
  bulk_load,   // global to shared memory, ends on an mbarrier
  bulk_store,  // shared to global memory, ends with the lane's bulk groups
  lane_load    // global to shared memory, ends with the lane's cp.async
};

/// \returns true if hardware can make the copy.
[[nodiscard]] COWARP_FN inline bool is_copy_aligned(const void* to, const void* from,
                                                    std::uint32_t bytes) {
  const auto bits = reinterpret_cast<std::uintptr_t>(to) | reinterpret_cast<std::uintptr_t>(from);
  return ((bits | bytes) & (copy_unit - 1)) == 0;
}

/// Copies with the calling lane's own loads and stores.
COWARP_FN inline void copy_at_once(void* to, const void* from, std::uint32_t bytes) {
#if defined(__CUDA_ARCH__)
  if (is_copy_aligned(to, from, bytes)) {
    for (std::uint32_t i = 0; i < bytes / copy_unit; ++i) {
      static_cast<uint4*>(to)[i] = static_cast<const uint4*>(from)[i];
    }
    return;
  }
  for (std::uint32_t i = 0; i < bytes; ++i) {
    static_cast<unsigned char*>(to)[i] = static_cast<const unsigned char*>(from)[i];
  }
#else
  std::memcpy(to, from, bytes);
#endif
}

#if defined(__CUDA_ARCH__)

/// \returns true if the object stands in global memory.
[[nodiscard]] COWARP_FN inline bool is_global(const void* object) {
  std::uint32_t is;
  asm("{ .reg .pred p; isspacep.global p, %1; selp.u32 %0, 1, 0, p; }" : "=r"(is) : "l"(object));
  return is != 0;
}

/// \returns the fastest way from `from` to `to`.
[[nodiscard]] COWARP_FN inline copy_way way_of_copy(const void* to, const void* from,
                                                    std::uint32_t bytes) {
  if (bytes == 0 || !is_copy_aligned(to, from, bytes)) return copy_way::at_once;
  if (is_shared(to) && is_global(from)) {
    return has_bulk_copies ? copy_way::bulk_load : copy_way::lane_load;
  }
  if (has_bulk_copies && is_global(to) && is_shared(from)) return copy_way::bulk_store;
  return copy_way::at_once;
}

#else

// A CPU copies at once; the rest is for GPUs, and nobody calls it here.
[[nodiscard]] COWARP_FN inline copy_way way_of_copy(const void*, const void*, std::uint32_t) {
  return copy_way::at_once;
}

/// The mbarrier of a CPU, whose lanes take turns: arrivals that are missing, and the phase.
class alignas(8) mbarrier_word {
 public:
  COWARP_FN void init(std::uint32_t arrivals) {
    arrivals_ = static_cast<std::uint16_t>(arrivals);
    missing_ = arrivals_;
    phase_ = 0;
  }
  COWARP_FN void invalidate() {}
  COWARP_FN std::uint64_t arrive() {
    const std::uint32_t phase = phase_;
    if (--missing_ == 0) {
      missing_ = arrivals_;
      phase_ ^= 1u;
    }
    return phase;
  }
  [[nodiscard]] COWARP_FN bool has_passed_state(std::uint64_t state) const {
    return phase_ != state;
  }
  [[nodiscard]] COWARP_FN bool has_passed(std::uint32_t parity) const {
    return phase_ != (parity & 1u);
  }
  [[nodiscard]] COWARP_FN bool try_wait(std::uint32_t parity) const { return has_passed(parity); }

 private:
  std::uint16_t arrivals_;
  std::uint16_t missing_;
  std::uint32_t phase_;
};

COWARP_FN inline void open_loads(bool, mbarrier_word&) {}
COWARP_FN inline void close_loads(std::uint32_t, mbarrier_word&) {}
COWARP_FN inline void begin_bulk_load(void*, const void*, std::uint32_t, mbarrier_word&) {}
COWARP_FN inline void begin_bulk_store(void*, const void*, std::uint32_t) {}
COWARP_FN inline void wait_bulk_stores_read() {}
COWARP_FN inline void wait_bulk_stores() {}
COWARP_FN inline void begin_lane_load(void*, const void*, std::uint32_t) {}
COWARP_FN inline void wait_lane_loads() {}

#endif

}  // namespace cowarp::platform
