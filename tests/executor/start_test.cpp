// SPDX-License-Identifier: Apache-2.0
/// \file
/// A `start` that takes a lane is called once by each lane of one worker, in each block.
#include <support/checks.hpp>
#include <support/steps.hpp>

namespace start_test {

constexpr std::uint32_t tasks  = 100;
constexpr std::uint32_t blocks = 3;

struct board {
  test::counter here;
};

struct state {
  test::checks checks;
  test::counter calls[blocks];
  test::counter ran[blocks][tasks];
};

COWARP_TASK_FRAME(counting, tasks) {
  board& b;
  state& s;
  std::uint32_t number;
  COWARP_BODY_BEGIN
  b.here.add();
  s.ran[cowarp::platform::this_block()->block][number].add();
  COWARP_BODY_END
};

/// One task in a word, so lanes that start them come for different words.
COWARP_TASK_FRAME(spread, 7) {
  static constexpr std::uint32_t tasks_per_word = 1;
  board& b;
  COWARP_BODY_BEGIN
  b.here.add();
  COWARP_BODY_END
};

/// Waits for all others of its block.
COWARP_TASK_FRAME(closing, 1) {
  board& b;
  state& s;
  COWARP_BODY_BEGIN
  while (b.here.value() < tasks + 7) COWARP_AWAIT(cowarp::yield_now());
  s.checks.equal(b.here.value(), tasks + 7);
  COWARP_BODY_END
};

// [start]
struct app : cowarp::program<counting, spread, closing> {
  using block_state = board;
  using grid_state  = state;
  COWARP_FN static void start(cowarp::spawner<app> s, cowarp::lane l, board& b, state& g) {
    for (std::uint32_t i = l.index; i < tasks; i += l.width()) s.must_spawn<counting>(b, g, i);
    // [/start]
    for (std::uint32_t i = l.index; i < 7; i += l.width()) s.must_spawn<spread>(b);
    if (l.is_leader()) s.must_spawn<closing>(b, g);
    g.calls[s.block()].add();
  }
};

/// The same without states.
COWARP_TASK_FRAME(alone, 32){COWARP_BODY_BEGIN COWARP_BODY_END};

struct bare_app : cowarp::program<alone> {
  COWARP_FN static void start(cowarp::spawner<bare_app> s, cowarp::lane) { s.must_spawn<alone>(); }
};

/// More than there is room for, whoever comes too late.
struct crowded_app : cowarp::program<spread> {
  using block_state = board;
  using grid_state  = state;
  COWARP_FN static void start(cowarp::spawner<crowded_app> s, cowarp::lane l, board& b, state& g) {
    for (std::uint32_t i = l.index; i < 10; i += l.width()) {
      if (s.spawn<spread>(b) == cowarp::spawn_result::busy) g.calls[0].add();
    }
  }
};

}  // namespace start_test

TEST_CASE("start: lanes start a program together", "[executor][start]") {
  start_test::state s{};
  const auto report = test::run_to_end<start_test::app>(s, {.blocks = start_test::blocks});
  s.checks.require_none(start_test::blocks);
  CHECK(report.total.spawned == start_test::blocks * (start_test::tasks + 8));
  for (std::uint32_t block = 0; block < start_test::blocks; ++block) {
    CHECK(s.calls[block].value() == cowarp::platform::width_room);
    std::uint32_t wrong = 0;
    for (const auto& ran : s.ran[block]) wrong += ran.value() != 1;
    CHECK(wrong == 0);
  }
}

TEST_CASE("start: a lane without states will do", "[executor][start]") {
  const auto report = cowarp::run<start_test::bare_app>({.blocks = 1});
  CHECK(report.end == cowarp::end_reason::all_done);
  CHECK(report.total.completed == cowarp::platform::width_room);
}

TEST_CASE("start: lanes that come too late find the pool busy", "[executor][start]") {
  start_test::state s{};
  const auto report = test::run_to_end<start_test::crowded_app>(s, {.blocks = 1});
  CHECK(report.total.completed == 7);
  CHECK(s.calls[0].value() == 3);
}
