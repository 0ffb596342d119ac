// SPDX-License-Identifier: Apache-2.0
/// \file
/// The first output of several futures of one output.
#include <cowarp/future/race.hpp>

#include <support/checks.hpp>
#include <support/futures.hpp>
#include <support/stage.hpp>
#include <support/steps.hpp>

namespace race_test {

/// Ready with `value` at the poll after `polls` others; notes in `asked` that it was polled.
struct after_polls {
  using output = std::int32_t;
  std::uint32_t polls;
  std::int32_t value;
  std::int32_t* asked = nullptr;
  COWARP_FN cowarp::polled<std::int32_t> poll(cowarp::context& cx) {
    if (asked != nullptr) *asked = *asked * 10 + value;
    if (polls == 0) return value;
    --polls;
    cx.wake_self();
    return cowarp::pending;
  }
};

using living = test::living<>;

struct state {
  test::checks checks;
  cowarp::channel<std::int32_t, 1> urgent;
  cowarp::channel<std::int32_t, 1> normal;
};

// [race]
COWARP_TASK_FRAME(serving, 1, 256) {
  state& s;
  cowarp::optional<std::int32_t> order{};
  COWARP_BODY_BEGIN
  COWARP_AWAIT_INTO(order, cowarp::race_biased(s.urgent.receive(), s.normal.receive()));
  s.checks.equal(*order, 1);
  COWARP_AWAIT_INTO(order, cowarp::race(s.urgent.receive(), s.normal.receive()));
  s.checks.equal(*order, 2);
  COWARP_BODY_END
};
// [/race]

COWARP_TASK_FRAME(ordering, 1) {
  state& s;
  COWARP_BODY_BEGIN
  s.checks.that(s.normal.try_send(2).is_ok());
  s.checks.that(s.urgent.try_send(1).is_ok());
  COWARP_BODY_END
};

COWARP_TASK_FRAME(opening, 1) {
  cowarp::spawner<struct app> spawner;
  state& s;
  COWARP_BODY_BEGIN
  while (!s.urgent.is_full()) COWARP_AWAIT(cowarp::yield_now());
  s.checks.that(spawner.spawn<serving>(s) == cowarp::spawn_result::ok);
  COWARP_BODY_END
};

struct app : cowarp::program<serving, ordering, opening> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<app> s) {
    (void)s.spawn<ordering>(s.grid_state());
    (void)s.spawn<opening>(s, s.grid_state());
  }
};

/// A loser that was notified hands on, and one that was not leaves the line.
struct losers_hand_on {
  template <cowarp::scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& value = on.place<cowarp::signal<std::int32_t, S>>();
    auto behind = value.wait();
    {
      auto racing = cowarp::race_biased(after_polls{1, 5}, value.wait());
      on.check.that(!on.poll(0, racing) && !on.poll(1, behind));
      value.send(7);
      on.check.equal(on.woken(), 1u << 0);
      on.check.equal(*on.poll(0, racing), 5);
    }
    on.check.equal(on.woken(), 1u << 1);
    on.check.equal(*on.poll(1, behind), 7);
  }
};

using all = test::laws<losers_hand_on>;

}  // namespace race_test

TEST_CASE("race: a task gets the first output itself", "[future][race]") {
  race_test::state s{};
  test::run_to_end<race_test::app>(s);
  s.checks.require_none(5);
}

TEST_CASE("race: the first of one to four futures", "[future][race]") {
  using race_test::after_polls;
  CHECK(cowarp::block_on(cowarp::race(after_polls{1, 1})) == 1);
  CHECK(cowarp::block_on(cowarp::race(after_polls{3, 1}, after_polls{1, 2})) == 2);
  CHECK(cowarp::block_on(
            cowarp::race(cowarp::never<int>(), cowarp::never<int>(), cowarp::ready(4))) == 4);
  CHECK(cowarp::block_on(
            cowarp::race(cowarp::ready(test::only_moves(8)), cowarp::never<test::only_moves>()))
            .value() == 8);
}

TEST_CASE("race_biased: the earlier wins a tie, and ends the poll", "[future][race]") {
  using race_test::after_polls;
  std::int32_t asked = 0;
  CHECK(cowarp::block_on(cowarp::race_biased(after_polls{9, 1, &asked}, after_polls{1, 2, &asked},
                                             after_polls{1, 3, &asked})) == 2);
  CHECK(asked == 123'12);
}

TEST_CASE("race: every poll begins one further", "[future][race]") {
  using race_test::after_polls;
  std::int32_t asked = 0;
  cowarp::context cx;
  auto racing =
      cowarp::race(after_polls{9, 1, &asked}, after_polls{9, 2, &asked}, after_polls{9, 3, &asked});
  for (int i = 0; i < 3; ++i) CHECK_FALSE(racing.poll(cx).has_value());
  CHECK((asked == 123'231'312 || asked == 231'312'123 || asked == 312'123'231));
}

TEST_CASE("race: of many ready futures none starves", "[future][race]") {
  std::uint32_t won[3] = {};
  for (int i = 0; i < 1000; ++i) {
    ++won[cowarp::block_on(cowarp::race(cowarp::ready(0), cowarp::ready(1), cowarp::ready(2)))];
  }
  CHECK(won[0] > 0);
  CHECK(won[1] > 0);
  CHECK(won[2] > 0);
}

TEST_CASE("race: the losers are gone with it", "[future][race]") {
  using namespace race_test;
  test::counted_life::counts lives{};
  CHECK(cowarp::block_on(cowarp::race(living(lives), after_polls{3, 1}, living(lives))) == 1);
  CHECK(lives.built.value() > 0);
  CHECK(lives.built.value() == lives.destroyed.value());
}

TEST_CASE("race: a notified loser hands on", "[future][race]") {
  test::play<race_test::all, race_test::losers_hand_on>();
}
