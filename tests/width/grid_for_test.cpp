// SPDX-License-Identifier: Apache-2.0
/// \file
/// A loop over all blocks runs each turn once, and is over when its task goes on.
#include <support/checks.hpp>
#include <support/steps.hpp>

#include <memory>

namespace grid_for_test {

constexpr std::uint32_t askers = 3, rounds = 6, most = 5000;

struct state {
  test::checks checks;
  cowarp::grid_team team;
  test::counter ran[askers][most];
  test::counter dropped;
  test::counter running;
  test::counter turns;
};

struct once {
  test::counter* ran;
  COWARP_FN void operator()(std::uint32_t i) const { ran[i].add(); }
};

struct app;
COWARP_TASK_FRAME(asks, askers, 288) {
  state& s;
  std::uint32_t me;
  std::uint32_t round = 0;
  COWARP_BODY_BEGIN
  for (; round < rounds; ++round) {
    COWARP_AWAIT(cowarp::grid_for<app>(s.team, count(), once{s.ran[me]}));
    for (std::uint32_t i = 0; i < most; ++i) s.checks.equal(s.ran[me][i].value(), expected(i));
  }
  COWARP_BODY_END
  /// Nothing, one, less than a warp, and so on.
  COWARP_FN static std::uint32_t count_of(std::uint32_t round) {
    constexpr std::uint32_t counts[rounds] = {0, 1, 31, 1000, most, 33};
    return counts[round];
  }
  COWARP_FN std::uint32_t count() const { return count_of(round); }
  COWARP_FN std::uint32_t expected(std::uint32_t i) const {
    std::uint32_t sum = 0;
    for (std::uint32_t r = 0; r <= round; ++r) sum += i < count_of(r);
    return sum;
  }
};
struct app : cowarp::program<asks, cowarp::grid_helper<app>> {
  using grid_state                 = state;
  static constexpr bool uses_width = true;
  COWARP_FN static void start(cowarp::spawner<app> s, cowarp::no_state&, state& g) {
    for (std::uint32_t i = 0; i < askers; ++i) {
      if (i % s.blocks() == s.block()) s.must_spawn<asks>(g, i);
    }
  }
};

// ---- dropped on the way --------------------------------------------------------------------------

/// No turn may run once the one who asked for it is gone.
struct while_asked {
  state* s;
  COWARP_FN void operator()(std::uint32_t) const {
    s->running.add();
    s->checks.equal(s->dropped.value(), 0u);
    s->turns.add();
    s->running.add(~0u);
  }
};

struct dropping;
COWARP_TASK_FRAME(drops, 1, 352) {
  state& s;
  std::uint32_t round = 0;
  COWARP_BODY_BEGIN
  for (; round < 20; ++round) {
    s.dropped.set(0);
    COWARP_AWAIT(cowarp::select(cowarp::grid_for<dropping, 2>(s.team, most, while_asked{&s}),
                                cowarp::yield_now()));
    s.dropped.set(1);
    s.checks.equal(s.running.value(), 0u);
    COWARP_AWAIT(cowarp::yield_now());
  }
  s.dropped.set(0);
  s.turns.set(0);
  COWARP_AWAIT(cowarp::grid_for<dropping, 2>(s.team, most, while_asked{&s}));
  s.checks.that(s.turns.value() == most);
  COWARP_BODY_END
};
struct dropping : cowarp::program<drops, cowarp::grid_helper<dropping, 2>> {
  using grid_state                 = state;
  static constexpr bool uses_width = true;
  COWARP_FN static void start(cowarp::spawner<dropping> s, cowarp::no_state&, state& g) {
    if (s.block() == 0) s.must_spawn<drops>(g);
  }
};

}  // namespace grid_for_test

TEST_CASE("grid_for: each turn has run once when the task goes on", "[width][grid_for]") {
  const auto blocks = GENERATE(1u, 3u);
  auto s            = std::make_unique<grid_for_test::state>();
  test::run_to_end<grid_for_test::app>(*s, {.blocks = blocks});
  s->checks.require_none(grid_for_test::askers * grid_for_test::rounds * grid_for_test::most);
}

TEST_CASE("grid_for: no turn runs after it was dropped", "[width][grid_for]") {
  const auto blocks = GENERATE(1u, 4u);
  auto s            = std::make_unique<grid_for_test::state>();
  test::run_to_end<grid_for_test::dropping>(*s, {.blocks = blocks});
  s->checks.require_none(grid_for_test::most);
}
