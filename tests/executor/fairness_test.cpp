// SPDX-License-Identifier: Apache-2.0
/// \file
/// Every ready task runs once before any runs twice.
#include <support/checks.hpp>
#include <support/steps.hpp>

namespace fairness_test {

struct app;

constexpr std::uint32_t tasks = 32;  // one word
constexpr std::uint32_t turns = 200;

struct state {
  test::checks checks;
  test::counter progress[tasks];
  test::counter ready;
};

/// Yields; every time it checks that nobody of its word is more than one turn ahead or behind.
COWARP_TASK_FRAME(running, tasks) {
  state& s;
  std::uint32_t me;
  std::uint32_t i = 0;
  COWARP_FN void compare() {
    for (std::uint32_t other = 0; other < tasks; ++other) {
      const std::uint32_t theirs = s.progress[other].value();
      s.checks.that(theirs + 1 >= i && theirs <= i + 1);
    }
  }
  COWARP_BODY_BEGIN
  for (i = 1; i <= turns; ++i) {
    s.progress[me].add();
    compare();
    COWARP_AWAIT(cowarp::yield_now());
  }
  COWARP_BODY_END
};

struct app : cowarp::program<running> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<app> s) {
    for (std::uint32_t i = 0; i < tasks; ++i) (void)s.spawn<running>(s.grid_state(), i);
  }
};

// ---- two task types and self-wakers beside tasks that are woken ----------------------------------

struct mixed {
  test::checks checks;
  test::counter busy_turns;
  test::gate gate;
};

/// Never lets go by itself: wakes itself in every poll until the other was heard.
COWARP_TASK_FRAME(greedy, 31) {
  mixed& m;
  COWARP_BODY_BEGIN
  while (m.gate.is_open.value() == 0) {
    m.busy_turns.add();
    COWARP_AWAIT(cowarp::yield_now());
  }
  COWARP_BODY_END
};

COWARP_TASK_FRAME(modest, 1) {
  mixed& m;
  COWARP_BODY_BEGIN
  COWARP_AWAIT(m.gate.pass());
  m.checks.that(m.busy_turns.value() >= 1000);
  COWARP_BODY_END
};

COWARP_TASK_FRAME(opening, 1) {
  mixed& m;
  COWARP_BODY_BEGIN
  while (m.busy_turns.value() < 1000 || !m.gate.is_waiting()) COWARP_AWAIT(cowarp::yield_now());
  m.gate.open();
  COWARP_BODY_END
};

struct mixed_app : cowarp::program<greedy, modest, opening> {
  using grid_state = mixed;
  COWARP_FN static void start(cowarp::spawner<mixed_app> s) {
    for (int i = 0; i < 31; ++i) (void)s.spawn<greedy>(s.grid_state());
    (void)s.spawn<modest>(s.grid_state());
    (void)s.spawn<opening>(s.grid_state());
  }
};

}  // namespace fairness_test

TEST_CASE("fairness: in a word nobody runs twice before all ran", "[executor][fairness]") {
  fairness_test::state s{};
  const auto report = test::run_to_end<fairness_test::app>(s);
  s.checks.require_none(fairness_test::tasks * fairness_test::tasks * fairness_test::turns);
  CHECK(report.total.polls == fairness_test::tasks * (fairness_test::turns + 1));
}

TEST_CASE("fairness: tasks that wake themselves starve nobody", "[executor][fairness]") {
  fairness_test::mixed m{};
  const auto report = test::run_to_end<fairness_test::mixed_app>(m);
  m.checks.require_none();
  CHECK(report.total.completed == 33);
}
