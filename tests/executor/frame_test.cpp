// SPDX-License-Identifier: Apache-2.0
/// \file
/// The state-machine dialect: what a body may do between and around its awaits.
#include <support/checks.hpp>
#include <support/steps.hpp>

#include <cstddef>
#include <vector>

namespace frame_test {

struct state {
  test::checks checks;
  test::trace<> trace;
  test::counter done;
};

/// Ready with `value` at the poll after `polls` others.
struct after_polls {
  using output = std::int32_t;
  std::uint32_t polls;
  std::int32_t value;
  COWARP_FN cowarp::polled<std::int32_t> poll(cowarp::context& cx) {
    if (polls == 0) return value;
    --polls;
    cx.wake_self();
    return cowarp::pending;
  }
};

// ---- locals, loops, branches, values -------------------------------------------------------------

COWARP_TASK_FRAME(counting, 1) {
  state& s;
  std::int32_t from;
  std::int32_t sum   = 0;
  std::int32_t i     = 0;
  std::int32_t j     = 0;
  std::int32_t value = 0;
  COWARP_BODY_BEGIN
  for (i = from; i < from + 4; ++i) {
    for (j = 0; j < 3; ++j) {
      if (j == 1) continue;
      COWARP_AWAIT_INTO(value, after_polls{static_cast<std::uint32_t>(j), i * 10 + j});
      sum += value;
    }
    if (i == from + 2) break;
  }
  s.checks.equal(sum, 10 + 12 + 20 + 22 + 30 + 32);
  s.checks.equal(i, from + 2);
  s.done.add();
  COWARP_BODY_END
};

/// Awaits in one branch only; ready futures and pending ones mixed.
COWARP_TASK_FRAME(branching, 2) {
  state& s;
  bool waits;
  std::int32_t value = 5;
  COWARP_BODY_BEGIN
  if (waits) {
    COWARP_AWAIT_INTO(value, after_polls{3, 7});
  } else {
    value += 1;
  }
  s.checks.equal(value, waits ? 7 : 6);
  COWARP_AWAIT_INTO(value, cowarp::ready(value + 1));
  s.checks.equal(value, waits ? 8 : 7);
  s.done.add();
  COWARP_BODY_END
};

/// Ends in the middle.
COWARP_TASK_FRAME(leaving, 1) {
  state& s;
  std::uint32_t i = 0;
  COWARP_BODY_BEGIN
  for (;;) {
    COWARP_AWAIT(cowarp::yield_now());
    if (++i == 3) {
      s.done.add();
      COWARP_RETURN();
    }
  }
  s.checks.that(false);
  COWARP_BODY_END
};

/// Ordinary locals between two awaits, and an await that spans lines.
COWARP_TASK_FRAME(local_variables, 1) {
  state& s;
  std::int32_t sum = 0;
  COWARP_BODY_BEGIN {
    const std::int32_t local = 4;
    sum += local;
  }
  COWARP_AWAIT_INTO(sum, after_polls{
                             1,
                             sum + 1,
                         });
  {
    const std::int32_t local = sum * 2;
    s.checks.equal(local, 10);
  }
  s.done.add();
  COWARP_BODY_END
};

/// A body without an await, and one without a statement.
COWARP_TASK_FRAME(without_await, 1) {
  state& s;
  COWARP_BODY_BEGIN
  s.done.add();
  COWARP_BODY_END
};

COWARP_TASK_FRAME(without_statement, 1){COWARP_BODY_BEGIN COWARP_BODY_END};

// ---- nested async frames -------------------------------------------------------------------------

COWARP_ASYNC_FRAME(doubled, std::int32_t) {
  state& s;
  std::int32_t n;
  COWARP_BODY_BEGIN
  s.trace.add(n);
  COWARP_AWAIT(cowarp::yield_now());
  COWARP_RETURN(2 * n);
  COWARP_BODY_END
};

COWARP_ASYNC_FRAME(quadrupled, std::int32_t, 128) {
  state& s;
  std::int32_t n;
  COWARP_BODY_BEGIN
  COWARP_AWAIT_INTO(n, cowarp::call<doubled>(s, n));
  COWARP_AWAIT_INTO(n, cowarp::call<doubled>(s, n));
  COWARP_RETURN(n);
  COWARP_BODY_END
};

COWARP_ASYNC_FRAME(without_output, cowarp::unit, 256) {
  state& s;
  std::int32_t& to;
  std::int32_t n;
  COWARP_BODY_BEGIN
  if (n == 0) COWARP_RETURN();
  COWARP_AWAIT_INTO(to, cowarp::call<quadrupled>(s, n));
  COWARP_BODY_END
};

COWARP_TASK_FRAME(nesting, 1, 384) {
  state& s;
  std::int32_t n = -1;
  cowarp::tuple<std::int32_t, std::int32_t> both{};
  COWARP_BODY_BEGIN
  COWARP_AWAIT(cowarp::call<without_output>(s, n, 0));
  s.checks.equal(n, -1);
  COWARP_AWAIT(cowarp::call<without_output>(s, n, 3));
  s.checks.equal(n, 12);
  COWARP_AWAIT_INTO(both, cowarp::join(cowarp::call<doubled>(s, 20), cowarp::call<doubled>(s, 21)));
  s.checks.equal(cowarp::get<0>(both), 40);
  s.checks.equal(cowarp::get<1>(both), 42);
  s.done.add();
  COWARP_BODY_END
};

// ---- outputs that only move ----------------------------------------------------------------------

COWARP_ASYNC_FRAME(giving_token, test::only_moves) {
  std::int32_t n;
  test::only_moves token{};
  COWARP_BODY_BEGIN
  token = test::only_moves(n);
  COWARP_AWAIT(cowarp::yield_now());
  COWARP_RETURN(std::move(token));
  COWARP_BODY_END
};

COWARP_TASK_FRAME(taking_token, 1, 256) {
  state& s;
  test::only_moves token{};
  COWARP_BODY_BEGIN
  COWARP_AWAIT_INTO(token, cowarp::call<giving_token>(31));
  s.checks.equal(token.value(), 31);
  COWARP_AWAIT_INTO(token, cowarp::ready(test::only_moves(32)));
  s.checks.equal(token.value(), 32);
  s.done.add();
  COWARP_BODY_END
};

struct app : cowarp::program<counting, branching, leaving, local_variables, without_await,
                             without_statement, nesting, taking_token> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<app> s, cowarp::no_state&, state& g) {
    (void)s.spawn<counting>(g, 1);
    (void)s.spawn<branching>(g, true);
    (void)s.spawn<branching>(g, false);
    (void)s.spawn<leaving>(g);
    (void)s.spawn<local_variables>(g);
    (void)s.spawn<without_await>(g);
    (void)s.spawn<without_statement>();
    (void)s.spawn<nesting>(g);
    (void)s.spawn<taking_token>(g);
  }
};

}  // namespace frame_test

TEST_CASE("frame: members live across awaits in any flow", "[executor][frame]") {
  frame_test::state s{};
  const auto report = test::run_to_end<frame_test::app>(s);
  s.checks.require_none(13);
  CHECK(s.done.value() == 8);
  CHECK(report.total.completed == 9);
  CHECK(s.trace.entries() == std::vector<std::int32_t>{3, 6, 20, 21});
}

TEST_CASE("frame: on the host it is polled by hand", "[executor][frame]") {
  frame_test::state s{};
  auto calling = cowarp::call<frame_test::quadrupled>(s, 5);
  cowarp::context cx;
  CHECK_FALSE(calling.poll(cx).has_value());
  CHECK_FALSE(calling.poll(cx).has_value());
  CHECK(calling.poll(cx) == 20);
  CHECK(s.trace.entries() == std::vector<std::int32_t>{5, 10});
}

TEST_CASE("frame: nothing of a call happens before its poll", "[executor][frame]") {
  frame_test::state s{};
  { const auto calling = cowarp::call<frame_test::quadrupled>(s, 5); }
  CHECK(s.trace.entries().empty());
}
