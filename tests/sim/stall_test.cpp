// SPDX-License-Identifier: Apache-2.0
#include "explore.hpp"

using namespace std::chrono_literals;
using cowarp::scope;
namespace platform = cowarp::platform;

namespace {

using count = platform::atomic_word<scope::device>;

void note(count& what) { what.fetch_add(1, platform::relaxed); }  // relaxed: read after the run.
std::uint32_t read(const count& what) { return what.load(platform::relaxed); }  // relaxed: ended.

/// A poll that takes long: everybody else falls quiet meanwhile.
void dawdle(count& what, std::uint32_t steps) {
  for (std::uint32_t i = 0; i < steps; ++i) note(what);
}

constexpr std::uint32_t pairs  = 2;
constexpr std::uint32_t rounds = 3;

struct state {
  cowarp::signal<std::uint32_t> there[pairs];
  cowarp::signal<std::uint32_t> back[pairs];
  cowarp::signal<std::uint32_t> never_sent;
  count ended;
  count dawdled;
};

COWARP_TASK_FRAME(asking, pairs) {
  state& s;
  std::uint32_t pair;
  std::uint32_t i = 0;
  COWARP_BODY_BEGIN
  for (; i < rounds; ++i) {
    dawdle(s.dawdled, 40 * (pair + i));
    s.there[pair].send(i);
    dawdle(s.dawdled, 20 * i);
    COWARP_AWAIT(s.back[pair].wait());
  }
  note(s.ended);
  COWARP_BODY_END
};

COWARP_TASK_FRAME(answering, pairs) {
  state& s;
  std::uint32_t pair;
  std::uint32_t i = 0;
  COWARP_BODY_BEGIN
  for (; i < rounds; ++i) {
    COWARP_AWAIT(s.there[pair].wait());
    dawdle(s.dawdled, 50);
    s.back[pair].send(i);
  }
  note(s.ended);
  COWARP_BODY_END
};

/// Starts when the others are done, or sleeps first, and then waits for nobody.
COWARP_TASK_FRAME(forgotten, 2) {
  state& s;
  std::uint32_t naps;
  COWARP_BODY_BEGIN
  for (; naps != 0; --naps) COWARP_AWAIT(cowarp::sleep_for(20us));
  note(s.ended);
  COWARP_AWAIT(s.never_sent.wait());
  COWARP_BODY_END
};

void start_pairs(auto s, state& all) {
  for (std::uint32_t i = 0; i < pairs; ++i) {
    if (s.block() == 0) s.template must_spawn<asking>(all, i);
    if (s.block() == s.blocks() - 1) s.template must_spawn<answering>(all, i);
  }
}

struct talking : cowarp::program<asking, answering> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<talking> s, cowarp::no_state&, state& all) {
    start_pairs(s, all);
  }
};

struct falling_silent : cowarp::program<asking, answering, forgotten> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<falling_silent> s, cowarp::no_state&, state& all) {
    start_pairs(s, all);
    s.must_spawn<forgotten>(all, s.block() % 2);
  }
};

// ---- tasks that other blocks start ---------------------------------------------------------------

struct spreading;

/// The pool has one slot, so a second spawn waits in the inbox until the first task is done.
COWARP_TASK_FRAME(spread, 1) {
  state& s;
  std::uint32_t left;
  COWARP_BODY_BEGIN
  dawdle(s.dawdled, 60);
  pass_on();
  dawdle(s.dawdled, 30);
  note(s.ended);
  COWARP_BODY_END
  void pass_on();
};

struct spreading : cowarp::program<spread> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<spreading> s, cowarp::no_state&, state& all) {
    if (s.block() == 0) s.must_spawn<spread>(all, 4u);
  }
};

void spread::pass_on() {
  const cowarp::spawner<spreading> spawner;
  if (left != 0) {
    const auto block = (spawner.block() + 1) % spawner.blocks();
    static_cast<void>(spawner.spawn_on<spread>(block, s, left - 1));
  }
}

}  // namespace

TEST_CASE("stall: a wake on its way is never one", "[sim][executor][stall]") {
  sim_test::explore<talking>(
      600, {.stall_after = 1ns}, [] { return state{}; },
      [](const cowarp::report& report, const state& s, sim_test::verdict& found) {
        sim_test::all_done(report, found);
        found.equal(read(s.ended), pairs * 2, "ended tasks");
      });
}

TEST_CASE("stall: found once the last wake is delivered", "[sim][executor][stall]") {
  sim_test::explore<falling_silent>(
      300, {.stall_after = 1ns}, [] { return state{}; },
      [](const cowarp::report& report, const state& s, sim_test::verdict& found) {
        found.that(report.end == cowarp::end_reason::stalled, "the run ends as stalled");
        found.equal(read(s.ended), pairs * 2 + report.blocks, "tasks that did what they could");
        found.equal(report.total.pending, report.blocks, "tasks that wait");
        found.equal(report.waiting.size(), 1u, "kinds of tasks that wait");
        found.equal(report.waiting.at(0).count, report.blocks, "tasks of that kind");
      });
}

TEST_CASE("stall: a spawn on its way is never one", "[sim][executor][stall]") {
  sim_test::explore<spreading>(
      300, {.stall_after = 1ns}, [] { return state{}; },
      [](const cowarp::report& report, const state& s, sim_test::verdict& found) {
        sim_test::all_done(report, found);
        if (report.blocks > 1) found.equal(read(s.ended), 5u, "tasks started and ended");
      });
}
