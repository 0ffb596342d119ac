// SPDX-License-Identifier: Apache-2.0
/// \file
/// The coroutine dialect: what lives across a co_await, in tasks and in nested async functions.
#include <support/checks.hpp>
#include <support/steps.hpp>

#include <cstdint>
#include <utility>
#include <vector>

namespace async_test {

using life = test::counted_life;

struct state {
  test::checks checks;
  test::trace<> trace;
  test::counter done;
  life::counts lives;
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

// ---- flow in one task ----------------------------------------------------------------------------

COWARP_TASK(counting, 1, (state& s, std::int32_t from), 1024) {
  std::int32_t sum = 0;
  for (std::int32_t i = from; i < from + 4; ++i) {
    for (std::int32_t j = 0; j < 3; ++j) {
      if (j == 1) continue;
      sum += co_await after_polls{static_cast<std::uint32_t>(j), i * 10 + j};
    }
    if (i == from + 2) break;
  }
  s.checks.equal(sum, 10 + 12 + 20 + 22 + 30 + 32);
  s.done.add();
}

COWARP_TASK(branching, 2, (state& s, bool waits), 512) {
  std::int32_t value = 5;
  if (waits) {
    value = co_await after_polls{3, 7};
  } else {
    value += 1;
  }
  s.checks.equal(value, waits ? 7 : 6);
  s.checks.equal(co_await cowarp::ready(value + 1), waits ? 8 : 7);
  s.done.add();
}

COWARP_TASK(leaving, 1, (state& s), 512) {
  for (std::uint32_t i = 0;; ++i) {
    co_await cowarp::yield_now();
    if (i == 2) {
      s.done.add();
      co_return;
    }
  }
}

/// An array and a guard across awaits; the guard goes exactly once.
COWARP_TASK(keeping, 3, (state& s, std::uint32_t me), 1024) {
  const life guard(s.lives);
  std::uint32_t numbers[16];
  for (std::uint32_t i = 0; i < 16; ++i) numbers[i] = me * 100 + i;
  for (std::uint32_t i = 0; i < 16; ++i) {
    co_await cowarp::yield_now();
    s.checks.equal(numbers[i], me * 100 + i);
    numbers[i] += numbers[(i + 15) % 16];
  }
  s.checks.that(numbers[15] != me * 100 + 15);
  if (me == 1) co_return;
  const life other(s.lives);
  co_await cowarp::yield_now();
  s.done.add();
}

/// Futures awaited in place: an lvalue stays where it is.
COWARP_TASK(in_place, 1, (state& s), 512) {
  after_polls twice{2, 3};
  s.checks.equal(co_await twice, 3);
  s.checks.equal(twice.polls, 0u);
  s.done.add();
}

COWARP_TASK(without_await, 1, (state& s), 256) {
  s.done.add();
  co_return;
}

struct flow_app : cowarp::program<counting, branching, leaving, keeping, in_place, without_await> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<flow_app> s, cowarp::no_state&, state& g) {
    (void)s.spawn<counting>(g, 1);
    (void)s.spawn<branching>(g, true);
    (void)s.spawn<branching>(g, false);
    (void)s.spawn<leaving>(g);
    for (std::uint32_t i = 0; i < 3; ++i) (void)s.spawn<keeping>(g, +i);
    (void)s.spawn<in_place>(g);
    (void)s.spawn<without_await>(g);
  }
};

// ---- async functions, three deep -----------------------------------------------------------------

inline COWARP_FN cowarp::async<std::int32_t> doubled(state& s, std::int32_t n) {
  const life guard(s.lives);
  s.trace.add(n);
  co_await cowarp::yield_now();
  co_return 2 * n;
}

inline COWARP_FN cowarp::async<std::int32_t> quadrupled(state& s, std::int32_t n) {
  const life guard(s.lives);
  const std::int32_t twice = co_await doubled(s, n);
  co_return co_await doubled(s, twice);
}

/// Ends early for small numbers, without having waited.
inline COWARP_FN cowarp::async<std::int32_t> sum_of(state& s, std::int32_t n) {
  if (n < 2) co_return n;
  std::int32_t parts[4] = {};
  for (std::int32_t i = 0; i < 4; ++i) parts[i] = co_await quadrupled(s, n + i);
  co_return parts[0] + parts[1] + parts[2] + parts[3];
}

inline COWARP_FN cowarp::async<> without_output(state& s, std::int32_t& to, std::int32_t n) {
  if (n == 0) co_return;
  co_await cowarp::yield_now();
  to = co_await quadrupled(s, n);
}

inline COWARP_FN cowarp::async<test::only_moves> token_of(std::int32_t n) {
  test::only_moves token(n);
  co_await cowarp::yield_now();
  co_return std::move(token);
}

COWARP_TASK(nesting, 1, (state& s), 2048) {
  s.checks.equal(co_await sum_of(s, 1), 1);
  s.checks.equal(co_await sum_of(s, 2), 4 * (2 + 3 + 4 + 5));
  std::int32_t n = -1;
  co_await without_output(s, n, 0);
  s.checks.equal(n, -1);
  co_await without_output(s, n, 3);
  s.checks.equal(n, 12);
  test::only_moves token = co_await token_of(31);
  s.checks.equal(token.value(), 31);
  s.done.add();
}

struct nesting_app : cowarp::program<nesting> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<nesting_app> s) {
    (void)s.spawn<nesting>(s.grid_state());
  }
};

// ---- many at once, each on its own path ----------------------------------------------------------

inline COWARP_FN cowarp::async<std::uint32_t> collatz(std::uint32_t n) {
  std::uint32_t length = 0;
  while (n != 1) {
    n = n % 2 == 0 ? n / 2 : 3 * n + 1;
    ++length;
    if (length % 4 == 0) co_await cowarp::yield_now();
  }
  co_return length;
}

COWARP_FN inline std::uint32_t plain_collatz(std::uint32_t n) {
  std::uint32_t length = 0;
  for (; n != 1; ++length) n = n % 2 == 0 ? n / 2 : 3 * n + 1;
  return length;
}

COWARP_TASK(diverging, 100, (state& s, std::uint32_t n), 512) {
  const std::uint32_t length = co_await collatz(n);
  s.checks.equal(length, plain_collatz(n));
  s.done.add();
}

struct diverging_app : cowarp::program<diverging> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<diverging_app> s) {
    for (std::uint32_t i = 1; i <= 100; ++i) (void)s.spawn<diverging>(s.grid_state(), +i);
  }
};

// ---- now a yield, now a wait ---------------------------------------------------------------------

struct prompts {
  test::checks checks;
  cowarp::signal<std::uint32_t> next;
};

COWARP_TASK(alternating, 1, (prompts & p), 512) {
  for (std::uint32_t i = 0; i < 10; ++i) {
    co_await cowarp::yield_now();
    p.checks.equal(co_await p.next.wait(), i);
  }
}
COWARP_TASK(prompting, 1, (prompts & p), 512) {
  for (std::uint32_t i = 0; i < 10; ++i) {
    for (std::uint32_t j = 0; j < 5; ++j) co_await cowarp::yield_now();
    p.next.send(i);
  }
}

struct alternating_app : cowarp::program<alternating, prompting> {
  using grid_state = prompts;
  COWARP_FN static void start(cowarp::spawner<alternating_app> s) {
    s.must_spawn<alternating>(s.grid_state());
    s.must_spawn<prompting>(s.grid_state());
  }
};

// ---- a yield wherever a coroutine can be when it yields ------------------------------------------

struct yields {
  test::checks checks;
};

inline COWARP_FN cowarp::async<std::uint32_t> yields_times(std::uint32_t n) {
  for (std::uint32_t i = 0; i < n; ++i) co_await cowarp::yield_now();
  co_return n;
}

COWARP_TASK(yielding, 40, (yields & y), 512) {
  y.checks.equal(co_await yields_times(2), 2u);  // in a callee
  co_await cowarp::yield_now();                  // after a callee that yielded
  y.checks.equal(co_await yields_times(0), 0u);
  co_await cowarp::yield_now();                   // after one that did not
  y.checks.equal(co_await after_polls{1, 5}, 5);  // one poll for the wait
  co_await cowarp::yield_now();                   // after a wait
  y.checks.equal(co_await after_polls{1, 6}, 6);  // one poll
  y.checks.equal(co_await yields_times(1), 1u);   // in a callee, after a wait
  y.checks.equal(co_await cowarp::ready(7u), 7u);
  co_await cowarp::yield_now();  // after a value that was there
}

struct yielding_app : cowarp::program<yielding> {
  using grid_state = yields;
  COWARP_FN static void start(cowarp::spawner<yielding_app> s) {
    for (std::uint32_t i = 0; i < 40; ++i) s.must_spawn<yielding>(s.grid_state());
  }
};

}  // namespace async_test

TEST_CASE("coroutine task: locals live across awaits", "[executor][coroutine]") {
  async_test::state s{};
  const auto report = test::run_to_end<async_test::flow_app>(s);
  s.checks.require_none(7 + 3 * 17);
  CHECK(s.done.value() == 1 + 2 + 1 + 2 + 1 + 1);
  CHECK(report.total.completed == 9);
  CHECK(s.lives.built.value() == 3 + 2);
  CHECK(s.lives.destroyed.value() == 3 + 2);
}

TEST_CASE("async: functions nest and give values", "[executor][coroutine]") {
  async_test::state s{};
  test::run_to_end<async_test::nesting_app>(s);
  s.checks.require_none(5);
  CHECK(s.done.value() == 1);
  CHECK(s.trace.entries() == std::vector<std::int32_t>{2, 4, 3, 6, 4, 8, 5, 10, 3, 6});
  CHECK(s.lives.built.value() == 15);
  CHECK(s.lives.destroyed.value() == 15);
}

TEST_CASE("async: every task runs its own path", "[executor][coroutine]") {
  async_test::state s{};
  test::run_to_end<async_test::diverging_app>(s, {.blocks = 2});
  s.checks.require_none(200);
  CHECK(s.done.value() == 200);
}

TEST_CASE("async: of what an await leaves behind the next knows nothing", "[executor][coroutine]") {
  async_test::prompts p{};
  const auto report = test::run_to_end<async_test::alternating_app>(p, {.blocks = 1, .workers = 1});
  p.checks.require_none(10);
  // Both a first time; who yields again at once, who waits once it yielded and once it has the value.
  CHECK(report.total.polls == 2 + 10 * 5 + 10 * 2);
}

TEST_CASE("async: each yield is a poll of its own, and each wait", "[executor][coroutine]") {
  async_test::yields y{};
  const auto report = test::run_to_end<async_test::yielding_app>(y, {.blocks = 2});
  y.checks.require_none(2 * 40 * 6);
  CHECK(report.total.polls == 2 * 40 * (1 + 7 + 2));
}

// Called by the host: on a GPU each coroutine stands in another.
TEST_CASE("async: what drives a function may be another in each poll", "[executor][coroutine]") {
  std::vector<std::uint32_t> seen;
  const auto look = [&seen](cowarp::context& cx) -> cowarp::polled<cowarp::unit> {
    seen.push_back(cx.task().child());
    return cowarp::unit{};
  };
  const auto function = [](auto look_now) -> cowarp::async<> {
    co_await cowarp::poll_fn(look_now);
    co_await cowarp::yield_now();
    co_await cowarp::poll_fn(look_now);
  };
  auto running = cowarp::into_future(function(look));
  cowarp::context cx(cowarp::task_id::of(0, 1));
  cowarp::context first  = cx.for_child(3);
  cowarp::context second = cx.for_child(4);
  CHECK_FALSE(running.poll(first));
  CHECK(running.poll(second));
  CHECK(seen == std::vector<std::uint32_t>{3, 4});
}

TEST_CASE("async: on the host block_on runs one", "[executor][coroutine]") {
  async_test::state s{};
  CHECK(cowarp::block_on(async_test::sum_of(s, 2)) == 56);
  CHECK(cowarp::block_on(async_test::collatz(27)) == 111);
  CHECK(s.lives.built.value() == s.lives.destroyed.value());
}
