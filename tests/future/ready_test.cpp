// SPDX-License-Identifier: Apache-2.0
/// \file
/// The smallest futures, polled by hand and inside a task.
#include <support/checks.hpp>
#include <support/steps.hpp>

namespace ready_test {

struct state {
  test::checks checks;
  test::counter turns;
};

/// A function to poll: ready with 9 at its third call.
struct third_time {
  std::uint32_t calls = 0;
  COWARP_FN cowarp::polled<std::int32_t> operator()(cowarp::context& cx) {
    if (++calls == 3) return 9;
    cx.wake_self();
    return cowarp::pending;
  }
};

COWARP_TASK_FRAME(awaiting, 1) {
  state& s;
  std::int32_t value = 0;
  test::only_moves token{};
  COWARP_BODY_BEGIN
  COWARP_AWAIT_INTO(value, cowarp::ready(4));
  s.checks.equal(value, 4);
  COWARP_AWAIT_INTO(token, cowarp::ready(test::only_moves(5)));
  s.checks.equal(token.value(), 5);
  COWARP_AWAIT_INTO(value, cowarp::poll_fn(third_time{}));
  s.checks.equal(value, 9);
  COWARP_BODY_END
};

struct app : cowarp::program<awaiting> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<app> s) { (void)s.spawn<awaiting>(s.grid_state()); }
};

}  // namespace ready_test

TEST_CASE("ready: a task goes on without a wake", "[future][ready]") {
  ready_test::state s{};
  const auto report = test::run_to_end<ready_test::app>(s);
  s.checks.require_none(3);
  CHECK(report.total.polls == 3);  // the two that poll_fn asked for, and the first
}

TEST_CASE("ready: the first poll gives the value", "[future][ready]") {
  cowarp::context cx;
  auto value = cowarp::ready(3);
  CHECK(value.poll(cx) == 3);
  auto token = cowarp::ready(test::only_moves(8));
  CHECK(token.poll(cx)->value() == 8);
  CHECK(cx.flags() == 0);
}

TEST_CASE("yield_now: the first poll wakes and waits", "[future][ready]") {
  cowarp::context cx;
  cowarp::yield_now yielding;
  CHECK_FALSE(yielding.poll(cx).has_value());
  CHECK(cx.flags() == cowarp::context::self_wake);
  CHECK(yielding.poll(cx).has_value());
}

TEST_CASE("never: no poll makes it ready", "[future][ready]") {
  cowarp::context cx;
  cowarp::never<int> nothing;
  for (int i = 0; i < 3; ++i) CHECK_FALSE(nothing.poll(cx).has_value());
  CHECK(cx.flags() == 0);
}

TEST_CASE("poll_fn: every poll calls the function", "[future][ready]") {
  cowarp::context cx;
  auto polling = cowarp::poll_fn(ready_test::third_time{});
  CHECK_FALSE(polling.poll(cx).has_value());
  CHECK_FALSE(polling.poll(cx).has_value());
  CHECK(polling.poll(cx) == 9);
}

TEST_CASE("block_on: it polls until the output is there", "[future][block_on]") {
  CHECK(cowarp::block_on(cowarp::ready(2)) == 2);
  CHECK(cowarp::block_on(cowarp::poll_fn(ready_test::third_time{})) == 9);
  CHECK(cowarp::block_on(cowarp::yield_now()) == cowarp::unit{});
  CHECK(cowarp::block_on(cowarp::ready(test::only_moves(6))).value() == 6);
}

TEST_CASE("context: what a nested poll noted is taken over", "[executor][context]") {
  cowarp::context outer;
  cowarp::context inner;
  inner.touch_timers();
  outer.wake_self();
  outer.merge(inner);
  CHECK(outer.flags() == (cowarp::context::self_wake | cowarp::context::timers_changed));
  CHECK_FALSE(outer.is_cancelling());
  CHECK(cowarp::context::cancel().is_cancelling());
  CHECK(cowarp::context::cancel().flags() == 0);
}
