// SPDX-License-Identifier: Apache-2.0
/// \file
/// Futures that get one poll.
#include <cowarp/future/now_or_never.hpp>

#include <support/checks.hpp>
#include <support/futures.hpp>
#include <support/stage.hpp>
#include <support/steps.hpp>

namespace now_or_never_test {

using living = test::living<>;

struct state {
  test::checks checks;
  cowarp::channel<std::int32_t, 1> numbers;
  test::counter has_asked;
};

// [now_or_never]
COWARP_TASK_FRAME(asking, 1) {
  state& s;
  cowarp::channel<std::int32_t, 1>::receive_future next{s.numbers};
  cowarp::optional<cowarp::optional<std::int32_t>> number{};
  COWARP_BODY_BEGIN
  // Not there: this receive is gone again.
  s.checks.that(!cowarp::now_or_never(s.numbers.receive()).has_value());

  COWARP_AWAIT_INTO(number, cowarp::poll_once(next));
  while (!number) {  // this one stands in line, and its message wakes the task
    s.has_asked.add();
    COWARP_AWAIT(cowarp::yield_now());
    COWARP_AWAIT_INTO(number, cowarp::poll_once(next));
  }
  s.checks.equal(**number, 3);
  s.checks.that(s.numbers.is_empty());
  COWARP_BODY_END
};
// [/now_or_never]

COWARP_TASK_FRAME(telling, 1) {
  state& s;
  COWARP_BODY_BEGIN
  while (s.has_asked.value() < 2) COWARP_AWAIT(cowarp::yield_now());
  COWARP_AWAIT(s.numbers.send(3));
  COWARP_BODY_END
};

struct app : cowarp::program<asking, telling> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<app> s) {
    (void)s.spawn<asking>(s.grid_state());
    (void)s.spawn<telling>(s.grid_state());
  }
};

struct waits_for_nobody {
  template <cowarp::scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& value = on.place<cowarp::signal<std::int32_t, S>>();
    auto behind = value.wait();
    on.check.that(!cowarp::now_or_never(value.wait()));
    on.check.that(!on.poll(0, behind));

    value.send(5);

    on.check.equal(on.woken(), 1u << 0);
    on.check.that(!cowarp::now_or_never(value.wait()));  // it is reserved
    on.check.equal(on.poll(0, behind).value_or(0), 5);
    value.send(6);
    on.check.equal(cowarp::now_or_never(value.wait()).value_or(0), 6);
  }
};

struct keeps_its_place {
  template <cowarp::scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& value = on.place<cowarp::signal<std::int32_t, S>>();
    auto kept   = value.wait();
    {
      auto once         = cowarp::poll_once(kept);
      const auto answer = on.poll(0, once);
      on.check.that(answer.has_value() && !answer->has_value());
    }
    auto behind = value.wait();
    on.check.that(!on.poll(1, behind));

    value.send(5);

    on.check.equal(on.woken(), 1u << 0);
    auto again        = cowarp::poll_once(kept);
    const auto answer = on.poll(0, again);
    on.check.that(answer.has_value() && *answer == 5);
    value.send(6);
    on.check.equal(on.woken(), 1u << 1);
  }
};

using all = test::laws<waits_for_nobody, keeps_its_place>;

}  // namespace now_or_never_test

TEST_CASE("now_or_never: a task asks without waiting", "[future][now_or_never]") {
  now_or_never_test::state s{};
  test::run_to_end<now_or_never_test::app>(s);
  s.checks.require_none(3);
}

TEST_CASE("now_or_never: what is not ready is gone", "[future][now_or_never]") {
  test::counted_life::counts lives{};
  CHECK_FALSE(cowarp::now_or_never(now_or_never_test::living(lives)).has_value());
  CHECK(lives.built.value() > 0);
  CHECK(lives.built.value() == lives.destroyed.value());
}

TEST_CASE("now_or_never: what is ready comes out", "[future][now_or_never]") {
  CHECK(cowarp::now_or_never(cowarp::ready(3)) == 3);
  CHECK(cowarp::now_or_never(cowarp::ready(test::only_moves(4)))->value() == 4);
  CHECK_FALSE(cowarp::now_or_never(cowarp::yield_now()).has_value());
}

TEST_CASE("now_or_never: leaves the line at once", "[future][now_or_never]") {
  test::play<now_or_never_test::all, now_or_never_test::waits_for_nobody>();
}

TEST_CASE("poll_once: the future keeps its place", "[future][now_or_never]") {
  test::play<now_or_never_test::all, now_or_never_test::keeps_its_place>();
}
