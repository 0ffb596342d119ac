// SPDX-License-Identifier: Apache-2.0
/// \file
/// A launch whose tasks wait for each other ends and says so; one that works, sleeps or hears from
/// elsewhere does not.
#include <support/checks.hpp>
#include <support/steps.hpp>

#include <chrono>
#include <string>

using namespace std::chrono_literals;

namespace stall_test {

struct state {
  cowarp::signal<std::uint32_t> never_sent;
  cowarp::signal<std::uint32_t> ping;
  cowarp::signal<std::uint32_t> pong;
  test::counter rounds;
};

/// Waits for a signal that nobody sends.
COWARP_TASK_FRAME(forgotten, 40) {
  state& s;
  COWARP_BODY_BEGIN
  COWARP_AWAIT(s.never_sent.wait());
  COWARP_BODY_END
};

COWARP_TASK_FRAME(quick, 1) {
  state& s;
  COWARP_BODY_BEGIN
  s.rounds.add();
  COWARP_AWAIT(cowarp::yield_now());
  COWARP_BODY_END
};

COWARP_TASK_FRAME(napping, 1) {
  state& s;
  std::uint32_t i = 0;
  COWARP_BODY_BEGIN
  for (; i < 4; ++i) COWARP_AWAIT(cowarp::sleep_for(4ms));
  s.rounds.add(100);
  COWARP_BODY_END
};

/// A time limit of an hour that is met at once, then a wait without one.
COWARP_TASK_FRAME(hasty, 1, 128) {
  state& s;
  cowarp::polled<cowarp::unit> done{};
  COWARP_BODY_BEGIN
  COWARP_AWAIT_INTO(done, cowarp::with_timeout(1h, cowarp::yield_now()));
  COWARP_AWAIT(s.never_sent.wait());
  COWARP_BODY_END
};

COWARP_TASK_FRAME(caller, 1) {
  state& s;
  std::uint32_t i = 0;
  COWARP_BODY_BEGIN
  for (; i < 2000; ++i) {
    s.ping.send(i);
    COWARP_AWAIT(s.pong.wait());
  }
  COWARP_BODY_END
};

COWARP_TASK_FRAME(answerer, 1) {
  state& s;
  std::uint32_t i = 0;
  COWARP_BODY_BEGIN
  for (; i < 2000; ++i) {
    COWARP_AWAIT(s.ping.wait());
    s.pong.send(i);
  }
  s.rounds.add(100);
  COWARP_BODY_END
};

COWARP_TASK_FRAME(served, 1, 128) {
  state& s;
  COWARP_BODY_BEGIN
  COWARP_AWAIT(cowarp::from_outside(s.never_sent.wait()));
  COWARP_BODY_END
};

template <class... Tasks>
struct base : cowarp::program<Tasks...> {
  using grid_state                   = state;
  static constexpr bool finds_stalls = true;
};

struct stuck : base<quick, forgotten> {
  COWARP_FN static void start(cowarp::spawner<stuck> s) {
    if (s.block() == 0) (void)s.spawn<quick>(s.grid_state());
    for (std::uint32_t i = 0; i < s.block() * 20; ++i) (void)s.spawn<forgotten>(s.grid_state());
  }
};

struct sleeps : base<napping, forgotten> {
  COWARP_FN static void start(cowarp::spawner<sleeps> s) {
    if (s.block() == 0) (void)s.spawn<napping>(s.grid_state());
    if (s.block() == 1) (void)s.spawn<forgotten>(s.grid_state());
  }
};

// ---- where they wait -----------------------------------------------------------------------------

/// A wait inside a wait.
COWARP_ASYNC_FRAME(inner_wait, cowarp::unit) {
  state& s;
  COWARP_BODY_BEGIN
  COWARP_AWAIT(cowarp::yield_now());
  COWARP_AWAIT(s.never_sent.wait());
  COWARP_BODY_END
};
constexpr std::uint32_t inner_line = __LINE__ - 3;

COWARP_TASK_FRAME(nested, 8, 256) {
  state& s;
  std::uint32_t kind;
  COWARP_BODY_BEGIN
  if (kind == 0) COWARP_AWAIT(s.never_sent.wait());
  COWARP_AWAIT(cowarp::call<inner_wait>(s));
  COWARP_BODY_END
};
constexpr std::uint32_t nested_line = __LINE__ - 3;

template <cowarp::memory Frames>
struct waits : base<nested> {
  static constexpr auto frames = Frames;
  COWARP_FN static void start(cowarp::spawner<waits> s) {
    for (std::uint32_t i = 0; i < 4; ++i) (void)s.template spawn<nested>(s.grid_state(), i);
  }
};

void require_places(const cowarp::report& report) {
  const auto ends_with = [](const std::string& text, std::uint32_t line) {
    const std::string end = "stall_test.cpp:" + std::to_string(line);
    return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
  };
  REQUIRE(report.end == cowarp::end_reason::stalled);
  REQUIRE(report.waiting.size() == 2);
  const auto& alone = report.waiting[0];
  CHECK(alone.count == report.blocks);
  REQUIRE(alone.where.size() == 1);
  CHECK(ends_with(alone.where[0], nested_line - 1));
  CHECK(alone.awaited.find("signal") != std::string::npos);
  const auto& below = report.waiting[1];
  CHECK(below.count == report.blocks * 3);
  REQUIRE(below.where.size() == 2);
  CHECK(ends_with(below.where[0], nested_line));
  CHECK(ends_with(below.where[1], inner_line));
  CHECK(below.awaited.find("signal") != std::string::npos);
}

struct cancelled_timer : base<hasty> {
  COWARP_FN static void start(cowarp::spawner<cancelled_timer> s) {
    (void)s.spawn<hasty>(s.grid_state());
  }
};

struct talks : base<caller, answerer> {
  COWARP_FN static void start(cowarp::spawner<talks> s) {
    if (s.block() == 0) (void)s.spawn<caller>(s.grid_state());
    if (s.block() == s.blocks() - 1) (void)s.spawn<answerer>(s.grid_state());
  }
};

struct serves : base<served> {
  COWARP_FN static void start(cowarp::spawner<serves> s) {
    if (s.block() == 0) (void)s.spawn<served>(s.grid_state());
  }
};

}  // namespace stall_test

TEST_CASE("stall: tasks that nobody wakes end the launch", "[executor][stall]") {
  stall_test::state s{};
  const auto report = cowarp::run<stall_test::stuck>({.blocks = 3, .stall_after = 2ms}, s);
  CHECK(report.end == cowarp::end_reason::stalled);
  CHECK(report.total.completed == 1);
  CHECK(report.total.pending == 60);
  CHECK(report.seconds < 5);
  REQUIRE(report.waiting.size() == 1);
  CHECK(report.waiting[0].task.find("forgotten") != std::string::npos);
  CHECK(report.waiting[0].count == 60);
  CHECK(report.waiting[0].block == 1);
  CHECK(report.waiting[0].slot == 32);
  const std::string text = to_string(report);
  CHECK(text.find("stalled after") != std::string::npos);
  CHECK(text.find("60 x ") != std::string::npos);
}

TEST_CASE("stall: a sleeping task puts it off", "[executor][stall]") {
  stall_test::state s{};
  const auto report = cowarp::run<stall_test::sleeps>({.blocks = 2, .stall_after = 1us}, s);
  CHECK(report.end == cowarp::end_reason::stalled);
  CHECK(s.rounds.value() == 100);
  CHECK(report.total.pending == 1);
}

TEST_CASE("stall: a timer that was cancelled does not count", "[executor][stall]") {
  stall_test::state s{};
  const auto report =
      cowarp::run<stall_test::cancelled_timer>({.blocks = 1, .stall_after = 1ms}, s);
  CHECK(report.end == cowarp::end_reason::stalled);
  CHECK(report.seconds < 60);
}

TEST_CASE("stall: wakes between blocks are never one", "[executor][stall]") {
  stall_test::state s{};
  const auto report = cowarp::run<stall_test::talks>({.blocks = 2, .stall_after = 1ns}, s);
  CHECK(report.end == cowarp::end_reason::all_done);
  CHECK(s.rounds.value() == 100);
}

TEST_CASE("stall: whoever waits for the outside is left alone", "[executor][stall]") {
  stall_test::state s{};
  auto running = cowarp::run_async<stall_test::serves>({.blocks = 2, .stall_after = 1us}, s);
  CHECK_FALSE(running.wait_for(100ms));
  running.request_stop();
  const auto report = running.wait();
  CHECK(report.end == cowarp::end_reason::stopped);
  REQUIRE(report.waiting.size() == 1);
  CHECK(report.waiting[0].count == 1);
  CHECK(to_string(report).find("pending at the end:") != std::string::npos);
}

TEST_CASE("stall: the report says where each task waits", "[executor][stall]") {
  stall_test::state s{};
  stall_test::require_places(
      cowarp::run<stall_test::waits<cowarp::memory::global>>({.blocks = 2, .stall_after = 1us}, s));
}

TEST_CASE("stall: where frames in shared memory wait too", "[executor][stall]") {
  stall_test::state s{};
  // One block: others could not reach the waiting futures.
  stall_test::require_places(
      cowarp::run<stall_test::waits<cowarp::memory::shared>>({.blocks = 1, .stall_after = 1us}, s));
}

TEST_CASE("stall: nobody looks for one unless asked", "[executor][stall]") {
  stall_test::state s{};
  auto running = cowarp::run_async<stall_test::stuck>({.blocks = 2}, s);
  CHECK_FALSE(running.wait_for(50ms));
  running.request_stop();
  CHECK(running.wait().end == cowarp::end_reason::stopped);
}

TEST_CASE("stall: a time below zero is refused", "[executor][stall]") {
  stall_test::state s{};
  CHECK_THROWS_AS(cowarp::run<stall_test::stuck>({.blocks = 1, .stall_after = -1ns}, s),
                  cowarp::configuration_error);
}
