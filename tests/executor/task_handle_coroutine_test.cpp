// SPDX-License-Identifier: Apache-2.0
/// \file
/// Coroutine tasks with a handle: typed results, and frames that are taken apart at any depth.
#include <support/checks.hpp>
#include <support/steps.hpp>

namespace task_handle_coroutine_test {

struct state {
  test::checks checks;
  test::counter started;
  test::counter ended;
  test::counted_life::counts lives;
  cowarp::channel<std::int32_t, 4> channel;
  cowarp::task_handle<cowarp::unit> plain;
};

struct app;

// [joinable]
COWARP_JOINABLE_TASK(half, cowarp::optional<std::int32_t>, 2, (std::int32_t n)) {
  co_await cowarp::yield_now();
  if (n % 2 != 0) co_return cowarp::nullopt;
  co_return n / 2;
}

COWARP_TASK(halving, 1, (state& s), 1024) {
  cowarp::task_handle<cowarp::optional<std::int32_t>> even, odd;
  cowarp::spawner<app>().must_spawn_with<half>(even, 12);
  cowarp::spawner<app>().must_spawn_with<half>(odd, 13);
  const auto six = co_await even.join();  // the outer optional is empty after an abort
  s.checks.that(six && *six && **six == 6);
  const auto none = co_await odd.join();
  s.checks.that(none && !*none);
}
// [/joinable]

inline COWARP_FN cowarp::async<std::int32_t> receive_deep(state& s, int depth) {
  const test::counted_life life(s.lives);
  if (depth == 2) s.started.add();
  const auto message = co_await s.channel.receive();
  co_return message.value_or(-1) + depth;
}

inline COWARP_FN cowarp::async<std::int32_t> receive_deeper(state& s) {
  const test::counted_life life(s.lives);
  co_return co_await receive_deep(s, 1) + co_await receive_deep(s, 2);
}

COWARP_JOINABLE_TASK(deep, cowarp::unit, 1, (state & s, test::only_moves), 1024) {
  const test::counted_life life(s.lives);
  s.checks.equal(co_await receive_deeper(s), 10 + 20 + 3);
  s.ended.add();
}

COWARP_TASK(aborting, 1, (state& s), 1024) {
  using spawner = cowarp::spawner<app>;
  spawner().must_spawn_with<deep>(s.plain, s, test::only_moves(1));
  co_await s.channel.send(10);
  while (s.started.value() == 0) co_await cowarp::yield_now();
  s.plain.abort();
  s.checks.that(!co_await s.plain.join());
  s.checks.equal(s.lives.built.value(), s.lives.destroyed.value());
  s.checks.equal(s.ended.value(), 0u);

  while (spawner().spawn_with<deep>(s.plain, s, test::only_moves(2)) ==
         cowarp::spawn_result::busy) {
    co_await cowarp::yield_now();
  }
  co_await s.channel.send(10);
  co_await s.channel.send(20);
  s.checks.that((co_await s.plain.join()).has_value());
  s.checks.equal(s.lives.built.value(), s.lives.destroyed.value());
  s.checks.equal(s.ended.value(), 1u);
}

struct app : cowarp::program<half, halving, deep, aborting> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<app> s) {
    s.must_spawn<halving>(s.grid_state());
    s.must_spawn<aborting>(s.grid_state());
  }
};

}  // namespace task_handle_coroutine_test

TEST_CASE("task_handle: coroutine tasks yield values", "[executor][task_handle]") {
  task_handle_coroutine_test::state s{};
  test::run_to_end<task_handle_coroutine_test::app>(s);
  s.checks.require_none(9);
}
