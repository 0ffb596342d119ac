// SPDX-License-Identifier: Apache-2.0
#include "explore.hpp"

using namespace std::chrono_literals;
using cowarp::scope;
using cowarp::spawn_result;
namespace platform = cowarp::platform;

namespace {

using count = platform::atomic_word<scope::device>;

void note(count& what) { what.fetch_add(1, platform::relaxed); }  // relaxed: read after the run.
std::uint32_t read(const count& what) { return what.load(platform::relaxed); }  // relaxed: ended.

// ---- a tree of tasks over all blocks -------------------------------------------------------------

constexpr std::uint32_t nodes = 80;  // node i has children 2i and 2i + 1, if they are below `nodes`

struct forest {
  count started[nodes];
  count ended[nodes];
  count refused;
  count wrong;
};

struct planting;

COWARP_TASK_FRAME(node, 5) {
  forest& f;
  std::uint32_t number, check;
  std::uint32_t child = 0;
  COWARP_BODY_BEGIN
  note(f.started[number]);
  if (check != number * 7 + 3) note(f.wrong);
  if (number % 3 == 0) COWARP_AWAIT(cowarp::yield_now());
  for (child = 2 * number; child < nodes && child <= 2 * number + 1; ++child) {
    // A full pool is no error; the child is planted as soon as there is room.
    while (spawner().template spawn_on<node>(child % spawner().blocks(), f, child, child * 7 + 3) ==
           spawn_result::busy) {
      note(f.refused);
      // Parents that wait for each other's slots would wait for ever: leave the rest undone.
      if (read(f.refused) > 300) COWARP_RETURN();
      COWARP_AWAIT(cowarp::yield_now());
    }
  }
  note(f.ended[number]);
  COWARP_BODY_END
  static cowarp::spawner<planting> spawner() { return {}; }
};

struct planting : cowarp::program<node> {
  using grid_state = forest;
  COWARP_FN static void start(cowarp::spawner<planting> s, cowarp::no_state&, forest& f) {
    if (s.block() == 0) s.must_spawn<node>(f, 1u, 10u);
  }
};

// ---- many spawners, small pools ------------------------------------------------------------------

constexpr std::uint32_t attempts = 10;
constexpr std::uint32_t parents  = 4;

struct tally {
  count spawned;
  count busy;
  count born;
  count ended;
  count crowded;  // more tasks of a block alive than its pool has slots
  count overwritten;
  count left;
  count alive[3];
};

struct nursery;

/// Takes its time to leave, and finds out whether someone has moved in meanwhile.
class tenant {
 public:
  explicit tenant(tally& t) : t_(&t) {}
  tenant(tenant&& other) noexcept : t_(std::exchange(other.t_, nullptr)) {}
  ~tenant() {
    if (t_ == nullptr) return;
    note(t_->left);
    if (mark_ != here) note(t_->overwritten);
    mark_ = 0;
  }

 private:
  static constexpr std::uint32_t here = 0xC0FFEE;

  tally* t_;
  std::uint32_t mark_ = here;
};

COWARP_TASK_FRAME(child, 3) {
  tally& t;
  tenant me;
  std::uint32_t block = 0;
  COWARP_BODY_BEGIN
  block = cowarp::spawner<nursery>().block();
  note(t.born);
  if (t.alive[block].fetch_add(1, platform::relaxed) >= 3) note(t.crowded);  // relaxed: counts.
  COWARP_AWAIT(cowarp::yield_now());
  t.alive[block].fetch_sub(1, platform::relaxed);  // relaxed: counts.
  note(t.ended);
  COWARP_BODY_END
};

COWARP_TASK_FRAME(parent, parents) {
  tally& t;
  std::uint32_t id;
  std::uint32_t i = 0;
  COWARP_BODY_BEGIN
  for (; i < attempts; ++i) {
    if (attempt()) {
      note(t.spawned);
    } else {
      note(t.busy);
    }
    if (i % 3 == id % 3) COWARP_AWAIT(cowarp::yield_now());
  }
  COWARP_BODY_END
  bool attempt() {
    const cowarp::spawner<nursery> s;
    const auto result = i % 2 == 0 ? s.spawn<child>(t, tenant(t))
                                   : s.spawn_on<child>((s.block() + id) % s.blocks(), t, tenant(t));
    return result == spawn_result::ok;
  }
};

struct nursery : cowarp::program<parent, child> {
  using grid_state = tally;
  COWARP_FN static void start(cowarp::spawner<nursery> s, cowarp::no_state&, tally& t) {
    for (std::uint32_t i = 0; i < parents; ++i) s.must_spawn<parent>(t, i);
  }
};

// ---- a task that wanders from block to block ------------------------------------------------------

struct trail {
  count steps;
  count lost;
};
struct wandering;
constexpr std::uint32_t hops = 30;

COWARP_TASK_FRAME(wanderer, 2) {
  trail& t;
  std::uint32_t left;
  COWARP_BODY_BEGIN
  note(t.steps);
  if (left == 0) COWARP_RETURN();
  if (left % 4 == 0) COWARP_AWAIT(cowarp::sleep_for(200ns));
  if (!go_on()) note(t.lost);
  COWARP_BODY_END
  bool go_on() {
    const cowarp::spawner<wandering> s;
    return s.spawn_on<wanderer>((s.block() + 1) % s.blocks(), t, left - 1) == spawn_result::ok;
  }
};

struct wandering : cowarp::program<wanderer> {
  using grid_state = trail;
  COWARP_FN static void start(cowarp::spawner<wandering> s, cowarp::no_state&, trail& t) {
    if (s.block() == s.blocks() - 1) s.must_spawn<wanderer>(t, hops);
  }
};

// ---- a task that is alone but for those that it spawns ---------------------------------------------

struct relay;

COWARP_TASK_FRAME(runner, 10) {
  trail& t;
  COWARP_BODY_BEGIN
  note(t.steps);
  COWARP_BODY_END
};

/// The runner may come and go while this task still spawns it.
COWARP_TASK_FRAME(starter, 1) {
  trail& t;
  std::uint32_t i = 0;
  COWARP_BODY_BEGIN
  for (; i < 10; ++i) {
    note(t.steps);
    begin();
    COWARP_AWAIT(cowarp::sleep_for(1us));
  }
  COWARP_BODY_END
  void begin();
};

struct relay : cowarp::program<runner, starter> {
  using grid_state = trail;
  COWARP_FN static void start(cowarp::spawner<relay> s, cowarp::no_state&, trail& t) {
    s.must_spawn<starter>(t);
  }
};

void starter::begin() {
  if (cowarp::spawner<relay>().spawn<runner>(t) != spawn_result::ok) note(t.lost);
}

}  // namespace

TEST_CASE("spawner: a tree over all blocks grows once", "[sim][executor][spawner]") {
  sim_test::explore<planting>(
      200, {}, [] { return forest{}; },
      [](const cowarp::report& report, const forest& f, sim_test::verdict& found) {
        sim_test::all_done(report, found);
        found.equal(read(f.wrong), 0u, "wrong arguments");
        std::uint32_t total = 0;
        for (std::uint32_t i = 1; i < nodes; ++i) {
          found.that(read(f.started[i]) <= 1, "a node starts once");
          total += read(f.started[i]);
          if (read(f.refused) > 300) continue;
          found.equal(read(f.ended[i]), 1u, "times that a node ended");
        }
        found.equal(report.total.completed, total, "completed tasks");
      });
}

TEST_CASE("spawner: what is not refused runs once", "[sim][executor][spawner]") {
  sim_test::explore<nursery>(
      300, {}, [] { return tally{}; },
      [](const cowarp::report& report, const tally& t, sim_test::verdict& found) {
        sim_test::all_done(report, found);
        found.equal(read(t.born), read(t.spawned), "born children");
        found.equal(read(t.ended), read(t.spawned), "ended children");
        found.equal(read(t.crowded), 0u, "children without a slot");
        found.equal(read(t.overwritten), 0u, "children whose slot was taken before they left");
        // One for each attempt that was refused: its argument ends with the attempt.
        found.equal(read(t.left), read(t.spawned) + read(t.busy), "tenants that left");
        found.equal(read(t.spawned) + read(t.busy), report.blocks * parents * attempts, "attempts");
        found.equal(report.total.completed, report.blocks * parents + read(t.born), "completed");
      });
}

TEST_CASE("spawner: the run goes on while one task wanders", "[sim][executor][spawner]") {
  sim_test::explore<wandering>(
      300, {}, [] { return trail{}; },
      [](const cowarp::report& report, const trail& t, sim_test::verdict& found) {
        sim_test::all_done(report, found);
        found.equal(read(t.lost), 0u, "hops that were refused");
        found.equal(read(t.steps), hops + 1, "steps");
        found.equal(report.total.completed, hops + 1, "completed tasks");
      });
}

TEST_CASE("spawner: a run does not end while the last task spawns", "[sim][executor][spawner]") {
  sim_test::explore<relay>(
      300, {}, [] { return trail{}; },
      [](const cowarp::report& report, const trail& t, sim_test::verdict& found) {
        sim_test::all_done(report, found);
        found.equal(read(t.lost), 0u, "spawns that were refused");
        found.equal(read(t.steps), report.blocks * 20, "steps");
      });
}
