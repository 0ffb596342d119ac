// SPDX-License-Identifier: Apache-2.0
/// \file
/// Coroutine tasks: pools, arguments that move, spawning on other blocks, and many lives of a slot.
#include <support/checks.hpp>
#include <support/steps.hpp>

namespace spawner_coroutine_test {

using cowarp::spawn_result;

struct state {
  test::checks checks;
  test::gate gate;
  test::counter sum;
  test::counter done;
  test::counted_life::counts lives;
};

struct app;

COWARP_TASK(holding, 1, (state& s, test::only_moves token), 512) {
  const test::counted_life guard(s.lives);
  co_await s.gate.pass();
  s.sum.add(static_cast<std::uint32_t>(token.value()));
}

COWARP_TASK(insisting, 1, (state& s), 512) {
  test::only_moves token(7);
  while (!s.gate.is_waiting()) co_await cowarp::yield_now();
  s.checks.that(cowarp::spawner<app>().spawn<holding>(s, std::move(token)) == spawn_result::busy);
  s.checks.that(!token.is_moved_from());
  s.gate.open();
  while (cowarp::spawner<app>().spawn<holding>(s, std::move(token)) == spawn_result::busy) {
    co_await cowarp::yield_now();
  }
  s.checks.that(token.is_moved_from());
}

struct app : cowarp::program<holding, insisting> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<app> s) {
    (void)s.spawn<holding>(s.grid_state(), test::only_moves(5));
    (void)s.spawn<insisting>(s.grid_state());
  }
};

// ---- on other blocks, with values and references -------------------------------------------------

struct remote_app;

COWARP_TASK(visiting, 2, (state& s, std::uint32_t home, test::only_moves number), 512) {
  s.checks.equal(cowarp::spawner<remote_app>().block(), home);
  co_await cowarp::yield_now();
  s.sum.add(static_cast<std::uint32_t>(number.value()));
}

COWARP_TASK(sending, 1, (state& s), 512) {
  for (std::int32_t i = 1; i <= 50; ++i) {
    test::only_moves number(i);
    const std::uint32_t to = 1 + static_cast<std::uint32_t>(i) % 2;
    while (cowarp::spawner<remote_app>().spawn_on<visiting>(to, s, to, std::move(number)) ==
           spawn_result::busy) {
      co_await cowarp::yield_now();
    }
  }
}

struct remote_app : cowarp::program<visiting, sending> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<remote_app> s) {
    if (s.block() == 0) (void)s.spawn<sending>(s.grid_state());
  }
};

// ---- frames in shared memory, slots used again ---------------------------------------------------

struct again_app;

COWARP_TASK(brief, 3, (state& s, std::uint32_t turns), 256) {
  for (std::uint32_t i = 0; i < turns; ++i) co_await cowarp::yield_now();
  s.done.add();
}

COWARP_TASK(renewing, 1, (state& s), 256) {
  for (std::uint32_t i = 0; i < 300; ++i) {
    while (cowarp::spawner<again_app>().spawn<brief>(s, i % 5) == spawn_result::busy) {
      co_await cowarp::yield_now();
    }
  }
}

struct again_app : cowarp::program<renewing, brief> {
  using grid_state             = state;
  static constexpr auto frames = cowarp::memory::shared;
  COWARP_FN static void start(cowarp::spawner<again_app> s) {
    (void)s.spawn<renewing>(s.grid_state());
  }
};

}  // namespace spawner_coroutine_test

TEST_CASE("coroutine task: a full pool leaves arguments alone", "[executor][coroutine]") {
  spawner_coroutine_test::state s{};
  test::run_to_end<spawner_coroutine_test::app>(s);
  s.checks.require_none(3);
  CHECK(s.sum.value() == 5 + 7);
  CHECK(s.lives.built.value() == 2);
  CHECK(s.lives.destroyed.value() == 2);
}

TEST_CASE("coroutine task: arguments reach other blocks", "[executor][coroutine]") {
  spawner_coroutine_test::state s{};
  const auto report = test::run_to_end<spawner_coroutine_test::remote_app>(s, {.blocks = 3});
  s.checks.require_none(50);
  CHECK(s.sum.value() == 50 * 51 / 2);
  CHECK(report.total.completed == 51);
}

TEST_CASE("coroutine task: slots in shared memory live again", "[executor][coroutine]") {
  spawner_coroutine_test::state s{};
  test::run_to_end<spawner_coroutine_test::again_app>(s, {.blocks = 2});
  CHECK(s.done.value() == 600);
}
