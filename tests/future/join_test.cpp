// SPDX-License-Identifier: Apache-2.0
/// \file
/// All of several futures.
#include <support/checks.hpp>
#include <support/futures.hpp>
#include <support/steps.hpp>

namespace join_test {

using test::after_polls;

struct state {
  test::checks checks;
};

using ints = cowarp::tuple<std::int32_t, std::int32_t, std::int32_t>;

COWARP_TASK_FRAME(joining, 1, 256) {
  state& s;
  ints three{};
  cowarp::tuple<std::int32_t, test::only_moves> two{};
  COWARP_BODY_BEGIN
  COWARP_AWAIT_INTO(three,
                    cowarp::join(after_polls{2, 10}, after_polls{0, 11}, after_polls{4, 12}));
  s.checks.equal(cowarp::get<0>(three), 10);
  s.checks.equal(cowarp::get<1>(three), 11);
  s.checks.equal(cowarp::get<2>(three), 12);
  COWARP_AWAIT_INTO(two, cowarp::join(after_polls{1, 20}, cowarp::ready(test::only_moves(21))));
  s.checks.equal(cowarp::get<0>(two), 20);
  s.checks.equal(cowarp::get<1>(two).value(), 21);
  COWARP_BODY_END
};

struct app : cowarp::program<joining> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<app> s) { (void)s.spawn<joining>(s.grid_state()); }
};

}  // namespace join_test

TEST_CASE("join: a task gets all outputs in order", "[future][join]") {
  join_test::state s{};
  const auto report = test::run_to_end<join_test::app>(s);
  s.checks.require_none(5);
  CHECK(report.total.polls == 1 + 4 + 1);
}

TEST_CASE("join: one to six futures", "[future][join]") {
  using join_test::after_polls;
  CHECK(cowarp::block_on(cowarp::join(after_polls{1, 1})) == cowarp::tuple(1));
  CHECK(cowarp::block_on(cowarp::join(after_polls{2, 1}, after_polls{1, 2})) ==
        cowarp::tuple(1, 2));
  CHECK(cowarp::block_on(cowarp::join(after_polls{0, 1}, after_polls{1, 2}, after_polls{2, 3})) ==
        cowarp::tuple(1, 2, 3));
  CHECK(cowarp::block_on(cowarp::join(cowarp::ready(1), cowarp::ready('a'), cowarp::ready(2.0),
                                      after_polls{3, 4})) == cowarp::tuple(1, 'a', 2.0, 4));
  CHECK(cowarp::block_on(cowarp::join(after_polls{4, 1}, after_polls{3, 2}, after_polls{2, 3},
                                      after_polls{1, 4}, after_polls{0, 5})) ==
        cowarp::tuple(1, 2, 3, 4, 5));
  CHECK(cowarp::block_on(cowarp::join(after_polls{4, 1}, after_polls{3, 2}, after_polls{2, 3},
                                      after_polls{1, 4}, after_polls{0, 5}, after_polls{9, 6})) ==
        cowarp::tuple(1, 2, 3, 4, 5, 6));
}

TEST_CASE("join: what is ready is not polled again", "[future][join]") {
  using join_test::after_polls;
  std::uint32_t first  = 0;
  std::uint32_t second = 0;
  cowarp::block_on(cowarp::join(after_polls{0, 1, &first}, after_polls{5, 2, &second}));
  CHECK(first == 1);
  CHECK(second == 6);
}

TEST_CASE("join: dropped early it takes its futures along", "[future][join]") {
  test::counted_life::counts lives{};
  cowarp::context cx;
  {
    auto both = cowarp::join(cowarp::ready(test::counted_life(lives)), cowarp::never<>());
    CHECK_FALSE(both.poll(cx).has_value());
    CHECK(lives.built.value() > lives.destroyed.value());
  }
  CHECK(lives.built.value() == lives.destroyed.value());
}
