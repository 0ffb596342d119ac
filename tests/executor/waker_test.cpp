// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a waker names, how long it works, and what it does after that.
#include <support/checks.hpp>
#include <support/steps.hpp>

namespace waker_test {

struct app;

struct state {
  test::checks checks;
  test::gate old_life;
  test::gate new_life;
  test::gate other_block;
  test::counter ended;
  test::counter woken_from_elsewhere;
};

/// Passes the gate; only its waker can bring it on.
COWARP_TASK_FRAME(living, 1) {
  state& s;
  test::gate& gate;
  COWARP_BODY_BEGIN
  COWARP_AWAIT(gate.pass());
  s.ended.add();
  COWARP_BODY_END
};

/// Wakes the slot's first life after its end, before and after the second began.
COWARP_TASK_FRAME(waking, 1) {
  state& s;
  std::uint32_t i = 0;
  COWARP_BODY_BEGIN
  while (!s.old_life.is_waiting()) COWARP_AWAIT(cowarp::yield_now());
  s.old_life.open();
  while (s.ended.value() != 1) COWARP_AWAIT(cowarp::yield_now());
  for (i = 0; i < 50; ++i) COWARP_AWAIT(cowarp::yield_now());
  s.old_life.waker.wake();
  s.old_life.waker.wake();
  for (i = 0; i < 50; ++i) COWARP_AWAIT(cowarp::yield_now());
  s.checks.equal(s.old_life.polls.value(), 2u);

  while (cowarp::spawner<app>().spawn<living>(s, s.new_life) == cowarp::spawn_result::busy) {
    COWARP_AWAIT(cowarp::yield_now());
  }
  while (!s.new_life.is_waiting()) COWARP_AWAIT(cowarp::yield_now());
  s.checks.that(s.old_life.waker.task() == s.new_life.waker.task());
  s.checks.that(!(s.old_life.waker == s.new_life.waker));
  s.old_life.waker.wake();
  for (i = 0; i < 50; ++i) COWARP_AWAIT(cowarp::yield_now());
  s.checks.equal(s.new_life.polls.value(), 1u);
  s.new_life.open();
  COWARP_BODY_END
};

struct app : cowarp::program<living, waking> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<app> s) {
    s.grid_state().checks.that(s.spawn<living>(s.grid_state(), s.grid_state().old_life) ==
                               cowarp::spawn_result::ok);
    (void)s.spawn<waking>(s.grid_state());
  }
};

/// The same with the waker used in another block: block 0 lives, block 1 wakes.
struct remote_app;

COWARP_TASK_FRAME(waking_remotely, 1) {
  state& s;
  std::uint32_t i = 0;
  COWARP_BODY_BEGIN
  while (!s.old_life.is_waiting()) COWARP_AWAIT(cowarp::yield_now());
  s.old_life.open();
  while (s.ended.value() != 1) COWARP_AWAIT(cowarp::yield_now());
  // Block 0 starts the second life once the first has ended.
  while (!s.new_life.is_waiting()) COWARP_AWAIT(cowarp::yield_now());
  s.old_life.waker.wake();
  s.woken_from_elsewhere.set(1);
  // Not empty: the driver of block 0 looks at the polls and opens the gate.
  COWARP_BODY_END
};

COWARP_TASK_FRAME(respawning, 1) {
  state& s;
  std::uint32_t i = 0;
  COWARP_BODY_BEGIN
  while (s.ended.value() != 1) COWARP_AWAIT(cowarp::yield_now());
  while (cowarp::spawner<remote_app>().spawn<living>(s, s.new_life) == cowarp::spawn_result::busy) {
    COWARP_AWAIT(cowarp::yield_now());
  }
  while (s.woken_from_elsewhere.value() == 0) COWARP_AWAIT(cowarp::yield_now());
  for (; i < 200; ++i) COWARP_AWAIT(cowarp::yield_now());
  s.checks.equal(s.new_life.polls.value(), 1u);
  s.new_life.open();
  COWARP_BODY_END
};

struct remote_app : cowarp::program<living, waking_remotely, respawning> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<remote_app> s) {
    if (s.block() == 0) {
      (void)s.spawn<living>(s.grid_state(), s.grid_state().old_life);
      (void)s.spawn<respawning>(s.grid_state());
    } else if (s.block() == 1) {
      (void)s.spawn<waking_remotely>(s.grid_state());
    }
  }
};

/// Two blocks pass a turn to and fro by wakers alone: a lost wake would be the end.
struct ball {
  test::checks checks;
  test::counter turn;
  test::gate player[2];
};

struct turn_of {
  using output = cowarp::unit;
  ball& b;
  std::uint32_t wanted;
  COWARP_FN cowarp::polled<cowarp::unit> poll(cowarp::context&) {
    if (b.turn.value() >= wanted) return cowarp::unit{};
    return cowarp::pending;
  }
};

struct leaves_waker {
  using output = cowarp::unit;
  ball& b;
  std::uint32_t me;
  COWARP_FN cowarp::polled<cowarp::unit> poll(cowarp::context& cx) {
    b.player[me].waker = cx.waker();
    b.player[me].has_waker.set(1);
    return cowarp::unit{};
  }
};

COWARP_TASK_FRAME(playing, 1) {
  ball& b;
  std::uint32_t me;
  std::uint32_t rounds;
  std::uint32_t i = 0;
  COWARP_BODY_BEGIN
  COWARP_AWAIT(leaves_waker{b, me});
  while (!b.player[1 - me].is_waiting()) COWARP_AWAIT(cowarp::yield_now());
  for (; i < rounds; ++i) {
    COWARP_AWAIT(turn_of{b, 2 * i + me});
    b.turn.add();
    b.player[1 - me].waker.wake();
  }
  COWARP_BODY_END
};

struct ball_app : cowarp::program<playing> {
  using grid_state                      = ball;
  static constexpr std::uint32_t rounds = 2000;
  COWARP_FN static void start(cowarp::spawner<ball_app> s) {
    if (s.block() < 2) (void)s.spawn<playing>(s.grid_state(), s.block(), +rounds);
  }
};

}  // namespace waker_test

TEST_CASE("waker: two are equal if they wake the same life", "[executor][waker]") {
  const cowarp::task_id task{0x00020003};
  CHECK(cowarp::waker(task, 1) == cowarp::waker(task, 1));
  CHECK_FALSE(cowarp::waker(task, 1) == cowarp::waker(task, 2));
  CHECK_FALSE(cowarp::waker(task, 1) == cowarp::waker(cowarp::task_id{0x00020004}, 1));
}

TEST_CASE("waker: it keeps block, slot, child and generation", "[executor][waker]") {
  const auto task = cowarp::task_id::of(0xffe, 0x1234);
  const cowarp::waker w(task.with_child(31), 0xabcdef);
  CHECK(w.task().block() == 0xffe);
  CHECK(w.task().slot() == 0x1234);
  CHECK(w.task().child() == 31);
  CHECK(w.task().whole() == task);
  CHECK(w.generation() == 0xabcdef);
  CHECK_FALSE(w.is_none());
}

TEST_CASE("waker: one that names nobody wakes nobody", "[executor][waker]") {
  CHECK(cowarp::waker().is_none());
  CHECK(cowarp::waker() == cowarp::waker());
  CHECK(cowarp::context().waker().is_none());
  CHECK(cowarp::task_id{cowarp::task_id::none}.is_none());
  cowarp::waker().wake();
  cowarp::wake(cowarp::task_id{cowarp::task_id::none});
}

TEST_CASE("waker: after its task's end it does nothing", "[executor][waker]") {
  waker_test::state s{};
  const auto report = test::run_to_end<waker_test::app>(s);
  s.checks.require_none(5);
  CHECK(s.ended.value() == 2);
  CHECK(s.old_life.polls.value() == 2);
  CHECK(s.new_life.polls.value() == 2);
  CHECK(report.total.completed == 3);
}

TEST_CASE("waker: in another block too it ends with the life", "[executor][waker]") {
  waker_test::state s{};
  const auto report = test::run_to_end<waker_test::remote_app>(s, {.blocks = 2});
  s.checks.require_none();
  CHECK(s.ended.value() == 2);
  CHECK(s.new_life.polls.value() == 2);
  CHECK(report.per_block[1].remote_wakes == 0);
}

TEST_CASE("waker: no wake between blocks is lost", "[executor][waker]") {
  waker_test::ball b{};
  const auto report = test::run_to_end<waker_test::ball_app>(b, {.blocks = 2});
  CHECK(b.turn.value() == 2 * waker_test::ball_app::rounds);
  CHECK(report.total.completed == 2);
  CHECK(report.total.remote_wakes > 0);
}
