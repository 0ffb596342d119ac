// SPDX-License-Identifier: Apache-2.0
/// \file
/// When a task is polled, and when it is not.
#include <support/checks.hpp>
#include <support/steps.hpp>

namespace poll_test {

struct state {
  test::checks checks;
  test::gate gate;
  test::counter turns;
};

/// Waits at a gate after waking itself `wakes` times, by hand and through its waker.
struct wakes_itself {
  using output = cowarp::unit;
  test::gate& gate;
  std::uint32_t by_hand;
  std::uint32_t by_waker;

  COWARP_FN cowarp::polled<cowarp::unit> poll(cowarp::context& cx) {
    const bool is_first = !gate.is_waiting();
    auto result         = gate.pass().poll(cx);
    for (std::uint32_t i = 0; is_first && i < by_hand; ++i) cx.wake_self();
    for (std::uint32_t i = 0; is_first && i < by_waker; ++i) cx.waker().wake();
    return result;
  }
};

COWARP_TASK_FRAME(waiting, 1) {
  state& s;
  std::uint32_t by_hand;
  std::uint32_t by_waker;
  COWARP_BODY_BEGIN
  COWARP_AWAIT(wakes_itself{s.gate, by_hand, by_waker});
  COWARP_BODY_END
};

/// Keeps the loop passing, checks how often `waiting` was polled, and opens the gate.
COWARP_TASK_FRAME(watching, 1) {
  state& s;
  std::uint32_t polls_wanted;
  std::uint32_t i = 0;
  COWARP_BODY_BEGIN
  while (s.gate.polls.value() < polls_wanted) COWARP_AWAIT(cowarp::yield_now());
  for (; i < 100; ++i) COWARP_AWAIT(cowarp::yield_now());
  s.checks.equal(s.gate.polls.value(), polls_wanted);
  s.gate.open();
  COWARP_BODY_END
};

COWARP_TASK_FRAME(yielding, 1) {
  state& s;
  std::uint32_t times;
  std::uint32_t i = 0;
  COWARP_BODY_BEGIN
  for (; i < times; ++i) COWARP_AWAIT(cowarp::yield_now());
  s.turns.set(i);
  COWARP_BODY_END
};

template <std::uint32_t ByHand, std::uint32_t ByWaker, std::uint32_t PollsWanted>
struct waking_app : cowarp::program<waiting, watching> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<waking_app> s) {
    (void)s.template spawn<waiting>(s.grid_state(), +ByHand, +ByWaker);
    (void)s.template spawn<watching>(s.grid_state(), +PollsWanted);
  }
};

struct yield_app : cowarp::program<yielding> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<yield_app> s) {
    (void)s.spawn<yielding>(s.grid_state(), 7u);
  }
};

struct empty_app : cowarp::program<yielding> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<empty_app>) {}
};

template <class App>
std::uint64_t polls_of_waiting() {
  state s{};
  const auto report = test::run_to_end<App>(s);
  s.checks.require_none();
  CHECK(report.total.completed == 2);
  return s.gate.polls.value();
}

}  // namespace poll_test

TEST_CASE("poll: a program without live tasks ends unpolled", "[executor][poll]") {
  poll_test::state s{};
  const auto report = test::run_to_end<poll_test::empty_app>(s);
  CHECK(report.total.polls == 0);
  CHECK(report.total.spawned == 0);
}

TEST_CASE("poll: nobody polls a task that nobody woke", "[executor][poll]") {
  CHECK(poll_test::polls_of_waiting<poll_test::waking_app<0, 0, 1>>() ==
        2);  // spawned, gate opened
}

TEST_CASE("poll: a self-wake leads to one more poll", "[executor][poll]") {
  CHECK(poll_test::polls_of_waiting<poll_test::waking_app<1, 0, 2>>() == 3);
}

TEST_CASE("poll: a wake during the poll is not lost", "[executor][poll]") {
  CHECK(poll_test::polls_of_waiting<poll_test::waking_app<0, 1, 2>>() == 3);
}

TEST_CASE("poll: many wakes in one poll lead to one poll", "[executor][poll]") {
  CHECK(poll_test::polls_of_waiting<poll_test::waking_app<2, 0, 2>>() == 3);
  CHECK(poll_test::polls_of_waiting<poll_test::waking_app<0, 2, 2>>() == 3);
  CHECK(poll_test::polls_of_waiting<poll_test::waking_app<2, 2, 2>>() == 3);
}

TEST_CASE("poll: every yield costs one poll", "[executor][poll]") {
  poll_test::state s{};
  const auto report = test::run_to_end<poll_test::yield_app>(s);
  CHECK(s.turns.value() == 7);
  CHECK(report.total.polls == 8);
  CHECK(report.total.wakes == 7);
  CHECK(report.total.self_wakes == 7);
  CHECK(report.total.remote_wakes == 0);
}
