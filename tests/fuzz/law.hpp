// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a fuzzer's target needs: a law that ends the run, and numbers out of the input's bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>

namespace fuzz {

/// Ends the run unless the law holds; libFuzzer then keeps the input.
inline void require(bool holds, const char* law) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", law);
  std::abort();
}

/// The bytes of one input, taken from the front.
class input {
 public:
  input(const std::uint8_t* data, std::size_t size) : rest_(data, size) {}

  /// \returns the next byte; 0 when there is none.
  std::uint8_t byte() {
    if (rest_.empty()) return 0;
    const std::uint8_t first = rest_.front();
    rest_                    = rest_.subspan(1);
    return first;
  }
  std::span<const std::uint8_t> bytes(std::size_t count) {
    const auto front = rest_.first(count < rest_.size() ? count : rest_.size());
    rest_            = rest_.subspan(front.size());
    return front;
  }
  [[nodiscard]] std::span<const std::uint8_t> rest() const { return rest_; }

 private:
  std::span<const std::uint8_t> rest_;
};

}  // namespace fuzz
