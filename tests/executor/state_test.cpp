// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a run counts, and the states that its tasks share.
#include <support/checks.hpp>
#include <support/steps.hpp>

#include <string>

namespace state_test {

struct board {
  test::counter sum;
  std::uint32_t bytes[100];
};

struct totals {
  test::checks checks;
  test::counter sum;
  std::uint32_t given[4];
  test::counter board_sums[4];
};

/// Adds to the block's sum in `turns` polls; the last of its block hands the sum on.
COWARP_TASK_FRAME(adding, 40) {
  board& b;
  totals& t;
  std::uint32_t turns;
  std::uint32_t i = 0;
  COWARP_BODY_BEGIN
  for (; i < turns; ++i) {
    b.sum.add();
    COWARP_AWAIT(cowarp::yield_now());
  }
  t.sum.add();
  COWARP_BODY_END
};

struct summing_app;

/// Waits until all of its block have added, then publishes the block's sum.
COWARP_TASK_FRAME(closing, 1) {
  board& b;
  totals& t;
  std::uint32_t wanted;
  COWARP_BODY_BEGIN
  while (b.sum.value() < wanted) COWARP_AWAIT(cowarp::yield_now());
  t.board_sums[cowarp::spawner<summing_app>().block()].set(b.sum.value());
  COWARP_BODY_END
};

COWARP_FN inline bool is_zero(const board& b) {
  std::uint32_t all = b.sum.value();
  for (const std::uint32_t byte : b.bytes) all |= byte;
  return all == 0;
}

struct summing_app : cowarp::program<adding, closing> {
  using block_state = board;
  using grid_state  = totals;
  COWARP_FN static void start(cowarp::spawner<summing_app> s, board& b, totals& t) {
    t.checks.that(is_zero(b));
    b.bytes[0] = 1;  // were it another block's too, that block would see it
    t.checks.equal(t.given[s.block() % 4], 11 * (s.block() % 4) + 1);
    const std::uint32_t tasks = 10 * (s.block() + 1);
    for (std::uint32_t i = 0; i < tasks; ++i) (void)s.spawn<adding>(b, t, 5u);
    (void)s.spawn<closing>(b, t, 5 * tasks);
  }
};

/// The same with frames in shared memory.
struct shared_app : cowarp::program<adding, closing> {
  using block_state            = board;
  using grid_state             = totals;
  static constexpr auto frames = cowarp::memory::shared;
  COWARP_FN static void start(cowarp::spawner<shared_app> s, board& b, totals& t) {
    t.checks.that(is_zero(b));
    for (std::uint32_t i = 0; i < 40; ++i) (void)s.spawn<adding>(b, t, 5u);
    (void)s.spawn<closing>(b, t, 200u);
  }
};

// ---- a program whose counts are known exactly ----------------------------------------------------

struct counts {
  test::gate gate;
};

COWARP_TASK_FRAME(gated, 1) {
  counts& c;
  COWARP_BODY_BEGIN
  COWARP_AWAIT(c.gate.pass());
  COWARP_BODY_END
};

COWARP_TASK_FRAME(opening, 1) {
  counts& c;
  COWARP_BODY_BEGIN
  while (!c.gate.is_waiting()) COWARP_AWAIT(cowarp::yield_now());
  c.gate.open();
  COWARP_BODY_END
};

COWARP_TASK_FRAME(brief, 4){COWARP_BODY_BEGIN COWARP_BODY_END};

/// Block 0: one gated task and three brief ones; block 1 opens the gate.
struct counted_app : cowarp::program<gated, opening, brief> {
  using grid_state = counts;
  COWARP_FN static void start(cowarp::spawner<counted_app> s) {
    if (s.block() == 0) {
      (void)s.spawn<gated>(s.grid_state());
      for (int i = 0; i < 3; ++i) (void)s.spawn<brief>();
    } else {
      (void)s.spawn<opening>(s.grid_state());
    }
  }
};

}  // namespace state_test

TEST_CASE("state: blocks have a zeroed state of their own", "[executor][state]") {
  state_test::totals t{};
  for (std::uint32_t i = 0; i < 4; ++i) t.given[i] = 11 * i + 1;
  test::run_to_end<state_test::summing_app>(t, {.blocks = 4});
  t.checks.require_none(8);
  CHECK(t.sum.value() == 10 + 20 + 30 + 40);
  for (std::uint32_t i = 0; i < 4; ++i) {
    CHECK(t.board_sums[i].value() == 50 * (i + 1));
    CHECK(t.given[i] == 11 * i + 1);
  }
}

TEST_CASE("state: frames in shared memory give the same", "[executor][state]") {
  state_test::totals t{};
  test::run_to_end<state_test::shared_app>(t, {.blocks = 2});
  t.checks.require_none(2);
  CHECK(t.sum.value() == 80);
}

TEST_CASE("report: counts are exact", "[executor][report]") {
  state_test::counts c{};
  const auto report = test::run_to_end<state_test::counted_app>(c, {.blocks = 2});
  const auto& first = report.per_block[0];
  CHECK(first.spawned == 4);
  CHECK(first.completed == 4);
  CHECK(first.polls == 5);
  CHECK(first.wakes == 1);
  CHECK(first.self_wakes == 0);
  CHECK(first.remote_wakes == 1);
  const auto& second = report.per_block[1];
  CHECK(second.spawned == 1);
  CHECK(second.polls == second.self_wakes + 1);
  CHECK(report.total.spawned == 5);
  CHECK(report.total.polls == first.polls + second.polls);
  CHECK(report.total.pending == 0);
}

TEST_CASE("report: it names the tasks and their memory", "[executor][report]") {
  state_test::counts c{};
  const auto report = test::run_to_end<state_test::counted_app>(c, {.blocks = 2});
  REQUIRE(report.tasks.size() == 3);
  CHECK(report.tasks[2].name.find("brief") != std::string_view::npos);
  CHECK(report.tasks[2].pool_size == 4);
  CHECK(report.tasks[2].pool_bytes >= 4 * report.tasks[2].frame_bytes);
  CHECK(report.blocks == 2);
  CHECK(report.per_block.size() == 2);
  CHECK(report.arena_bytes > 0);
  CHECK(to_string(report).find("all tasks done") != std::string::npos);
}
