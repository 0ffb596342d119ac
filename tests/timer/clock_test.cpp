// SPDX-License-Identifier: Apache-2.0
/// \file
/// The clock, by itself and by hand; the only sleeps of the suite, 2 ms together.
#include <support/checks.hpp>
#include <support/steps.hpp>

#include <chrono>
#include <type_traits>

namespace clock_test {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

static_assert(std::chrono::is_clock_v<cowarp::clock>);
static_assert(cowarp::clock::is_steady);

struct state {
  test::checks checks;
  test::counter slept;
};

/// Reads the clock often, from every block.
COWARP_TASK_FRAME(reading, 32) {
  state& s;
  std::uint64_t last = 0;
  std::uint32_t i    = 0;
  COWARP_BODY_BEGIN
  for (; i < 100; ++i) {
    s.checks.that(cowarp::clock::now_ns() >= last);
    last = cowarp::clock::now_ns();
    COWARP_AWAIT(cowarp::yield_now());
  }
  COWARP_BODY_END
};

struct reading_app : cowarp::program<reading> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<reading_app> s) {
    for (int i = 0; i < 8; ++i) (void)s.spawn<reading>(s.grid_state());
  }
};

COWARP_TASK_FRAME(napping, 40) {
  state& s;
  std::uint32_t us;
  std::uint64_t due = 0;
  COWARP_BODY_BEGIN
  due = cowarp::clock::now_ns() + 1000 * us;
  COWARP_AWAIT(cowarp::sleep_for(std::chrono::microseconds(us)));
  s.checks.that(cowarp::clock::now_ns() >= due);
  s.slept.add();
  COWARP_BODY_END
};

struct napping_app : cowarp::program<napping> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<napping_app> s) {
    for (std::uint32_t i = 0; i < 40; ++i) (void)s.spawn<napping>(s.grid_state(), 25 * i);
  }
};

/// The manual clock stands still, and moves for all blocks at once.
COWARP_TASK_FRAME(moving, 1) {
  state& s;
  std::uint32_t i = 0;
  COWARP_BODY_BEGIN
  s.checks.equal(cowarp::clock::now_ns(), std::uint64_t{0});
  for (; i < 10; ++i) COWARP_AWAIT(cowarp::yield_now());
  s.checks.equal(cowarp::clock::now_ns(), std::uint64_t{0});
  cowarp::advance_clock(nanoseconds(7));
  s.checks.equal(cowarp::clock::now_ns(), std::uint64_t{7});
  s.checks.that(cowarp::clock::now() == cowarp::clock::time_point(nanoseconds(7)));
  cowarp::advance_clock(milliseconds(1));
  s.checks.equal(cowarp::clock::now_ns(), std::uint64_t{1'000'007});
  COWARP_BODY_END
};

/// Sleeps in one block until the other has moved the clock.
COWARP_TASK_FRAME(dependent, 1) {
  state& s;
  COWARP_BODY_BEGIN
  COWARP_AWAIT(cowarp::sleep_until(cowarp::clock::time_point(milliseconds(1))));
  s.checks.that(cowarp::clock::now_ns() >= 1'000'000);
  s.slept.add();
  COWARP_BODY_END
};

struct moving_app : cowarp::program<moving, dependent> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<moving_app> s) {
    if (s.block() == 0) (void)s.spawn<moving>(s.grid_state());
    if (s.block() == 1) (void)s.spawn<dependent>(s.grid_state());
  }
};

}  // namespace clock_test

TEST_CASE("clock: it never runs backwards", "[timer][clock]") {
  clock_test::state s{};
  test::run_to_end<clock_test::reading_app>(s, {.blocks = 2});
  s.checks.require_none(2 * 8 * 100);
  const auto before = cowarp::clock::now();
  CHECK(cowarp::clock::now() >= before);
}

TEST_CASE("clock: no sleep returns early", "[timer][clock]") {
  clock_test::state s{};
  test::run_to_end<clock_test::napping_app>(s, {.blocks = 2});
  s.checks.require_none(80);
  CHECK(s.slept.value() == 80);
}

TEST_CASE("clock: outside a task block_on sleeps too", "[timer][clock]") {
  const auto before = cowarp::clock::now();
  cowarp::block_on(cowarp::sleep_for(std::chrono::milliseconds(1)));
  CHECK(cowarp::clock::now() - before >= std::chrono::milliseconds(1));
  CHECK_FALSE(
      cowarp::block_on(cowarp::with_timeout(std::chrono::microseconds(10), cowarp::never<>())));
}

TEST_CASE("clock: by hand it moves only when told", "[timer][clock]") {
  clock_test::state s{};
  test::run_to_end<clock_test::moving_app>(s, {.blocks = 2, .manual_clock = true});
  s.checks.require_none(6);
  CHECK(s.slept.value() == 1);
}
