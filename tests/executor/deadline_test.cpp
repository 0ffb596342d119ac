// SPDX-License-Identifier: Apache-2.0
/// \file
/// Earliest deadline first: who is due first goes first, and nobody starves.
#include <support/checks.hpp>
#include <support/steps.hpp>

#include <chrono>
#include <cstdint>
#include <vector>

namespace deadline_test {

using std::chrono::seconds;

struct state {
  test::trace<128> order;
  test::counter is_over;
  test::counter lives;
};

/// Has three turns, and says at the first when it is due; one type each, so that each has a word of its own.
template <std::int32_t Number>
struct of {
  COWARP_TASK_FRAME(turning, 1) {
    using output = cowarp::unit;
    state& s;
    std::int32_t due;
    std::uint32_t turns;
    COWARP_BODY_BEGIN
    if (due != 0) COWARP_AWAIT(cowarp::due_in(seconds(due)));
    for (; turns != 0; --turns) {
      s.order.add(Number);
      COWARP_AWAIT(cowarp::yield_now());
    }
    s.lives.add();
    COWARP_BODY_END
  };
};
using first  = of<1>::turning;
using second = of<2>::turning;
using third  = of<3>::turning;

struct app : cowarp::program<first, second, third> {
  using grid_state                              = state;
  static constexpr bool earliest_deadline_first = true;
  COWARP_FN static void start(cowarp::spawner<app> s) {
    s.must_spawn<first>(s.grid_state(), 300, 3u);
    s.must_spawn<second>(s.grid_state(), 100, 3u);
    s.must_spawn<third>(s.grid_state(), 200, 3u);
  }
};

/// The second says nothing, so it comes last; and it is spawned twice in one slot.
struct silent_app;
COWARP_TASK_FRAME(spawning, 1) {
  state& s;
  COWARP_BODY_BEGIN
  while (s.lives.value() < 2) COWARP_AWAIT(cowarp::yield_now());
  cowarp::spawner<silent_app>().must_spawn<second>(s, 0, 1u);
  COWARP_BODY_END
};
struct silent_app : cowarp::program<first, second, spawning> {
  using grid_state                              = state;
  static constexpr bool earliest_deadline_first = true;
  COWARP_FN static void start(cowarp::spawner<silent_app> s) {
    s.must_spawn<first>(s.grid_state(), 100, 3u);
    s.must_spawn<second>(s.grid_state(), 0, 2u);
    s.must_spawn<spawning>(s.grid_state());
  }
};

// [deadline]
/// Always ready, and always due first.
COWARP_TASK_FRAME(pressing, 1) {
  state& s;
  COWARP_BODY_BEGIN
  while (s.is_over.value() == 0) {
    COWARP_AWAIT(cowarp::due_in(std::chrono::microseconds(10)));
    COWARP_AWAIT(cowarp::yield_now());
  }
  COWARP_BODY_END
};
// [/deadline]

COWARP_TASK_FRAME(patient, 1) {
  state& s;
  std::uint32_t i = 0;
  COWARP_BODY_BEGIN
  for (; i < 50; ++i) COWARP_AWAIT(cowarp::yield_now());
  s.is_over.set(1);
  COWARP_BODY_END
};

struct pressing_app : cowarp::program<pressing, patient> {
  using grid_state                              = state;
  static constexpr bool earliest_deadline_first = true;
  COWARP_FN static void start(cowarp::spawner<pressing_app> s) {
    if (s.block() == 0) s.must_spawn<patient>(s.grid_state());
    s.must_spawn<pressing>(s.grid_state());
  }
};

}  // namespace deadline_test

TEST_CASE("deadline: who is due first goes first", "[executor][deadline]") {
  deadline_test::state s{};
  test::run_to_end<deadline_test::app>(s, {.blocks = 1, .workers = 1});
  // Each is heard once; then the second, the third, and the first. The ninth pass goes over all.
  CHECK(s.order.entries() == std::vector<std::int32_t>{1, 2, 3, 2, 2, 3, 3, 1, 1});
}

TEST_CASE("deadline: who says none goes last, and a new life says it anew",
          "[executor][deadline]") {
  deadline_test::state s{};
  test::run_to_end<deadline_test::silent_app>(s, {.blocks = 1, .workers = 1});
  const auto order = s.order.entries();
  REQUIRE(order.size() == 6);
  CHECK(std::vector<std::int32_t>(order.begin(), order.begin() + 5) ==
        std::vector<std::int32_t>{1, 2, 1, 1, 2});
  CHECK(s.lives.value() == 3);
}

TEST_CASE("deadline: nobody starves beside who is always due first", "[executor][deadline]") {
  const auto blocks = GENERATE(1u, 2u);
  deadline_test::state s{};
  const auto report =
      test::run_to_end<deadline_test::pressing_app>(s, {.blocks = blocks, .workers = 1});
  CHECK(report.per_block[0].polls <= 51 * 10 + 20);  // one pass in nine is everybody's
}
