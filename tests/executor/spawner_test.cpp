// SPDX-License-Identifier: Apache-2.0
/// \file
/// How tasks come to life in their own block, and what a full pool answers.
#include <support/checks.hpp>
#include <support/steps.hpp>

namespace spawner_test {

using cowarp::spawn_result;

struct state {
  test::checks checks;
  test::gate gate;
  test::counter done;
  test::counter sum;
  test::counter used[4];  // one bit for each slot of the pool
};

// ---- one template, several task types ------------------------------------------------------------

// [generic]
template <class Value>
struct of {
  COWARP_TASK_FRAME(carrying, 2) {
    using output = cowarp::unit;  // said again: the base is another one for each Value
    state& s;
    Value a, b, c;
    COWARP_BODY_BEGIN
    COWARP_AWAIT(cowarp::yield_now());
    s.checks.that(a == Value{1} && b == Value{2} && c == Value{3});
    s.done.add();
    COWARP_BODY_END
  };
};
// [/generic]

struct template_app : cowarp::program<of<std::uint8_t>::carrying, of<double>::carrying> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<template_app> s, cowarp::no_state&, state& g) {
    const auto fill = [&]<class Value>(Value one) {
      for (std::uint32_t i = 0; i < 2; ++i) {
        const auto two = static_cast<Value>(one + one);
        s.must_spawn<typename of<Value>::carrying>(g, one, two, static_cast<Value>(two + one));
      }
      g.checks.that(s.spawn<typename of<Value>::carrying>(g, one, one, one) == spawn_result::busy);
    };
    fill(std::uint8_t{1});
    fill(1.0);
  }
};

// ---- a full pool ---------------------------------------------------------------------------------

struct full_app;

COWARP_TASK_FRAME(holding, 1) {
  state& s;
  test::only_moves token;
  COWARP_BODY_BEGIN
  COWARP_AWAIT(s.gate.pass());
  s.sum.add(static_cast<std::uint32_t>(token.value()));
  COWARP_BODY_END
};

COWARP_TASK_FRAME(insisting, 1) {
  state& s;
  test::only_moves token{7};
  COWARP_BODY_BEGIN
  while (!s.gate.is_waiting()) COWARP_AWAIT(cowarp::yield_now());
  s.checks.that(cowarp::spawner<full_app>().spawn<holding>(s, std::move(token)) ==
                spawn_result::busy);
  s.checks.that(!token.is_moved_from());
  s.gate.open();
  while (cowarp::spawner<full_app>().spawn<holding>(s, std::move(token)) == spawn_result::busy) {
    COWARP_AWAIT(cowarp::yield_now());
  }
  s.checks.that(token.is_moved_from());
  COWARP_BODY_END
};

struct full_app : cowarp::program<holding, insisting> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<full_app> s, cowarp::no_state&, state& g) {
    test::only_moves token(5);
    g.checks.that(s.spawn<holding>(g, std::move(token)) == spawn_result::ok);
    g.checks.that(token.is_moved_from());
    token = test::only_moves(6);
    g.checks.that(s.spawn<holding>(g, std::move(token)) == spawn_result::busy);
    g.checks.equal(token.value(), 6);
    (void)s.spawn<insisting>(g);
  }
};

// ---- a task that spawns its own kind -------------------------------------------------------------

struct recursive_app;

COWARP_TASK_FRAME(descending, 2) {
  state& s;
  std::uint32_t depth;
  COWARP_BODY_BEGIN
  s.done.add();
  if (depth == 0) COWARP_RETURN();
  // The parent of this task may not have left its slot yet.
  while (cowarp::spawner<recursive_app>().spawn<descending>(s, depth - 1) == spawn_result::busy) {
    COWARP_AWAIT(cowarp::yield_now());
  }
  COWARP_BODY_END
};

struct recursive_app : cowarp::program<descending> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<recursive_app> s) {
    (void)s.spawn<descending>(s.grid_state(), 20u);
  }
};

// ---- pools of any size ---------------------------------------------------------------------------

/// Notes its slot and waits until all of its pool are alive at once. The macros do not make
/// templates, so this one spells out what they stand for.
template <std::uint32_t PoolSize>
struct member : cowarp::detail::frame_task<member<PoolSize>, PoolSize> {
  state& s;
  std::uint32_t is_counted = 0;

  COWARP_FN cowarp::polled<cowarp::unit> poll(cowarp::context& cx) {
    if (is_counted == 0) {
      is_counted = 1;
      s.used[cx.task().slot() / 32].add(1u << cx.task().slot() % 32);
      s.sum.add();
    }
    if (s.sum.value() < PoolSize) {
      cx.wake_self();
      return cowarp::pending;
    }
    s.done.add();
    return cowarp::unit{};
  }
};

template <std::uint32_t PoolSize>
struct pool_app : cowarp::program<member<PoolSize>> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<pool_app> s, cowarp::no_state&, state& g) {
    for (std::uint32_t i = 0; i < PoolSize; ++i) {
      g.checks.that(s.template spawn<member<PoolSize>>(g) == spawn_result::ok);
    }
    g.checks.that(s.template spawn<member<PoolSize>>(g) == spawn_result::busy);
  }
};

/// \returns the bits of the slots that a pool of `size` uses within its word `i`.
std::uint32_t expected_bits(std::uint32_t size, std::uint32_t i) {
  if (size <= 32 * i) return 0;
  const std::uint32_t in_word = size - 32 * i;
  return in_word >= 32 ? ~0u : (1u << in_word) - 1;
}

template <std::uint32_t PoolSize>
void fills_all_slots_once() {
  state s{};
  const auto report = test::run_to_end<pool_app<PoolSize>>(s);
  s.checks.require_none(PoolSize + 1);
  CHECK(s.done.value() == PoolSize);
  CHECK(report.total.completed == PoolSize);
  for (std::uint32_t i = 0; i < 4; ++i) CHECK(s.used[i].value() == expected_bits(PoolSize, i));
}

// ---- spreading over words, and slots used again --------------------------------------------------

COWARP_TASK_FRAME(standing, 96) {
  state& s;
  std::uint32_t all;
  COWARP_BODY_BEGIN
  s.used[cowarp_cx.task().slot() / 32].add();
  s.done.add();
  while (s.done.value() < all) COWARP_AWAIT(cowarp::yield_now());
  COWARP_BODY_END
};

struct spread_app : cowarp::program<standing> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<spread_app> s) {
    for (int i = 0; i < 12; ++i) (void)s.spawn<standing>(s.grid_state(), 12u);
  }
};

struct again_app;

COWARP_TASK_FRAME(brief, 3) {
  state& s;
  COWARP_BODY_BEGIN
  s.done.add();
  COWARP_BODY_END
};

COWARP_TASK_FRAME(renewing, 1) {
  state& s;
  std::uint32_t i = 0;
  COWARP_BODY_BEGIN
  for (; i < 1000; ++i) {
    while (cowarp::spawner<again_app>().spawn<brief>(s) == spawn_result::busy) {
      COWARP_AWAIT(cowarp::yield_now());
    }
  }
  COWARP_BODY_END
};

struct again_app : cowarp::program<renewing, brief> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<again_app> s) {
    (void)s.spawn<renewing>(s.grid_state());
  }
};

}  // namespace spawner_test

TEST_CASE("spawner: each type made by a template has a pool of its own", "[executor][spawner]") {
  spawner_test::state s{};
  test::run_to_end<spawner_test::template_app>(s);
  s.checks.require_none(6);
  CHECK(s.done.value() == 4);
}

TEST_CASE("spawner: a full pool leaves the arguments alone", "[executor][spawner]") {
  spawner_test::state s{};
  const auto report = test::run_to_end<spawner_test::full_app>(s);
  s.checks.require_none(7);
  CHECK(s.sum.value() == 5 + 7);
  CHECK(report.total.completed == 3);
}

TEST_CASE("spawner: a task spawns its own kind", "[executor][spawner]") {
  spawner_test::state s{};
  const auto report = test::run_to_end<spawner_test::recursive_app>(s);
  CHECK(s.done.value() == 21);
  CHECK(report.total.completed == 21);
}

TEST_CASE("spawner: pools hold exactly their size", "[executor][spawner]") {
  spawner_test::fills_all_slots_once<1>();
  spawner_test::fills_all_slots_once<31>();
  spawner_test::fills_all_slots_once<32>();
  spawner_test::fills_all_slots_once<33>();
  spawner_test::fills_all_slots_once<100>();
}

TEST_CASE("spawner: tasks spread over the words of their pool", "[executor][spawner]") {
  spawner_test::state s{};
  test::run_to_end<spawner_test::spread_app>(s);
  CHECK(s.used[0].value() == 4);
  CHECK(s.used[1].value() == 4);
  CHECK(s.used[2].value() == 4);
}

TEST_CASE("spawner: a slot is free again after its task", "[executor][spawner]") {
  spawner_test::state s{};
  const auto report = test::run_to_end<spawner_test::again_app>(s);
  CHECK(s.done.value() == 1000);
  CHECK(report.total.completed == 1001);
}
