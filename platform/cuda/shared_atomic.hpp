// SPDX-License-Identifier: Apache-2.0
/// \file
/// Block-scope atomics in shared memory, in the instructions made for it.
///
/// libcu++'s atomics take generic addresses: 64-bit arithmetic, and a test at run time of what kind
/// of memory it is. A block-scope word always stands in shared memory, so its address has 32 bits and
/// the instruction is known.
#pragma once

#include <cowarp/platform/platform.hpp>

#if defined(__CUDA_ARCH__)

#  include <cstdint>

namespace cowarp::platform {

/// A 32-bit word in the shared memory of the calling block; orderings as in `atomic`.
///
/// An ordered access is a relaxed one with a fence on the side where others must not pass it, which
/// is also how the hardware does it. A relaxed access needs no "memory" clobber: it orders nothing
/// but itself, and volatile statements keep their order.
///
/// Called by:     any lane of the block.
/// Scope:         block.
/// Progress:      wait-free.
template <class Order>
class shared_word_ref {
 public:
  COWARP_DEVICE_FN explicit shared_word_ref(const void* word)
      : at_(static_cast<std::uint32_t>(__cvta_generic_to_shared(word))) {
    COWARP_ASSERT(is_shared(word),
                  "a block-scope primitive must live in shared memory: put it in "
                  "the block state, or give it device scope");
  }

  [[nodiscard]] COWARP_DEVICE_FN std::uint32_t load(Order order) const {
    std::uint32_t value;
    if (acquires(order)) {
      asm volatile("ld.acquire.cta.shared::cta.u32 %0, [%1];" : "=r"(value) : "r"(at_) : "memory");
    } else {
      asm volatile("ld.relaxed.cta.shared::cta.u32 %0, [%1];" : "=r"(value) : "r"(at_));
    }
    return value;
  }
  COWARP_DEVICE_FN void store(std::uint32_t value, Order order) const {
    before(order);
    asm volatile("st.relaxed.cta.shared::cta.u32 [%0], %1;" ::"r"(at_), "r"(value));
  }
  COWARP_DEVICE_FN std::uint32_t exchange(std::uint32_t value, Order order) const {
    std::uint32_t old;
    before(order);
    if (acquires(order)) {
      asm volatile("atom.acquire.cta.shared::cta.exch.b32 %0, [%1], %2;"
                   : "=r"(old)
                   : "r"(at_), "r"(value)
                   : "memory");
    } else {
      asm volatile("atom.relaxed.cta.shared::cta.exch.b32 %0, [%1], %2;"
                   : "=r"(old)
                   : "r"(at_), "r"(value));
    }
    return old;
  }
  COWARP_DEVICE_FN std::uint32_t fetch_add(std::uint32_t value, Order order) const {
    std::uint32_t old;
    before(order);
    if (acquires(order)) {
      asm volatile("atom.acquire.cta.shared::cta.add.u32 %0, [%1], %2;"
                   : "=r"(old)
                   : "r"(at_), "r"(value)
                   : "memory");
    } else {
      asm volatile("atom.relaxed.cta.shared::cta.add.u32 %0, [%1], %2;"
                   : "=r"(old)
                   : "r"(at_), "r"(value));
    }
    return old;
  }
  COWARP_DEVICE_FN std::uint32_t fetch_sub(std::uint32_t value, Order order) const {
    return fetch_add(0 - value, order);
  }
  COWARP_DEVICE_FN std::uint32_t fetch_or(std::uint32_t value, Order order) const {
    std::uint32_t old;
    before(order);
    if (acquires(order)) {
      asm volatile("atom.acquire.cta.shared::cta.or.b32 %0, [%1], %2;"
                   : "=r"(old)
                   : "r"(at_), "r"(value)
                   : "memory");
    } else {
      asm volatile("atom.relaxed.cta.shared::cta.or.b32 %0, [%1], %2;"
                   : "=r"(old)
                   : "r"(at_), "r"(value));
    }
    return old;
  }
  COWARP_DEVICE_FN std::uint32_t fetch_and(std::uint32_t value, Order order) const {
    std::uint32_t old;
    before(order);
    if (acquires(order)) {
      asm volatile("atom.acquire.cta.shared::cta.and.b32 %0, [%1], %2;"
                   : "=r"(old)
                   : "r"(at_), "r"(value)
                   : "memory");
    } else {
      asm volatile("atom.relaxed.cta.shared::cta.and.b32 %0, [%1], %2;"
                   : "=r"(old)
                   : "r"(at_), "r"(value));
    }
    return old;
  }
  COWARP_DEVICE_FN bool compare_exchange_strong(std::uint32_t& expected, std::uint32_t desired,
                                                Order order, Order) const {
    std::uint32_t old;
    before(order);
    if (acquires(order)) {
      asm volatile("atom.acquire.cta.shared::cta.cas.b32 %0, [%1], %2, %3;"
                   : "=r"(old)
                   : "r"(at_), "r"(expected), "r"(desired)
                   : "memory");
    } else {
      asm volatile("atom.relaxed.cta.shared::cta.cas.b32 %0, [%1], %2, %3;"
                   : "=r"(old)
                   : "r"(at_), "r"(expected), "r"(desired));
    }
    const bool has_changed = old == expected;
    expected               = old;
    return has_changed;
  }

 private:
  static COWARP_DEVICE_FN void before(Order order) {
    if (order == Order::seq_cst) {
      asm volatile("fence.sc.cta;" ::: "memory");
    } else if (order == Order::release || order == Order::acq_rel) {
      asm volatile("fence.acq_rel.cta;" ::: "memory");
    }
  }
  static COWARP_DEVICE_FN constexpr bool acquires(Order order) {
    return order != Order::relaxed && order != Order::release;
  }

  std::uint32_t at_;
};

/// 64 bits in the shared memory of the calling block; what a state machine of one word needs.
///
/// Called by:     any lane of the block.
/// Scope:         block.
/// Progress:      wait-free.
template <class Order>
class shared_pair_ref {
 public:
  COWARP_DEVICE_FN explicit shared_pair_ref(const void* word)
      : at_(static_cast<std::uint32_t>(__cvta_generic_to_shared(word))) {
    COWARP_ASSERT(is_shared(word),
                  "a block-scope primitive must live in shared memory: put it in "
                  "the block state, or give it device scope");
  }

  [[nodiscard]] COWARP_DEVICE_FN std::uint64_t load(Order order) const {
    std::uint64_t value;
    if (order == Order::relaxed) {
      asm volatile("ld.relaxed.cta.shared::cta.u64 %0, [%1];" : "=l"(value) : "r"(at_));
    } else {
      asm volatile("ld.acquire.cta.shared::cta.u64 %0, [%1];" : "=l"(value) : "r"(at_) : "memory");
    }
    return value;
  }
  COWARP_DEVICE_FN bool compare_exchange_strong(std::uint64_t& expected, std::uint64_t desired,
                                                Order order, Order) const {
    std::uint64_t old;
    if (order == Order::relaxed) {
      asm volatile("atom.relaxed.cta.shared::cta.cas.b64 %0, [%1], %2, %3;"
                   : "=l"(old)
                   : "r"(at_), "l"(expected), "l"(desired));
    } else if (order == Order::acquire) {
      asm volatile("atom.acquire.cta.shared::cta.cas.b64 %0, [%1], %2, %3;"
                   : "=l"(old)
                   : "r"(at_), "l"(expected), "l"(desired)
                   : "memory");
    } else if (order == Order::release) {
      asm volatile(
          "fence.acq_rel.cta;\n"
          "atom.relaxed.cta.shared::cta.cas.b64 %0, [%1], %2, %3;"
          : "=l"(old)
          : "r"(at_), "l"(expected), "l"(desired)
          : "memory");
    } else {
      asm volatile(
          "fence.sc.cta;\n"
          "atom.acquire.cta.shared::cta.cas.b64 %0, [%1], %2, %3;"
          : "=l"(old)
          : "r"(at_), "l"(expected), "l"(desired)
          : "memory");
    }
    const bool has_changed = old == expected;
    expected               = old;
    return has_changed;
  }

 private:
  std::uint32_t at_;
};

}  // namespace cowarp::platform

#endif
