// SPDX-License-Identifier: Apache-2.0
#include "explore.hpp"

namespace platform = cowarp::platform;

namespace {

constexpr std::uint32_t askers = 2, rounds = 2, most = 60;

/// Plain numbers: the watched build sees a turn that is not ordered before the end of its loop.
struct field {
  cowarp::grid_team team;
  std::uint32_t ran[askers][most];
  platform::atomic_word<cowarp::scope::device> running[askers];
  platform::atomic_word<cowarp::scope::device> wrong;
};

struct add_one {
  field* f;
  std::uint32_t me;
  COWARP_FN void operator()(std::uint32_t i) const {
    // relaxed: each is a point at which others may go on.
    f->running[me].fetch_add(1, platform::relaxed);
    ++f->ran[me][i];
    f->running[me].fetch_sub(1, platform::relaxed);  // relaxed: as above
  }
};

/// Ready after some passes.
class passes {
 public:
  using output = cowarp::unit;
  explicit passes(std::uint32_t left) : left_(left) {}
  cowarp::polled<cowarp::unit> poll(cowarp::context& cx) {
    if (left_-- == 0) return cowarp::unit{};
    cx.wake_self();
    return cowarp::pending;
  }

 private:
  std::uint32_t left_;
};

struct together;
COWARP_TASK_FRAME(asks, askers, 320) {
  field& f;
  std::uint32_t me;
  std::uint32_t round = 0;
  COWARP_BODY_BEGIN
  for (; round < rounds; ++round) {
    COWARP_AWAIT(cowarp::grid_for<together, 2>(f.team, most, add_one{&f, me}));
    check(round + 1);
  }
  // Dropped, at once or on the way: some turns have run, and none runs any more.
  COWARP_AWAIT(cowarp::select(cowarp::grid_for<together, 2>(f.team, most, add_one{&f, me}),
                              passes(me == 0 ? 4 : 12)));
  rest();
  COWARP_AWAIT(cowarp::grid_for<together, 2>(f.team, most, add_one{&f, me}));
  check(1);
  COWARP_BODY_END

  void rest() const {
    // relaxed: the end of the future ordered it.
    if (f.running[me].load(platform::relaxed) != 0) fail();
    for (std::uint32_t i = 0; i < most; ++i) f.ran[me][i] = 0;
  }
  // relaxed: read after the run.
  void fail() const { f.wrong.fetch_add(1, platform::relaxed); }
  void check(std::uint32_t expected) const {
    for (std::uint32_t i = 0; i < most; ++i) {
      if (f.ran[me][i] != expected) fail();
    }
  }
};
struct together : cowarp::program<asks, cowarp::grid_helper<together, 2>> {
  using grid_state                 = field;
  static constexpr bool uses_width = true;
  static void start(cowarp::spawner<together> s, cowarp::no_state&, field& f) {
    for (std::uint32_t i = 0; i < askers; ++i) {
      if (i % s.blocks() == s.block()) s.must_spawn<asks>(f, i);
    }
  }
};

}  // namespace

TEST_CASE("grid_for: each turn runs once, and none after the end", "[sim][width][grid_for]") {
  sim_test::explore<together>(
      200, {}, [] { return field{}; },
      [](const cowarp::report& report, const field& f, sim_test::verdict& found) {
        sim_test::all_done(report, found);
        // relaxed: the run has ended.
        found.equal(f.wrong.load(platform::relaxed), 0u, "turns that did not run once");
      });
}
