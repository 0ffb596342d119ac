// SPDX-License-Identifier: Apache-2.0
/// \file
/// Programs whose other tasks go on after a failure: who fails is taken apart alone, and the launch is failed
/// once all are done.
#include <support/checks.hpp>
#include <support/steps.hpp>

#include <string>

namespace survives_failures_test {

constexpr std::uint32_t blocks  = 3;
constexpr std::uint32_t a_block = 40;  // tasks of each kind in each block, two words

struct state {
  test::counter worked;
  test::counter after_failure;
  test::counter joined_nothing;
  test::counter respawned;
  test::counted_life::counts lives;
  cowarp::mutex<std::int32_t> lock;
};

struct app;

/// Fails two calls deep, beside a future that waits, while it holds what others need.
COWARP_ASYNC_FRAME(give_up, cowarp::unit) {
  test::counted_life life;
  COWARP_BODY_BEGIN
  COWARP_AWAIT(cowarp::yield_now());
  COWARP_AWAIT(cowarp::fail("gave up"));
  COWARP_BODY_END
};
constexpr std::uint32_t failing_line = __LINE__ - 3;

COWARP_TASK_FRAME(failing, a_block, 320) {
  state& s;
  test::counted_life life;
  cowarp::mutex<std::int32_t>::guard held{};
  COWARP_BODY_BEGIN
  COWARP_AWAIT_INTO(held, s.lock.lock());
  COWARP_AWAIT(cowarp::join(cowarp::call<give_up>(test::counted_life(s.lives)), cowarp::never<>()));
  s.after_failure.add();
  COWARP_BODY_END
};

COWARP_JOINABLE_TASK_FRAME(failing_for_others, std::int32_t, a_block) {
  test::counted_life life;
  COWARP_BODY_BEGIN
  COWARP_AWAIT(cowarp::fail("no result"));
  COWARP_RETURN(1);
  COWARP_BODY_END
};

COWARP_TASK_FRAME(joining, a_block) {
  state& s;
  cowarp::task_handle<std::int32_t> handle{};
  cowarp::optional<std::int32_t> result{};
  COWARP_BODY_BEGIN
  cowarp::spawner<app>().must_spawn_with<failing_for_others>(handle, test::counted_life(s.lives));
  COWARP_AWAIT_INTO(result, handle.join());
  if (!result) s.joined_nothing.add();
  // The slot of who failed is free again, a moment later.
  while (cowarp::spawner<app>().spawn_with<failing_for_others>(
             handle, test::counted_life(s.lives)) == cowarp::spawn_result::busy) {
    COWARP_AWAIT(cowarp::yield_now());
  }
  s.respawned.add();
  COWARP_AWAIT_INTO(result, handle.join());
  COWARP_BODY_END
};

/// Needs the lock that the failing tasks hold when they fail.
COWARP_TASK_FRAME(working, a_block) {
  state& s;
  cowarp::mutex<std::int32_t>::guard held{};
  COWARP_BODY_BEGIN
  COWARP_AWAIT_INTO(held, s.lock.lock());
  *held += 1;
  s.worked.add();
  COWARP_BODY_END
};

struct app : cowarp::program<failing, failing_for_others, joining, working> {
  using grid_state                        = state;
  static constexpr bool survives_failures = true;
  COWARP_FN static void start(cowarp::spawner<app> s) {
    state& all = s.grid_state();
    for (std::uint32_t i = 0; i < a_block; ++i) {
      (void)s.spawn<failing>(all, test::counted_life(all.lives));
      (void)s.spawn<joining>(all);
      (void)s.spawn<working>(all);
    }
  }
};

// ---- at once with others of a combinator ---------------------------------------------------------

/// A task whose select is decided in the poll that fails goes on: what it awaits is not the failure.
COWARP_TASK_FRAME(deciding, 1) {
  state& s;
  COWARP_BODY_BEGIN
  COWARP_AWAIT(cowarp::select_biased(cowarp::fail("noted all the same"), cowarp::ready(1)));
  s.worked.add();
  COWARP_BODY_END
};

struct deciding_app : cowarp::program<deciding> {
  using grid_state                        = state;
  static constexpr bool survives_failures = true;
  COWARP_FN static void start(cowarp::spawner<deciding_app> s) {
    (void)s.spawn<deciding>(s.grid_state());
  }
};

}  // namespace survives_failures_test

TEST_CASE("survives_failures: the others go on, and may use what the failed task held",
          "[executor][survives_failures]") {
  namespace t = survives_failures_test;
  t::state s{};
  const auto report = cowarp::run<t::app>({.blocks = t::blocks}, s);
  CHECK(s.worked.value() == t::blocks * t::a_block);
  CHECK(s.after_failure.value() == 0);
  CHECK(report.total.pending == 0);
  CHECK(report.total.completed == 5 * t::blocks * t::a_block);
}

TEST_CASE("survives_failures: who failed is destroyed, and has no result",
          "[executor][survives_failures]") {
  namespace t = survives_failures_test;
  t::state s{};
  static_cast<void>(cowarp::run<t::app>({.blocks = t::blocks}, s));
  CHECK(s.lives.built.value() > 3 * t::blocks * t::a_block);
  CHECK(s.lives.built.value() == s.lives.destroyed.value());
  CHECK(s.joined_nothing.value() == t::blocks * t::a_block);
  CHECK(s.respawned.value() == t::blocks * t::a_block);
}

TEST_CASE("survives_failures: the launch is failed in the end, and all failures are counted",
          "[executor][survives_failures]") {
  namespace t = survives_failures_test;
  t::state s{};
  const auto report = cowarp::run<t::app>({.blocks = t::blocks}, s);
  CHECK(report.end == cowarp::end_reason::failed);
  CHECK(report.failures == 3 * t::blocks * t::a_block);
  CHECK((report.first_failure.message == "gave up" || report.first_failure.message == "no result"));
  if (report.first_failure.message == "gave up") {
    CHECK(report.first_failure.line == t::failing_line);
    CHECK(report.first_failure.task.find("failing") != std::string_view::npos);
  }
  CHECK(to_string(report).find("failed 360 times in all") != std::string::npos);
}

TEST_CASE("survives_failures: a task that need not wait for the failure goes on",
          "[executor][survives_failures]") {
  namespace t = survives_failures_test;
  t::state s{};
  const auto report = cowarp::run<t::deciding_app>({.blocks = 1}, s);
  CHECK(s.worked.value() == 1);
  CHECK(report.end == cowarp::end_reason::failed);
  CHECK(report.total.completed == 1);
}
