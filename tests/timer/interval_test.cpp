// SPDX-License-Identifier: Apache-2.0
/// \file
/// Ticks under the manual clock: when they come, what becomes of missed and of dropped ones.
#include <cowarp/future/for_each.hpp>
#include <cowarp/future/stream_adaptors.hpp>
#include <cowarp/timer/interval.hpp>

#include <support/checks.hpp>
#include <support/steps.hpp>

#include <chrono>
#include <cstdint>

namespace interval_test {

using cowarp::missed_ticks;
using std::chrono::nanoseconds;

constexpr cowarp::launch_options by_hand{.blocks = 1, .manual_clock = true};

struct state {
  test::checks checks;
  test::counter ticked;
  test::counter done;
  test::trace<> trace;
};

COWARP_FN inline cowarp::clock::time_point at(std::int64_t ns) {
  return cowarp::clock::time_point(nanoseconds(ns));
}
COWARP_FN inline std::int64_t ns_of(cowarp::clock::time_point instant) {
  return instant.time_since_epoch().count();
}
/// \returns the tick that can be had now, or -1.
COWARP_FN inline std::int64_t due(cowarp::interval& of) {
  const auto tick = cowarp::now_or_never(of.tick());
  return tick ? ns_of(*tick) : -1;
}

/// A program of one task, for laws that need nobody else.
template <class Task>
struct alone : cowarp::program<Task> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<alone> s) {
    (void)s.template spawn<Task>(s.grid_state());
  }
};

// ---- the rhythm ----------------------------------------------------------------------------------

COWARP_TASK_FRAME(ticking, 1) {
  state& s;
  std::int64_t i        = 0;
  cowarp::interval each = cowarp::every(nanoseconds(100));
  cowarp::clock::time_point tick{};
  COWARP_BODY_BEGIN
  while (++i <= 10) {
    COWARP_AWAIT_INTO(tick, each.tick());
    s.checks.equal(ns_of(tick), i * 100);
    s.checks.that(cowarp::clock::now() >= tick);
    s.ticked.add();
  }
  COWARP_BODY_END
};

/// Moves the clock to a nanosecond before each tick, and then to it.
COWARP_TASK_FRAME(driving, 1) {
  state& s;
  std::uint32_t i    = 0;
  std::uint32_t wait = 0;
  COWARP_BODY_BEGIN
  for (wait = 0; wait < 4; ++wait) COWARP_AWAIT(cowarp::yield_now());
  for (; i < 10; ++i) {
    cowarp::advance_clock(nanoseconds(99));
    for (wait = 0; wait < 4; ++wait) COWARP_AWAIT(cowarp::yield_now());
    s.checks.equal(s.ticked.value(), i);
    cowarp::advance_clock(nanoseconds(1));
    while (s.ticked.value() < i + 1) COWARP_AWAIT(cowarp::yield_now());
  }
  COWARP_BODY_END
};

struct rhythm_app : cowarp::program<ticking, driving> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<rhythm_app> s) {
    (void)s.spawn<ticking>(s.grid_state());
    (void)s.spawn<driving>(s.grid_state());
  }
};

// ---- missed ticks --------------------------------------------------------------------------------

COWARP_TASK_FRAME(oversleeping, 1) {
  state& s;
  cowarp::interval burst = cowarp::every(nanoseconds(100), missed_ticks::burst);
  cowarp::interval skip  = cowarp::every(nanoseconds(100), missed_ticks::skip);
  cowarp::interval delay = cowarp::every(nanoseconds(100), missed_ticks::delay);
  COWARP_BODY_BEGIN
  cowarp::advance_clock(nanoseconds(350));
  for (std::int64_t ns = 100; ns <= 300; ns += 100) s.checks.equal(due(burst), ns);
  s.checks.equal(due(burst), -1);
  s.checks.equal(due(skip), 100);
  s.checks.equal(due(skip), -1);
  s.checks.equal(due(delay), 100);
  s.checks.equal(due(delay), -1);

  cowarp::advance_clock(nanoseconds(49));  // 399
  s.checks.that(due(burst) == -1 && due(skip) == -1);
  cowarp::advance_clock(nanoseconds(1));
  s.checks.that(due(burst) == 400 && due(skip) == 400 && due(delay) == -1);
  cowarp::advance_clock(nanoseconds(50));  // 450
  s.checks.equal(due(delay), 450);

  // At a multiple that is missed: the next one is a whole period away.
  cowarp::advance_clock(nanoseconds(150));  // 600
  s.checks.that(due(skip) == 500 && ns_of(skip.deadline()) == 700);
  s.checks.that(due(burst) == 500 && due(burst) == 600 && due(burst) == -1);
  s.checks.that(due(delay) == 550 && ns_of(delay.deadline()) == 700);
  COWARP_BODY_END
};

// ---- dropped ticks -------------------------------------------------------------------------------

COWARP_TASK_FRAME(dropping, 1, 192) {
  state& s;
  cowarp::interval each = cowarp::every(nanoseconds(100), missed_ticks::delay);
  cowarp::variant<cowarp::clock::time_point, cowarp::unit> won{};
  cowarp::optional<cowarp::interval::tick_future> held{};
  cowarp::optional<cowarp::clock::time_point> tick{};
  COWARP_BODY_BEGIN
  // Dropped while it waits.
  COWARP_AWAIT_INTO(won, cowarp::select_biased(each.tick(), cowarp::yield_now()));
  s.checks.equal(won.index(), 1u);

  // Dropped when it is due, but nobody has seen that.
  held.emplace(each.tick());
  COWARP_AWAIT_INTO(tick, cowarp::poll_once(*held));
  s.checks.that(!tick);
  cowarp::advance_clock(nanoseconds(130));
  held.reset();

  COWARP_AWAIT_INTO(won, cowarp::select_biased(each.tick(), cowarp::yield_now()));
  s.checks.that(won.index() == 0 && *cowarp::get_if<0>(&won) == at(100));
  s.checks.equal(ns_of(each.deadline()), 230);
  COWARP_BODY_END
};

// ---- resets --------------------------------------------------------------------------------------

COWARP_TASK_FRAME(resetting, 1, 96) {
  state& s;
  cowarp::interval each = cowarp::every(nanoseconds(100));
  cowarp::optional<cowarp::interval::tick_future> held{};
  cowarp::optional<cowarp::clock::time_point> tick{};
  COWARP_BODY_BEGIN
  cowarp::advance_clock(nanoseconds(50));
  each.reset();
  cowarp::advance_clock(nanoseconds(99));
  s.checks.equal(due(each), -1);
  cowarp::advance_clock(nanoseconds(1));
  s.checks.equal(due(each), 150);

  each.reset_at(at(1000));
  cowarp::advance_clock(nanoseconds(849));
  s.checks.equal(due(each), -1);
  cowarp::advance_clock(nanoseconds(101));  // 1100
  s.checks.that(due(each) == 1000 && due(each) == 1100 && due(each) == -1);

  each.reset_at(at(1050));  // over already
  s.checks.that(due(each) == 1050 && due(each) == -1);

  // A tick that waits goes by the new instant.
  held.emplace(each.tick());
  COWARP_AWAIT_INTO(tick, cowarp::poll_once(*held));
  each.reset_at(at(1300));
  cowarp::advance_clock(nanoseconds(100));  // 1200
  COWARP_AWAIT_INTO(tick, cowarp::poll_once(*held));
  s.checks.that(!tick);
  cowarp::advance_clock(nanoseconds(100));
  COWARP_AWAIT_INTO(tick, cowarp::poll_once(*held));
  s.checks.that(tick && *tick == at(1300));
  COWARP_BODY_END
};

/// Brings a tick forward at its second poll, when that waits already; never ready.
struct bringing_forward {
  using output = cowarp::unit;
  cowarp::interval& of;
  test::counter& done;
  std::uint32_t polls = 0;
  COWARP_FN cowarp::polled<cowarp::unit> poll(cowarp::context& cx) {
    if (++polls == 1) cx.wake_self();
    if (polls == 2) of.reset_at(at(100));
    if (polls == 2) done.add();
    return cowarp::pending;
  }
};

COWARP_TASK_FRAME(hurrying, 1, 160) {
  state& s;
  cowarp::interval each = cowarp::every(nanoseconds(5000));
  cowarp::variant<cowarp::unit, cowarp::clock::time_point> won{};
  COWARP_BODY_BEGIN
  COWARP_AWAIT_INTO(won, cowarp::select_biased(bringing_forward{each, s.done}, each.tick()));
  s.checks.that(won.index() == 1 && *cowarp::get_if<1>(&won) == at(100));
  s.ticked.add();
  COWARP_BODY_END
};

struct forward_app;

COWARP_TASK_FRAME(moving_once, 1) {
  state& s;
  std::uint32_t i = 0;
  COWARP_BODY_BEGIN
  while (s.done.value() == 0) COWARP_AWAIT(cowarp::yield_now());
  cowarp::advance_clock(nanoseconds(100));
  for (; i < 1000 && s.ticked.value() == 0; ++i) COWARP_AWAIT(cowarp::yield_now());
  if (s.ticked.value() == 0) cowarp::spawner<forward_app>().stop();
  COWARP_BODY_END
};

struct forward_app : cowarp::program<hurrying, moving_once> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<forward_app> s) {
    (void)s.spawn<hurrying>(s.grid_state());
    (void)s.spawn<moving_once>(s.grid_state());
  }
};

// ---- extremes ------------------------------------------------------------------------------------

COWARP_TASK_FRAME(exceeding, 1) {
  state& s;
  cowarp::interval never = cowarp::every(std::chrono::hours::max());
  cowarp::interval least = cowarp::every(nanoseconds(-5), missed_ticks::skip);
  std::int64_t i         = 0;
  COWARP_BODY_BEGIN
  s.checks.that(never.deadline() == cowarp::clock::time_point::max());
  s.checks.equal(least.period().count(), 1);
  for (; i < 20; ++i) cowarp::advance_clock(std::chrono::hours(24 * 365 * 10));
  s.checks.equal(due(never), -1);
  s.checks.that(due(least) == 1 && due(least) == -1);
  never.reset();
  s.checks.that(never.deadline() == cowarp::clock::time_point::max());
  never.reset_at(cowarp::clock::time_point::min());
  s.checks.equal(due(never), 0);
  never.reset_at(at(5));
  s.checks.that(due(never) == 5 && never.deadline() == cowarp::clock::time_point::max());
  COWARP_BODY_END
};

// ---- a stream of ticks ---------------------------------------------------------------------------

struct noting {
  state& s;
  COWARP_FN void operator()(cowarp::clock::time_point tick) const {
    s.trace.add(static_cast<std::int32_t>(ns_of(tick)));
    s.ticked.add();
  }
};

// [ticks]
COWARP_TASK_FRAME(streaming, 1, 128) {
  state& s;
  cowarp::interval each = cowarp::every(nanoseconds(100), missed_ticks::skip);
  COWARP_BODY_BEGIN
  COWARP_AWAIT(cowarp::for_each(cowarp::take(cowarp::ticks(each), 3), noting{s}));
  s.done.add();
  COWARP_BODY_END
};
// [/ticks]

COWARP_TASK_FRAME(passing_time, 1) {
  state& s;
  COWARP_BODY_BEGIN
  cowarp::advance_clock(nanoseconds(100));
  while (s.ticked.value() < 1) COWARP_AWAIT(cowarp::yield_now());
  cowarp::advance_clock(nanoseconds(250));  // 350
  while (s.ticked.value() < 2) COWARP_AWAIT(cowarp::yield_now());
  while (s.done.value() == 0) {
    COWARP_AWAIT(cowarp::yield_now());
    cowarp::advance_clock(nanoseconds(1));
  }
  COWARP_BODY_END
};

struct stream_app : cowarp::program<streaming, passing_time> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<stream_app> s) {
    (void)s.spawn<streaming>(s.grid_state());
    (void)s.spawn<passing_time>(s.grid_state());
  }
};

}  // namespace interval_test

TEST_CASE("interval: ticks come at multiples of the period", "[timer][interval]") {
  interval_test::state s{};
  const auto report = test::run_to_end<interval_test::rhythm_app>(s, interval_test::by_hand);
  s.checks.require_none(30);
  CHECK(report.total.polls - report.total.self_wakes <= 1 + 1 + 10);  // one for each tick
}

TEST_CASE("interval: missed ticks burst, are skipped or delay", "[timer][interval]") {
  interval_test::state s{};
  test::run_to_end<interval_test::alone<interval_test::oversleeping>>(s, interval_test::by_hand);
  s.checks.require_none(14);
}

TEST_CASE("interval: a dropped tick is the next one again", "[timer][interval]") {
  interval_test::state s{};
  test::run_to_end<interval_test::alone<interval_test::dropping>>(s, interval_test::by_hand);
  s.checks.require_none(4);
}

TEST_CASE("interval: after a reset ticks count from there", "[timer][interval]") {
  interval_test::state s{};
  test::run_to_end<interval_test::alone<interval_test::resetting>>(s, interval_test::by_hand);
  s.checks.require_none(7);
}

TEST_CASE("interval: a waiting tick can be brought forward", "[timer][interval]") {
  interval_test::state s{};
  test::run_to_end<interval_test::forward_app>(s, interval_test::by_hand);
  s.checks.require_none(1);
}

TEST_CASE("interval: instants stop at the end of time", "[timer][interval]") {
  interval_test::state s{};
  test::run_to_end<interval_test::alone<interval_test::exceeding>>(s, interval_test::by_hand);
  s.checks.require_none(7);
}

TEST_CASE("interval: its stream yields the same ticks", "[timer][interval]") {
  interval_test::state s{};
  test::run_to_end<interval_test::stream_app>(s, interval_test::by_hand);
  CHECK(s.trace.entries() == std::vector<std::int32_t>{100, 200, 400});
}

TEST_CASE("saturating_add: the clock's last instant is the end", "[timer][interval]") {
  using namespace std::chrono;
  using cowarp::saturating_add;
  using instant = cowarp::clock::time_point;
  CHECK(saturating_add(instant(nanoseconds(5)), microseconds(1)) == instant(nanoseconds(1005)));
  CHECK(saturating_add(instant(nanoseconds(5)), microseconds(-1)) == instant(nanoseconds(5)));
  CHECK(saturating_add(instant(nanoseconds(1)), nanoseconds::max()) == instant::max());
  CHECK(saturating_add(cowarp::clock::now(), hours::max()) == instant::max());
  CHECK(saturating_add(instant::max(), nanoseconds(1)) == instant::max());
  CHECK(saturating_add(instant::max() - nanoseconds(1), nanoseconds(1)) == instant::max());
  CHECK(saturating_add(instant::min(), nanoseconds::max()) == instant(nanoseconds(-1)));
}
