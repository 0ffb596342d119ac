// SPDX-License-Identifier: Apache-2.0
/// \file
/// The host asks for a stop at any moment of a launch: before its first instruction, while blocks start,
/// in the middle, and while they end.
#include "explore.hpp"

using namespace std::chrono_literals;
using cowarp::scope;
namespace platform = cowarp::platform;

namespace {

using count = platform::atomic_word<scope::device>;

void note(count& what) { what.fetch_add(1, platform::relaxed); }  // relaxed: read after the run.
std::uint32_t read(const count& what) { return what.load(platform::relaxed); }  // relaxed: ended.

constexpr std::uint32_t messages = 8;

struct state {
  cowarp::channel<std::uint32_t, 2> messages;
  cowarp::latch<1> all_received;
  count started;   // spawns that were not refused, of the block's own
  count began;     // first polls
  count ended;     // last ones
  count sent;      // messages whose send has ended
  count received;  // ... whose receive has
};

COWARP_TASK_FRAME(send, 1) {
  state& s;
  std::uint32_t i     = 0;
  std::uint32_t turns = 0;
  COWARP_BODY_BEGIN
  note(s.began);
  for (; i < messages; ++i) {
    COWARP_AWAIT(s.messages.send(i));
    note(s.sent);
    COWARP_AWAIT(cowarp::sleep_for(3us));
    for (turns = 0; turns < 8; ++turns) COWARP_AWAIT(cowarp::yield_now());
  }
  note(s.ended);
  COWARP_BODY_END
};

COWARP_TASK_FRAME(receive, 1) {
  state& s;
  std::uint32_t blocks;
  std::uint32_t i = 0;
  cowarp::polled<std::uint32_t> got{};
  COWARP_BODY_BEGIN
  note(s.began);
  for (; i < messages * blocks; ++i) {
    COWARP_AWAIT_INTO(got, s.messages.receive());
    note(s.received);
  }
  s.all_received.count_down();
  note(s.ended);
  COWARP_BODY_END
};

struct app;

/// Is put there by the block before, and waits for the end.
COWARP_TASK_FRAME(guest, 2) {
  state& s;
  COWARP_BODY_BEGIN
  note(s.began);
  COWARP_AWAIT(cowarp::yield_now());
  COWARP_AWAIT(s.all_received.wait());
  note(s.ended);
  COWARP_BODY_END
};

COWARP_TASK_FRAME(invite, 1) {
  state& s;
  COWARP_BODY_BEGIN
  note(s.began);
  invite_guest();
  note(s.ended);
  COWARP_BODY_END
  void invite_guest() const;
};

struct app : cowarp::program<send, receive, guest, invite> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<app> s, cowarp::no_state&, state& all) {
    const auto must = [&](cowarp::spawn_result said) {
      if (said == cowarp::spawn_result::ok) note(all.started);
    };
    must(s.spawn<send>(all));
    if (s.block() == 0) must(s.spawn<receive>(all, s.blocks()));
    must(s.spawn<invite>(all));
  }
};

void invite::invite_guest() const {
  const cowarp::spawner<app> spawner;
  const auto next = (spawner.block() + 1) % spawner.blocks();
  static_cast<void>(spawner.spawn_on<guest>(next, s));
}

/// What is true whenever the run ends.
void require_accounts(const cowarp::report& report, const state& s, sim_test::verdict& found) {
  found.equal(read(s.ended), report.total.completed, "tasks that ended and that were counted");
  found.that(read(s.began) <= report.total.completed + report.total.pending,
             "a task that began is done or pending");
  found.that(read(s.started) <= report.total.completed + report.total.pending,
             "a task that was started is done or pending");
  found.that(read(s.received) <= read(s.sent) + report.blocks,
             "nothing is received that nobody sends");
}

/// Ends one launch after so much simulated time, in one of two ways.
cowarp::report end_after(std::chrono::nanoseconds when, std::uint64_t seed, state& s) {
  const auto launch = sim_test::launch_of(seed, {});
  if (seed % 2 == 0) return cowarp::run_for<app>(when, launch, s);
  auto running = cowarp::run_async<app>(launch, s);
  if (!running.wait_for(when)) running.request_stop();
  return running.wait();
}

std::uint32_t were_stopped = 0;  // launches that did not come to their own end

/// \returns the law that was broken, or nothing.
std::string broken_law(std::uint64_t seed, std::uint32_t moment, std::uint32_t moments) {
  sim_test::verdict found;
  const auto schedule = sim_test::schedule_of(seed);
  try {
    state undisturbed{};
    cowarp::sim::use(schedule);
    const auto whole = cowarp::run<app>(sim_test::launch_of(seed, {}), undisturbed);
    sim_test::all_done(whole, found);
    require_accounts(whole, undisturbed, found);

    // The last moment is a little behind the end.
    const auto when = std::chrono::nanoseconds(
        static_cast<std::int64_t>(whole.seconds * 1e9 * moment / (moments - 2)));
    state s{};
    cowarp::sim::use(schedule);
    const auto report = end_after(when, seed, s);
    const auto asked  = seed % 2 == 0 ? cowarp::end_reason::timed_out : cowarp::end_reason::stopped;
    found.that(report.end == asked || report.end == cowarp::end_reason::all_done,
               "the run ends by the stop or by itself");
    if (report.end == asked) ++were_stopped;
    found.that(moment + 1 != moments || report.end == cowarp::end_reason::all_done,
               "a stop after the end changes nothing");
    if (report.end == cowarp::end_reason::all_done) sim_test::all_done(report, found);
    require_accounts(report, s, found);
  } catch (const cowarp::sim::run_failed& failed) {
    found.that(false, failed.what());
  }
  return found.broken();
}

}  // namespace

TEST_CASE("stop: at every moment it ends the run and loses nobody", "[sim][executor][stop]") {
  constexpr std::uint32_t moments = 20;
  const auto seeds                = 30 * sim_test::from_environment("COWARP_SIM_SEEDS", 1);
  const auto only                 = sim_test::from_environment("COWARP_SIM_SEED", 0);
  for (std::uint64_t seed = only != 0 ? only : 1; seed <= (only != 0 ? only : seeds); ++seed) {
    for (std::uint32_t moment = 0; moment < moments; ++moment) {
      const std::string law = broken_law(seed, moment, moments);
      if (law.empty()) continue;
      FAIL(law << "\nat moment " << moment << " with "
               << cowarp::sim::to_string(sim_test::schedule_of(seed))
               << "; again: COWARP_SIM_SEED=" << seed);
    }
  }
  // Else the moments were all too late.
  CAPTURE(were_stopped);
  CHECK(only + were_stopped > seeds * moments / 3);
}
