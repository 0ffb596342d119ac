// SPDX-License-Identifier: Apache-2.0
/// \file
/// A call that is dropped before its end is taken apart: every object exactly once.
#include <support/checks.hpp>
#include <support/steps.hpp>

namespace frame_cancel_test {

using life = test::counted_life;

struct state {
  test::checks checks;
  life::counts members;
  life::counts awaited;
  test::counter after;
};

COWARP_FN inline std::uint32_t alive(const life::counts& counts) {
  return counts.built.value() - counts.destroyed.value();
}

/// A future with a life to count, ready at the poll after `polls` others.
class living_future {
 public:
  using output = cowarp::unit;
  COWARP_FN living_future(life::counts& in, std::uint32_t polls) : life_(in), polls_(polls) {}
  COWARP_FN cowarp::polled<cowarp::unit> poll(cowarp::context& cx) {
    if (polls_ == 0) return cowarp::unit{};
    --polls_;
    cx.wake_self();
    return cowarp::pending;
  }

 private:
  life life_;
  std::uint32_t polls_;
};

COWARP_ASYNC_FRAME(inner, std::int32_t) {
  state& s;
  std::uint32_t polls;
  life member;
  COWARP_BODY_BEGIN
  COWARP_AWAIT(living_future(s.awaited, polls));
  s.after.add();
  COWARP_RETURN(1);
  COWARP_BODY_END
};

COWARP_ASYNC_FRAME(outer, std::int32_t, 160) {
  state& s;
  std::uint32_t polls;
  life member;
  std::int32_t sum = 0;
  std::int32_t one = 0;
  COWARP_BODY_BEGIN
  COWARP_AWAIT(cowarp::yield_now());
  COWARP_AWAIT_INTO(one, cowarp::call<inner>(s, polls, life(s.members)));
  sum += one;
  COWARP_AWAIT(cowarp::yield_now());
  COWARP_AWAIT_INTO(one, cowarp::call<inner>(s, 0u, life(s.members)));
  COWARP_RETURN(sum + one);
  COWARP_BODY_END
};

/// The steps of `outer` with two polls of its first inner call: a yield, two, a yield, the end.
constexpr std::uint32_t steps = 4;

COWARP_TASK_FRAME(losing, 1, 384) {
  state& s;
  std::uint32_t turns;  // after so many yields the other side wins
  std::uint32_t index = 0;
  std::uint32_t i     = 0;

  struct ticking {
    using output = cowarp::unit;
    std::uint32_t left;
    COWARP_FN cowarp::polled<cowarp::unit> poll(cowarp::context& cx) {
      if (left-- == 0) return cowarp::unit{};
      cx.wake_self();
      return cowarp::pending;
    }
  };
  using raced = cowarp::variant<cowarp::unit, std::int32_t>;
  raced won{};

  COWARP_BODY_BEGIN
  COWARP_AWAIT_INTO(
      won, cowarp::select_biased(ticking{turns}, cowarp::call<outer>(s, 2u, life(s.members))));
  s.checks.equal(won.index(), turns <= steps ? 0u : 1u);
  s.checks.equal(alive(s.members), 0u);
  s.checks.equal(alive(s.awaited), 0u);
  COWARP_BODY_END
};

template <std::uint32_t Turns>
struct app : cowarp::program<losing> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<app> s) {
    (void)s.template spawn<losing>(s.grid_state(), +Turns);
  }
};

template <std::uint32_t Turns>
void drops_after() {
  state s{};
  test::run_to_end<app<Turns>>(s);
  s.checks.require_none(3);
  CHECK(s.after.value() == (Turns <= 3 ? 0u : Turns <= steps ? 1u : 2u));
}

}  // namespace frame_cancel_test

TEST_CASE("frame: dropped at any await it leaves nothing", "[executor][frame]") {
  frame_cancel_test::drops_after<0>();
  frame_cancel_test::drops_after<1>();
  frame_cancel_test::drops_after<2>();
  frame_cancel_test::drops_after<3>();
  frame_cancel_test::drops_after<4>();
  frame_cancel_test::drops_after<5>();
}

TEST_CASE("frame: a call dropped unpolled leaves nothing", "[executor][frame]") {
  frame_cancel_test::state s{};
  {
    const auto call = cowarp::call<frame_cancel_test::outer>(s, 2u, test::counted_life(s.members));
    CHECK(frame_cancel_test::alive(s.members) == 1);
  }
  CHECK(frame_cancel_test::alive(s.members) == 0);
}

TEST_CASE("frame: a call that ended leaves nothing", "[executor][frame]") {
  frame_cancel_test::state s{};
  {
    auto call = cowarp::call<frame_cancel_test::outer>(s, 0u, test::counted_life(s.members));
    CHECK(cowarp::block_on(std::move(call)) == 2);
  }
  CHECK(frame_cancel_test::alive(s.members) == 0);
  CHECK(frame_cancel_test::alive(s.awaited) == 0);
  CHECK(s.after.value() == 2);
}
