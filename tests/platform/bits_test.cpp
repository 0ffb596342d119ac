// SPDX-License-Identifier: Apache-2.0
#include <cowarp/platform/platform.hpp>

#include <support/catch.hpp>

TEST_CASE("bits: count_bits counts the bits that are set", "[platform][bits]") {
  CHECK(cowarp::platform::count_bits(0u) == 0u);
  CHECK(cowarp::platform::count_bits(0x80000001u) == 2u);
  CHECK(cowarp::platform::count_bits(~0u) == 32u);
}

TEST_CASE("bits: lowest_bit is the index of the lowest bit set", "[platform][bits]") {
  CHECK(cowarp::platform::lowest_bit(1u) == 0u);
  CHECK(cowarp::platform::lowest_bit(0x80000000u) == 31u);
  CHECK(cowarp::platform::lowest_bit(0x00000a00u) == 9u);
}
