// SPDX-License-Identifier: Apache-2.0
/// \file
/// A launch with a time limit ends by it, says who was left, and harms nobody who comes later.
#include <support/checks.hpp>
#include <support/steps.hpp>

#include <chrono>
#include <string>

using namespace std::chrono_literals;

namespace run_for_test {

struct state {
  cowarp::signal<std::uint32_t> never_sent;
  test::counter began;
  test::counter ended;
  std::uint32_t turns;  // 0: for ever
};

/// \returns the state of a program that ends after so many turns.
inline state of_turns(std::uint32_t turns) {
  state s{};
  s.turns = turns;
  return s;
}

/// Goes on and on, or for the state's number of turns.
COWARP_TASK_FRAME(turning, 40) {
  state& s;
  std::uint32_t i = 0;
  COWARP_BODY_BEGIN
  s.began.add();
  for (; s.turns == 0 || i < s.turns; ++i) COWARP_AWAIT(cowarp::yield_now());
  s.ended.add();
  COWARP_BODY_END
};
constexpr std::uint32_t turning_line = __LINE__ - 4;

COWARP_TASK_FRAME(forgotten, 1) {
  state& s;
  COWARP_BODY_BEGIN
  s.began.add();
  if (s.turns == 0) COWARP_AWAIT(s.never_sent.wait());
  s.ended.add();
  COWARP_BODY_END
};

struct app : cowarp::program<turning, forgotten> {
  using grid_state                   = state;
  static constexpr bool finds_stalls = true;
  COWARP_FN static void start(cowarp::spawner<app> s) {
    for (std::uint32_t i = 0; i < 40; ++i) s.must_spawn<turning>(s.grid_state());
    if (s.block() == 0) s.must_spawn<forgotten>(s.grid_state());
  }
};

/// All that wait, wait for each other; nobody looks for a stall.
struct silent : cowarp::program<forgotten> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<silent> s) {
    s.must_spawn<forgotten>(s.grid_state());
  }
};

}  // namespace run_for_test

using run_for_test::app;

TEST_CASE("run_for: a livelock times out and is described", "[executor][run_for]") {
  run_for_test::state s{};
  const auto report = cowarp::run_for<app>(20ms, {.blocks = 2}, s);
  CHECK(report.end == cowarp::end_reason::timed_out);
  CHECK(report.seconds >= 0.015);
  CHECK(s.began.value() == 81);
  CHECK(report.total.pending == 81);
  CHECK(report.total.polls > 81);

  REQUIRE(report.waiting.size() == 2);
  CHECK(report.waiting[0].count == 80);
  REQUIRE(report.waiting[0].where.size() == 1);
  const std::string place = "run_for_test.cpp:" + std::to_string(run_for_test::turning_line);
  CHECK(report.waiting[0].where[0].find(place) != std::string::npos);
  CHECK(report.waiting[1].count == 1);
  CHECK(to_string(report).find("timed out after") != std::string::npos);
}

TEST_CASE("run_for: a launch that ends earlier is not disturbed", "[executor][run_for]") {
  auto s            = run_for_test::of_turns(100);
  const auto report = cowarp::run_for<app>(1h, {.blocks = 2}, s);
  CHECK(report.end == cowarp::end_reason::all_done);
  CHECK(s.ended.value() == 81);
  CHECK(report.seconds < 600);
}

TEST_CASE("run_for: tasks that wait for ever end too", "[executor][run_for]") {
  run_for_test::state s{};
  const auto report = cowarp::run_for<run_for_test::silent>(5ms, {.blocks = 3}, s);
  CHECK(report.end == cowarp::end_reason::timed_out);
  CHECK(report.total.pending == 3);
}

TEST_CASE("run_for: no time at all is a time", "[executor][run_for]") {
  for (const std::chrono::nanoseconds limit : {0ns, -1'000'000'000ns}) {
    // Anew each time: what came back names tasks that are gone.
    run_for_test::state s{};
    CHECK(cowarp::run_for<app>(limit, {.blocks = 2}, s).end == cowarp::end_reason::timed_out);
  }
}

TEST_CASE("run_for: the next launch works as if nothing had been", "[executor][run_for]") {
  for (std::uint32_t i = 0; i < 3; ++i) {
    run_for_test::state stuck{};
    REQUIRE(cowarp::run_for<app>(2ms, {.blocks = 2}, stuck).end == cowarp::end_reason::timed_out);
    auto fine         = run_for_test::of_turns(10);
    const auto report = cowarp::run<app>({.blocks = 2}, fine);
    REQUIRE(report.end == cowarp::end_reason::all_done);
    REQUIRE(fine.ended.value() == 81);
  }
}

TEST_CASE("run_for: a stop that came before keeps its name", "[executor][run_for]") {
  run_for_test::state s{};
  auto running = cowarp::run_async<app>({.blocks = 2}, s);
  running.request_stop();
  CHECK(running.wait_at_most(1h).end == cowarp::end_reason::stopped);
}
