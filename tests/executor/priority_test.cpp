// SPDX-License-Identifier: Apache-2.0
/// \file
/// Levels of tasks: the higher go first, and the lower wait no longer than promised.
#include <support/checks.hpp>
#include <support/steps.hpp>

#include <vector>

namespace priority_test {

struct state {
  test::trace<128> order;
  test::counter turns[3];
  test::counter is_over;
  test::gate gate;
};

// [priority]
COWARP_TASK_FRAME(urgent, 40) {
  static constexpr std::uint8_t priority = 2;
  state& s;
  std::uint32_t turns;
  COWARP_BODY_BEGIN
  for (; turns != 0; --turns) {
    s.order.add(2);
    COWARP_AWAIT(cowarp::yield_now());
  }
  COWARP_BODY_END
};
// [/priority]

COWARP_TASK_FRAME(usual, 1) {
  state& s;
  std::uint32_t turns;
  COWARP_BODY_BEGIN
  for (; turns != 0; --turns) {
    s.order.add(1);
    COWARP_AWAIT(cowarp::yield_now());
  }
  COWARP_BODY_END
};
}  // namespace priority_test

// In front of the program, for tasks whose declaration is not yours.
template <>
inline constexpr std::uint8_t cowarp::task_priority<priority_test::usual> = 1;

namespace priority_test {

COWARP_TASK_FRAME(idle, 1) {
  state& s;
  std::uint32_t turns;
  COWARP_BODY_BEGIN
  for (; turns != 0; --turns) {
    s.order.add(0);
    COWARP_AWAIT(cowarp::yield_now());
  }
  COWARP_BODY_END
};

/// A member of that name is a member, and no level.
COWARP_TASK_FRAME(ordinary, 1) {
  std::uint8_t priority;
  COWARP_BODY_BEGIN
  priority = 1;
  COWARP_BODY_END
};
static_assert(cowarp::task_priority<urgent> == 2 && cowarp::task_priority<usual> == 1);
static_assert(cowarp::task_priority<idle> == 0 && cowarp::task_priority<ordinary> == 0);

/// How many turns the tasks have; the lower stand first in the list, and are spawned first.
template <std::uint32_t Idle, std::uint32_t Usual, std::uint32_t Urgent>
struct app : cowarp::program<idle, usual, urgent> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<app> s) {
    s.template must_spawn<idle>(s.grid_state(), Idle + 0);
    s.template must_spawn<usual>(s.grid_state(), Usual + 0);
    s.template must_spawn<urgent>(s.grid_state(), Urgent + 0);
  }
};

struct one_level : cowarp::program<idle, ordinary> {
  COWARP_FN static void start(cowarp::spawner<one_level>) {}
};
static_assert(cowarp::detail::uses_priorities<app<1, 1, 1>>());
static_assert(!cowarp::detail::uses_priorities<one_level>());

// ---- waking --------------------------------------------------------------------------------------

/// Sleeps until the gate opens; what it then says stands in front of those who are ready too.
COWARP_TASK_FRAME(woken, 1) {
  static constexpr std::uint8_t priority = 7;
  state& s;
  COWARP_BODY_BEGIN
  COWARP_AWAIT(s.gate.pass());
  s.order.add(7);
  COWARP_BODY_END
};

COWARP_TASK_FRAME(waking, 1) {
  static constexpr std::uint8_t priority = 6;
  state& s;
  COWARP_BODY_BEGIN
  while (!s.gate.is_waiting()) COWARP_AWAIT(cowarp::yield_now());
  s.order.add(6);
  s.gate.open();
  COWARP_AWAIT(cowarp::yield_now());
  s.order.add(6);
  COWARP_BODY_END
};

struct waking_app : cowarp::program<waking, woken> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<waking_app> s) {
    s.must_spawn<waking>(s.grid_state());
    s.must_spawn<woken>(s.grid_state());
  }
};

// ---- many ----------------------------------------------------------------------------------------

/// Two words of tasks that are always ready, until the lowest has had its turns.
COWARP_TASK_FRAME(hogging, 64) {
  static constexpr std::uint8_t priority = 3;
  state& s;
  COWARP_BODY_BEGIN
  while (s.is_over.value() == 0) {
    s.turns[2].add();
    COWARP_AWAIT(cowarp::yield_now());
  }
  COWARP_BODY_END
};

COWARP_TASK_FRAME(patient, 1) {
  state& s;
  std::uint32_t i = 0;
  COWARP_BODY_BEGIN
  for (; i < 50; ++i) COWARP_AWAIT(cowarp::yield_now());
  s.is_over.set(1);
  COWARP_BODY_END
};

struct crowd_app : cowarp::program<hogging, patient> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<crowd_app> s) {
    for (int i = 0; i < 64; ++i) s.must_spawn<hogging>(s.grid_state());
    s.must_spawn<patient>(s.grid_state());
  }
};

constexpr cowarp::launch_options alone{.blocks = 1, .workers = 1};

/// \returns `count` times `what`, behind `before`.
std::vector<std::int32_t> then(std::vector<std::int32_t> before, std::size_t count,
                               std::int32_t what) {
  before.insert(before.end(), count, what);
  return before;
}

}  // namespace priority_test

TEST_CASE("priority: higher levels are polled first", "[executor][priority]") {
  priority_test::state s{};

  test::run_to_end<priority_test::app<3, 2, 4>>(s, priority_test::alone);

  CHECK(s.order.entries() == std::vector<std::int32_t>{2, 2, 2, 2, 1, 1, 0, 0, 0});
}

TEST_CASE("priority: a level is passed over eight times at most", "[executor][priority]") {
  priority_test::state s{};

  test::run_to_end<priority_test::app<3, 0, 30>>(s, priority_test::alone);

  using priority_test::then;
  auto order = then({}, 1, 2);  // the usual task ends at once, in the ninth pass
  order      = then(order, 8, 2);
  order      = then(order, 1, 0);
  order      = then(then(order, 9, 2), 1, 0);
  order      = then(then(order, 9, 2), 1, 0);
  CHECK(s.order.entries() == then(order, 3, 2));
}

TEST_CASE("priority: levels below one another do not starve", "[executor][priority]") {
  priority_test::state s{};

  test::run_to_end<priority_test::app<2, 2, 27>>(s, priority_test::alone);

  using priority_test::then;
  auto order = then(then(then({}, 9, 2), 1, 1), 1, 0);
  order      = then(then(then(order, 9, 2), 1, 1), 1, 0);
  CHECK(s.order.entries() == then(order, 9, 2));
}

TEST_CASE("priority: who is woken goes before lower ones", "[executor][priority]") {
  priority_test::state s{};

  test::run_to_end<priority_test::waking_app>(s, priority_test::alone);

  CHECK(s.order.entries() == std::vector<std::int32_t>{6, 7, 6});
}

TEST_CASE("priority: of two words of hogs none holds a lower level up", "[executor][priority]") {
  priority_test::state s{};

  const auto report = test::run_to_end<priority_test::crowd_app>(s, priority_test::alone);

  // Fifty turns of nine passes each, in which each of 64 tasks is polled once.
  CHECK(s.turns[2].value() <= 64 * 9 * 51);
  CHECK(s.turns[2].value() >= 64 * 9 * 50);
  CHECK(report.total.completed == 65);
}

TEST_CASE("priority: any number of workers and blocks comes to its end", "[executor][priority]") {
  priority_test::state s{};

  const auto report = test::run_to_end<priority_test::crowd_app>(s, {.blocks = 2, .workers = 3});

  CHECK(report.total.completed == 2 * 65);
}
