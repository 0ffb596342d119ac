// SPDX-License-Identifier: Apache-2.0
/// \file
/// Peers on a GPU: libcu++'s semaphore, and its barrier between two warps of a block.
#pragma once

#include <cowarp/cowarp.hpp>

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

}  // namespace peers
