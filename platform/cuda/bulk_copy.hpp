// SPDX-License-Identifier: Apache-2.0
/// \file
/// The instructions of asynchronous copies: bulk copies and mbarriers (sm_90), cp.async (sm_80).
#pragma once

#include <cowarp/platform/platform.hpp>

#if defined(__CUDA_ARCH__)

#  include <cstddef>
#  include <cstdint>

namespace cowarp::platform {

/// \returns the object's address in the block's shared memory.
[[nodiscard]] COWARP_FN inline std::uint32_t shared_address(const void* object) {
  return static_cast<std::uint32_t>(__cvta_generic_to_shared(object));
}

/// An mbarrier: counts arrivals, and on sm_90 the bytes of copies, and flips its phase when all came.
///
/// Called by:     any lane of the block; `init` and `invalidate` while nobody else uses it.
/// Scope:         block; the word stands in shared memory, aligned to 8 bytes.
/// Memory order:  arrive releases; `has_passed` acquires if it returns true, and then shows what the
///                copies wrote.
/// Progress:      wait-free.
class alignas(8) mbarrier_word {
 public:
  COWARP_FN void init(std::uint32_t arrivals) {
    asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(at()), "r"(arrivals) : "memory");
  }
  COWARP_FN void invalidate() {
    asm volatile("mbarrier.inval.shared::cta.b64 [%0];" ::"r"(at()) : "memory");
  }
  /// \returns the state that `has_passed_state` asks for.
  COWARP_FN std::uint64_t arrive() {
    std::uint64_t state;
    asm volatile("mbarrier.arrive.shared::cta.b64 %0, [%1];" : "=l"(state) : "r"(at()) : "memory");
    return state;
  }
  /// \returns true if the phase is over in which `arrive` returned the state.
  [[nodiscard]] COWARP_FN bool has_passed_state(std::uint64_t state) const {
    std::uint32_t has;
    asm volatile(
        "{ .reg .pred p; mbarrier.test_wait.shared::cta.b64 p, [%1], %2;"
        " selp.u32 %0, 1, 0, p; }"
        : "=r"(has)
        : "r"(at()), "l"(state)
        : "memory");
    return has != 0;
  }
  /// \returns true if the phase of this parity is over.
  [[nodiscard]] COWARP_FN bool has_passed(std::uint32_t parity) const {
    std::uint32_t has;
    asm volatile(
        "{ .reg .pred p; mbarrier.test_wait.parity.shared::cta.b64 p, [%1], %2;"
        " selp.u32 %0, 1, 0, p; }"
        : "=r"(has)
        : "r"(at()), "r"(parity)
        : "memory");
    return has != 0;
  }
  /// The same, but waits for it first as long as hardware does (sm_90; before, not at all).
  [[nodiscard]] COWARP_FN bool try_wait(std::uint32_t parity) const {
#  if __CUDA_ARCH__ >= 900
    std::uint32_t has;
    asm volatile(
        "{ .reg .pred p; mbarrier.try_wait.parity.shared::cta.b64 p, [%1], %2;"
        " selp.u32 %0, 1, 0, p; }"
        : "=r"(has)
        : "r"(at()), "r"(parity)
        : "memory");
    return has != 0;
#  else
    return has_passed(parity);
#  endif
  }
  [[nodiscard]] COWARP_FN std::uint32_t at() const { return shared_address(&bits_); }

 private:
  std::uint64_t bits_;
};

#  if __CUDA_ARCH__ >= 900

inline constexpr bool has_bulk_copies = true;

/// Readies an mbarrier for copies into shared memory that begin next; `close_loads` says how many bytes they bring.
///
/// The fence keeps what lanes did to the target, and the new mbarrier, in front of the copies, which go
/// by another way (the async proxy). The one for global memory costs a trip to L2.
COWARP_FN inline void open_loads(bool is_constant, mbarrier_word& ends) {
  ends.init(1);
  if (is_constant) {
    asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
  } else {
    asm volatile("fence.proxy.async;" ::: "memory");
  }
}

/// Arrives for the lane that began the copies. Some of the bytes may be there already.
COWARP_FN inline void close_loads(std::uint32_t bytes, mbarrier_word& ends) {
  asm volatile(
      "{ .reg .b64 state; mbarrier.arrive.expect_tx.shared::cta.b64 state, [%0], %1; }" ::"r"(
          ends.at()),
      "r"(bytes)
      : "memory");
}

/// Begins a copy from global to shared memory, one of those that end with phase 0 of `ends`. Each lane that
/// calls it begins one of its own. \pre between `open_loads` and `close_loads`
COWARP_FN inline void begin_bulk_load(void* to, const void* from, std::uint32_t bytes,
                                      mbarrier_word& ends) {
  asm volatile(
      "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1], %2, [%3];" ::
          "r"(shared_address(to)),
      "l"(__cvta_generic_to_global(from)), "r"(bytes), "r"(ends.at())
      : "memory");
}

/// Begins a copy from shared to global memory, a bulk group of its own. Each lane that calls it begins
/// one of its own.
///
/// One fence by this lane is enough for what others wrote to the source before they met it: it stands on
/// the way from their writes to the copy.
COWARP_FN inline void begin_bulk_store(void* to, const void* from, std::uint32_t bytes) {
  asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
  asm volatile("cp.async.bulk.global.shared::cta.bulk_group [%0], [%1], %2;" ::"l"(
                   __cvta_generic_to_global(to)),
               "r"(shared_address(from)), "r"(bytes)
               : "memory");
  asm volatile("cp.async.bulk.commit_group;" ::: "memory");
}

/// Waits until all stores that this lane has begun have read their sources.
COWARP_FN inline void wait_bulk_stores_read() {
  asm volatile("cp.async.bulk.wait_group.read 0;" ::: "memory");
}
/// Waits until all stores that this lane has begun are made.
COWARP_FN inline void wait_bulk_stores() {
  asm volatile("cp.async.bulk.wait_group 0;" ::: "memory");
}

#  else

// Bulk copies do not exist; nobody calls these.
inline constexpr bool has_bulk_copies = false;
COWARP_FN inline void open_loads(bool, mbarrier_word&) {}
COWARP_FN inline void close_loads(std::uint32_t, mbarrier_word&) {}
COWARP_FN inline void begin_bulk_load(void*, const void*, std::uint32_t, mbarrier_word&) {}
COWARP_FN inline void begin_bulk_store(void*, const void*, std::uint32_t) {}
COWARP_FN inline void wait_bulk_stores_read() {}
COWARP_FN inline void wait_bulk_stores() {}

#  endif

/// Begins a copy from global to shared memory in pieces of 16 bytes, which this lane waits for later.
COWARP_FN inline void begin_lane_load(void* to, const void* from, std::uint32_t bytes) {
  const auto source = __cvta_generic_to_global(from);
  for (std::uint32_t i = 0; i < bytes; i += 16) {
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(shared_address(to) + i),
                 "l"(source + i)
                 : "memory");
  }
  asm volatile("cp.async.commit_group;" ::: "memory");
}
/// Waits until all such copies of this lane are made.
COWARP_FN inline void wait_lane_loads() { asm volatile("cp.async.wait_all;" ::: "memory"); }

}  // namespace cowarp::platform

#endif
