// SPDX-License-Identifier: Apache-2.0
/// \file
/// All of several futures, unless one fails.
#include <cowarp/future/try_join.hpp>

#include <support/checks.hpp>
#include <support/futures.hpp>
#include <support/stage.hpp>
#include <support/steps.hpp>

namespace try_join_test {

using maybe = cowarp::optional<std::int32_t>;

/// Ready with `value` at the poll after `polls` others, for which it asks; counts its polls.
struct after_polls {
  using output = maybe;
  std::uint32_t polls;
  maybe value;
  std::uint32_t* count = nullptr;
  COWARP_FN cowarp::polled<maybe> poll(cowarp::context& cx) {
    if (count != nullptr) ++*count;
    if (polls-- == 0) return cowarp::polled<maybe>(cowarp::in_place, value);
    cx.wake_self();
    return cowarp::pending;
  }
};

using living = test::living<maybe>;

struct state {
  test::checks checks;
  cowarp::channel<std::int32_t, 1> numbers;
  cowarp::channel<std::int32_t, 1> answers;
  cowarp::channel<std::int32_t, 1> closed;
};

// [try_join]
using both_or_failure = cowarp::try_join_result<cowarp::optional<std::int32_t>,  // of receive
                                                cowarp::send_result<std::int32_t>>;

COWARP_TASK_FRAME(exchanging, 1, 384) {
  state& s;
  both_or_failure both{};
  COWARP_BODY_BEGIN
  COWARP_AWAIT_INTO(both, cowarp::try_join(s.numbers.receive(), s.answers.send(5)));
  if (both) s.checks.equal(cowarp::get<0>(*both), 4);

  COWARP_AWAIT_INTO(both, cowarp::try_join(s.numbers.receive(), s.closed.send(6)));
  if (!both && both.failed() == 1) s.checks.equal(*both.failure<1>()->value, 6);  // it came back
  s.checks.that(!both && both.failure<0>() == nullptr);
  s.checks.that(both.failure<1>()->status == cowarp::send_status::closed);
  COWARP_BODY_END
};
// [/try_join]

COWARP_TASK_FRAME(serving, 1) {
  state& s;
  cowarp::optional<std::int32_t> answer{};
  COWARP_BODY_BEGIN
  s.closed.close();
  COWARP_AWAIT(s.numbers.send(4));
  COWARP_AWAIT_INTO(answer, s.answers.receive());
  s.checks.equal(*answer, 5);
  COWARP_BODY_END
};

struct app : cowarp::program<exchanging, serving> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<app> s) {
    (void)s.spawn<exchanging>(s.grid_state());
    (void)s.spawn<serving>(s.grid_state());
  }
};

/// A receive beside one that fails was called for a message: the next in line gets it.
struct hands_on {
  template <cowarp::scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& c     = on.place<cowarp::channel<std::int32_t, 2, S>>();
    auto behind = c.receive();
    {
      auto both = cowarp::try_join(after_polls{1, {}}, c.receive());
      on.check.that(!on.poll(0, both) && !on.poll(1, behind));
      on.check.that(c.try_send(3).is_ok());
      on.check.equal(on.woken(), 1u << 0);
      const auto failed = on.poll(0, both);
      on.check.that(failed.has_value() && !*failed && failed->failed() == 0);
      on.check.equal(on.woken(), 0u);
    }
    on.check.equal(on.woken(), 1u << 1);
    on.check.equal(**on.poll(1, behind), 3);
  }
};

/// A receive that is done holds nothing while the others go on.
struct done_is_gone {
  template <cowarp::scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& c   = on.place<cowarp::channel<std::int32_t, 2, S>>();
    auto both = cowarp::try_join(c.receive(), after_polls{3, 9});
    on.check.that(!on.poll(0, both));
    on.check.that(c.try_send(1).is_ok() && !on.poll(0, both) && on.woken() == 1u);

    on.check.that(c.try_send(2).is_ok());
    on.check.equal(on.woken(), 0u);
    on.check.equal(c.try_receive().value_or(0), 2);

    on.check.that(!on.poll(0, both));
    const auto all = on.poll(0, both);
    on.check.that(all.has_value() && all->is_ok());
    on.check.that(cowarp::get<0>(**all) == 1 && cowarp::get<1>(**all) == 9);
  }
};

using all = test::laws<hands_on, done_is_gone>;

}  // namespace try_join_test

TEST_CASE("try_join: yields all outputs or the first failure", "[future][try_join]") {
  try_join_test::state s{};
  test::run_to_end<try_join_test::app>(s);
  s.checks.require_none(5);
}

TEST_CASE("try_join: a failure ends it, and the rest is not polled", "[future][try_join]") {
  using try_join_test::after_polls;
  std::uint32_t polls[3] = {};
  auto result            = cowarp::block_on(cowarp::try_join(
                 after_polls{0, 1, &polls[0]}, after_polls{2, {}, &polls[1]}, after_polls{9, 3, &polls[2]}));
  CHECK_FALSE(result.is_ok());
  CHECK(result.failed() == 1);
  REQUIRE(result.failure<1>() != nullptr);
  CHECK_FALSE(std::as_const(result).failure<1>()->has_value());
  CHECK(polls[0] == 1);
  CHECK(polls[1] == 3);
  CHECK(polls[2] == 2);
}

TEST_CASE("try_join: outputs that only move arrive", "[future][try_join]") {
  using test::only_moves;
  using held  = cowarp::optional<only_moves>;
  auto result = cowarp::block_on(
      cowarp::try_join(cowarp::ready(held(only_moves(1))), cowarp::ready(held(only_moves(2)))));
  REQUIRE(result.is_ok());
  CHECK(cowarp::get<0>(*result).value() == 1);
  CHECK(cowarp::get<1>(*result).value() == 2);
}

TEST_CASE("try_join: the others are gone with it", "[future][try_join]") {
  using namespace try_join_test;
  test::counted_life::counts lives{};
  const auto result = cowarp::block_on(cowarp::try_join(living(lives), after_polls{3, {}}));
  CHECK(result.failed() == 1);
  CHECK(lives.built.value() > 0);
  CHECK(lives.built.value() == lives.destroyed.value());
}

TEST_CASE("try_join: dropped early it takes its futures along", "[future][try_join]") {
  using namespace try_join_test;
  test::counted_life::counts lives{};
  cowarp::context cx;
  { auto unpolled = cowarp::try_join(living(lives), living(lives)); }
  CHECK(lives.built.value() == lives.destroyed.value());
  {
    auto halfway = cowarp::try_join(living(lives), after_polls{0, 1});
    CHECK_FALSE(halfway.poll(cx).has_value());
  }
  CHECK(lives.built.value() == lives.destroyed.value());
}

TEST_CASE("try_join: a notified receive hands on", "[future][try_join]") {
  test::play<try_join_test::all, try_join_test::hands_on>();
}

TEST_CASE("try_join: a receive that is done holds nothing", "[future][try_join]") {
  test::play<try_join_test::all, try_join_test::done_is_gone>();
}
