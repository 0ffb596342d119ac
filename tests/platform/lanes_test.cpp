// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a warp says of its lanes, where it has one.
#include <cowarp/platform/lanes.hpp>

#include <support/catch.hpp>

#include <cstdint>
#include <vector>

namespace lanes_test {

struct lanes_seen {
  std::uint32_t lane[32];
  std::uint32_t count;
};

/// Notes which lanes ran, and answers with the lowest three bits of the lane's number.
struct noting {
  lanes_seen& seen;
  COWARP_FN std::uint32_t operator()(std::uint32_t lane) const {
    seen.lane[seen.count++] = lane;
    return lane & 7u;
  }
};

}  // namespace lanes_test

TEST_CASE("lanes: on a CPU the set bits run in order", "[platform][lanes]") {
  lanes_test::lanes_seen seen{};
  lanes_test::noting note{seen};
  const auto said = cowarp::platform::for_lanes(0x8000'0093u, note);
  CHECK(std::vector<std::uint32_t>(seen.lane, seen.lane + seen.count) ==
        std::vector<std::uint32_t>{0, 1, 4, 7, 31});
  CHECK(said.first == ((1u << 1) | (1u << 7) | (1u << 31)));
  CHECK(said.second == ((1u << 7) | (1u << 31)));
  CHECK(said.third == ((1u << 4) | (1u << 7) | (1u << 31)));
}

TEST_CASE("lanes: an empty mask runs nobody", "[platform][lanes]") {
  lanes_test::lanes_seen seen{};
  lanes_test::noting note{seen};
  const auto said = cowarp::platform::for_lanes(0, note);
  CHECK(seen.count == 0);
  CHECK((said.first | said.second | said.third) == 0);
}

TEST_CASE("lanes: on a CPU a warp is one lane", "[platform][lanes]") {
  using namespace cowarp::platform;
  CHECK(warp_lanes == 1);
  CHECK(lane() == 0);
  CHECK(warp() == 0);
  CHECK(from_leader(5) == 5);
  CHECK(uniform(6) == 6);
  CHECK(any_lane(true));
  CHECK_FALSE(any_lane(false));
  CHECK(smallest_of_lanes(7) == 7);
}
