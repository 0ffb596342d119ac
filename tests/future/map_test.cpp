// SPDX-License-Identifier: Apache-2.0
/// \file
/// Chains: a function or a future for every output.
#include <support/checks.hpp>
#include <support/futures.hpp>
#include <support/steps.hpp>

namespace map_test {

struct state {
  test::checks checks;
};

struct plus_one {
  COWARP_FN std::int32_t operator()(std::int32_t n) const { return n + 1; }
};

/// A future for an output: `n` yields, then n * 100.
struct slow_hundreds {
  struct yielding {
    using output = std::int32_t;
    std::int32_t n;
    std::int32_t left;
    COWARP_FN cowarp::polled<std::int32_t> poll(cowarp::context& cx) {
      if (left-- <= 0) return n * 100;
      cx.wake_self();
      return cowarp::pending;
    }
  };
  COWARP_FN yielding operator()(std::int32_t n) const { return {n, n}; }
};

struct opened {
  COWARP_FN std::int32_t operator()(test::only_moves token) const { return token.value(); }
};

COWARP_TASK_FRAME(chaining, 1, 96) {
  state& s;
  std::int32_t value = 0;
  COWARP_BODY_BEGIN
  COWARP_AWAIT_INTO(value, cowarp::map(cowarp::ready(1), plus_one{}));
  s.checks.equal(value, 2);
  COWARP_AWAIT_INTO(value, cowarp::then(cowarp::ready(3), slow_hundreds{}));
  s.checks.equal(value, 300);
  COWARP_AWAIT_INTO(
      value, cowarp::map(cowarp::then(cowarp::map(cowarp::ready(1), plus_one{}), slow_hundreds{}),
                         plus_one{}));
  s.checks.equal(value, 201);
  COWARP_AWAIT_INTO(value, cowarp::map(cowarp::ready(test::only_moves(12)), opened{}));
  s.checks.equal(value, 12);
  COWARP_BODY_END
};

struct app : cowarp::program<chaining> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<app> s) { (void)s.spawn<chaining>(s.grid_state()); }
};

using living = test::living<>;

struct making {
  test::counted_life::counts& lives;
  COWARP_FN living operator()(std::int32_t) const { return living(lives); }
};

}  // namespace map_test

TEST_CASE("map: outputs pass through functions and futures", "[future][map]") {
  map_test::state s{};
  const auto report = test::run_to_end<map_test::app>(s);
  s.checks.require_none(4);
  CHECK(report.total.polls == 1 + 3 + 2);
}

TEST_CASE("then: dropped in either half it leaves nothing", "[future][map]") {
  test::counted_life::counts first{};
  test::counted_life::counts second{};
  cowarp::context cx;
  { auto unpolled = cowarp::then(map_test::living(first), map_test::making{second}); }
  CHECK(first.built.value() == first.destroyed.value());
  CHECK(second.built.value() == 0);
  {
    auto halfway = cowarp::then(cowarp::ready(1), map_test::making{second});
    CHECK_FALSE(halfway.poll(cx).has_value());
    CHECK(second.built.value() == second.destroyed.value() + 1);
  }
  CHECK(second.built.value() == second.destroyed.value());
}
