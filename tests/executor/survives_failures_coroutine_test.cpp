// SPDX-License-Identifier: Apache-2.0
/// \file
/// A coroutine that fails in a program that survives it: all its frames are destroyed.
#include <support/checks.hpp>
#include <support/steps.hpp>

namespace survives_failures_coroutine_test {

struct state {
  test::counter worked;
  test::counter after_failure;
  test::counted_life::counts lives;
  cowarp::mutex<std::int32_t> lock;
};

inline COWARP_FN cowarp::async<cowarp::unit> give_up(state& s) {
  const test::counted_life life(s.lives);
  co_await cowarp::yield_now();
  co_await cowarp::fail("gave up");
  s.after_failure.add();
}

COWARP_TASK(failing, 40, (state& s), 1024) {
  const test::counted_life life(s.lives);
  const auto held = co_await s.lock.lock();
  co_await give_up(s);
  s.after_failure.add();
}

COWARP_TASK(working, 40, (state& s), 1024) {
  const auto held = co_await s.lock.lock();
  s.worked.add();
}

// [app]
struct app : cowarp::program<failing, working> {
  using grid_state                        = state;
  static constexpr bool survives_failures = true;
  COWARP_FN static void start(cowarp::spawner<app> s) {
    for (std::uint32_t i = 0; i < 40; ++i) {
      (void)s.spawn<failing>(s.grid_state());
      (void)s.spawn<working>(s.grid_state());
    }
  }
};
// [/app]

}  // namespace survives_failures_coroutine_test

TEST_CASE("survives_failures: a coroutine that failed is destroyed, and the others go on",
          "[executor][survives_failures][coroutine]") {
  namespace t = survives_failures_coroutine_test;
  t::state s{};
  const auto report = cowarp::run<t::app>({.blocks = 2}, s);
  CHECK(report.end == cowarp::end_reason::failed);
  CHECK(report.failures == 80);
  CHECK(report.total.pending == 0);
  CHECK(s.worked.value() == 80);
  CHECK(s.after_failure.value() == 0);
  CHECK(s.lives.built.value() == 160);
  CHECK(s.lives.destroyed.value() == 160);
}
