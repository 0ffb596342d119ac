// SPDX-License-Identifier: Apache-2.0
/// \file
/// A future polled after it was ready.
#include <cowarp/future/fuse.hpp>
#include <cowarp/future/now_or_never.hpp>

#include <support/checks.hpp>
#include <support/futures.hpp>
#include <support/steps.hpp>

namespace fuse_test {

using living = test::living_for;

struct state {
  test::checks checks;
  cowarp::channel<std::int32_t, 1> results;
  test::counter rounds;
};

// [fuse]
COWARP_TASK_FRAME(working, 1) {
  state& s;
  cowarp::fused<cowarp::channel<std::int32_t, 1>::receive_future> result{s.results.receive()};
  cowarp::optional<cowarp::optional<std::int32_t>> received{};
  COWARP_BODY_BEGIN
  while (!result.is_done()) {
    s.rounds.add();  // something to do meanwhile
    COWARP_AWAIT(cowarp::yield_now());
    COWARP_AWAIT_INTO(received, cowarp::poll_once(result));
    if (received) s.checks.equal(received->value_or(0), 3);
  }
  COWARP_BODY_END
};
// [/fuse]

COWARP_TASK_FRAME(answering, 1) {
  state& s;
  COWARP_BODY_BEGIN
  while (s.rounds.value() < 3) COWARP_AWAIT(cowarp::yield_now());
  COWARP_AWAIT(s.results.send(3));
  COWARP_BODY_END
};

struct app : cowarp::program<working, answering> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<app> s) {
    (void)s.spawn<working>(s.grid_state());
    (void)s.spawn<answering>(s.grid_state());
  }
};

}  // namespace fuse_test

TEST_CASE("fuse: a task polls until it is done", "[future][fuse]") {
  fuse_test::state s{};
  test::run_to_end<fuse_test::app>(s);
  s.checks.require_none(1);
  CHECK(s.rounds.value() >= 3);
}

TEST_CASE("fuse: after its output it is pending for ever", "[future][fuse]") {
  test::counted_life::counts lives{};
  std::uint32_t polls = 0;
  cowarp::context cx;
  auto fused = cowarp::fuse(fuse_test::living(lives, 1, polls));

  CHECK_FALSE(fused.poll(cx).has_value());
  CHECK_FALSE(fused.is_done());
  CHECK(fused.poll(cx) == 6);

  CHECK(fused.is_done());
  CHECK(lives.built.value() == lives.destroyed.value());
  cowarp::context later;
  for (int i = 0; i < 3; ++i) CHECK_FALSE(fused.poll(later).has_value());
  CHECK(polls == 2);
  CHECK(later.flags() == 0);
}

TEST_CASE("fuse: dropped early it takes its future along", "[future][fuse]") {
  test::counted_life::counts lives{};
  std::uint32_t polls = 0;
  cowarp::context cx;
  {
    auto fused = cowarp::fuse(fuse_test::living(lives, 9, polls));
    CHECK_FALSE(fused.poll(cx).has_value());
  }
  CHECK(lives.built.value() > 0);
  CHECK(lives.built.value() == lives.destroyed.value());
}
