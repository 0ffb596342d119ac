// SPDX-License-Identifier: Apache-2.0
/// \file
/// Async functions in combinators that end some of them early: raced, failed, aborted, polled once.
#include <cowarp/future/chain.hpp>
#include <cowarp/future/fuse.hpp>
#include <cowarp/future/now_or_never.hpp>
#include <cowarp/future/race.hpp>
#include <cowarp/future/try_join.hpp>
#include <cowarp/sync/abortable.hpp>

#include <support/checks.hpp>
#include <support/steps.hpp>

namespace combinators_cancel_test {

using life  = test::counted_life;
using maybe = cowarp::optional<std::int32_t>;

struct state {
  test::checks checks;
  life::counts lives;
  cowarp::abort_handle<> handle;
  cowarp::channel<std::int32_t, 2> channel;
  test::counter waits;
};

COWARP_FN inline std::uint32_t alive(const state& s) {
  return s.lives.built.value() - s.lives.destroyed.value();
}

/// `n` yields, then `n`; nothing for an odd number.
inline COWARP_FN cowarp::async<maybe> even(state& s, std::int32_t n) {
  const life guard(s.lives);
  for (std::int32_t i = 0; i < n; ++i) co_await cowarp::yield_now();
  if (n % 2 != 0) co_return maybe();
  co_return maybe(n);
}

inline COWARP_FN cowarp::async<maybe> deeper(state& s, std::int32_t n) {
  const life guard(s.lives);
  co_return co_await even(s, n);
}

struct ready_with_hundred_more {
  COWARP_FN auto operator()(std::int32_t n) const { return cowarp::ready(maybe(n + 100)); }
};
struct ready_with_minus_one {
  COWARP_FN auto operator()() const { return cowarp::ready(-1); }
};
struct add_to {
  test::counter& sum;
  COWARP_FN void operator()(const maybe& value) const {
    if (value) sum.add(static_cast<std::uint32_t>(*value));
  }
};

COWARP_TASK(combining, 1, (state& s), 8192) {
  {
    const auto both = co_await cowarp::try_join(deeper(s, 4), even(s, 2));
    s.checks.that(both.is_ok());
    s.checks.that(cowarp::get<0>(*both) == 4 && cowarp::get<1>(*both) == 2);
    const auto failed = co_await cowarp::try_join(deeper(s, 90), even(s, 3));
    s.checks.that(!failed && failed.failed() == 1);
    s.checks.equal(alive(s), 0u);  // the other one is gone, and what it awaited
  }
  for (std::int32_t i = 0; i < 9; ++i) {  // nothing is left behind that grows
    const auto first = co_await cowarp::race(deeper(s, 20), even(s, 2));
    s.checks.equal(*first, 2);
  }
  s.checks.equal(alive(s), 0u);

  const auto more = co_await cowarp::and_then(deeper(s, 2), ready_with_hundred_more{});
  s.checks.equal(*more, 102);
  s.checks.equal(co_await cowarp::or_else(deeper(s, 3), ready_with_minus_one{}), -1);
  const auto seen = co_await cowarp::inspect(even(s, 2), add_to{s.waits});
  s.checks.that(*seen == 2 && s.waits.value() == 2);
  s.checks.equal(alive(s), 0u);
}

struct app : cowarp::program<combining> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<app> s) { (void)s.spawn<combining>(s.grid_state()); }
};

// ---- aborted -------------------------------------------------------------------------------------

inline COWARP_FN cowarp::async<std::int32_t> received(state& s) {
  const life guard(s.lives);
  const auto message = co_await s.channel.receive();
  co_return message.value_or(-1);
}

// [abortable]
inline COWARP_FN cowarp::async<std::int32_t> sum_of_all(state& s) {
  std::int32_t sum = 0;
  for (;;) {
    s.waits.add();
    sum += co_await received(s);
  }
  co_return sum;
}

COWARP_TASK(summing, 1, (state& s), 4096) {
  const auto sum = co_await cowarp::abortable(sum_of_all(s), s.handle);
  s.checks.that(!sum.has_value());
  s.checks.equal(alive(s), 0u);  // also what the function was waiting for
}
// [/abortable]

COWARP_TASK(stopping, 1, (state& s), 1024) {
  co_await s.channel.send(1);
  while (s.waits.value() < 2) co_await cowarp::yield_now();
  s.handle.abort();
}

struct abort_app : cowarp::program<summing, stopping> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<abort_app> s) {
    if (s.block() == 0) (void)s.spawn<summing>(s.grid_state());
    if (s.block() + 1 == s.blocks()) (void)s.spawn<stopping>(s.grid_state());
  }
};

// ---- one poll ------------------------------------------------------------------------------------

COWARP_TASK(asking, 1, (state& s), 1024) {
  auto receiving = cowarp::fuse(s.channel.receive());
  s.checks.that(!(co_await cowarp::poll_once(receiving)).has_value());
  s.checks.that(s.channel.try_send(4).is_ok());
  const auto message = co_await receiving;  // in place
  s.checks.that(*message == 4 && receiving.is_done());
  s.checks.that(!cowarp::now_or_never(s.channel.receive()).has_value());
}

struct asking_app : cowarp::program<asking> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<asking_app> s) {
    (void)s.spawn<asking>(s.grid_state());
  }
};

}  // namespace combinators_cancel_test

TEST_CASE("async: functions that fail or lose are taken apart", "[future][coroutine]") {
  combinators_cancel_test::state s{};
  test::run_to_end<combinators_cancel_test::app>(s);
  s.checks.require_none(4 + 9 + 1 + 4);
}

TEST_CASE("async: an abort takes a function apart", "[future][coroutine]") {
  const auto blocks = GENERATE(1u, 2u);
  combinators_cancel_test::state s{};
  test::run_to_end<combinators_cancel_test::abort_app>(s, {.blocks = blocks});
  s.checks.require_none(2);
}

TEST_CASE("async: a future in the frame is polled in place", "[future][coroutine]") {
  combinators_cancel_test::state s{};
  test::run_to_end<combinators_cancel_test::asking_app>(s);
  s.checks.require_none(4);
}

TEST_CASE("async: now_or_never takes a function apart", "[future][coroutine]") {
  using namespace combinators_cancel_test;
  state s{};
  CHECK_FALSE(cowarp::now_or_never(deeper(s, 2)).has_value());
  CHECK(s.lives.built.value() == 2);
  CHECK(cowarp::now_or_never(deeper(s, 0)) == maybe(0));
  CHECK(alive(s) == 0);
}
