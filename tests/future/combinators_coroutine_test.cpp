// SPDX-License-Identifier: Apache-2.0
/// \file
/// Async functions as futures: joined, raced, timed, chained, and dropped on the way.
#include <support/checks.hpp>
#include <support/steps.hpp>

#include <chrono>

namespace combinators_test {

using std::chrono::nanoseconds;
using life = test::counted_life;

struct state {
  test::checks checks;
  test::counter steps;
  life::counts lives;
  cowarp::channel<std::int32_t, 2> channel;
};

COWARP_FN inline std::uint32_t alive(const state& s) {
  return s.lives.built.value() - s.lives.destroyed.value();
}

/// `n` yields, then the value; three guards deep.
inline COWARP_FN cowarp::async<std::int32_t> innermost(state& s, std::int32_t n) {
  const life guard(s.lives);
  for (std::int32_t i = 0; i < n; ++i) {
    co_await cowarp::yield_now();
    s.steps.add();
  }
  co_return n;
}

inline COWARP_FN cowarp::async<std::int32_t> middle(state& s, std::int32_t n) {
  const life guard(s.lives);
  const std::int32_t first = co_await innermost(s, n);
  co_await cowarp::yield_now();
  co_return first + 1;
}

inline COWARP_FN cowarp::async<std::int32_t> outermost(state& s, std::int32_t n) {
  const life guard(s.lives);
  co_return co_await middle(s, n);
}

struct plus_hundred {
  COWARP_FN std::int32_t operator()(std::int32_t n) const { return n + 100; }
};

struct again {
  state* s;
  COWARP_FN auto operator()(std::int32_t n) const { return cowarp::ready(n * 3); }
};

COWARP_TASK(combining, 1, (state& s), 4096) {
  const auto [first, second, third] =
      co_await cowarp::join(outermost(s, 2), innermost(s, 0), cowarp::ready(9));
  s.checks.equal(first, 3);
  s.checks.equal(second, 0);
  s.checks.equal(third, 9);
  s.checks.equal(alive(s), 0u);

  s.checks.equal(co_await cowarp::map(middle(s, 4), plus_hundred{}), 105);
  s.checks.equal(co_await cowarp::then(middle(s, 1), again{&s}), 6);

  const auto won = co_await cowarp::select_biased(outermost(s, 50), innermost(s, 3));
  s.checks.equal(won.index(), 1u);
  s.checks.equal(alive(s), 0u);  // the loser and what it awaited are gone

  // Awaiting in a loop: nothing is left behind that grows.
  for (std::int32_t i = 0; i < 20; ++i) {
    const auto one = co_await cowarp::select(outermost(s, 5), middle(s, i % 4));
    s.checks.equal(one.index(), 1u);
  }
  s.checks.equal(alive(s), 0u);
}

struct app : cowarp::program<combining> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<app> s) { (void)s.spawn<combining>(s.grid_state()); }
};

// ---- time ----------------------------------------------------------------------------------------

inline COWARP_FN cowarp::async<std::int32_t> slowly(state& s, std::int32_t ns) {
  const life guard(s.lives);
  co_await cowarp::sleep_for(nanoseconds(ns));
  co_return ns;
}

inline COWARP_FN cowarp::async<std::int32_t> more_slowly(state& s, std::int32_t ns) {
  const life guard(s.lives);
  const std::int32_t half = co_await slowly(s, ns / 2);
  co_return half + co_await slowly(s, ns - half);
}

COWARP_TASK(timing, 1, (state& s), 4096) {
  const auto in_time = co_await cowarp::with_timeout(nanoseconds(1000), more_slowly(s, 400));
  s.checks.that(in_time.has_value() && *in_time == 400);
  const auto too_late = co_await cowarp::with_timeout(nanoseconds(100), more_slowly(s, 100000));
  s.checks.that(!too_late.has_value());
  s.checks.equal(alive(s), 0u);
  const auto at_once = co_await cowarp::with_timeout(nanoseconds(0), innermost(s, 0));
  s.checks.that(at_once.has_value());
  s.channel.close();
}

/// Moves the clock while the channel is open.
COWARP_TASK(ticking, 1, (state& s), 512) {
  while (!s.channel.is_closed()) {
    co_await cowarp::yield_now();
    cowarp::advance_clock(nanoseconds(10));
  }
}

struct timed_app : cowarp::program<timing, ticking> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<timed_app> s) {
    (void)s.spawn<timing>(s.grid_state());
    (void)s.spawn<ticking>(s.grid_state());
  }
};

// ---- a receive inside a dropped function loses nothing -------------------------------------------

inline COWARP_FN cowarp::async<std::int32_t> received(state& s) {
  const life guard(s.lives);
  const auto message = co_await s.channel.receive();
  co_return message.value_or(-1);
}

COWARP_TASK(giving_up, 1, (state& s), 2048) {
  for (int i = 0; i < 5; ++i) {
    const auto won = co_await cowarp::select_biased(innermost(s, 2), received(s));
    s.checks.equal(won.index(), 0u);
  }
  s.checks.equal(alive(s), 0u);
  s.checks.that(s.channel.try_send(4).is_ok());
  s.checks.equal(co_await received(s), 4);
  s.channel.close();
  s.checks.equal(co_await received(s), -1);
}

struct channel_app : cowarp::program<giving_up> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<channel_app> s) {
    (void)s.spawn<giving_up>(s.grid_state());
  }
};

}  // namespace combinators_test

TEST_CASE("async: functions are futures for combinators", "[future][coroutine]") {
  combinators_test::state s{};
  test::run_to_end<combinators_test::app>(s);
  s.checks.require_none(9 + 20);
  CHECK(s.lives.built.value() == s.lives.destroyed.value());
}

TEST_CASE("async: a timeout takes a function apart", "[future][coroutine]") {
  combinators_test::state s{};
  test::run_to_end<combinators_test::timed_app>(s, {.blocks = 1, .manual_clock = true});
  s.checks.require_none(4);
  CHECK(s.lives.built.value() == s.lives.destroyed.value());
}

TEST_CASE("async: a dropped receive loses nothing", "[future][coroutine]") {
  combinators_test::state s{};
  test::run_to_end<combinators_test::channel_app>(s);
  s.checks.require_none(9);
  CHECK(s.lives.built.value() == s.lives.destroyed.value());
}

TEST_CASE("async: dropped by hand at every step it is gone", "[future][coroutine]") {
  for (int polls = 0; polls <= 5; ++polls) {
    combinators_test::state s{};
    cowarp::context cx;
    {
      auto future = cowarp::into_future(combinators_test::outermost(s, 4));
      for (int i = 0; i < polls; ++i) CHECK_FALSE(future.poll(cx).has_value());
      CHECK(combinators_test::alive(s) == (polls == 0 ? 0u : polls <= 4 ? 3u : 2u));
    }
    CHECK(combinators_test::alive(s) == 0);
  }
}
