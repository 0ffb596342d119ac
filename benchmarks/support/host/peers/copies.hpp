// SPDX-License-Identifier: Apache-2.0
/// \file
/// A memory-bound job on a CPU: one thread copies.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstring>
#include <vector>

namespace peers {

inline constexpr std::size_t copied_bytes = std::size_t{64} << 20;

/// Two halves of memory of which one is copied to the other.
class copier {
 public:
  copier() : from_(copied_bytes, 0x5a), to_(copied_bytes) { static_cast<void>(seconds()); }

  /// \returns seconds of one copy.
  double seconds() {
    const auto begin = std::chrono::steady_clock::now();
    std::memcpy(to_.data(), from_.data(), copied_bytes);
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  }

  /// \returns true if the last byte was copied; forgets the copy.
  bool has_copied() {
    const bool result = to_.back() == 0x5a;
    to_.back()        = 0;
    return result;
  }

 private:
  std::vector<unsigned char> from_;
  std::vector<unsigned char> to_;
};

}  // namespace peers
