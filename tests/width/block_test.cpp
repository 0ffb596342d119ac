// SPDX-License-Identifier: Apache-2.0
/// \file
/// A task has all threads of its block run a function: once each, one request after the other.
#include <support/checks.hpp>
#include <support/steps.hpp>

#include <string>

namespace block_test {

constexpr std::uint32_t tasks  = 40;
constexpr std::uint32_t rounds = 10;
constexpr std::uint32_t most   = 128;  // threads: four workers

struct state {
  test::checks checks;
  test::counter ran[most];
  test::counter width;
  test::counter inside;  // threads that run a request now
  test::counter done;
};

/// Every thread of one request is in before any is out: a barrier of the block says so.
struct meeting {
  state& s;
  const std::uint32_t* round;
  std::uint32_t expected;
  COWARP_FN std::uint32_t operator()(cowarp::block_lane l) const {
    s.checks.equal(*round, expected);
    s.ran[l.index].add();
    s.inside.add();
    if (l.is_leader()) s.width.set(cowarp::block_lane::width());
    meet();
    s.checks.equal(s.inside.value(), cowarp::block_lane::width());
    meet();
    s.inside.add(~0u);
    return l.index + 7;
  }
  /// In simulation one thread of many runs it, so there is nobody to wait for.
  static COWARP_FN void meet() {
    if (cowarp::block_lane::width() > 1) cowarp::platform::sync_block();
  }
};
struct doubling {
  std::uint32_t* numbers;
  COWARP_FN void operator()(std::uint32_t i) const { numbers[i] *= 2; }
};
struct lone {
  test::counter& calls;
  COWARP_FN void operator()(cowarp::lane) const { calls.add(); }
};

COWARP_TASK_FRAME(asking, tasks) {
  state& s;
  std::uint32_t round  = 0;
  std::uint32_t answer = 0;
  std::uint32_t numbers[50]{};
  COWARP_BODY_BEGIN
  for (; round < rounds; ++round) {
    COWARP_AWAIT_INTO(answer, cowarp::block(meeting{s, &round, round}));
    s.checks.equal(answer, 7u);
    for (std::uint32_t i = 0; i < 50; ++i) numbers[i] = i;
    COWARP_AWAIT(cowarp::block_for(50, doubling{numbers}));
    for (std::uint32_t i = 0; i < 50; ++i) s.checks.equal(numbers[i], 2 * i);
  }
  s.done.add();
  COWARP_BODY_END
};

/// Width of its own worker, and turns without any, beside the others' meetings.
COWARP_TASK_FRAME(beside, 64) {
  state& s;
  test::counter& calls;
  std::uint32_t round = 0;
  COWARP_BODY_BEGIN
  for (; round < rounds; ++round) {
    COWARP_AWAIT(cowarp::lanes(lone{calls}));
    COWARP_AWAIT(cowarp::yield_now());
  }
  s.done.add();
  COWARP_BODY_END
};

template <cowarp::memory Frames>
struct app : cowarp::program<asking, beside> {
  using grid_state                           = state;
  static constexpr bool uses_width           = true;
  static constexpr bool uses_block           = true;
  static constexpr auto frames               = Frames;
  static constexpr std::uint32_t max_workers = 4;
  COWARP_FN static void start(cowarp::spawner<app> s) {
    state& g = s.grid_state();
    for (std::uint32_t i = 0; i < tasks; ++i) (void)s.template spawn<asking>(g);
    for (std::uint32_t i = 0; i < 64; ++i) (void)s.template spawn<beside>(g, g.done);
  }
};

// ---- ends ----------------------------------------------------------------------------------------

/// Asks without end, while another task ends the program.
COWARP_TASK_FRAME(endless, 96) {
  state& s;
  std::uint32_t numbers[50]{};
  COWARP_BODY_BEGIN
  for (;;) COWARP_AWAIT(cowarp::block_for(50, doubling{numbers}));
  COWARP_BODY_END
};
struct stop_app;
COWARP_TASK_FRAME(stopping, 1) {
  state& s;
  std::uint32_t round = 0;
  COWARP_BODY_BEGIN
  for (; round < 20; ++round) COWARP_AWAIT(cowarp::yield_now());
  s.done.add();
  cowarp::spawner<stop_app>().stop();
  COWARP_BODY_END
};
struct stop_app : cowarp::program<endless, stopping> {
  using grid_state                           = state;
  static constexpr bool uses_block           = true;
  static constexpr std::uint32_t max_workers = 4;
  COWARP_FN static void start(cowarp::spawner<stop_app> s) {
    for (std::uint32_t i = 0; i < 96; ++i) (void)s.spawn<endless>(s.grid_state());
    (void)s.spawn<stopping>(s.grid_state());
  }
};

struct counting {
  test::counter& calls;
  COWARP_FN void operator()(cowarp::block_lane) const { calls.add(); }
};
COWARP_TASK_FRAME(forgetful, 1) {
  state& s;
  COWARP_BODY_BEGIN
  COWARP_AWAIT(cowarp::block(counting{s.ran[0]}));
  s.done.add();
  COWARP_BODY_END
};
struct forgetful_app : cowarp::program<forgetful> {
  using grid_state                 = state;
  static constexpr bool uses_width = true;
  COWARP_FN static void start(cowarp::spawner<forgetful_app> s) {
    (void)s.spawn<forgetful>(s.grid_state());
  }
};

template <cowarp::memory Frames>
void meet(cowarp::launch_options options) {
  state s{};
  test::run_to_end<app<Frames>>(s, options);
  s.checks.require_none();
  const std::uint32_t width = s.width.value();
  for (std::uint32_t i = 0; i < most; ++i) {
    CHECK(s.ran[i].value() == (i < width ? tasks * rounds : 0));
  }
  CHECK(s.inside.value() == 0);
  CHECK(s.done.value() == tasks + 64 + 64 * rounds * (COWARP_HAS_CUDA ? 32 : 1));
}

}  // namespace block_test

TEST_CASE("block: every thread runs every request once", "[width][block]") {
  block_test::meet<cowarp::memory::global>({.blocks = 1});
  block_test::meet<cowarp::memory::shared>({.blocks = 1});
  block_test::meet<cowarp::memory::shared>({.blocks = 1, .workers = 1});
}

TEST_CASE("block: requests do not keep a program from stopping", "[width][block]") {
  block_test::state s{};
  const auto report = cowarp::run<block_test::stop_app>({.blocks = 3}, s);
  CHECK(report.end == cowarp::end_reason::stopped);
  CHECK(s.done.value() >= 1);
}

TEST_CASE("block: a program without it fails with the remedy", "[width][block]") {
  block_test::state s{};
  const auto report = cowarp::run<block_test::forgetful_app>({.blocks = 1}, s);
  CHECK(report.end == cowarp::end_reason::failed);
  CHECK(report.first_failure.message.find("uses_block = true") != std::string::npos);
  CHECK(s.ran[0].value() == 0);
}
