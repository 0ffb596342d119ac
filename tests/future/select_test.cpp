// SPDX-License-Identifier: Apache-2.0
/// \file
/// The first of several futures, and what becomes of the others.
#include <support/checks.hpp>
#include <support/futures.hpp>
#include <support/stage.hpp>
#include <support/steps.hpp>

#include <vector>

namespace select_test {

using test::after_polls;

/// Ready once `time` has come: several with one time are a tie.
struct at_time {
  using output = std::int32_t;
  const std::uint32_t& time;
  std::uint32_t due;
  std::int32_t value;
  COWARP_FN cowarp::polled<std::int32_t> poll(cowarp::context&) const {
    if (time >= due) return value;
    return cowarp::pending;
  }
};

/// Never ready; notes that it was asked. Host only.
struct noting {
  using output = std::int32_t;
  std::vector<std::int32_t>& asked;
  std::int32_t me;
  COWARP_FN cowarp::polled<std::int32_t> poll(cowarp::context&) const {
    asked.push_back(me);
    return cowarp::pending;
  }
};

/// A function with a life to count.
struct owning {
  test::counted_life life;
  COWARP_FN std::int32_t operator()(cowarp::unit) const { return 0; }
};

struct state {
  test::checks checks;
};

using one_of_two = cowarp::variant<std::int32_t, std::int32_t>;

COWARP_TASK_FRAME(selecting, 1, 160) {
  state& s;
  one_of_two won{};
  COWARP_BODY_BEGIN
  COWARP_AWAIT_INTO(won, cowarp::select(after_polls{5, 50}, after_polls{2, 20}));
  s.checks.equal(won.index(), 1u);
  s.checks.equal(*cowarp::get_if<1>(&won), 20);
  COWARP_AWAIT_INTO(won, cowarp::select_biased(after_polls{3, 30}, after_polls{3, 31}));
  s.checks.equal(won.index(), 0u);
  s.checks.equal(*cowarp::get_if<0>(&won), 30);
  COWARP_BODY_END
};

struct app : cowarp::program<selecting> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<app> s) { (void)s.spawn<selecting>(s.grid_state()); }
};

/// A loser that was notified hands on.
struct losers_hand_on {
  template <cowarp::scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& value = on.place<cowarp::signal<std::int32_t, S>>();
    auto behind = value.wait();
    {
      auto choosing = cowarp::select_biased(after_polls{1, 5}, value.wait());
      on.check.that(!on.poll(0, choosing) && !on.poll(1, behind));
      value.send(7);
      on.check.equal(on.woken(), 1u << 0);
      on.check.equal(on.poll(0, choosing)->index(), 0u);
    }
    on.check.equal(on.woken(), 1u << 1);
    on.check.equal(*on.poll(1, behind), 7);
  }
};

using all = test::laws<losers_hand_on>;

}  // namespace select_test

TEST_CASE("select: a task gets the first output", "[future][select]") {
  select_test::state s{};
  const auto report = test::run_to_end<select_test::app>(s);
  s.checks.require_none(4);
  CHECK(report.total.polls == 1 + 2 + 3);
}

TEST_CASE("select: one to six futures", "[future][select]") {
  using select_test::after_polls;
  CHECK(cowarp::block_on(cowarp::select(after_polls{1, 1})).index() == 0);
  CHECK(cowarp::block_on(cowarp::select(after_polls{2, 1}, after_polls{1, 2})).index() == 1);
  CHECK(cowarp::block_on(cowarp::select(after_polls{9, 1}, after_polls{9, 2}, after_polls{1, 3}))
            .index() == 2);
  CHECK(cowarp::block_on(cowarp::select(cowarp::never<char>(), cowarp::never<>(),
                                        cowarp::never<double>(), cowarp::ready(4)))
            .index() == 3);
  CHECK(cowarp::block_on(cowarp::select(after_polls{9, 1}, after_polls{9, 2}, after_polls{9, 3},
                                        after_polls{9, 4}, after_polls{0, 5}))
            .index() == 4);
  const auto won =
      cowarp::block_on(cowarp::select(after_polls{9, 1}, after_polls{9, 2}, after_polls{9, 3},
                                      after_polls{9, 4}, after_polls{9, 5}, after_polls{0, 6}));
  CHECK(*cowarp::get_if<5>(&won) == 6);
}

TEST_CASE("select_biased: the earlier wins a tie", "[future][select]") {
  using select_test::at_time;
  std::uint32_t time = 0;
  cowarp::context cx;
  auto choosing =
      cowarp::select_biased(at_time{time, 9, 0}, at_time{time, 1, 1}, at_time{time, 1, 2},
                            at_time{time, 1, 3}, at_time{time, 1, 4}, at_time{time, 1, 5});
  for (int i = 0; i < 3; ++i) CHECK_FALSE(choosing.poll(cx).has_value());
  time = 1;
  CHECK(choosing.poll(cx)->index() == 1);
}

TEST_CASE("select: every poll begins one further", "[future][select]") {
  using select_test::noting;
  std::vector<std::int32_t> asked;
  cowarp::context cx;
  auto choosing = cowarp::select(noting{asked, 0}, noting{asked, 1}, noting{asked, 2});
  for (int i = 0; i < 4; ++i) CHECK_FALSE(choosing.poll(cx).has_value());
  REQUIRE(asked.size() == 12);
  for (std::size_t i = 0; i < 12; ++i) {
    // Poll i / 3 begins one further than the one before it, and goes round.
    CHECK(asked[i] == static_cast<std::int32_t>((asked[0] + i / 3 + i % 3) % 3));
  }
}

TEST_CASE("select: of many ready futures none starves", "[future][select]") {
  std::uint32_t won[3] = {};
  for (int i = 0; i < 1000; ++i) {
    ++won[cowarp::block_on(cowarp::select(cowarp::ready(1), cowarp::ready(2), cowarp::ready(3)))
              .index()];
  }
  CHECK(won[0] > 0);
  CHECK(won[1] > 0);
  CHECK(won[2] > 0);
}

TEST_CASE("select: the losers are gone with it", "[future][select]") {
  using select_test::after_polls;
  test::counted_life::counts lives{};
  cowarp::block_on(cowarp::select(
      cowarp::never<>(), after_polls{3, 1},
      cowarp::map(cowarp::never<>(), select_test::owning{test::counted_life(lives)})));
  CHECK(lives.built.value() > 0);
  CHECK(lives.built.value() == lives.destroyed.value());
}

TEST_CASE("select: a notified loser hands on", "[future][select]") {
  test::play<select_test::all, select_test::losers_hand_on>();
}
