// SPDX-License-Identifier: Apache-2.0
/// \file
/// Sleeping under the manual clock: who wakes when, and who must not.
#include <support/checks.hpp>
#include <support/steps.hpp>

#include <chrono>
#include <cstdint>

namespace sleep_test {

using std::chrono::nanoseconds;

constexpr cowarp::launch_options by_hand{.blocks = 1, .manual_clock = true};

// ---- one clock, a few sleepers -------------------------------------------------------------------

struct state {
  test::checks checks;
  test::counter asleep;
  test::counter awake;
};

/// Sleeps for `ns` and checks that it is not early.
COWARP_TASK_FRAME(sleeping, 100) {
  state& s;
  std::uint64_t ns;
  std::uint64_t due = 0;
  COWARP_BODY_BEGIN
  due = cowarp::clock::now_ns() + ns;
  s.asleep.add();
  COWARP_AWAIT(cowarp::sleep_for(nanoseconds(ns)));
  s.checks.that(cowarp::clock::now_ns() >= due);
  s.awake.add();
  COWARP_BODY_END
};

/// Moves the clock by one step at a time; after each exactly those that are due wake.
COWARP_TASK_FRAME(driving, 1) {
  state& s;
  std::uint32_t sleepers;
  std::uint64_t tick;
  std::uint32_t i    = 0;
  std::uint32_t wait = 0;
  COWARP_BODY_BEGIN
  while (s.asleep.value() < sleepers) COWARP_AWAIT(cowarp::yield_now());
  for (; i < sleepers; ++i) {
    for (wait = 0; wait < 4; ++wait) COWARP_AWAIT(cowarp::yield_now());
    s.checks.equal(s.awake.value(), i);
    cowarp::advance_clock(nanoseconds(tick - 1));
    for (wait = 0; wait < 4; ++wait) COWARP_AWAIT(cowarp::yield_now());
    s.checks.equal(s.awake.value(), i);
    cowarp::advance_clock(nanoseconds(1));
    while (s.awake.value() < i + 1) COWARP_AWAIT(cowarp::yield_now());
  }
  COWARP_BODY_END
};

struct few_app : cowarp::program<sleeping, driving> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<few_app> s) {
    for (std::uint32_t i = 0; i < 10; ++i) {
      // Not in order: 4, 1, 8, 5, 2, 9, 6, 3, 10, 7.
      (void)s.spawn<sleeping>(s.grid_state(), std::uint64_t{((i * 7 + 3) % 10 + 1) * 1000});
    }
    (void)s.spawn<driving>(s.grid_state(), 10u, std::uint64_t{1000});
  }
};

// ---- a thousand sleepers -------------------------------------------------------------------------

/// The same body in a pool of its own.
COWARP_TASK_FRAME(sleeping_too, 1000) {
  state& s;
  std::uint64_t ns;
  std::uint64_t due = 0;
  COWARP_BODY_BEGIN
  due = cowarp::clock::now_ns() + ns;
  s.asleep.add();
  COWARP_AWAIT(cowarp::sleep_for(nanoseconds(ns)));
  s.checks.that(cowarp::clock::now_ns() >= due);
  s.awake.add();
  COWARP_BODY_END
};

/// Moves the clock on while somebody sleeps.
COWARP_TASK_FRAME(ticking, 1) {
  state& s;
  std::uint32_t sleepers;
  std::uint64_t tick;
  COWARP_BODY_BEGIN
  while (s.asleep.value() < sleepers) COWARP_AWAIT(cowarp::yield_now());
  while (s.awake.value() < sleepers) {
    cowarp::advance_clock(nanoseconds(tick));
    COWARP_AWAIT(cowarp::yield_now());
  }
  COWARP_BODY_END
};

struct hundred_app : cowarp::program<sleeping, ticking> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<hundred_app> s) {
    for (std::uint32_t i = 0; i < 100; ++i) {
      (void)s.spawn<sleeping>(s.grid_state(), std::uint64_t{1 + i * 37 % 100 * 10});
    }
    (void)s.spawn<ticking>(s.grid_state(), 100u, std::uint64_t{7});
  }
};

struct thousand_app : cowarp::program<sleeping_too, ticking> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<thousand_app> s) {
    for (std::uint32_t i = 0; i < 1000; ++i) {
      (void)s.spawn<sleeping_too>(s.grid_state(), std::uint64_t{1 + i * 373 % 1000});
    }
    (void)s.spawn<ticking>(s.grid_state(), 1000u, std::uint64_t{3});
  }
};

// ---- no sleep at all -----------------------------------------------------------------------------

COWARP_TASK_FRAME(not_sleeping, 1) {
  state& s;
  COWARP_BODY_BEGIN
  COWARP_AWAIT(cowarp::sleep_for(nanoseconds(0)));
  COWARP_AWAIT(cowarp::sleep_for(nanoseconds(-5)));
  COWARP_AWAIT(cowarp::sleep_for(std::chrono::hours(-1)));
  COWARP_AWAIT(cowarp::sleep_for(std::chrono::hours::min()));
  COWARP_AWAIT(cowarp::sleep_until(cowarp::clock::now()));
  s.awake.add();
  COWARP_BODY_END
};

struct at_once_app : cowarp::program<not_sleeping> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<at_once_app> s) {
    (void)s.spawn<not_sleeping>(s.grid_state());
  }
};

// ---- for ever ------------------------------------------------------------------------------------

struct for_ever_app;

COWARP_TASK_FRAME(hibernating, 4) {
  state& s;
  std::uint32_t how;
  COWARP_BODY_BEGIN
  s.asleep.add();
  if (how == 0) COWARP_AWAIT(cowarp::sleep_for(std::chrono::hours::max()));
  if (how == 1) COWARP_AWAIT(cowarp::sleep_for(nanoseconds::max()));
  if (how == 2) COWARP_AWAIT(cowarp::sleep_until(cowarp::clock::time_point::max()));
  if (how == 3) COWARP_AWAIT(cowarp::sleep_for(std::chrono::duration<double>(1e300)));
  s.awake.add();
  COWARP_BODY_END
};

COWARP_TASK_FRAME(centuries, 1) {
  state& s;
  std::uint32_t i = 0;
  COWARP_BODY_BEGIN
  while (s.asleep.value() < 4) COWARP_AWAIT(cowarp::yield_now());
  for (; i < 20; ++i) {
    cowarp::advance_clock(std::chrono::hours(24 * 365 * 10));
    COWARP_AWAIT(cowarp::yield_now());
  }
  s.checks.equal(s.awake.value(), 0u);
  cowarp::spawner<for_ever_app>().stop();
  COWARP_BODY_END
};

struct for_ever_app : cowarp::program<hibernating, centuries> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<for_ever_app> s) {
    for (std::uint32_t how = 0; how < 4; ++how) (void)s.spawn<hibernating>(s.grid_state(), +how);
    (void)s.spawn<centuries>(s.grid_state());
  }
};

/// \returns the nanoseconds that a duration means.
template <class Rep, class Period>
std::uint64_t ns_of(std::chrono::duration<Rep, Period> duration) {
  return cowarp::detail::saturated_ns(duration);
}

}  // namespace sleep_test

TEST_CASE("sleep: exactly those that are due wake", "[timer][sleep]") {
  sleep_test::state s{};
  const auto report = test::run_to_end<sleep_test::few_app>(s, sleep_test::by_hand);
  s.checks.require_none(30);
  CHECK(s.awake.value() == 10);
  CHECK(report.total.polls - report.total.self_wakes == 11 + 10);  // each sleeper polled twice
}

TEST_CASE("sleep: a hundred sleepers wake, none early", "[timer][sleep]") {
  sleep_test::state s{};
  // One worker polls them all before it moves the clock, so none is due at its first poll.
  const auto report = test::run_to_end<sleep_test::hundred_app>(
      s, {.blocks = 1, .workers = 1, .manual_clock = true});
  s.checks.require_none(100);
  CHECK(s.awake.value() == 100);
  CHECK(report.total.polls - report.total.self_wakes == 101 + 100);
}

TEST_CASE("sleep: a thousand sleepers wake, none early", "[timer][sleep]") {
  sleep_test::state s{};
  const auto report = test::run_to_end<sleep_test::thousand_app>(s, sleep_test::by_hand);
  s.checks.require_none(1000);
  CHECK(s.awake.value() == 1000);
  CHECK(report.total.polls - report.total.self_wakes == 1001 + 1000);
}

TEST_CASE("sleep: zero and less are ready at once", "[timer][sleep]") {
  sleep_test::state s{};
  const auto report = test::run_to_end<sleep_test::at_once_app>(s, sleep_test::by_hand);
  CHECK(s.awake.value() == 1);
  CHECK(report.total.polls == 1);
}

TEST_CASE("sleep: what the clock cannot hold is for ever", "[timer][sleep]") {
  sleep_test::state s{};
  const auto report = cowarp::run<sleep_test::for_ever_app>(sleep_test::by_hand, s);
  s.checks.require_none();
  CHECK(report.end == cowarp::end_reason::stopped);
  CHECK(report.total.pending == 4);
}

TEST_CASE("sleep: durations of any type mean what they say", "[timer][sleep]") {
  using namespace std::chrono;
  using sleep_test::ns_of;
  constexpr std::uint64_t longest = nanoseconds::max().count();
  CHECK(ns_of(microseconds(3)) == 3'000);
  CHECK(ns_of(duration<double, std::micro>(1.5)) == 1'500);
  CHECK(ns_of(duration<std::int32_t, std::nano>(5)) == 5);
  CHECK(ns_of(duration<std::int32_t, std::micro>(5)) == 5'000);
  CHECK(ns_of(duration<std::int32_t, std::milli>(5)) == 5'000'000);
  CHECK(ns_of(duration<std::int16_t>(5)) == 5'000'000'000);
  CHECK(ns_of(duration<std::uint32_t, std::milli>(5)) == 5'000'000);
  CHECK(ns_of(duration<std::int32_t, std::milli>::max()) == 2'147'483'647'000'000);
  CHECK(ns_of(duration<std::int64_t, std::pico>(1'500)) == 2);  // rounded up
  CHECK(ns_of(duration<std::int64_t, std::pico>::max()) == longest / 1000 + 1);
  CHECK(ns_of(hours::max()) == longest);
  CHECK(ns_of(duration<double>(1e300)) == longest);
  CHECK(ns_of(milliseconds::min()) == 0);
}
