// SPDX-License-Identifier: Apache-2.0
/// \file
/// Numbers for property tests.
#pragma once

#include <cowarp/platform/platform.hpp>

#include <cstdint>

namespace test {

/// Numbers that look random, the same on every machine.
class random_numbers {
 public:
  COWARP_FN explicit random_numbers(std::uint32_t seed) : state_(seed * 2654435761u + 1u) {}

  /// \returns a number below `end`.
  COWARP_FN std::uint32_t below(std::uint32_t end) {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 17;
    state_ ^= state_ << 5;
    return static_cast<std::uint32_t>((std::uint64_t{state_} * end) >> 32);
  }

 private:
  std::uint32_t state_;
};

}  // namespace test
