// SPDX-License-Identifier: Apache-2.0
/// \file
/// Async functions that run until a token is cancelled, at any depth.
#include <support/checks.hpp>
#include <support/steps.hpp>

namespace cancellation_token_coroutine_test {

struct state {
  test::checks checks;
  test::counter waiting;
  test::counted_life::counts lives;
  cowarp::channel<std::int32_t, 2> numbers;
  cowarp::cancellation_token<> root;
};

inline COWARP_FN cowarp::async<std::int32_t> sum_of_two(state& s) {
  const test::counted_life life(s.lives);
  const auto first = co_await s.numbers.receive();
  s.waiting.add();
  const auto second = co_await s.numbers.receive();
  co_return first.value_or(0) + second.value_or(0);
}

COWARP_TASK(summing, 1, (state & s), 1024) {
  cowarp::cancellation_token<> mine(s.root);
  const auto sum = co_await cowarp::until_cancelled(sum_of_two(s), mine);
  s.checks.that(sum && *sum == 3);
  const auto none = co_await cowarp::until_cancelled(sum_of_two(s), mine);
  s.checks.that(!none && mine.is_cancelled());
  s.checks.equal(s.lives.built.value(), s.lives.destroyed.value());
  co_await s.root.cancelled();
}

COWARP_TASK(feeding, 1, (state & s), 512) {
  for (std::int32_t i = 1; i <= 3; ++i) co_await s.numbers.send(i);
  while (s.waiting.value() < 2) co_await cowarp::yield_now();
  const cowarp::cancellation_token<>::guard at_the_end(s.root);
  co_await cowarp::yield_now();
}

struct app : cowarp::program<summing, feeding> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<app> s) {
    s.must_spawn<summing>(s.grid_state());
    s.must_spawn<feeding>(s.grid_state());
  }
};

}  // namespace cancellation_token_coroutine_test

TEST_CASE("cancellation_token: an async function is taken apart", "[sync][cancellation_token]") {
  cancellation_token_coroutine_test::state s{};
  test::run_to_end<cancellation_token_coroutine_test::app>(s);
  s.checks.require_none(3);
  CHECK(s.lives.built.value() == 2);
}
