// SPDX-License-Identifier: Apache-2.0
/// \file
/// The instructions that copy a tile of a matrix, which a tensor map describes (sm_90).
#pragma once

#include <cowarp/platform/cuda/bulk_copy.hpp>

#if defined(__CUDA_ARCH__)

#  include <cstdint>

namespace cowarp::platform {

#  if __CUDA_ARCH__ >= 900

/// What the host wrote to the map in front of the launch is what the copies of this block read: they do so
/// through a cache of their own, which may hold what stood there in an earlier launch.
COWARP_FN inline void acquire_tensor_map(const void* map) {
  asm volatile("fence.proxy.tensormap::generic.acquire.sys [%0], 128;" ::"l"(map) : "memory");
}

/// Begins a copy of a tile from global to shared memory whose end is phase 0 of `ends`; `bytes` is the size
/// of the whole tile, also where a part of it is outside of the matrix. Fences as `open_loads` does.
COWARP_FN inline void begin_tile_load(void* to, const void* map, std::int32_t row,
                                      std::int32_t column, std::uint32_t bytes, bool is_constant,
                                      mbarrier_word& ends) {
  acquire_tensor_map(map);
  open_loads(is_constant, ends);
  asm volatile(
      "cp.async.bulk.tensor.2d.shared::cluster.global.tile.mbarrier::complete_tx::bytes"
      " [%0], [%1, {%2, %3}], [%4];" ::"r"(shared_address(to)),
      "l"(map), "r"(column), "r"(row), "r"(ends.at())
      : "memory");
  close_loads(bytes, ends);
}

/// Begins a copy of a tile from shared to global memory, a bulk group of its own. Fences as
/// `begin_bulk_store` does.
COWARP_FN inline void begin_tile_store(const void* map, std::int32_t row, std::int32_t column,
                                       const void* from) {
  acquire_tensor_map(map);
  asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
  asm volatile(
      "cp.async.bulk.tensor.2d.global.shared::cta.tile.bulk_group [%0, {%1, %2}], [%3];" ::"l"(map),
      "r"(column), "r"(row), "r"(shared_address(from))
      : "memory");
  asm volatile("cp.async.bulk.commit_group;" ::: "memory");
}

#  else

// Tensor maps do not exist; nobody calls these.
COWARP_FN inline void begin_tile_load(void*, const void*, std::int32_t, std::int32_t, std::uint32_t,
                                      bool, mbarrier_word&) {}
COWARP_FN inline void begin_tile_store(const void*, std::int32_t, std::int32_t, const void*) {}

#  endif

}  // namespace cowarp::platform

#endif
