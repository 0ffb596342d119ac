// SPDX-License-Identifier: Apache-2.0
#include "explore.hpp"

using namespace std::chrono_literals;
using cowarp::scope;
namespace platform = cowarp::platform;

namespace {

using count = platform::atomic_word<scope::device>;

void note(count& what) { what.fetch_add(1, platform::relaxed); }  // relaxed: read after the run.
std::uint32_t read(const count& what) { return what.load(platform::relaxed); }  // relaxed: ended.

// ---- many sleepers -------------------------------------------------------------------------------

constexpr std::uint32_t sleepers = 40;  // more than one word
constexpr std::uint32_t naps     = 5;

struct dormitory {
  count early;
  count late;  // by far more than a scheduler can explain
  count ended;
};

COWARP_TASK_FRAME(sleeper, sleepers) {
  dormitory& d;
  std::uint32_t id;
  std::uint32_t i     = 0;
  std::uint64_t until = 0;
  COWARP_BODY_BEGIN
  for (; i < naps; ++i) {
    until = cowarp::clock::now_ns() + (id * 37 + i * 11) % 50 * 100;
    COWARP_AWAIT(cowarp::timer(until));
    if (cowarp::clock::now_ns() < until) note(d.early);
    if (cowarp::clock::now_ns() > until + 1'000'000) note(d.late);
  }
  note(d.ended);
  COWARP_BODY_END
};

struct sleeping : cowarp::program<sleeper> {
  using grid_state = dormitory;
  COWARP_FN static void start(cowarp::spawner<sleeping> s, cowarp::no_state&, dormitory& d) {
    for (std::uint32_t i = 0; i < sleepers; ++i) s.must_spawn<sleeper>(d, i);
  }
};

// ---- several timers of one task ------------------------------------------------------------------

struct race {
  count early;
  count wrong;
  count timeouts;
  count results;
  cowarp::signal<std::uint32_t> tick[4];
};

COWARP_TASK_FRAME(two_timers, 4, 96) {
  race& r;
  std::uint32_t id;
  std::uint32_t i     = 0;
  std::uint64_t begin = 0;
  cowarp::variant<cowarp::unit, cowarp::unit> first{};
  COWARP_BODY_BEGIN
  for (; i < 6; ++i) {
    begin = cowarp::clock::now_ns();
    COWARP_AWAIT_INTO(first, cowarp::select(cowarp::timer(begin + 300 + id * 100),
                                            cowarp::timer(begin + 700 - id * 100)));
    if (cowarp::clock::now_ns() < begin + (first.index() == 0 ? 300 + id * 100 : 700 - id * 100)) {
      note(r.early);
    }
    begin = cowarp::clock::now_ns();
    COWARP_AWAIT(cowarp::join(cowarp::timer(begin + 100 + id * 200), cowarp::timer(begin + 500)));
    if (cowarp::clock::now_ns() < begin + 500) note(r.early);
  }
  COWARP_BODY_END
};

COWARP_TASK_FRAME(ticking, 4) {
  race& r;
  std::uint32_t id;
  std::uint32_t i = 0;
  COWARP_BODY_BEGIN
  for (; i < 6; ++i) {
    COWARP_AWAIT(cowarp::sleep_for(150ns));
    r.tick[id].send(i);
  }
  COWARP_BODY_END
};

COWARP_TASK_FRAME(timed, 4, 128) {
  race& r;
  std::uint32_t id;
  cowarp::polled<std::uint32_t> got{};
  std::uint64_t deadline = 0;
  COWARP_BODY_BEGIN
  for (;;) {
    deadline = cowarp::clock::now_ns() + 100;
    COWARP_AWAIT_INTO(got, cowarp::with_timeout(100ns, r.tick[id].wait()));
    if (!got) {
      note(r.timeouts);
      if (cowarp::clock::now_ns() < deadline) note(r.wrong);
      // The next deadline may pass before the next poll; others must get their turn all the same.
      COWARP_AWAIT(cowarp::yield_now());
      continue;
    }
    note(r.results);
    if (*got == 5) COWARP_RETURN();
  }
  COWARP_BODY_END
};

struct racing : cowarp::program<two_timers, ticking, timed> {
  using grid_state = race;
  COWARP_FN static void start(cowarp::spawner<racing> s, cowarp::no_state&, race& r) {
    for (std::uint32_t i = 0; i < 4; ++i) s.must_spawn<two_timers>(r, i);
    for (std::uint32_t i = 0; i < 4; ++i) {
      if (s.block() == 0) s.must_spawn<ticking>(r, i);
      if (s.block() == s.blocks() - 1) s.must_spawn<timed>(r, i);
    }
  }
};

// ---- the manual clock ----------------------------------------------------------------------------

COWARP_TASK_FRAME(by_hand, 8) {
  dormitory& d;
  std::uint32_t id;
  std::uint32_t i     = 0;
  std::uint64_t until = 0;
  COWARP_BODY_BEGIN
  for (; i < 4; ++i) {
    until = cowarp::clock::now_ns() + 1000 + id * 500;
    COWARP_AWAIT(cowarp::timer(until));
    if (cowarp::clock::now_ns() < until) note(d.early);
  }
  note(d.ended);
  COWARP_BODY_END
};

COWARP_TASK_FRAME(hand, 1) {
  dormitory& d;
  std::uint32_t wanted;
  COWARP_BODY_BEGIN
  while (read(d.ended) < wanted) {
    cowarp::advance_clock(250ns);
    COWARP_AWAIT(cowarp::yield_now());
  }
  COWARP_BODY_END
};

struct turning : cowarp::program<by_hand, hand> {
  using grid_state = dormitory;
  COWARP_FN static void start(cowarp::spawner<turning> s, cowarp::no_state&, dormitory& d) {
    for (std::uint32_t i = 0; i < 8; ++i) s.must_spawn<by_hand>(d, i);
    if (s.block() == 0) s.must_spawn<hand>(d, 8 * s.blocks());
  }
};

}  // namespace

TEST_CASE("timer: no task wakes before its time or never", "[sim][timer]") {
  sim_test::explore<sleeping>(
      100, {}, [] { return dormitory{}; },
      [](const cowarp::report& report, const dormitory& d, sim_test::verdict& found) {
        sim_test::all_done(report, found);
        found.equal(read(d.early), 0u, "early timers");
        found.equal(read(d.late), 0u, "timers that are late by a millisecond");
        found.equal(read(d.ended), report.blocks * sleepers, "sleepers that woke");
      });
}

TEST_CASE("timer: each of several timers wakes their task", "[sim][timer]") {
  sim_test::explore<racing>(
      150, {}, [] { return race{}; },
      [](const cowarp::report& report, const race& r, sim_test::verdict& found) {
        sim_test::all_done(report, found);
        found.equal(read(r.early), 0u, "early timers");
        found.equal(read(r.wrong), 0u, "early timeouts");
        found.that(read(r.results) <= 24, "a signal is taken once");
      });
}

TEST_CASE("clock: the manual clock wakes sleepers of all blocks", "[sim][timer][clock]") {
  sim_test::explore<turning>(
      100, {.manual_clock = true}, [] { return dormitory{}; },
      [](const cowarp::report& report, const dormitory& d, sim_test::verdict& found) {
        sim_test::all_done(report, found);
        found.equal(read(d.early), 0u, "early timers");
        found.equal(read(d.ended), report.blocks * 8, "sleepers that woke");
      });
}
