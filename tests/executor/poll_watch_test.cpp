// SPDX-License-Identifier: Apache-2.0
/// \file
/// A program that watches its polls learns who was polled how often, and whose poll took longest.
#include <support/checks.hpp>
#include <support/steps.hpp>

#include <chrono>
#include <string>

using namespace std::chrono_literals;

namespace poll_watch_test {

struct state {
  cowarp::signal<std::uint32_t> never_sent;
  test::counter turns;
};

COWARP_TASK_FRAME(turning, 40) {
  state& s;
  std::uint32_t turns;
  std::uint32_t i = 0;
  COWARP_BODY_BEGIN
  for (; i < turns; ++i) {
    s.turns.add();
    COWARP_AWAIT(cowarp::yield_now());
  }
  COWARP_BODY_END
};

/// Keeps its worker for so long in its second poll.
COWARP_TASK_FRAME(greedy, 1) {
  state& s;
  std::uint64_t ns;
  COWARP_BODY_BEGIN
  COWARP_AWAIT(cowarp::yield_now());
  keep();
  COWARP_BODY_END

  COWARP_FN void keep() const {
    const std::uint64_t begin = cowarp::platform::clock_ns();
    while (cowarp::platform::clock_ns() - begin < ns) cowarp::platform::pause(1000);
  }
};

/// Is polled three times, and then ends or waits for ever.
COWARP_TASK_FRAME(forgotten, 1) {
  state& s;
  std::uint32_t waits;
  COWARP_BODY_BEGIN
  COWARP_AWAIT(cowarp::yield_now());
  COWARP_AWAIT(cowarp::yield_now());
  if (waits != 0) COWARP_AWAIT(s.never_sent.wait());
  COWARP_BODY_END
};

/// Puts a second task into the slot of the first.
COWARP_TASK_FRAME(follow, 1) {
  state& s;
  COWARP_BODY_BEGIN
  while (!begin_second()) COWARP_AWAIT(cowarp::yield_now());
  COWARP_BODY_END
  COWARP_FN bool begin_second() const;
};

struct app : cowarp::program<turning, greedy> {
  using grid_state                    = state;
  static constexpr bool watches_polls = true;
  COWARP_FN static void start(cowarp::spawner<app> s) {
    for (std::uint32_t i = 0; i < 40; ++i) s.must_spawn<turning>(s.grid_state(), i);
    if (s.block() == 1) s.must_spawn<greedy>(s.grid_state(), 20'000'000ull);
  }
};

struct stuck : cowarp::program<follow, forgotten> {
  using grid_state                    = state;
  static constexpr bool watches_polls = true;
  static constexpr bool finds_stalls  = true;
  COWARP_FN static void start(cowarp::spawner<stuck> s) {
    s.must_spawn<forgotten>(s.grid_state(), 0u);
    s.must_spawn<follow>(s.grid_state());
  }
};

COWARP_FN inline bool follow::begin_second() const {
  return cowarp::spawner<stuck>().spawn<forgotten>(s, 1u) == cowarp::spawn_result::ok;
}

struct unwatched : cowarp::program<turning> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<unwatched> s) {
    s.must_spawn<turning>(s.grid_state(), 3u);
  }
};

}  // namespace poll_watch_test

TEST_CASE("poll_watch: every poll is counted for its type", "[executor][poll_watch]") {
  poll_watch_test::state s{};
  const auto report = test::run_to_end<poll_watch_test::app>(s, {.blocks = 3});
  REQUIRE(report.polls.size() == 2);
  CHECK(report.polls[0].task.find("turning") != std::string::npos);
  CHECK(report.polls[0].polls == 3 * (40 + 40 * 39 / 2));
  CHECK(report.polls[1].polls == 2);
  CHECK(report.polls[0].polls + report.polls[1].polls == report.total.polls);
}

TEST_CASE("poll_watch: the longest poll has a name", "[executor][poll_watch]") {
  poll_watch_test::state s{};
  const auto report =
      test::run_to_end<poll_watch_test::app>(s, {.blocks = 3, .warn_poll_after = 10ms});
  CHECK(report.longest.task.find("greedy") != std::string::npos);
  CHECK(report.longest.block == 1);
  CHECK(report.longest.slot == 64);
  CHECK(report.longest.seconds > 0.018);
  CHECK(report.longest.is_too_long);
  CHECK(to_string(report).find("warning: too long: longest poll: ") != std::string::npos);
}

TEST_CASE("poll_watch: nobody is warned unless the time was passed", "[executor][poll_watch]") {
  poll_watch_test::state s{};
  auto report = test::run_to_end<poll_watch_test::app>(s, {.blocks = 2, .warn_poll_after = 1h});
  CHECK_FALSE(report.longest.is_too_long);
  report = test::run_to_end<poll_watch_test::app>(s, {.blocks = 2});
  CHECK_FALSE(report.longest.is_too_long);
  CHECK(to_string(report).find("warning") == std::string::npos);
}

TEST_CASE("poll_watch: a task that waits brings its own polls", "[executor][poll_watch]") {
  poll_watch_test::state s{};
  const auto report = cowarp::run<poll_watch_test::stuck>({.blocks = 2, .stall_after = 1ms}, s);
  CHECK(report.end == cowarp::end_reason::stalled);
  REQUIRE(report.waiting.size() == 1);
  CHECK(report.waiting[0].polls == 2 * 3);
  CHECK(to_string(report).find("polled 6 times") != std::string::npos);
}

TEST_CASE("poll_watch: a threshold without a watch is refused", "[executor][poll_watch]") {
  poll_watch_test::state s{};
  CHECK_THROWS_AS(cowarp::run<poll_watch_test::unwatched>({.blocks = 1, .warn_poll_after = 1ms}, s),
                  cowarp::configuration_error);
  CHECK_THROWS_AS(cowarp::run<poll_watch_test::app>({.blocks = 1, .warn_poll_after = -1ns}, s),
                  cowarp::configuration_error);
  CHECK(cowarp::run<poll_watch_test::unwatched>({.blocks = 1}, s).polls.empty());
}
