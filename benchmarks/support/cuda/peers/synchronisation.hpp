// SPDX-License-Identifier: Apache-2.0
/// \file
/// Peers on a GPU: libcu++'s semaphore, its atomics' wait, its barrier between two warps of a block; and
/// what two blocks of a cluster can do for each other.
#pragma once

#include <cowarp/cowarp.hpp>

#include <cuda/atomic>
#include <cuda/barrier>
#include <cuda/semaphore>

#include <cstdint>
#include <utility>

namespace peers {

/// A counting semaphore that blocks its thread.
template <cowarp::scope Scope>
using semaphore =
    cuda::counting_semaphore<Scope == cowarp::scope::block ? cuda::thread_scope_block
                                                           : cuda::thread_scope_device>;
inline constexpr const char* semaphore_name = "libcu++ counting_semaphore";

/// True if `two_parties` can be used.
inline constexpr bool has_barrier         = true;
inline constexpr const char* barrier_name = "libcu++ barrier";

/// Two barriers in shared memory with which two warps of a block take turns.
class two_parties {
 public:
  COWARP_DEVICE_FN void begin() {
    init(&ping_, 1);
    init(&pong_, 1);
  }
  COWARP_DEVICE_FN void play(bool serves, std::uint32_t round) {
    const bool parity = (round & 1u) != 0;
    if (serves) {
      static_cast<void>(ping_.arrive());
      pong_.wait_parity(parity);
    } else {
      ping_.wait_parity(parity);
      static_cast<void>(pong_.arrive());
    }
  }

 private:
  cuda::barrier<cuda::thread_scope_block> ping_;
  cuda::barrier<cuda::thread_scope_block> pong_;
};

inline constexpr const char* wait_name = "libcu++ atomic wait";

/// A word for which its thread waits by the library's means; zero at first.
template <cowarp::scope Scope>
class waiting_word {
 public:
  COWARP_DEVICE_FN void set(std::uint32_t value) {
    ref().store(value, cuda::memory_order_release);
    ref().notify_one();
  }
  COWARP_DEVICE_FN void await(std::uint32_t value) {
    for (std::uint32_t now; (now = ref().load(cuda::memory_order_acquire)) != value;) {
      ref().wait(now, cuda::memory_order_acquire);
    }
  }

 private:
  COWARP_DEVICE_FN auto ref() {
    return cuda::atomic_ref < std::uint32_t, Scope == cowarp::scope::block
                                                 ? cuda::thread_scope_block
                                                 : cuda::thread_scope_device > (word_);
  }

  std::uint32_t word_;
};

/// \returns true if the blocks of a cluster reach each other's shared memory.
inline bool has_clusters() {
  int device = 0;
  int has    = 0;
  cowarp::check(cudaGetDevice(&device), "find a GPU");
  cowarp::check(cudaDeviceGetAttribute(&has, cudaDevAttrClusterLaunch, device), "ask for clusters");
  return has != 0;
}

/// A word in the shared memory of each of a cluster's two blocks, which the other block sets.
class cluster_word {
 public:
#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 900
  /// Waits for all threads of the cluster; all of them call it.
  static COWARP_DEVICE_FN void meet() {
    asm volatile("barrier.cluster.arrive.aligned;\nbarrier.cluster.wait.aligned;" ::: "memory");
  }
  /// Sets the word of the other block. \param mine the number of this one
  COWARP_DEVICE_FN void set(std::uint32_t value, std::uint32_t mine) {
    asm volatile(
        "{ .reg .u32 at;\n"
        "mapa.shared::cluster.u32 at, %0, %1;\n"
        "st.release.cluster.shared::cluster.u32 [at], %2; }" ::"r"(address()),
        "r"(mine ^ 1u), "r"(value)
        : "memory");
  }
  COWARP_DEVICE_FN void await(std::uint32_t value) {
    std::uint32_t now;
    do {
      asm volatile("ld.acquire.cluster.shared::cta.u32 %0, [%1];"
                   : "=r"(now)
                   : "r"(address())
                   : "memory");
    } while (now != value);
  }
#else  // before sm_90: no clusters
  static COWARP_DEVICE_FN void meet() {}
  COWARP_DEVICE_FN void set(std::uint32_t, std::uint32_t) {}
  COWARP_DEVICE_FN void await(std::uint32_t) {}
#endif

 private:
  COWARP_DEVICE_FN std::uint32_t address() {
    return static_cast<std::uint32_t>(__cvta_generic_to_shared(&word_));
  }

  std::uint32_t word_;
};

}  // namespace peers
