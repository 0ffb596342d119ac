// SPDX-License-Identifier: Apache-2.0
/// \file
/// Cancels that race with tokens and waits that come and go, inside a block and across blocks.
#include <cowarp/sync/until_cancelled.hpp>

#include <support/by_hand.hpp>
#include <support/checks.hpp>
#include <support/futures.hpp>
#include <support/steps.hpp>

namespace cancellation_token_race_test {

using cowarp::scope;

template <scope S>
struct trees {
  static constexpr scope primitive_scope = S;
  static constexpr std::uint32_t rounds  = 48;
  cowarp::cancellation_token<S> of[rounds];
  // A child of each tree, and its child: in the order in which they must be destroyed.
  cowarp::optional<cowarp::cancellation_token<S>> branch[rounds];
  cowarp::optional<cowarp::cancellation_token<S>> leaf[rounds];
};

/// One task waits for a leaf or churns it, another one cancels the tree: early or late, at the root or
/// below.
template <scope S>
struct racing {
  using place  = test::home<trees<S>>;
  using output = cowarp::unit;  // of the tasks, whose base depends on `S`

  struct grid {
    test::checks checks;
    test::counter begun;
    test::counter cancelled;
    typename place::in_grid shared;
  };

  COWARP_TASK_FRAME(waiting, 1, 160) {
    trees<S>& in;
    grid& all;
    std::uint32_t i = 0;
    cowarp::optional<std::int32_t> value{};
    COWARP_BODY_BEGIN
    for (; i < trees<S>::rounds; ++i) {
      in.branch[i].emplace(in.of[i]);
      in.leaf[i].emplace(*in.branch[i]);
      all.begun.add();
      if (i % 4 == 3) in.branch[i].reset();  // the leaf goes to the root
      for (;;) {  // every other round it lets a new leaf grow again and again
        COWARP_AWAIT_INTO(value, cowarp::until_cancelled(
                                     test::after_polls{i % 2 == 0 ? ~0u : 1u, 5}, *in.leaf[i]));
        if (!value) break;
        in.leaf[i].reset();
        in.leaf[i].emplace(in.of[i]);
      }
      all.checks.that(in.leaf[i]->is_cancelled());
      COWARP_AWAIT(in.of[i].cancelled());
      all.cancelled.add();
      in.leaf[i].reset();
      in.branch[i].reset();
    }
    COWARP_BODY_END
  };

  COWARP_TASK_FRAME(cancelling, 1) {
    trees<S>& in;
    grid& all;
    std::uint32_t i     = 0;
    std::uint32_t turns = 0;
    COWARP_BODY_BEGIN
    for (; i < trees<S>::rounds; ++i) {
      while (i % 3 != 0 && all.begun.value() <= i) COWARP_AWAIT(cowarp::yield_now());
      for (turns = i / 3 % 4; turns != 0; --turns) COWARP_AWAIT(cowarp::yield_now());
      in.of[i].cancel();
    }
    COWARP_BODY_END
  };

  struct app : cowarp::program<waiting, cancelling> {
    using block_state = typename place::in_block;
    using grid_state  = grid;
    COWARP_FN static void start(cowarp::spawner<app> s, block_state& mine, grid_state& all) {
      trees<S>& in = place::find(mine, all.shared);
      if (s.block() == 0) s.template must_spawn<waiting>(in, all);
      if (s.block() + 1 == s.blocks()) s.template must_spawn<cancelling>(in, all);
    }
  };
};

// ---- many tasks under one root -------------------------------------------------------------------

struct state {
  test::checks checks;
  test::counter begun;
  test::counter turns;
  cowarp::cancellation_token<> root;
};

COWARP_TASK_FRAME(member, 24, 160) {
  state& s;
  std::uint32_t polls;  // how long it works each time; 0: until it is cancelled
  std::uint32_t turn = 0;
  cowarp::optional<cowarp::cancellation_token<>> own{};
  cowarp::optional<std::int32_t> value{};
  COWARP_BODY_BEGIN
  for (;; ++turn) {
    own.emplace(s.root);
    if (turn == 0) s.begun.add();
    if (polls == 0) {
      COWARP_AWAIT(own->cancelled());
      break;
    }
    COWARP_AWAIT_INTO(value, cowarp::until_cancelled(test::after_polls{polls, 1}, *own));
    if (!value) break;
    own.reset();
    s.turns.add();
  }
  s.checks.that(own->is_cancelled() && s.root.is_cancelled());
  COWARP_BODY_END
};

COWARP_TASK_FRAME(ending, 1) {
  state& s;
  std::uint32_t members;
  COWARP_BODY_BEGIN
  while (s.begun.value() < members || s.turns.value() < 500) COWARP_AWAIT(cowarp::yield_now());
  s.root.cancel();
  COWARP_BODY_END
};

struct crowd_app : cowarp::program<member, ending> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<crowd_app> s) {
    for (std::uint32_t i = 0; i < 24; ++i) s.must_spawn<member>(s.grid_state(), i % 4);
    if (s.block() == 0) s.must_spawn<ending>(s.grid_state(), 24 * s.blocks());
  }
};

}  // namespace cancellation_token_race_test

TEST_CASE("cancellation_token: no cancel is lost in a block", "[sync][cancellation_token]") {
  using program = cancellation_token_race_test::racing<cowarp::scope::block>;
  typename program::grid all{};
  test::run_to_end<program::app>(all);
  all.checks.require_none(48);
  CHECK(all.cancelled.value() == 48);
}

TEST_CASE("cancellation_token: no cancel is lost across blocks", "[sync][cancellation_token]") {
  using program = cancellation_token_race_test::racing<cowarp::scope::device>;
  typename program::grid all{};
  test::run_to_end<program::app>(all, {.blocks = 2});
  all.checks.require_none(48);
  CHECK(all.cancelled.value() == 48);
}

TEST_CASE("cancellation_token: children come and go during a cancel",
          "[sync][cancellation_token]") {
  const auto blocks = GENERATE(1u, 3u);
  cancellation_token_race_test::state s{};
  test::run_to_end<cancellation_token_race_test::crowd_app>(s, {.blocks = blocks});
  s.checks.require_none(24 * blocks);
}
