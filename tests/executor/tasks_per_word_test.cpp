// SPDX-License-Identifier: Apache-2.0
/// \file
/// A type with few tasks to a word has them polled by as many workers, each with a frame of its own.
#include <support/checks.hpp>
#include <support/steps.hpp>

namespace tasks_per_word_test {

constexpr std::uint32_t workers = 4;
constexpr std::uint32_t blocks  = 2;

struct state {
  test::checks checks;
  test::counter alive[blocks];
  test::counter at[blocks][workers];  // tasks that a worker polled first
  test::counter waited;
};

/// Waits for all others of its block, so that they live at once.
// [spread]
COWARP_JOINABLE_TASK_FRAME(lone, std::uint32_t, workers) {
  static constexpr std::uint32_t tasks_per_word = 1;
  state& s;
  std::uint32_t number;
  std::uint32_t block = 0;
  // [/spread]
  COWARP_BODY_BEGIN
  block = cowarp::platform::this_block()->block;
  s.at[block][cowarp::platform::worker_of_lane()].add();
  s.alive[block].add();
  while (s.alive[block].value() < workers) COWARP_AWAIT(cowarp::yield_now());
  COWARP_RETURN(number * number);
  COWARP_BODY_END
};

/// The same where two tasks share a word and the pool does not fill the last.
COWARP_TASK_FRAME(pair, 5) {
  static constexpr std::uint32_t tasks_per_word = 2;
  state& s;
  std::uint32_t number;
  std::uint32_t kept = number;
  COWARP_BODY_BEGIN
  COWARP_AWAIT(cowarp::yield_now());
  s.checks.equal(kept, number);  // nobody else wrote here
  COWARP_BODY_END
};

struct app;
COWARP_TASK_FRAME(asking, 1, 96) {
  state& s;
  cowarp::task_handle<std::uint32_t> of[workers]{};
  std::uint32_t i = 0;
  cowarp::optional<std::uint32_t> got{};
  COWARP_BODY_BEGIN
  begin();
  for (i = 0; i < workers; ++i) {
    COWARP_AWAIT_INTO(got, of[i].join());
    s.checks.that(got == i * i);
  }
  COWARP_BODY_END
  COWARP_FN void begin();
};

struct app : cowarp::program<pair, lone, asking> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<app> s) {
    state& g = s.grid_state();
    for (std::uint32_t i = 0; i < 5; ++i)
      g.checks.that(s.spawn<pair>(g, i) == cowarp::spawn_result::ok);
    g.checks.that(s.spawn<pair>(g, 5u) == cowarp::spawn_result::busy);
    (void)s.spawn<asking>(g);
  }
};

COWARP_FN void asking::begin() {
  const cowarp::spawner<app> spawner;
  for (i = 0; i < workers; ++i) spawner.must_spawn_with<lone>(of[i], s, i);
}

}  // namespace tasks_per_word_test

TEST_CASE("tasks_per_word: few tasks are spread over the workers", "[executor][tasks_per_word]") {
  using tasks_per_word_test::blocks, tasks_per_word_test::workers;
  tasks_per_word_test::state s{};
  const auto report =
      test::run_to_end<tasks_per_word_test::app>(s, {.blocks = blocks, .workers = workers});
  s.checks.require_none(blocks * (5 + 5 + 1 + workers));
  CHECK(report.total.completed == blocks * (5 + workers + 1));
  for (auto& of_block : s.at) {
    std::uint32_t all = 0;
    for (auto& worker : of_block) {
      if (report.workers == workers) CHECK(worker.value() == 1);
      all += worker.value();
    }
    CHECK(all == workers);
  }
}
