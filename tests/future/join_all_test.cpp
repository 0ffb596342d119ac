// SPDX-License-Identifier: Apache-2.0
/// \file
/// All of several futures of one type.
#include <cowarp/future/join_all.hpp>

#include <support/checks.hpp>
#include <support/futures.hpp>
#include <support/steps.hpp>

#include <array>

namespace join_all_test {

using test::after_polls;

/// Ready after `polls` others; alive until it is destroyed.
struct living {
  using output = std::int32_t;
  test::counted_life life;
  std::uint32_t polls;
  COWARP_FN living(test::counted_life::counts& in, std::uint32_t n) : life(in), polls(n) {}
  COWARP_FN cowarp::polled<std::int32_t> poll(cowarp::context&) {
    if (polls-- == 0) return 1;
    return cowarp::pending;
  }
};

struct state {
  test::checks checks;
  cowarp::channel<std::int32_t, 4> channels[4];
};

// [join_all]
struct receive_from {
  cowarp::channel<std::int32_t, 4>* channels;
  COWARP_FN auto operator()(std::size_t i) const { return channels[i].receive(); }
};

COWARP_TASK_FRAME(gathering, 1, 512) {
  state& s;
  cowarp::array<cowarp::optional<std::int32_t>, 4> four{};
  cowarp::array<std::int32_t, 3> three{};
  COWARP_BODY_BEGIN
  COWARP_AWAIT_INTO(four, cowarp::join_all<4>(receive_from{s.channels}));
  for (const auto& message : four) s.checks.that(message.has_value());

  COWARP_AWAIT_INTO(three,
                    cowarp::join_all({cowarp::ready(7), cowarp::ready(8), cowarp::ready(9)}));
  s.checks.that(three[0] == 7 && three[1] == 8 && three[2] == 9);
  for (std::int32_t i = 0; i < 4; ++i) {
    s.checks.equal(*four[static_cast<std::size_t>(i)], i * 10);
  }
  COWARP_AWAIT_INTO(three, cowarp::join_all(cowarp::array<after_polls, 3>{
                               {after_polls{2, 1}, after_polls{0, 2}, after_polls{3, 3}}}));
  s.checks.equal(three[0] * 100 + three[1] * 10 + three[2], 123);
  COWARP_BODY_END
};
// [/join_all]

COWARP_TASK_FRAME(sending, 1) {
  state& s;
  std::int32_t i = 4;
  COWARP_BODY_BEGIN
  while (--i >= 0) {
    COWARP_AWAIT(cowarp::yield_now());
    COWARP_AWAIT(s.channels[i].send(i * 10));
  }
  COWARP_BODY_END
};

struct app : cowarp::program<gathering, sending> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<app> s) {
    (void)s.spawn<gathering>(s.grid_state());
    (void)s.spawn<sending>(s.grid_state());
  }
};

}  // namespace join_all_test

TEST_CASE("join_all: a task gets all outputs in order", "[future][join_all]") {
  join_all_test::state s{};
  test::run_to_end<join_all_test::app>(s);
  s.checks.require_none(4 + 1 + 4 + 1);
}

TEST_CASE("join_all: what is ready is not polled again", "[future][join_all]") {
  using join_all_test::after_polls;
  std::uint32_t polls[3] = {};
  const auto all         = cowarp::block_on(cowarp::join_all(
              {after_polls{0, 1, &polls[0]}, after_polls{5, 2, &polls[1]}, after_polls{2, 3, &polls[2]}}));
  CHECK(all[0] + all[1] + all[2] == 6);
  CHECK(polls[0] == 1);
  CHECK(polls[1] == 6);
  CHECK(polls[2] == 3);
}

TEST_CASE("join_all: takes futures and outputs that only move", "[future][join_all]") {
  using test::only_moves;
  std::array<cowarp::ready_future<only_moves>, 2> two{cowarp::ready(only_moves(1)),
                                                      cowarp::ready(only_moves(2))};
  const auto all = cowarp::block_on(cowarp::join_all(std::move(two)));
  CHECK(all[0].value() == 1);
  CHECK(all[1].value() == 2);
}

TEST_CASE("join_all: a future that is ready is gone at once", "[future][join_all]") {
  using join_all_test::living;
  test::counted_life::counts lives[2] = {};
  cowarp::context cx;
  {
    auto both = cowarp::join_all({living(lives[0], 0), living(lives[1], 9)});
    CHECK_FALSE(both.poll(cx).has_value());
    CHECK(lives[0].built.value() == lives[0].destroyed.value());
    CHECK(lives[1].built.value() == lives[1].destroyed.value() + 1);
  }
  CHECK(lives[1].built.value() == lives[1].destroyed.value());
}
