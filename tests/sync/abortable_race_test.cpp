// SPDX-License-Identifier: Apache-2.0
/// \file
/// Aborts that race with the output, inside a block and across two.
#include <cowarp/sync/abortable.hpp>

#include <support/by_hand.hpp>
#include <support/checks.hpp>
#include <support/steps.hpp>

namespace abortable_race_test {

using cowarp::scope;

/// What two tasks race for, again and again: everything that `abort` and the signal can meet.
template <scope S>
struct arena {
  static constexpr scope primitive_scope = S;
  static constexpr std::uint32_t rounds  = 64;

  struct round {
    cowarp::abort_handle<S> handle;
    cowarp::signal<std::int32_t, S> value;
  };
  round of[rounds];
};

template <scope S>
struct racing {
  using place  = test::home<arena<S>>;
  using output = cowarp::unit;  // of the tasks, whose base depends on `S`

  struct grid {
    test::checks checks;
    test::counter begun;  // rounds that the waiting task has begun
    test::counter aborted;
    test::counter yielded;
    typename place::in_grid shared;
  };

  COWARP_TASK_FRAME(waiting, 1, 128) {
    arena<S>& in;
    grid& all;
    std::uint32_t i = 0;
    cowarp::optional<std::int32_t> value{};
    COWARP_BODY_BEGIN
    for (; i < arena<S>::rounds; ++i) {
      all.begun.add();
      COWARP_AWAIT_INTO(value, cowarp::abortable(in.of[i].value.wait(), in.of[i].handle));
      if (value) all.checks.equal(*value, static_cast<std::int32_t>(i));
      (value ? all.yielded : all.aborted).add();
    }
    COWARP_BODY_END
  };

  /// Ends each round in its own way: an abort, a value, or both in either order, early or late.
  COWARP_TASK_FRAME(ending, 1) {
    arena<S>& in;
    grid& all;
    std::uint32_t i     = 0;
    std::uint32_t turns = 0;
    COWARP_BODY_BEGIN
    for (; i < arena<S>::rounds; ++i) {
      // Every other time it waits until the round began, and then up to three turns.
      while (i % 2 == 1 && all.begun.value() <= i) COWARP_AWAIT(cowarp::yield_now());
      for (turns = 0; turns < i / 2 % 4; ++turns) COWARP_AWAIT(cowarp::yield_now());
      if (i / 8 % 4 == 1) in.of[i].value.send(static_cast<std::int32_t>(i));
      if (i / 8 % 4 != 2) in.of[i].handle.abort();
      if (i / 8 % 4 >= 2) in.of[i].value.send(static_cast<std::int32_t>(i));
    }
    COWARP_BODY_END
  };

  struct app : cowarp::program<waiting, ending> {
    using block_state = typename place::in_block;
    using grid_state  = grid;
    COWARP_FN static void start(cowarp::spawner<app> s, block_state& mine, grid_state& all) {
      arena<S>& in = place::find(mine, all.shared);
      if (s.block() == 0) static_cast<void>(s.template spawn<waiting>(in, all));
      if (s.block() + 1 == s.blocks()) static_cast<void>(s.template spawn<ending>(in, all));
    }
  };
};

}  // namespace abortable_race_test

TEST_CASE("abortable: an abort races with the output in a block", "[sync][abortable]") {
  using program = abortable_race_test::racing<cowarp::scope::block>;
  typename program::grid all{};
  test::run_to_end<program::app>(all);
  all.checks.require_none();
  CHECK(all.yielded.value() + all.aborted.value() == 64);
}

TEST_CASE("abortable: an abort races with the output across blocks", "[sync][abortable]") {
  using program = abortable_race_test::racing<cowarp::scope::device>;
  typename program::grid all{};
  test::run_to_end<program::app>(all, {.blocks = 2});
  all.checks.require_none();
  CHECK(all.yielded.value() + all.aborted.value() == 64);
  CHECK(all.yielded.value() >= 16);  // the rounds that nobody aborts
  CHECK(all.aborted.value() >= 16);  // the rounds that get no value
  std::uint32_t left = 0;
  for (auto& round : all.shared.primitive.of) left += round.value.has_value() ? 1 : 0;
  CHECK(all.yielded.value() + left == 48);  // no value is lost, and none comes twice
}
