// SPDX-License-Identifier: Apache-2.0
/// \file
/// How a run ends: all done, stopped by a task or the host, failed; and what comes back then.
#include <support/checks.hpp>
#include <support/steps.hpp>

#include <chrono>
#include <string>

namespace end_test {

struct state {
  test::checks checks;
  test::counter passes;
  test::counter after_failure;
};

// ---- stopping ------------------------------------------------------------------------------------

struct stop_app;

/// Runs for ever.
COWARP_TASK_FRAME(spinning, 4) {
  state& s;
  COWARP_BODY_BEGIN
  for (;;) {
    s.passes.add();
    COWARP_AWAIT(cowarp::yield_now());
  }
  COWARP_BODY_END
};

/// Waits for ever.
COWARP_TASK_FRAME(asleep, 4) {
  state& s;
  COWARP_BODY_BEGIN
  COWARP_AWAIT(cowarp::never<>());
  s.passes.add();
  COWARP_BODY_END
};

COWARP_TASK_FRAME(stopping, 1) {
  state& s;
  COWARP_BODY_BEGIN
  while (s.passes.value() < 100) COWARP_AWAIT(cowarp::yield_now());
  cowarp::spawner<stop_app>().stop();
  cowarp::spawner<stop_app>().stop();  // once more does no harm
  COWARP_AWAIT(cowarp::never<>());
  COWARP_BODY_END
};

struct stop_app : cowarp::program<spinning, asleep, stopping> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<stop_app> s) {
    (void)s.spawn<spinning>(s.grid_state());
    (void)s.spawn<asleep>(s.grid_state());
    if (s.block() == 1) (void)s.spawn<stopping>(s.grid_state());
  }
};

/// Only ever ends if the host says so.
struct endless_app : cowarp::program<spinning> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<endless_app> s) {
    (void)s.spawn<spinning>(s.grid_state());
  }
};

struct asleep_app : cowarp::program<asleep> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<asleep_app> s) {
    (void)s.spawn<asleep>(s.grid_state());
  }
};

// ---- failing -------------------------------------------------------------------------------------

COWARP_TASK_FRAME(failing, 33) {
  state& s;
  bool fails;
  COWARP_BODY_BEGIN
  while (!fails) COWARP_AWAIT(cowarp::yield_now());
  COWARP_AWAIT(cowarp::fail("the tank is empty"));
  s.after_failure.add();
  COWARP_BODY_END
};
constexpr std::uint32_t failing_line = __LINE__ - 4;

struct fail_app : cowarp::program<spinning, failing> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<fail_app> s) {
    (void)s.spawn<spinning>(s.grid_state());
    (void)s.spawn<failing>(s.grid_state(), s.block() == 2);
  }
};

/// A message that does not fit.
struct words {
  char text[400];
};

COWARP_TASK_FRAME(wordy, 1) {
  words& w;
  COWARP_BODY_BEGIN
  COWARP_AWAIT(cowarp::fail(w.text));
  COWARP_BODY_END
};

struct wordy_app : cowarp::program<wordy> {
  using grid_state = words;
  COWARP_FN static void start(cowarp::spawner<wordy_app> s) {
    (void)s.spawn<wordy>(s.grid_state());
  }
};

}  // namespace end_test

TEST_CASE("end: a task stops all blocks", "[executor][end]") {
  end_test::state s{};
  const auto report = cowarp::run<end_test::stop_app>({.blocks = 3}, s);
  CHECK(report.end == cowarp::end_reason::stopped);
  CHECK(report.total.completed == 0);
  CHECK(report.total.pending == 7);
  CHECK(report.per_block[0].pending == 2);
  CHECK(report.per_block[1].pending == 3);
  CHECK(s.passes.value() >= 100);
}

TEST_CASE("end: the host stops a busy program", "[executor][end]") {
  end_test::state s{};
  auto running = cowarp::run_async<end_test::endless_app>({.blocks = 2}, s);
  CHECK_FALSE(running.wait_for(std::chrono::milliseconds(2)));
  running.request_stop();
  CHECK(running.wait_for(std::chrono::seconds(20)));
  const auto report = running.wait();
  CHECK(report.end == cowarp::end_reason::stopped);
  CHECK(report.total.pending == 2);
  CHECK(s.passes.value() > 0);
}

TEST_CASE("end: the host stops a program that sleeps", "[executor][end]") {
  end_test::state s{};
  auto running = cowarp::run_async<end_test::asleep_app>({.blocks = 2}, s);
  CHECK_FALSE(running.wait_for(std::chrono::milliseconds(2)));
  running.request_stop();
  const auto report = running.wait();
  CHECK(report.end == cowarp::end_reason::stopped);
  CHECK(report.total.polls == 2);
}

TEST_CASE("end: to drop a running program stops it", "[executor][end]") {
  end_test::state s{};
  { auto running = cowarp::run_async<end_test::endless_app>({.blocks = 1}, s); }
  CHECK(s.passes.value() == 0);  // only `wait` copies the state back
}

TEST_CASE("end: a request after the end changes nothing", "[executor][end]") {
  end_test::state s{};
  auto running = cowarp::run_async<end_test::stop_app>({.blocks = 2}, s);
  CHECK(running.wait_for(std::chrono::seconds(20)));
  running.request_stop();
  CHECK(running.wait().end == cowarp::end_reason::stopped);
}

TEST_CASE("end: a failure says where and why", "[executor][end]") {
  end_test::state s{};
  const auto report = cowarp::run<end_test::fail_app>({.blocks = 4}, s);
  CHECK(report.end == cowarp::end_reason::failed);
  CHECK(report.first_failure.block == 2);
  CHECK(report.first_failure.slot / 32 == 1);  // the first word is the other task's
  CHECK(report.first_failure.task.find("failing") != std::string_view::npos);
  CHECK(report.first_failure.message == "the tank is empty");
  CHECK(report.first_failure.line == end_test::failing_line);
  CHECK(report.first_failure.file.find("end_test.cpp") != std::string::npos);
  CHECK(report.total.pending == 8);
  CHECK(s.after_failure.value() == 0);
}

TEST_CASE("end: a long message is cut, not lost", "[executor][end]") {
  end_test::words w{};
  for (std::size_t i = 0; i + 1 < sizeof w.text; ++i) w.text[i] = static_cast<char>('a' + i % 26);
  const std::string whole(w.text);
  const auto report = cowarp::run<end_test::wordy_app>({.blocks = 1}, w);
  CHECK(report.end == cowarp::end_reason::failed);
  CHECK(report.first_failure.message == whole.substr(0, cowarp::failure_record::text_bytes - 1));
}

TEST_CASE("end: a failure is the end that the report prints", "[executor][end]") {
  end_test::state s{};
  const auto report      = cowarp::run<end_test::fail_app>({.blocks = 3}, s);
  const std::string text = to_string(report);
  CHECK(text.find("failed in block 2") != std::string::npos);
  CHECK(text.find("the tank is empty") != std::string::npos);
}
