// SPDX-License-Identifier: Apache-2.0
/// \file
/// An assertion that fails in the middle of a launch: the host learns of it, everybody else comes to an end,
/// and the next launch works. Compiled with assertions, whatever the build.
#include <support/checks.hpp>
#include <support/steps.hpp>

#include <string>

namespace assertion_test {

enum class where : std::uint32_t {
  call,
  all_lanes,
  lock,
  destructor,
  nowhere,
};

struct state {
  where fails;
  std::uint32_t slot;  // of the task that fails
  test::counter came;
  test::counter passes;
  cowarp::platform::spin_lock<cowarp::scope::device> lock;
  cowarp::signal<std::uint32_t> never_sent;
};

/// Not inlined, so that there is a call to be deep in.
[[gnu::noinline]] COWARP_FN inline void climb(std::uint32_t rung) {
  COWARP_ASSERT(rung < 3, "the ladder is too short");
}
constexpr std::uint32_t climb_line = __LINE__ - 2;

struct fragile {
  bool is_broken = false;
  COWARP_FN ~fragile() { COWARP_ASSERT(!is_broken, "it broke"); }
};

COWARP_FN inline void fail(state& s) {
  if (s.fails == where::lock) {
    s.lock.with([] { climb(4); });
  } else if (s.fails == where::destructor) {
    fragile it;
    it.is_broken = true;
  } else {
    climb(4);
  }
}

/// Fails once all tasks of its kind have come.
COWARP_TASK_FRAME(careless, 40) {
  state& s;
  bool fails;
  std::uint32_t of;
  cowarp::task_id self{};
  COWARP_BODY_BEGIN
  COWARP_AWAIT_INTO(self, cowarp::this_task{});
  if (fails) s.slot = self.slot();
  s.came.add();
  while (s.came.value() < of) COWARP_AWAIT(cowarp::yield_now());
  if (fails) fail(s);
  COWARP_AWAIT(s.never_sent.wait());
  COWARP_BODY_END
};

/// Runs for ever, and often wants the lock.
COWARP_TASK_FRAME(busy, 40) {
  state& s;
  COWARP_BODY_BEGIN
  for (;;) {
    s.lock.with([] {});
    s.passes.add();
    COWARP_AWAIT(cowarp::yield_now());
  }
  COWARP_BODY_END
};

COWARP_TASK_FRAME(asleep, 3) {
  state& s;
  COWARP_BODY_BEGIN
  COWARP_AWAIT(s.never_sent.wait());
  COWARP_BODY_END
};

/// In the last of three blocks one task fails, or all.
struct app : cowarp::program<asleep, careless, busy> {
  using grid_state                   = state;
  static constexpr bool finds_stalls = true;
  COWARP_FN static void start(cowarp::spawner<app> s, cowarp::no_state&, state& g) {
    constexpr std::uint32_t tasks = 35;
    s.must_spawn<asleep>(g);
    for (std::uint32_t i = 0; i < tasks; ++i) {
      s.must_spawn<busy>(g);
      const bool fails = g.fails != where::nowhere && s.block() + 1 == s.blocks() &&
                         (i == 2 || g.fails == where::all_lanes);
      s.must_spawn<careless>(g, fails, tasks * s.blocks());
    }
  }
};

// ---- work for all lanes --------------------------------------------------------------------------

/// Fails in one lane, which is the one that others follow.
struct climb_in_lane {
  template <class Lane>
  COWARP_FN void operator()(Lane l) const {
    climb(l.index == 0 ? 4 : 0);
  }
};

COWARP_TASK_FRAME(wide, 3) {
  state& s;
  std::uint32_t number;
  COWARP_BODY_BEGIN
  if (number != 1) COWARP_AWAIT(s.never_sent.wait());
  COWARP_AWAIT(cowarp::lanes(climb_in_lane{}));
  COWARP_BODY_END
};

COWARP_TASK_FRAME(whole, 3) {
  state& s;
  std::uint32_t number;
  COWARP_BODY_BEGIN
  if (number != 1) COWARP_AWAIT(s.never_sent.wait());
  COWARP_AWAIT(cowarp::block(climb_in_lane{}));
  COWARP_BODY_END
};

template <class Task>
struct wide_app : cowarp::program<asleep, Task> {
  using grid_state                 = state;
  static constexpr bool uses_width = true;
  static constexpr bool uses_block = true;
  COWARP_FN static void start(cowarp::spawner<wide_app> s, cowarp::no_state&, state& g) {
    for (std::uint32_t i = 0; i < 3; ++i) s.template must_spawn<Task>(g, i);
    s.template must_spawn<asleep>(g);
  }
};

struct start_app : cowarp::program<asleep> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<start_app> s, cowarp::no_state&, state& g) {
    s.must_spawn<asleep>(g);
    if (s.block() == 1) climb(4);
  }
};

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

/// Runs a program of which an assertion fails.
template <class App = app>
cowarp::report run_to_failure(where fails, std::uint32_t blocks = 3) {
  state s{};
  s.fails           = fails;
  const auto report = cowarp::run<App>({.blocks = blocks}, s);
  CHECK(report.end == cowarp::end_reason::failed);
  CHECK(report.first_failure.block == blocks - 1);
  if (fails != where::all_lanes && s.slot != 0) CHECK(report.first_failure.slot == s.slot);
  CHECK(ends_with(report.first_failure.file, "assertion_test.cpp"));
  return report;
}

void check_next_launch() {
  state s{};
  s.fails      = where::nowhere;
  auto running = cowarp::run_async<app>({.blocks = 3}, s);
  CHECK_FALSE(running.wait_for(std::chrono::milliseconds(2)));
  running.request_stop();
  const auto report = running.wait();
  CHECK(report.end == cowarp::end_reason::stopped);
  CHECK(report.first_failure.message.empty());
  CHECK(report.total.pending == 3 * (1 + 2 * 35));
}

/// \returns the row of the tasks of that type that were left, which has no tasks if there was none.
cowarp::waiting_tasks waiting(const cowarp::report& of, const std::string& task) {
  for (const auto& row : of.waiting) {
    if (ends_with(std::string(row.task), task)) return row;
  }
  return {};
}

}  // namespace assertion_test

using assertion_test::run_to_failure;
using assertion_test::where;

TEST_CASE("assertion: its task, place and message reach the host", "[faults][assertion]") {
  const auto report = run_to_failure(where::call);
  CHECK(assertion_test::ends_with(std::string(report.first_failure.task), "careless"));
  CHECK(report.first_failure.slot / 32 != 0);  // the first word is the sleepers'
  CHECK(report.first_failure.line == assertion_test::climb_line);
  CHECK(report.first_failure.message == "the ladder is too short (rung < 3)");
  CHECK(to_string(report).find("failed in block 2 slot ") != std::string::npos);
}

TEST_CASE("assertion: the other blocks report as always", "[faults][assertion]") {
  const auto report = run_to_failure(where::call);
  for (std::uint32_t block = 0; block < 2; ++block) {
    CHECK(report.per_block[block].pending == 1 + 2 * 35);
    CHECK(report.per_block[block].polls > 1 + 2 * 35);
  }
  CHECK(assertion_test::waiting(report, "asleep").count >= 2);
  CHECK(assertion_test::waiting(report, "asleep").where.size() == 1);
}

TEST_CASE("assertion: the next launch works", "[faults][assertion]") {
  for (int i = 0; i < 3; ++i) {
    static_cast<void>(run_to_failure(where::call));
    assertion_test::check_next_launch();
  }
}

TEST_CASE("assertion: one that fails in all lanes ends the launch once", "[faults][assertion]") {
  const auto report = run_to_failure(where::all_lanes);
  CHECK(assertion_test::ends_with(std::string(report.first_failure.task), "careless"));
  CHECK(report.first_failure.message == "the ladder is too short (rung < 3)");
  assertion_test::check_next_launch();
}

TEST_CASE("assertion: who waits for a lock that stays locked ends too", "[faults][assertion]") {
  const auto report = run_to_failure(where::lock);
  CHECK(report.first_failure.line == assertion_test::climb_line);
  assertion_test::check_next_launch();
}

TEST_CASE("assertion: it may fail in a destructor", "[faults][assertion]") {
  const auto report = run_to_failure(where::destructor);
  CHECK(report.first_failure.message == "it broke (!is_broken)");
  assertion_test::check_next_launch();
}

TEST_CASE("assertion: in work for all lanes it names who asked for it", "[faults][assertion]") {
  using namespace assertion_test;
  const auto lanes = run_to_failure<wide_app<wide>>(where::call, 1);
  CHECK(lanes.first_failure.slot == 32 + 1);
  CHECK(ends_with(std::string(lanes.first_failure.task), "wide"));
  const auto block = run_to_failure<wide_app<whole>>(where::call, 1);
  CHECK(block.first_failure.slot == 32 + 1);
  CHECK(ends_with(std::string(block.first_failure.task), "whole"));
  check_next_launch();
}

TEST_CASE("assertion: in start it names no task", "[faults][assertion]") {
  const auto report = run_to_failure<assertion_test::start_app>(where::call, 2);
  CHECK(report.first_failure.task.empty());
  CHECK(report.first_failure.slot == cowarp::failure::no_slot);
  CHECK(report.first_failure.message == "the ladder is too short (rung < 3)");
  assertion_test::check_next_launch();
}
