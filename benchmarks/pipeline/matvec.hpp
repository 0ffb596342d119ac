// SPDX-License-Identifier: Apache-2.0
/// \file
/// A matrix of 4-bit weights times a vector: the job, its inputs, and what a CPU says of the result.
#pragma once

#include <cowarp/platform/atomic.hpp>
#include <cowarp/platform/width.hpp>

#include <support/measure.hpp>

#include <cstdint>
#include <cstring>

namespace bench {

/// The matrix in tiles of a few rows: packed weights, eight in a word, then a scale for each 128 of them.
///
/// Vector, weights and scales are small whole numbers, so that every order of adding gives the same sum.
template <std::uint32_t Rows>
struct matvec_job {
  static constexpr std::uint32_t rows       = Rows;  // of a tile
  static constexpr std::uint32_t columns    = 4096;
  static constexpr std::uint32_t row_words  = columns / 8;
  static constexpr std::uint32_t row_scales = columns / 128;
  static constexpr std::uint32_t tile_bytes = rows * (row_words + row_scales) * 4;

  struct tile {
    std::uint32_t packed[rows][row_words];
    float scale[rows][row_scales];
  };
  static_assert(sizeof(tile) == tile_bytes);

  /// The vector as `multiply` wants it; see `prepare`.
  struct alignas(16) four {
    float of[4];
  };
  struct prepared {
    four low[row_words];    // for the lower four weights of a word
    four high[row_words];   // for the upper four
    float bias[row_words];  // for -8 of all eight
  };
  static_assert(sizeof(prepared) % 16 == 0);

  const tile* matrix;
  const prepared* vector;
  float* result;
  std::uint32_t tiles;
  std::uint32_t blocks;
  cowarp::platform::atomic_word<cowarp::scope::device> next;  // tile that nobody has

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
  // A weight w is taken out of its word with one instruction: its four bits, at bit b of 24, are the float
  // w * 2^(b - 149), a small but ordinary number to a GPU. The vector makes up for 2^b, and for the rest as
  // far as a float reaches; the result for what is left.
  static constexpr int unit = 29;  // sums are kept in units of 2^-29

  /// Where weight `j` of a word is taken from; the upper two after a shift by 8.
  static COWARP_FN constexpr std::uint32_t bit_of(std::uint32_t j) {
    return 4 * (j < 6 ? j : j - 2);
  }
  static COWARP_FN float power_of_two(int exponent) {
    return float_of(static_cast<std::uint32_t>(exponent + 127) << 23);
  }
  static COWARP_FN float float_of(std::uint32_t bits) {
    float value;
    std::memcpy(&value, &bits, 4);
    return value;
  }
  /// Prepares the part of the vector that meets word `word` of a row. All of it is exact.
  static COWARP_FN void prepare(prepared& to, std::uint32_t word) {
    float sum = 0;
    for (std::uint32_t j = 0; j < 8; ++j) {
      const float x = vector_at(8 * word + j);
      (j < 4 ? to.low : to.high)[word].of[j % 4] =
          x * power_of_two(149 - unit - static_cast<int>(bit_of(j)));
      sum += x;
    }
    to.bias[word] = -8 * sum * power_of_two(-unit);
  }

  /// \returns eight weights, less eight each, times their part of the vector, in units.
  static COWARP_FN float product(std::uint32_t packed, const four& low, const four& high,
                                 float bias) {
    const std::uint32_t upper = packed >> 8;
    float sum                 = bias;
    for (std::uint32_t j = 0; j < 4; ++j) sum += float_of(packed & 15u << bit_of(j)) * low.of[j];
    for (std::uint32_t j = 0; j < 4; ++j) {
      sum += float_of((j < 2 ? packed : upper) & 15u << bit_of(4 + j)) * high.of[j];
    }
    return sum;
  }

  /// What one lane has of a tile's product.
  struct sums {
    float of[rows];
  };

  /// Multiplies a tile; all lanes of a warp (one on a CPU) call it. Nobody needs the tile afterwards.
  static COWARP_FN sums multiply(const tile& t, const prepared& x, std::uint32_t lane) {
    sums sum{};
    for (std::uint32_t word = lane; word < row_words; word += cowarp::platform::width) {
      const four low   = x.low[word];
      const four high  = x.high[word];
      const float bias = x.bias[word];
      unrolled<rows>([&](auto row) {
        sum.of[row] += t.scale[row][word / 16] * product(t.packed[row][word], low, high, bias);
      });
    }
    return sum;
  }

  /// Adds up what the lanes have, and stores it; all lanes of the warp call it.
  static COWARP_FN void store(sums sum, float* to, std::uint32_t lane) {
    unrolled<rows>([&](auto row) {
      for (std::uint32_t bits = 1; bits < cowarp::platform::width; bits *= 2) {
        sum.of[row] += cowarp::platform::from_lane_across(sum.of[row], bits);
      }
    });
    if (lane != 0) return;
    unrolled<rows>([&](auto row) { to[row] = sum.of[row] * power_of_two(unit); });
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
template <class Job>
struct matvec_fill {
  using argument                             = Job*;
  static constexpr std::uint32_t max_threads = 1024;
  static COWARP_FN void run(Job* const& job, unsigned char*, std::uint32_t block,
                            std::uint32_t thread, std::uint32_t threads) {
    constexpr std::uint32_t words  = Job::tile_bytes / 4;
    constexpr std::uint32_t packed = Job::rows * Job::row_words;
    auto* const tiles              = const_cast<typename Job::tile*>(job->matrix);
    auto* const bits               = reinterpret_cast<std::uint32_t*>(tiles);
    auto* const scales             = reinterpret_cast<float*>(tiles);
    const std::uint32_t step       = job->blocks * threads;
    for (std::uint32_t i = block * threads + thread; i < job->tiles * words; i += step) {
      // A float is stored as one. Copied by memcpy to a place whose alignment clang does not know, it
      // becomes four stores of a byte, of which ptxas 13.0 takes the lowest for a conversion to a byte.
      if (i % words < packed) {
        bits[i] = Job::packed_word(i);
      } else {
        scales[i] = Job::scale(i);
      }
    }
    for (std::uint32_t i = block * threads + thread; i < Job::row_words; i += step) {
      Job::prepare(const_cast<typename Job::prepared&>(*job->vector), i);
    }
    for (std::uint32_t i = block * threads + thread; i < job->tiles * Job::rows; i += step) {
      job->result[i] = -1.5f;
    }
  }
};

}  // namespace bench
