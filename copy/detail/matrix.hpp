// SPDX-License-Identifier: Apache-2.0
/// \file
/// Which matrices have tiles that hardware can copy, and which part of a tile is inside of one.
#pragma once

#include <cowarp/platform/launch_plan.hpp>
#include <cowarp/platform/tensor_map.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

namespace cowarp::detail {

/// A range of a tile's rows, or of its columns.
struct tile_range {
  std::uint32_t begin;
  std::uint32_t end;

  [[nodiscard]] COWARP_FN bool has(std::uint32_t i) const { return i >= begin && i < end; }
  [[nodiscard]] COWARP_FN bool is_empty() const { return begin >= end; }
  [[nodiscard]] COWARP_FN std::uint32_t size() const { return end - begin; }
};

/// \returns what is inside of a matrix of `size`, of a tile of `tile` that begins at `first`.
[[nodiscard]] COWARP_FN inline tile_range inside_of(std::uint32_t size, std::int32_t first,
                                                    std::uint32_t tile) {
  const auto clamped = [=](std::int64_t i) {
    return i < 0 ? 0u : i > tile ? tile : static_cast<std::uint32_t>(i);
  };
  return {clamped(-std::int64_t{first}), clamped(std::int64_t{size} - first)};
}

/// Throws what a matrix calls for of which hardware cannot copy tiles; nothing if it can.
COWARP_HOST_FN inline void require_tiles(const platform::matrix_shape& matrix) {
  const auto refuse_unless = [](bool can, const std::string& why) {
    if (!can) throw configuration_error("cowarp: tile_map: " + why);
  };
  const auto unit = std::size_t{platform::copy_unit};
  refuse_unless(matrix.first != nullptr && matrix.rows > 0 && matrix.columns > 0,
                "the matrix is empty: give it a place, rows and columns");
  refuse_unless(reinterpret_cast<std::uintptr_t>(matrix.first) % unit == 0,
                "the first value is not aligned to 16 bytes: begin at one that is");
  refuse_unless(matrix.pitch_bytes >= std::size_t{matrix.columns} * matrix.value_bytes,
                "rows of " + std::to_string(matrix.columns) + " values overlap at a pitch of " +
                    std::to_string(matrix.pitch_bytes) + " bytes: it counts bytes, not values");
  refuse_unless(matrix.pitch_bytes % unit == 0,
                "a pitch of " + std::to_string(matrix.pitch_bytes) +
                    " bytes is no multiple of 16: pad the rows to " +
                    std::to_string((matrix.pitch_bytes + unit - 1) / unit * unit) + " bytes");
  refuse_unless(matrix.pitch_bytes < platform::pitch_bound,
                "a pitch of 2^40 bytes or more: split the matrix");
}

}  // namespace cowarp::detail
