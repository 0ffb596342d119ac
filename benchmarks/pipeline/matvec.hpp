// SPDX-License-Identifier: Apache-2.0
/// \file
/// A matrix of 4-bit weights times a vector: the job, its inputs, and what a CPU says of the result.
#pragma once

#include <cowarp/platform/width.hpp>

#include <support/measure.hpp>

#include <cstdint>
#include <cstring>

namespace bench {

/// The matrix in tiles of eight rows: packed weights, eight in a word, then a scale for each 128 of them.
///
/// Vector, weights and scales are small whole numbers, so that every order of adding gives the same sum.
struct matvec_job {
  static constexpr std::uint32_t rows       = 8;  // of a tile
  static constexpr std::uint32_t columns    = 4096;
  static constexpr std::uint32_t row_words  = columns / 8;
  static constexpr std::uint32_t row_scales = columns / 128;
  static constexpr std::uint32_t tile_bytes = rows * (row_words + row_scales) * 4;

  struct tile {
    std::uint32_t packed[rows][row_words];
    float scale[rows][row_scales];
  };
  static_assert(sizeof(tile) == tile_bytes);

  const tile* matrix;
  const float* vector;  // as `prepared` says
  float* result;
  std::uint32_t tiles;
  std::uint32_t blocks;

  static COWARP_FN std::uint32_t mixed(std::uint32_t i) {
    i = (i ^ (i >> 16)) * 0x7feb352du;
    i = (i ^ (i >> 15)) * 0x846ca68bu;
    return i ^ (i >> 16);
  }
  static COWARP_FN std::uint32_t packed_word(std::uint32_t i) { return mixed(i); }
  static COWARP_FN float scale(std::uint32_t i) { return static_cast<float>(1u << (mixed(i) % 3)); }
  static COWARP_FN float vector_at(std::uint32_t column) {
    return static_cast<float>(static_cast<std::int32_t>(mixed(column) % 9) - 4);
  }
  /// Weight j of a word is taken out where it stands, as 16^(j mod 4) times its value; the vector makes
  /// up for it.
  static COWARP_FN float prepared(std::uint32_t column) {
    return vector_at(column) / static_cast<float>(1u << (column % 4 * 4));
  }

  /// \returns 16^j (weight j - 8) for the four weights in the low half of the word.
  static COWARP_FN float taken(std::uint32_t word, std::uint32_t j) {
    // A number in the mantissa of 2^23, which is then taken away: no conversion.
    const std::uint32_t bits = (word & (15u << (4 * j))) | 0x4b000000u;
    float value;
    std::memcpy(&value, &bits, 4);
    return value - (8388608.0f + static_cast<float>(8u << (4 * j)));
  }

  /// Multiplies a tile; all lanes of a warp (one on a CPU) call it. \param x the prepared vector.
  static COWARP_FN void multiply(const tile& t, const float* x, float* to, std::uint32_t lane) {
    constexpr std::uint32_t width = cowarp::platform::width;
    struct alignas(16) four {
      float of[4];
    };
    float sum[rows] = {};
    for (std::uint32_t word = lane; word < row_words; word += width) {
      const four low  = reinterpret_cast<const four*>(x)[2 * word];
      const four high = reinterpret_cast<const four*>(x)[2 * word + 1];
      for (std::uint32_t row = 0; row < rows; ++row) {
        const std::uint32_t packed = t.packed[row][word];
        float part                 = 0;
        for (std::uint32_t j = 0; j < 4; ++j) part += taken(packed, j) * low.of[j];
        for (std::uint32_t j = 0; j < 4; ++j) part += taken(packed >> 16, j) * high.of[j];
        sum[row] += t.scale[row][word / 16] * part;
      }
    }
    for (std::uint32_t row = 0; row < rows; ++row) {
      for (std::uint32_t bits = 1; bits < width; bits *= 2) {
        sum[row] += cowarp::platform::from_lane_across(sum[row], bits);
      }
      if (lane == 0) to[row] = sum[row];
    }
  }

  /// What the result of a row must be.
  static float expected(std::uint32_t tile_index, std::uint32_t row) {
    const std::uint32_t first = tile_index * rows * (row_words + row_scales);
    float sum                 = 0;
    for (std::uint32_t column = 0; column < columns; ++column) {
      const std::uint32_t word   = packed_word(first + row * row_words + column / 8);
      const std::uint32_t weight = word >> (4 * (column % 8)) & 15u;
      sum += scale(first + rows * row_words + row * row_scales + column / 128) *
             (static_cast<float>(weight) - 8.0f) * vector_at(column);
    }
    return sum;
  }
};

/// Writes the matrix and the vector.
struct matvec_fill {
  using argument                             = matvec_job*;
  static constexpr std::uint32_t max_threads = 1024;
  static COWARP_FN void run(matvec_job* const& job, unsigned char*, std::uint32_t block,
                            std::uint32_t thread, std::uint32_t threads) {
    constexpr std::uint32_t words  = matvec_job::tile_bytes / 4;
    constexpr std::uint32_t packed = matvec_job::rows * matvec_job::row_words;
    auto* const tiles =
        reinterpret_cast<std::uint32_t*>(const_cast<matvec_job::tile*>(job->matrix));
    const std::uint32_t step = job->blocks * threads;
    for (std::uint32_t i = block * threads + thread; i < job->tiles * words; i += step) {
      const float scale = matvec_job::scale(i);
      tiles[i]          = matvec_job::packed_word(i);
      if (i % words >= packed) std::memcpy(&tiles[i], &scale, 4);
    }
    for (std::uint32_t i = block * threads + thread; i < matvec_job::columns; i += step) {
      const_cast<float*>(job->vector)[i] = matvec_job::prepared(i);
    }
    for (std::uint32_t i = block * threads + thread; i < job->tiles * matvec_job::rows; i += step) {
      job->result[i] = -1.5f;
    }
  }
};

}  // namespace bench
