// SPDX-License-Identifier: Apache-2.0
/// \file
/// A matrix in global memory as the hardware wants it described that copies tiles of it.
#pragma once

#include <cowarp/platform/bulk_copy.hpp>

#if defined(__CUDA_ARCH__)
#  include <cowarp/platform/cuda/tile_copy.hpp>
#endif

#include <cstddef>
#include <cstdint>

namespace cowarp::platform {

/// A matrix, and the tiles that are copied to and from it.
struct matrix_shape {
  void* first;                // its first value
  std::uint32_t rows;         // of the matrix
  std::uint32_t columns;      // in values
  std::size_t pitch_bytes;    // from row to row
  std::uint32_t value_bytes;  // 1, 2, 4 or 8
  std::uint32_t tile_rows;
  std::uint32_t tile_columns;
};

/// What only the hardware reads (CUDA's `CUtensorMap`); zero bytes describe nothing.
///
/// The instructions take its address, so it stands in global memory. It has a cache of its own, which the
/// instructions below empty.
struct alignas(128) tensor_map {
  std::uint64_t bits[16];
};

/// What a tile in shared memory is aligned to, in bytes.
inline constexpr std::uint32_t tile_alignment = 128;

/// The most values of a tile along each side, and the bound of the bytes from row to row.
inline constexpr std::uint32_t most_tile_side = 256;
inline constexpr std::size_t pitch_bound      = std::size_t{1} << 40;

/// Describes a matrix to the GPU that is in use; platform/cuda/tensor_map.cpp defines it, for sources that
/// launch on one.
///
/// Called by:     a host thread.
/// Fails:         returns false if the GPU is older than sm_90; `configuration_error` if the driver says
///                no, `cuda_error` if a call fails.
[[nodiscard]] bool describe(const matrix_shape& matrix, tensor_map& to);

#if defined(__CUDA_ARCH__)

/// \returns true if instructions may take the map's address.
[[nodiscard]] COWARP_FN inline bool is_in_reach(const tensor_map& map) { return is_global(&map); }

/// \returns true if hardware copies tiles between the map's matrix and this place.
[[nodiscard]] COWARP_FN inline bool copies_tiles(bool is_described, const tensor_map& map,
                                                 const void* tile) {
  return has_bulk_copies && is_described && is_in_reach(map) && is_shared(tile) &&
         reinterpret_cast<std::uintptr_t>(tile) % tile_alignment == 0;
}

/// \returns the fastest way of a tile from a matrix to `to`.
[[nodiscard]] COWARP_FN inline copy_way way_of_tile_load(bool is_described, const tensor_map& map,
                                                         const void* to) {
  if (copies_tiles(is_described, map, to)) return copy_way::bulk_load;
  return is_shared(to) && !has_bulk_copies ? copy_way::lane_load : copy_way::at_once;
}

/// \returns the fastest way of a tile from `from` into a matrix.
[[nodiscard]] COWARP_FN inline copy_way way_of_tile_store(bool is_described, const tensor_map& map,
                                                          const void* from) {
  return copies_tiles(is_described, map, from) ? copy_way::bulk_store : copy_way::at_once;
}

#else

// A CPU copies at once; the rest is for GPUs, and nobody calls it here.
[[nodiscard]] COWARP_FN inline bool is_in_reach(const tensor_map&) { return true; }
[[nodiscard]] COWARP_FN inline copy_way way_of_tile_load(bool, const tensor_map&, const void*) {
  return copy_way::at_once;
}
[[nodiscard]] COWARP_FN inline copy_way way_of_tile_store(bool, const tensor_map&, const void*) {
  return copy_way::at_once;
}
COWARP_FN inline void begin_tile_load(void*, const void*, std::int32_t, std::int32_t, std::uint32_t,
                                      bool, mbarrier_word&) {}
COWARP_FN inline void begin_tile_store(const void*, std::int32_t, std::int32_t, const void*) {}

#endif

}  // namespace cowarp::platform
