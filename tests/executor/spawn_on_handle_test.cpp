// SPDX-License-Identifier: Apache-2.0
/// \file
/// Handles of tasks in other blocks: from the moment they are sent.
#include <support/checks.hpp>
#include <support/steps.hpp>

namespace spawn_on_handle_test {

using cowarp::spawn_result;

struct state {
  test::checks checks;
  test::counter started;
  test::counter is_open;
  test::counter sum;
  test::counter ended;
  test::counted_life::counts lives;
  cowarp::task_handle<std::uint32_t> handle;
  cowarp::task_handle<std::uint32_t> many[12];
};

// ---- joining -------------------------------------------------------------------------------------

struct join_app;

COWARP_JOINABLE_TASK_FRAME(square_there, std::uint32_t, 2) {
  std::uint32_t n;
  COWARP_BODY_BEGIN
  COWARP_AWAIT(cowarp::yield_now());
  COWARP_RETURN(n * n + 1000 * cowarp::spawner<join_app>().block());
  COWARP_BODY_END
};

COWARP_TASK_FRAME(asking, 1) {
  state& s;
  cowarp::optional<std::uint32_t> there{};
  COWARP_BODY_BEGIN
  // [spawn_on_with]
  while (cowarp::spawner<join_app>().spawn_on_with<square_there>(1, s.handle, 7u) ==
         spawn_result::busy) {
    COWARP_AWAIT(cowarp::yield_now());
  }
  COWARP_AWAIT_INTO(there, s.handle.join());  // from block 0
  s.checks.that(there == 1049u);
  // [/spawn_on_with]
  s.checks.that(s.handle.is_finished());
  s.checks.that(cowarp::spawner<join_app>().spawn_on_with<square_there>(0, s.handle, 5u) ==
                spawn_result::ok);  // this block: as spawn_with
  COWARP_AWAIT_INTO(there, s.handle.join());
  s.checks.that(there == 25u);
  COWARP_BODY_END
};

struct join_app : cowarp::program<square_there, asking> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<join_app> s) {
    if (s.block() == 0) s.must_spawn<asking>(s.grid_state());
  }
};

// ---- more of them than the pool holds ------------------------------------------------------------

struct many_app;

COWARP_JOINABLE_TASK_FRAME(waiting_there, std::uint32_t, 4) {
  state& s;
  std::uint32_t n;
  test::counted_life life;
  COWARP_BODY_BEGIN
  s.started.add();
  while (s.is_open.value() == 0) COWARP_AWAIT(cowarp::yield_now());
  COWARP_RETURN(n + 0);
  COWARP_BODY_END
};

/// Sends eight tasks to a pool of four; aborts one that runs and one that waits for a slot, lets go of one
/// that waits, and joins the rest.
COWARP_TASK_FRAME(sending, 1) {
  state& s;
  std::uint32_t i = 0;
  cowarp::optional<std::uint32_t> got{};
  COWARP_BODY_BEGIN
  for (; i < 8; ++i) {
    while (cowarp::spawner<many_app>().spawn_on_with<waiting_there>(
               1, s.many[i], s, +i, test::counted_life(s.lives)) == spawn_result::busy) {
      COWARP_AWAIT(cowarp::yield_now());
    }
    s.checks.that(s.many[i].has_task() && !s.many[i].is_finished());
    while (i < 4 && s.started.value() != i + 1) COWARP_AWAIT(cowarp::yield_now());
  }
  s.many[0].abort();
  COWARP_AWAIT_INTO(got, s.many[0].join());
  s.checks.that(!got);
  s.many[7].abort();  // has no slot yet, or has just got one
  s.many[6].detach();
  s.checks.that(!s.many[6].has_task());
  s.is_open.set(1);
  for (i = 1; i < 6; ++i) {
    COWARP_AWAIT_INTO(got, s.many[i].join());
    s.checks.that(got == i);
  }
  COWARP_AWAIT_INTO(got, s.many[7].join());
  s.checks.that(!got);
  COWARP_BODY_END
};

struct many_app : cowarp::program<waiting_there, sending> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<many_app> s) {
    if (s.block() == 0) s.must_spawn<sending>(s.grid_state());
  }
};

// ---- all at once ---------------------------------------------------------------------------------

struct race_app;

COWARP_JOINABLE_TASK_FRAME(short_task, std::uint32_t, 3) {
  std::uint32_t n;
  test::counted_life life;
  COWARP_BODY_BEGIN
  if (n % 2 == 0) COWARP_AWAIT(cowarp::yield_now());
  COWARP_RETURN(n + 0);
  COWARP_BODY_END
};

/// Sends short tasks to the next block, of which it aborts some at once, some later.
COWARP_TASK_FRAME(racing, 4) {
  state& s;
  std::uint32_t me;
  std::uint32_t i = 0;
  cowarp::optional<std::uint32_t> got{};
  cowarp::task_handle<std::uint32_t> handle{};
  COWARP_BODY_BEGIN
  for (; i < 40; ++i) {
    while (cowarp::spawner<race_app>().spawn_on_with<short_task>(
               (cowarp::spawner<race_app>().block() + 1) % cowarp::spawner<race_app>().blocks(),
               handle, +i, test::counted_life(s.lives)) == spawn_result::busy) {
      COWARP_AWAIT(cowarp::yield_now());
    }
    if (i % 4 == 1) handle.abort();
    if (i % 4 == 2) {
      COWARP_AWAIT(cowarp::yield_now());
      handle.abort();
    }
    if (i % 8 == 3) {
      handle.detach();
    } else {
      COWARP_AWAIT_INTO(got, handle.join());
      s.checks.that(got ? *got == i : i % 4 == 1 || i % 4 == 2);
    }
  }
  s.ended.add();
  COWARP_BODY_END
};

struct race_app : cowarp::program<short_task, racing> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<race_app> s) {
    for (std::uint32_t i = 0; i < 4; ++i) s.must_spawn<racing>(s.grid_state(), +i);
  }
};

COWARP_FN inline bool all_gone(const state& s) {
  return s.lives.built.value() == s.lives.destroyed.value();
}

// ---- reserved ------------------------------------------------------------------------------------

struct reserve_app;

COWARP_JOINABLE_TASK_FRAME(reserved, std::uint32_t, 1) {
  std::uint32_t n;
  COWARP_BODY_BEGIN
  COWARP_RETURN(n + cowarp::spawner<reserve_app>().block());
  COWARP_BODY_END
};

COWARP_TASK_FRAME(reserving, 1) {
  state& s;
  cowarp::optional<cowarp::remote_reservation<reserve_app, reserved>> room{};
  cowarp::optional<std::uint32_t> got{};
  COWARP_BODY_BEGIN
  room = cowarp::spawner<reserve_app>().try_reserve_on<reserved>(1);
  s.checks.that(room.has_value());
  COWARP_AWAIT(cowarp::yield_now());
  room->spawn_with(s.handle, 40u);
  s.checks.that(!room->has_room());
  COWARP_AWAIT_INTO(got, s.handle.join());
  s.checks.that(got == 41u);
  COWARP_BODY_END
};

struct reserve_app : cowarp::program<reserved, reserving> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<reserve_app> s) {
    if (s.block() == 0) s.must_spawn<reserving>(s.grid_state());
  }
};

}  // namespace spawn_on_handle_test

TEST_CASE("task_handle: a task of another block is joined", "[executor][task_handle]") {
  spawn_on_handle_test::state s{};
  test::run_to_end<spawn_on_handle_test::join_app>(s, {.blocks = 2});
  s.checks.require_none(4);
}

TEST_CASE("task_handle: a task on its way is aborted or let go", "[executor][task_handle]") {
  spawn_on_handle_test::state s{};
  const auto report = test::run_to_end<spawn_on_handle_test::many_app>(s, {.blocks = 2});
  s.checks.require_none(16);
  CHECK(spawn_on_handle_test::all_gone(s));
  CHECK(report.total.completed == 9);
}

TEST_CASE("task_handle: aborts race with the way to another block", "[executor][task_handle]") {
  spawn_on_handle_test::state s{};
  test::run_to_end<spawn_on_handle_test::race_app>(s, {.blocks = 3, .workers = 2});
  s.checks.require_none();
  CHECK(s.ended.value() == 12);
  CHECK(spawn_on_handle_test::all_gone(s));
}

TEST_CASE("reservation: room in another block takes a handle too", "[executor][reservation]") {
  spawn_on_handle_test::state s{};
  test::run_to_end<spawn_on_handle_test::reserve_app>(s, {.blocks = 2});
  s.checks.require_none(3);
}
