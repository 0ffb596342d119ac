// SPDX-License-Identifier: Apache-2.0
/// \file
/// The random numbers of a simulation: the same for the same seed, on every machine.
#pragma once

#include <cstdint>

namespace cowarp::sim {

/// SplitMix64 (Steele, Lea, Flood 2014).
class random_source {
 public:
  explicit random_source(std::uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15u + 1) {}

  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15u);
    z               = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z               = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }

  /// \returns a number below `end`. \pre end != 0
  std::uint32_t below(std::uint32_t end) {
    return static_cast<std::uint32_t>((next() >> 32) * end >> 32);
  }

  [[nodiscard]] bool chance(double probability) {
    return static_cast<double>(next() >> 32) < probability * 4294967296.0;
  }

 private:
  std::uint64_t state_;
};

}  // namespace cowarp::sim
