// SPDX-License-Identifier: Apache-2.0
/// \file
/// Several timers in a task, timeouts, and timers that were cancelled.
#include <support/checks.hpp>
#include <support/steps.hpp>

#include <chrono>

namespace timeout_test {

using std::chrono::nanoseconds;

constexpr cowarp::launch_options by_hand{.blocks = 1, .manual_clock = true};

struct state {
  test::checks checks;
  test::counter asleep;
  test::counter done;
  test::gate gate;
  test::counted_life::counts lives;
};

COWARP_FN inline std::int64_t now() { return static_cast<std::int64_t>(cowarp::clock::now_ns()); }

/// Moves the clock by 10 a turn until `tasks` are done.
COWARP_TASK_FRAME(ticking, 1) {
  state& s;
  std::uint32_t tasks;
  COWARP_BODY_BEGIN
  while (s.done.value() < tasks) {
    COWARP_AWAIT(cowarp::yield_now());
    cowarp::advance_clock(nanoseconds(10));
  }
  COWARP_BODY_END
};

/// A future with a life, ready once the clock shows `ready_at`; it asks for a poll in every pass.
struct at_instant {
  using output = std::int32_t;
  test::counted_life life;
  std::int64_t ready_at;
  COWARP_FN cowarp::polled<std::int32_t> poll(cowarp::context& cx) {
    if (now() >= ready_at) return 5;
    cx.wake_self();
    return cowarp::pending;
  }
};

// ---- several timers in one task ------------------------------------------------------------------

COWARP_TASK_FRAME(several, 1, 256) {
  state& s;
  std::int64_t began = 0;
  cowarp::variant<cowarp::unit, cowarp::unit, cowarp::unit> won{};
  COWARP_BODY_BEGIN
  began = now();
  COWARP_AWAIT(cowarp::join(cowarp::sleep_for(nanoseconds(300)),
                            cowarp::sleep_for(nanoseconds(100)),
                            cowarp::sleep_for(nanoseconds(200))));
  s.checks.that(now() >= began + 300);
  began = now();
  COWARP_AWAIT_INTO(
      won, cowarp::select(cowarp::sleep_for(nanoseconds(5000)), cowarp::sleep_for(nanoseconds(100)),
                          cowarp::sleep_for(nanoseconds(7000))));
  s.checks.equal(won.index(), 1u);
  s.checks.that(now() >= began + 100 && now() < began + 5000);
  // The cancelled timers are forgotten: the next sleep is the only one.
  began = now();
  COWARP_AWAIT(cowarp::sleep_for(nanoseconds(10000)));
  s.checks.that(now() >= began + 10000);
  s.done.add();
  COWARP_BODY_END
};

struct several_app : cowarp::program<several, ticking> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<several_app> s) {
    (void)s.spawn<several>(s.grid_state());
    (void)s.spawn<ticking>(s.grid_state(), 1u);
  }
};

// ---- timeouts ------------------------------------------------------------------------------------

COWARP_TASK_FRAME(limited, 1, 128) {
  state& s;
  cowarp::optional<std::int32_t> result{};
  cowarp::optional<cowarp::unit> nothing{};
  std::int64_t began = 0;
  COWARP_BODY_BEGIN
  // A result before the deadline.
  COWARP_AWAIT_INTO(result,
                    cowarp::with_timeout(nanoseconds(1000),
                                         at_instant{test::counted_life(s.lives), now() + 500}));
  s.checks.that(result.has_value() && *result == 5);

  // A result at the deadline: it wins the tie.
  COWARP_AWAIT_INTO(
      result,
      cowarp::with_timeout(nanoseconds(100), at_instant{test::counted_life(s.lives), now() + 100}));
  s.checks.that(result.has_value());

  // No time at all still polls once.
  COWARP_AWAIT_INTO(result, cowarp::with_timeout(nanoseconds(0), cowarp::ready(6)));
  s.checks.that(result.has_value() && *result == 6);
  COWARP_AWAIT_INTO(
      result, cowarp::with_deadline(cowarp::clock::time_point(nanoseconds(0)), cowarp::ready(7)));
  s.checks.that(result.has_value() && *result == 7);

  // The deadline comes first: not before its time, and the awaited future is gone.
  began = now();
  COWARP_AWAIT_INTO(nothing, cowarp::with_timeout(nanoseconds(200), cowarp::never<>()));
  s.checks.that(!nothing.has_value());
  s.checks.that(now() >= began + 200);
  COWARP_AWAIT_INTO(result,
                    cowarp::with_timeout(nanoseconds(50),
                                         at_instant{test::counted_life(s.lives), now() + 100000}));
  s.checks.that(!result.has_value());
  s.checks.equal(s.lives.built.value(), s.lives.destroyed.value());
  s.done.add();
  COWARP_BODY_END
};

struct limited_app : cowarp::program<limited, ticking> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<limited_app> s) {
    (void)s.spawn<limited>(s.grid_state());
    (void)s.spawn<ticking>(s.grid_state(), 1u);
  }
};

// ---- cancelled timers wake nobody ----------------------------------------------------------------

/// Arms a timer beside the gate, is let through before it is due, then waits at a second gate.
COWARP_TASK_FRAME(cancelling, 1, 128) {
  state& s;
  test::gate& second;
  cowarp::variant<cowarp::unit, cowarp::unit> won{};
  COWARP_BODY_BEGIN
  COWARP_AWAIT_INTO(won, cowarp::select(s.gate.pass(), cowarp::sleep_for(nanoseconds(1000))));
  s.checks.equal(won.index(), 0u);
  COWARP_AWAIT(second.pass());
  COWARP_BODY_END
};

COWARP_TASK_FRAME(overtaking, 1) {
  state& s;
  test::gate& second;
  std::uint32_t i = 0;
  COWARP_BODY_BEGIN
  while (!s.gate.is_waiting()) COWARP_AWAIT(cowarp::yield_now());
  cowarp::advance_clock(nanoseconds(500));
  s.gate.open();
  while (!second.is_waiting()) COWARP_AWAIT(cowarp::yield_now());
  cowarp::advance_clock(nanoseconds(5000));
  for (; i < 100; ++i) COWARP_AWAIT(cowarp::yield_now());
  s.checks.equal(second.polls.value(), 1u);
  second.open();
  COWARP_BODY_END
};

struct cancel_state : state {
  test::gate second;
};

struct cancel_app : cowarp::program<cancelling, overtaking> {
  using grid_state = cancel_state;
  COWARP_FN static void start(cowarp::spawner<cancel_app> s, cowarp::no_state&, cancel_state& g) {
    (void)s.spawn<cancelling>(g, g.second);
    (void)s.spawn<overtaking>(g, g.second);
  }
};

}  // namespace timeout_test

TEST_CASE("sleep: one task may have several timers", "[timer][sleep]") {
  timeout_test::state s{};
  test::run_to_end<timeout_test::several_app>(s, timeout_test::by_hand);
  s.checks.require_none(4);
}

TEST_CASE("timeout: results beat the deadline, even in a tie", "[timer][timeout]") {
  timeout_test::state s{};
  test::run_to_end<timeout_test::limited_app>(s, timeout_test::by_hand);
  s.checks.require_none(8);
  CHECK(s.lives.built.value() > 0);
}

TEST_CASE("sleep: a cancelled timer wakes nobody", "[timer][sleep]") {
  timeout_test::cancel_state s{};
  test::run_to_end<timeout_test::cancel_app>(s, timeout_test::by_hand);
  s.checks.require_none(2);
  CHECK(s.second.polls.value() == 2);
}
