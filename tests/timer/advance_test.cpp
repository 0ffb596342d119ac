// SPDX-License-Identifier: Apache-2.0
/// \file
/// `advance` runs exactly what is due, in the order of the deadlines.
#include <support/checks.hpp>
#include <support/steps.hpp>

#include <chrono>
#include <cstdint>

namespace advance_test {

using std::chrono::nanoseconds;

constexpr cowarp::launch_options by_hand{.blocks = 1, .workers = 1, .manual_clock = true};

constexpr std::uint32_t sleepers = 50;

struct state {
  test::checks checks;
  test::counter asleep;
  test::counter woken;  // wakes so far, of all sleepers
  test::counter last;   // deadline of the one before
  std::uint64_t times;  // that each sleeper sleeps
};

/// Sleeps over and over; each time it must wake at its deadline, and nobody with a later one before it.
COWARP_TASK_FRAME(sleeping, sleepers) {
  state& s;
  std::uint64_t ns;
  std::uint64_t i   = 0;
  std::uint64_t due = 0;
  COWARP_BODY_BEGIN
  for (; i < s.times; ++i) {
    due = cowarp::clock::now_ns() + ns;
    s.asleep.add();
    COWARP_AWAIT(cowarp::sleep_for(nanoseconds(ns)));
    s.checks.equal(cowarp::clock::now_ns(), due);
    s.checks.that(s.last.value() <= due);
    s.last.set(static_cast<std::uint32_t>(due));
    s.woken.add();
  }
  COWARP_BODY_END
};

/// Has all wake that are due within 1000 ns, and after that nobody else.
COWARP_TASK_FRAME(driving, 1) {
  state& s;
  std::uint32_t due;  // wakes to come
  std::uint64_t began = 0;
  COWARP_BODY_BEGIN
  while (s.asleep.value() < sleepers) COWARP_AWAIT(cowarp::yield_now());
  began = cowarp::clock::now_ns();
  COWARP_AWAIT(cowarp::advance(nanoseconds(1000)));
  s.checks.equal(s.woken.value(), due);
  s.checks.equal(cowarp::clock::now_ns(), began + 1000);
  // From here on the clock goes on in one move.
  while (s.woken.value() < sleepers * s.times) {
    COWARP_AWAIT(cowarp::advance(std::chrono::microseconds(10)));
  }
  COWARP_BODY_END
};

/// \returns the sleep of sleeper `i`: in no order, and some of them the same.
COWARP_FN constexpr std::uint64_t sleep_of(std::uint32_t i) { return 40 * (i * 7 % 31 + 1); }

// Who moves the clock is polled before the others.
struct app : cowarp::program<driving, sleeping> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<app> s) {
    std::uint32_t due = 0;
    for (std::uint32_t i = 0; i < sleepers; ++i) {
      (void)s.spawn<sleeping>(s.grid_state(), sleep_of(i));
      for (std::uint64_t j = 1; j <= s.grid_state().times; ++j) due += sleep_of(i) * j <= 1000;
    }
    (void)s.spawn<driving>(s.grid_state(), due);
  }
};

/// Nobody sleeps: the clock moves all the same.
COWARP_TASK_FRAME(lonely, 1) {
  state& s;
  std::uint64_t began = 0;
  COWARP_BODY_BEGIN
  began = cowarp::clock::now_ns();
  COWARP_AWAIT(cowarp::advance(nanoseconds(0)));
  s.checks.equal(cowarp::clock::now_ns(), began);
  COWARP_AWAIT(cowarp::advance(nanoseconds(5)));
  s.checks.equal(cowarp::clock::now_ns(), began + 5);
  COWARP_BODY_END
};

struct lonely_app : cowarp::program<lonely> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<lonely_app> s) {
    (void)s.spawn<lonely>(s.grid_state());
  }
};

}  // namespace advance_test

TEST_CASE("advance: tasks run in the order of their deadlines, each at its own",
          "[timer][advance]") {
  advance_test::state s{};
  s.times = 1;
  test::run_to_end<advance_test::app>(s, advance_test::by_hand);
  s.checks.require_none(advance_test::sleepers * 2 + 2);
  CHECK(s.woken.value() == advance_test::sleepers);
}

TEST_CASE("advance: what is armed on the way takes its turn", "[timer][advance]") {
  advance_test::state s{};
  s.times = 20;
  test::run_to_end<advance_test::app>(s, advance_test::by_hand);
  s.checks.require_none(advance_test::sleepers * 20 * 2);
  CHECK(s.woken.value() == advance_test::sleepers * 20);
}

TEST_CASE("advance: a clock without sleepers moves too", "[timer][advance]") {
  advance_test::state s{};
  test::run_to_end<advance_test::lonely_app>(s, advance_test::by_hand);
  s.checks.require_none(2);
}
