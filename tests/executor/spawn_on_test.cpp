// SPDX-License-Identifier: Apache-2.0
/// \file
/// Spawning on another block: when it starts, what it needs, and that nothing is lost.
#include <support/checks.hpp>
#include <support/steps.hpp>

namespace spawn_on_test {

using cowarp::spawn_result;

struct state {
  test::checks checks;
  test::counter started[4];  // for each block
  test::counter sum;
  test::counter posted;
  test::gate gate;
};

struct app;

/// Occupies its slot until the gate opens for it, then adds its number.
COWARP_TASK_FRAME(visiting, 2) {
  state& s;
  std::uint32_t home;
  test::only_moves number;
  COWARP_BODY_BEGIN
  s.checks.equal(cowarp::spawner<app>().block(), home);
  s.started[home].add();
  while (s.posted.value() == 0) COWARP_AWAIT(cowarp::yield_now());
  s.sum.add(static_cast<std::uint32_t>(number.value()));
  COWARP_BODY_END
};

/// Fills block 1's pool of 2 and inbox of 2, finds no more room, then lets the visitors go on.
COWARP_TASK_FRAME(sending, 1) {
  state& s;
  std::uint32_t sent = 0;
  test::only_moves number{};
  COWARP_BODY_BEGIN
  while (sent < 4) {
    number = test::only_moves(static_cast<std::int32_t>(sent) + 1);
    if (cowarp::spawner<app>().spawn_on<visiting>(1, s, 1u, std::move(number)) ==
        spawn_result::ok) {
      s.checks.that(number.is_moved_from());
      ++sent;
    } else {
      s.checks.that(!number.is_moved_from());
      COWARP_AWAIT(cowarp::yield_now());
    }
  }
  number = test::only_moves(5);
  s.checks.that(cowarp::spawner<app>().spawn_on<visiting>(1, s, 1u, std::move(number)) ==
                spawn_result::busy);
  s.checks.that(!number.is_moved_from());
  s.posted.set(1);
  COWARP_BODY_END
};

struct app : cowarp::program<visiting, sending> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<app> s) {
    if (s.block() == 0) (void)s.spawn<sending>(s.grid_state());
  }
};

// ---- from `start`, to every block and to oneself -------------------------------------------------

struct start_app;

COWARP_TASK_FRAME(greeted, 8) {
  state& s;
  std::uint32_t home;
  COWARP_BODY_BEGIN
  s.checks.equal(cowarp::spawner<start_app>().block(), home);
  s.started[home].add();
  COWARP_BODY_END
};

struct start_app : cowarp::program<greeted> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<start_app> s) {
    for (std::uint32_t i = 0; i < s.blocks(); ++i) {
      s.grid_state().checks.that(s.spawn_on<greeted>(i, s.grid_state(), i) == spawn_result::ok);
    }
  }
};

// ---- a chain that walks over the blocks ----------------------------------------------------------

struct walk_app;

COWARP_TASK_FRAME(walking, 1) {
  state& s;
  std::uint32_t left;
  COWARP_BODY_BEGIN
  s.sum.add();
  if (left == 0) COWARP_RETURN();
  // While this task is on its way nothing else lives in the grid.
  s.checks.that(
      cowarp::spawner<walk_app>().spawn_on<walking>(
          (cowarp::spawner<walk_app>().block() + 1) % cowarp::spawner<walk_app>().blocks(), s,
          left - 1) == spawn_result::ok);
  COWARP_BODY_END
};

struct walk_app : cowarp::program<walking> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<walk_app> s) {
    if (s.block() == 0) (void)s.spawn<walking>(s.grid_state(), 500u);
  }
};

// ---- several blocks spawn on one -----------------------------------------------------------------

struct crowd_app;

COWARP_TASK_FRAME(arriving, 40) {
  state& s;
  std::uint32_t number;
  COWARP_BODY_BEGIN
  COWARP_AWAIT(cowarp::yield_now());
  s.sum.add(number);
  s.started[0].add();
  COWARP_BODY_END
};

COWARP_TASK_FRAME(flooding, 1) {
  state& s;
  std::uint32_t i = 0;
  COWARP_BODY_BEGIN
  for (; i < 500; ++i) {
    while (cowarp::spawner<crowd_app>().spawn_on<arriving>(0, s, i) == spawn_result::busy) {
      COWARP_AWAIT(cowarp::yield_now());
    }
  }
  COWARP_BODY_END
};

struct crowd_app : cowarp::program<arriving, flooding> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<crowd_app> s) {
    (void)s.spawn<flooding>(s.grid_state());
  }
};

}  // namespace spawn_on_test

TEST_CASE("spawn_on: what finds the remote pool full starts later", "[executor][spawn_on]") {
  spawn_on_test::state s{};
  const auto report = test::run_to_end<spawn_on_test::app>(s, {.blocks = 2});
  s.checks.require_none(6);
  CHECK(s.started[1].value() == 4);
  CHECK(s.sum.value() == 1 + 2 + 3 + 4);
  CHECK(report.per_block[1].completed == 4);
}

TEST_CASE("spawn_on: start may spawn on every block", "[executor][spawn_on]") {
  spawn_on_test::state s{};
  const auto report = test::run_to_end<spawn_on_test::start_app>(s, {.blocks = 4});
  s.checks.require_none(16 + 16);
  for (int i = 0; i < 4; ++i) CHECK(s.started[i].value() == 4);
  CHECK(report.total.completed == 16);
}

TEST_CASE("spawn_on: a spawn on its way keeps the grid up", "[executor][spawn_on]") {
  spawn_on_test::state s{};
  const auto report = test::run_to_end<spawn_on_test::walk_app>(s, {.blocks = 3});
  s.checks.require_none(500);
  CHECK(s.sum.value() == 501);
  CHECK(report.total.completed == 501);
}

TEST_CASE("spawn_on: spawns of many blocks all arrive", "[executor][spawn_on]") {
  spawn_on_test::state s{};
  const auto report = test::run_to_end<spawn_on_test::crowd_app>(s, {.blocks = 4});
  CHECK(s.started[0].value() == 4 * 500);
  CHECK(s.sum.value() == 4 * (499 * 500 / 2));
  CHECK(report.total.completed == 4 * 501);
}
