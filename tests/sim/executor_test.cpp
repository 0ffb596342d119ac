// SPDX-License-Identifier: Apache-2.0
#include "explore.hpp"

using namespace std::chrono_literals;
using cowarp::scope;
namespace platform = cowarp::platform;

namespace {

using count = platform::atomic_word<scope::device>;

void note(count& what) { what.fetch_add(1, platform::relaxed); }  // relaxed: read after the run.
std::uint32_t read(const count& what) { return what.load(platform::relaxed); }  // relaxed: ended.

// ---- a task that is woken while it is polled -----------------------------------------------------

constexpr std::uint32_t listeners = 6;
constexpr std::uint32_t bells     = 6;
constexpr std::uint32_t rings     = 8;  // of each bell

struct tower {
  platform::spin_lock<scope::device> lock;
  cowarp::waker listening[listeners];
  std::uint32_t rung;
  count heard;
};

/// Ready once all rings were counted; keeps a waker first and looks then.
class all_rings {
 public:
  using output = cowarp::unit;
  all_rings(tower& t, std::uint32_t id) : t_(t), id_(id) {}
  cowarp::polled<cowarp::unit> poll(cowarp::context& cx) {
    bool is_all = false;
    t_.lock.with([&] {
      t_.listening[id_] = cx.waker();
      is_all            = t_.rung == bells * rings * 2;
    });
    if (!is_all) return cowarp::pending;
    return cowarp::unit{};
  }

 private:
  tower& t_;
  std::uint32_t id_;
};

COWARP_TASK_FRAME(listener, listeners) {
  tower& t;
  std::uint32_t id;
  COWARP_BODY_BEGIN
  COWARP_AWAIT(all_rings(t, id));
  note(t.heard);
  COWARP_BODY_END
};

COWARP_TASK_FRAME(bell, bells) {
  tower& t;
  std::uint32_t i = 0;
  COWARP_BODY_BEGIN
  for (; i < rings; ++i) {
    ring();
    COWARP_AWAIT(cowarp::yield_now());
  }
  COWARP_BODY_END
  void ring() {
    cowarp::waker woken[listeners];
    t.lock.with([&] {
      ++t.rung;
      for (std::uint32_t id = 0; id < listeners; ++id) woken[id] = t.listening[id];
    });
    for (const cowarp::waker& w : woken) w.wake();
  }
};

struct ringing : cowarp::program<listener, bell> {
  using grid_state = tower;
  COWARP_FN static void start(cowarp::spawner<ringing> s, cowarp::no_state&, tower& t) {
    for (std::uint32_t i = 0; i < listeners; ++i) {
      if (s.block() == 0) s.must_spawn<listener>(t, i);
    }
    for (std::uint32_t i = 0; i < bells; ++i) s.must_spawn<bell>(t);
  }
};

// ---- a wake hands over what was written before it ------------------------------------------------

constexpr std::uint32_t handovers = 4;

struct desk {
  cowarp::waker reader;
  count is_reader_there;
  std::uint32_t written;  // ordered by nothing but the wake
};
struct office {
  desk desks[handovers];
  count wrong;
  count read_desks;
};

/// Ready at the first poll after the wake; nobody else wakes its task.
class awaited_wake {
 public:
  using output = cowarp::unit;
  explicit awaited_wake(desk& d) : d_(d) {}
  cowarp::polled<cowarp::unit> poll(cowarp::context& cx) {
    if (is_waiting_) return cowarp::unit{};
    is_waiting_ = true;
    d_.reader   = cx.waker();
    d_.is_reader_there.store(1, platform::release);  // release: publishes the waker.
    return cowarp::pending;
  }

 private:
  desk& d_;
  bool is_waiting_ = false;
};

COWARP_TASK_FRAME(reader, handovers) {
  office& o;
  std::uint32_t i;
  COWARP_BODY_BEGIN
  COWARP_AWAIT(awaited_wake(o.desks[i]));
  if (o.desks[i].written != 42 + i) note(o.wrong);
  note(o.read_desks);
  COWARP_BODY_END
};

COWARP_TASK_FRAME(writer, handovers) {
  office& o;
  std::uint32_t i;
  COWARP_BODY_BEGIN
  // acquire: shows the waker.
  while (o.desks[i].is_reader_there.load(platform::acquire) == 0) COWARP_AWAIT(cowarp::yield_now());
  o.desks[i].written = 42 + i;
  o.desks[i].reader.wake();
  COWARP_BODY_END
};

struct handing_over : cowarp::program<reader, writer> {
  using grid_state = office;
  COWARP_FN static void start(cowarp::spawner<handing_over> s, cowarp::no_state&, office& o) {
    for (std::uint32_t i = 0; i < handovers; ++i) {
      if (s.block() == 0) s.must_spawn<reader>(o, i);
      if (s.block() == s.blocks() - 1) s.must_spawn<writer>(o, i);
    }
  }
};

// ---- wakers of tasks that have ended -------------------------------------------------------------

struct graveyard {
  cowarp::channel<cowarp::waker, 1> old_wakers;
  cowarp::signal<int> released;
  count polls_of_the_quiet;
  count wakes;
};
struct reincarnation;

/// Hands out its task's waker.
struct hand_out {
  graveyard* g;
  cowarp::polled<cowarp::unit> operator()(cowarp::context& cx) const {
    static_cast<void>(g->old_wakers.try_send(cx.waker()));
    return cowarp::unit{};
  }
};

/// Waits for the release and counts its polls.
class quiet_wait {
 public:
  using output = int;
  quiet_wait(graveyard& g) : g_(g), released_(g.released.wait()) {}
  cowarp::polled<int> poll(cowarp::context& cx) {
    note(g_.polls_of_the_quiet);
    return released_.poll(cx);
  }

 private:
  graveyard& g_;
  cowarp::signal<int>::wait_future released_;
};

/// The first life hands out its waker and ends; the next one in its slot waits.
COWARP_TASK_FRAME(many_lives, 1, 96) {
  graveyard& g;
  std::uint32_t life;
  COWARP_BODY_BEGIN
  if (life == 0) {
    COWARP_AWAIT(cowarp::poll_fn(hand_out{&g}));
  } else {
    COWARP_AWAIT(quiet_wait(g));
  }
  COWARP_BODY_END
};

COWARP_TASK_FRAME(haunter, 1, 96) {
  graveyard& g;
  std::uint32_t at;
  std::uint32_t i = 0;
  cowarp::polled<cowarp::waker> old{};
  COWARP_BODY_BEGIN
  COWARP_AWAIT_INTO(old, g.old_wakers.receive());
  // The slot is free once a spawn into it succeeds.
  while (!respawn()) COWARP_AWAIT(cowarp::yield_now());
  while (read(g.polls_of_the_quiet) == 0) COWARP_AWAIT(cowarp::yield_now());
  for (; i < 5; ++i) {
    old->wake();
    note(g.wakes);
    COWARP_AWAIT(cowarp::sleep_for(1us));
  }
  g.released.send(1);
  COWARP_BODY_END
  bool respawn();
};

struct reincarnation : cowarp::program<many_lives, haunter> {
  using grid_state = graveyard;
  COWARP_FN static void start(cowarp::spawner<reincarnation> s, cowarp::no_state&, graveyard& g) {
    if (s.block() == 0) s.must_spawn<many_lives>(g, 0u);
    if (s.block() == s.blocks() - 1) s.must_spawn<haunter>(g, 0u);
  }
};

bool haunter::respawn() {
  return cowarp::spawner<reincarnation>().spawn_on<many_lives>(at, g, 1u) ==
         cowarp::spawn_result::ok;
}

// ---- ends ----------------------------------------------------------------------------------------

COWARP_TASK_FRAME(endless, 8) {
  count& polls;
  COWARP_BODY_BEGIN
  for (;;) {
    note(polls);
    COWARP_AWAIT(cowarp::yield_now());
  }
  COWARP_BODY_END
};

struct stopping;
COWARP_TASK_FRAME(stopper, 1) {
  std::uint32_t how;
  COWARP_BODY_BEGIN
  COWARP_AWAIT(cowarp::sleep_for(2us));
  if (how == 1) stop();
  if (how == 2) COWARP_AWAIT(cowarp::fail("no more"));
  COWARP_BODY_END
  void stop();
};

struct ending {
  std::uint32_t how;
  count polls;
};

struct stopping : cowarp::program<endless, stopper> {
  using grid_state = ending;
  COWARP_FN static void start(cowarp::spawner<stopping> s, cowarp::no_state&, ending& e) {
    for (int i = 0; i < 8; ++i) s.must_spawn<endless>(e.polls);
    if (s.block() == s.blocks() - 1) s.must_spawn<stopper>(e.how);
  }
};

void stopper::stop() { cowarp::spawner<stopping>().stop(); }

// ---- rest ----------------------------------------------------------------------------------------

struct bell_tower {
  std::uint32_t turns;
  cowarp::signal<int> bell;
};
COWARP_TASK(waits_for_bell, 1, (bell_tower & t), 96) { co_await t.bell.wait(); }
COWARP_TASK(yields_and_rings, 1, (bell_tower & t), 96) {
  for (std::uint32_t i = 0; i < t.turns; ++i) co_await cowarp::yield_now();
  t.bell.send(1);
}
struct resting : cowarp::program<waits_for_bell, yields_and_rings> {
  using grid_state = bell_tower;
  static void start(cowarp::spawner<resting> s, cowarp::no_state&, bell_tower& t) {
    if (s.block() == 0) s.must_spawn<waits_for_bell>(t);
    if (s.block() == 1) s.must_spawn<yields_and_rings>(t);
  }
};

}  // namespace

TEST_CASE("executor: no wake during a poll is lost", "[sim][executor]") {
  sim_test::explore<ringing>(
      500, {.blocks = 2}, [] { return tower{}; },
      [](const cowarp::report& report, const tower& t, sim_test::verdict& found) {
        sim_test::all_done(report, found);
        found.equal(read(t.heard), listeners, "listeners that heard all rings");
      });
}

TEST_CASE("waker: a wake hands over what was written before", "[sim][executor][waker]") {
  sim_test::explore<handing_over>(
      100, {}, [] { return office{}; },
      [](const cowarp::report& report, const office& o, sim_test::verdict& found) {
        sim_test::all_done(report, found);
        found.equal(read(o.wrong), 0u, "desks with the wrong text");
        found.equal(read(o.read_desks), handovers, "desks that were read");
      });
}

TEST_CASE("waker: one of an earlier life wakes nobody", "[sim][executor][waker]") {
  sim_test::explore<reincarnation>(
      200, {}, [] { return graveyard{}; },
      [](const cowarp::report& report, const graveyard& g, sim_test::verdict& found) {
        sim_test::all_done(report, found);
        found.equal(read(g.wakes), 5u, "wakes");
        // The first poll, the one after the signal, and none for the old waker.
        found.equal(read(g.polls_of_the_quiet), 2u, "polls");
      });
}

TEST_CASE("executor: a stop ends all blocks though tasks go on", "[sim][executor]") {
  sim_test::explore<stopping>(
      60, {},
      [] {
        return ending{1, {}};
      },
      [](const cowarp::report& report, const ending&, sim_test::verdict& found) {
        found.that(report.end == cowarp::end_reason::stopped, "the run ends because of the stop");
        found.equal(report.total.pending, report.blocks * 8, "tasks that go on");
      });
}

TEST_CASE("executor: a failure ends all blocks and is reported", "[sim][executor]") {
  sim_test::explore<stopping>(
      60, {},
      [] {
        return ending{2, {}};
      },
      [](const cowarp::report& report, const ending&, sim_test::verdict& found) {
        found.that(report.end == cowarp::end_reason::failed, "the run ends because of the failure");
        found.that(report.first_failure.message == "no more", "the message arrives");
      });
}

TEST_CASE("executor: the host's request stops a run", "[sim][executor][launch]") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    ending e{0, {}};
    cowarp::sim::use(sim_test::schedule_of(seed));
    auto running = cowarp::run_async<stopping>({.blocks = 2, .workers = 2}, e);

    CHECK(!running.wait_for(20us));
    running.request_stop();
    const cowarp::report report = running.wait();

    CHECK(report.end == cowarp::end_reason::stopped);
    CHECK(read(e.polls) >= 16);
  }
}

TEST_CASE("executor: a run that is dropped ends", "[sim][executor][launch]") {
  ending e{0, {}};
  cowarp::sim::use({});
  {
    auto running = cowarp::run_async<stopping>({.blocks = 2}, e);
    CHECK(!running.wait_for(5us));
  }
  CHECK(cowarp::sim::last_outcome().steps > 0);
}

TEST_CASE("executor: who idles or yields writes no shared word", "[sim][executor]") {
  cowarp::sim::outcome after[2];
  for (std::uint32_t i = 0; i < 2; ++i) {
    bell_tower t{.turns = i == 0 ? 20u : 2000u, .bell = {}};
    cowarp::sim::use({});
    CHECK(cowarp::run<resting>({.blocks = 2, .workers = 2}, t).end == cowarp::end_reason::all_done);
    after[i] = cowarp::sim::last_outcome();
  }
  CHECK(after[1].steps > after[0].steps + 1980);
  // Two locks may be spun for a few times more or less, and a wake may find the queue empty or not.
  CHECK(after[1].writes < after[0].writes + 20);
}

TEST_CASE("launch: blocks and workers are as asked", "[sim][launch]") {
  ending e{1, {}};
  cowarp::sim::use({});

  const auto asked = cowarp::run<stopping>({.blocks = 3, .workers = 1}, e);
  const auto free  = cowarp::run<stopping>({}, e);

  CHECK((asked.blocks == 3 && asked.workers == 1));
  CHECK((free.blocks == 2 && free.workers == 2));
  CHECK_THROWS_AS(cowarp::run<stopping>({.workers = 33}, e), cowarp::configuration_error);
  CHECK_THROWS_AS(cowarp::run<stopping>({.blocks = 1000}, e), cowarp::configuration_error);
}

TEST_CASE("launch: equal seeds give equal runs", "[sim][launch]") {
  std::uint64_t digests[3];
  for (std::uint32_t i = 0; i < 3; ++i) {
    tower t{};
    cowarp::sim::use(sim_test::schedule_of(i < 2 ? 5 : 7));
    static_cast<void>(cowarp::run<ringing>({.blocks = 2, .workers = 2}, t));
    digests[i] = cowarp::sim::last_outcome().digest;
  }

  CHECK(digests[0] == digests[1]);
  CHECK(digests[0] != digests[2]);
}
