// SPDX-License-Identifier: Apache-2.0
/// \file
/// Streams in coroutines: loops over items, and async functions that own one.
#include <cowarp/future/buffered.hpp>
#include <cowarp/future/chunks.hpp>
#include <cowarp/future/for_each.hpp>
#include <cowarp/future/stream_adaptors.hpp>
#include <cowarp/timer/interval.hpp>

#include <support/checks.hpp>
#include <support/steps.hpp>

#include <chrono>

namespace stream_coroutine_test {

using std::chrono::nanoseconds;

struct state {
  test::checks checks;
  test::trace<> trace;
  test::counter rounds;
  cowarp::channel<std::int32_t, 2> numbers;
  cowarp::channel<std::int32_t, 2> answers;
  test::counted_life::counts lives;
};

// [pipeline]
struct doubled {
  COWARP_FN std::int32_t operator()(std::int32_t n) const { return 2 * n; }
};

/// Adds up items until the stream ends; the task keeps the stream.
template <cowarp::stream Stream>
inline COWARP_FN cowarp::async<std::int32_t> sum_of(Stream& numbers) {
  std::int32_t sum = 0;
  while (const auto number = co_await cowarp::next(numbers)) sum += *number;
  co_return sum;
}

COWARP_TASK(collecting, 1, (state& s), 1024) {
  auto doubles     = cowarp::map(cowarp::from_channel(s.numbers), doubled{});
  const auto first = co_await cowarp::next(doubles);
  s.checks.equal(first.value_or(-1), 0);
  s.checks.equal(co_await sum_of(doubles), 90);

  auto pairs = cowarp::chunks<2>(cowarp::from_channel(s.answers));
  while (const auto pair = co_await cowarp::next(pairs)) {
    for (const std::int32_t n : *pair) s.trace.add(n);
  }
}
// [/pipeline]

struct answering {
  state& s;
  COWARP_FN auto operator()(std::int32_t n) const { return s.answers.send(n); }
};
struct below_five {
  std::int32_t& n;
  COWARP_FN cowarp::optional<std::int32_t> operator()() const {
    return n < 5 ? cowarp::optional<std::int32_t>(n++) : cowarp::nullopt;
  }
};

COWARP_TASK(feeding, 1, (state& s), 1024) {
  for (std::int32_t i = 0; i < 10; ++i) (void)co_await s.numbers.send(+i);
  s.numbers.close();
  std::int32_t n = 0;
  co_await cowarp::for_each(cowarp::from_fn(below_five{n}), answering{s});
  s.answers.close();
}

struct app : cowarp::program<collecting, feeding> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<app> s) {
    (void)s.spawn<collecting>(s.grid_state());
    (void)s.spawn<feeding>(s.grid_state());
  }
};

// ---- ticks ---------------------------------------------------------------------------------------

// [interval]
/// Waits for a message, and looks at the time whenever it has waited for another 100 ns.
COWARP_TASK(reporting, 1, (state& s), 1024) {
  auto each = cowarp::every(nanoseconds(100), cowarp::missed_ticks::skip);
  for (;;) {
    s.rounds.add();
    const auto won = co_await cowarp::select_biased(s.numbers.receive(), each.tick());
    if (won.index() == 0) break;
    s.trace.add(static_cast<std::int32_t>(cowarp::get_if<1>(&won)->time_since_epoch().count()));
  }
}
// [/interval]

COWARP_TASK(passing_time, 1, (state& s), 512) {
  for (std::uint32_t i = 1; i <= 3; ++i) {
    while (s.rounds.value() < i) co_await cowarp::yield_now();
    cowarp::advance_clock(nanoseconds(100));
  }
  while (s.rounds.value() < 4) co_await cowarp::yield_now();
  s.numbers.close();
}

struct interval_app : cowarp::program<reporting, passing_time> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<interval_app> s) {
    (void)s.spawn<reporting>(s.grid_state());
    (void)s.spawn<passing_time>(s.grid_state());
  }
};

// ---- dropped -------------------------------------------------------------------------------------

struct living {
  using output = cowarp::unit;
  test::counted_life life;
  COWARP_FN cowarp::polled<cowarp::unit> poll(cowarp::context&) const { return cowarp::pending; }
};
struct bearing {
  state& s;
  COWARP_FN living operator()(std::int32_t) const { return {test::counted_life(s.lives)}; }
};

inline COWARP_FN cowarp::async<std::int32_t> serve(state& s) {
  co_await cowarp::for_each_concurrent<3>(cowarp::from_channel(s.numbers), bearing{s});
  co_return 1;
}

COWARP_TASK(giving_up, 1, (state& s), 2048) {
  for (std::int32_t i = 0; i < 2; ++i) (void)s.numbers.try_send(+i);
  const auto served = co_await cowarp::select_biased(serve(s), cowarp::yield_now());
  s.checks.equal(served.index(), 1u);
  s.checks.equal(s.lives.built.value(), s.lives.destroyed.value());
  s.checks.that(s.lives.built.value() > 0);
}

struct drop_app : cowarp::program<giving_up> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<drop_app> s) {
    (void)s.spawn<giving_up>(s.grid_state());
  }
};

}  // namespace stream_coroutine_test

TEST_CASE("stream: a coroutine loops over its items", "[future][stream][coroutine]") {
  stream_coroutine_test::state s{};
  test::run_to_end<stream_coroutine_test::app>(s);
  s.checks.require_none(2);
  CHECK(s.trace.entries() == std::vector<std::int32_t>{0, 1, 2, 3, 4});
}

TEST_CASE("interval: a coroutine selects between ticks and messages",
          "[timer][interval][coroutine]") {
  stream_coroutine_test::state s{};
  test::run_to_end<stream_coroutine_test::interval_app>(s, {.blocks = 1, .manual_clock = true});
  CHECK(s.trace.entries() == std::vector<std::int32_t>{100, 200, 300});
}

TEST_CASE("for_each_concurrent: dropped in a coroutine it leaves nothing",
          "[future][stream][coroutine]") {
  stream_coroutine_test::state s{};
  test::run_to_end<stream_coroutine_test::drop_app>(s);
  s.checks.require_none(3);
}
