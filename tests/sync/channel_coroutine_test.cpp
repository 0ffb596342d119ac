// SPDX-License-Identifier: Apache-2.0
/// \file
/// Channels and signals awaited by coroutines.
#include <support/checks.hpp>
#include <support/steps.hpp>

#include <cstdint>

namespace channel_coroutine_test {

constexpr std::int32_t count = 300;

struct board {
  cowarp::channel<std::int32_t, 4, cowarp::scope::block> numbers;
  cowarp::signal<std::int32_t, cowarp::scope::block> ready;
};

struct state {
  test::checks checks;
  test::counter sum;
  test::counter refused;
  cowarp::channel<test::only_moves, 2> tokens;
};

COWARP_TASK(producing, 1, (board& b, state& s, std::int32_t n), 512) {
  b.ready.send(n);
  for (std::int32_t i = 0; i < n; ++i) (void)co_await b.numbers.send(i);
  b.numbers.close();
  const auto result = co_await b.numbers.send(77);
  s.checks.that(result.status == cowarp::send_status::closed && *result.value == 77);
  s.refused.add();
}

COWARP_TASK(consuming, 32, (board& b, state& s), 512) {
  while (const auto n = co_await b.numbers.receive()) {
    s.sum.add(static_cast<std::uint32_t>(*n));
    if (*n % 3 == 0) co_await cowarp::yield_now();
  }
}

COWARP_TASK(starting, 1, (board& b, state& s), 512) {
  s.checks.equal(co_await b.ready.wait(), +count);
}

struct block_app : cowarp::program<producing, consuming, starting> {
  using block_state = board;
  using grid_state  = state;
  COWARP_FN static void start(cowarp::spawner<block_app> s, board& b, state& g) {
    for (int i = 0; i < 8; ++i) (void)s.spawn<consuming>(b, g);
    (void)s.spawn<starting>(b, g);
    (void)s.spawn<producing>(b, g, +count);
  }
};

/// Even blocks send what odd blocks receive.
COWARP_TASK(giving, 1, (state& s), 512) {
  for (std::int32_t i = 1; i <= 100; ++i) {
    s.checks.that((co_await s.tokens.send(test::only_moves(i))).is_ok());
  }
}

COWARP_TASK(taking, 1, (state& s), 512) {
  for (int i = 0; i < 100; ++i) {
    auto token = co_await s.tokens.receive();
    s.sum.add(static_cast<std::uint32_t>(token->value()));
  }
}

struct grid_app : cowarp::program<giving, taking> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<grid_app> s) {
    if (s.block() % 2 == 0) (void)s.spawn<giving>(s.grid_state());
    if (s.block() % 2 == 1) (void)s.spawn<taking>(s.grid_state());
  }
};

}  // namespace channel_coroutine_test

TEST_CASE("channel: coroutines of a block share the messages", "[sync][coroutine]") {
  channel_coroutine_test::state s{};
  test::run_to_end<channel_coroutine_test::block_app>(s, {.blocks = 2});
  constexpr std::uint32_t n = channel_coroutine_test::count;
  s.checks.require_none(4);
  CHECK(s.sum.value() == 2 * (n * (n - 1) / 2));
  CHECK(s.refused.value() == 2);
}

TEST_CASE("channel: coroutines of two blocks hand over tokens", "[sync][coroutine]") {
  channel_coroutine_test::state s{};
  test::run_to_end<channel_coroutine_test::grid_app>(s, {.blocks = 4});
  s.checks.require_none(200);
  CHECK(s.sum.value() == 2 * 5050);
}
