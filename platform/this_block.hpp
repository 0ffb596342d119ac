// SPDX-License-Identifier: Apache-2.0
/// \file
/// Where the running block keeps its executor, so that a waker needs no pointer.
#pragma once

#include <cowarp/platform/platform.hpp>

#if defined(COWARP_SIM)
#  include <cowarp/platform/sim/schedule.hpp>
#endif

#include <cstdint>

namespace cowarp {

struct block_header;

namespace platform {

/// The most blocks that a launch may have: what a task's id has room for.
inline constexpr std::uint32_t most_blocks = 4095;

#if !defined(__CUDA_ARCH__) && !defined(COWARP_SIM)
/// The block that this host thread plays, or null.
inline thread_local block_header* host_block = nullptr;
#endif

/// \returns the executor of the block that calls; inside a task never null.
///
/// On a GPU it stands at the start of the block's dynamic shared memory. Null on a host thread that
/// plays no block, and in a kernel that has no dynamic shared memory; a kernel that has some and
/// runs no executor must not ask.
[[nodiscard]] COWARP_FN inline block_header* this_block() {
#if defined(__CUDA_ARCH__)
  extern __shared__ __align__(128) unsigned char cowarp_shared_memory[];
  return reinterpret_cast<block_header*>(cowarp_shared_memory);
#elif defined(COWARP_SIM)
  return sim::this_block();
#else
  return host_block;
#endif
}

/// \returns true where `this_block` may be used.
[[nodiscard]] COWARP_FN inline bool has_block() {
#if defined(__CUDA_ARCH__)
  unsigned bytes;
  asm("mov.u32 %0, %%dynamic_smem_size;" : "=r"(bytes));
  return bytes != 0;
#else
  return this_block() != nullptr;
#endif
}

/// Names the block that the calling host thread plays; nothing to do on a GPU.
COWARP_FN inline void enter_block(block_header* block) {
#if defined(__CUDA_ARCH__)
  static_cast<void>(block);
#elif defined(COWARP_SIM)
  sim::enter_block(block);
#else
  host_block = block;
#endif
}

}  // namespace platform
}  // namespace cowarp
