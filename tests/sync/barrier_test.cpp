// SPDX-License-Identifier: Apache-2.0
#include <cowarp/sync/barrier.hpp>

#include <support/by_hand.hpp>
#include <support/steps.hpp>

#include <cstdint>

namespace barrier_test {

using cowarp::context;
using cowarp::scope;

template <scope Scope>
struct law {
  using primitive = cowarp::barrier<3, Scope>;
  using waiting   = test::by_hand<typename primitive::wait_future>;
};

template <scope Scope>
struct all_meet_again_and_again : law<Scope> {
  using typename law<Scope>::primitive;
  COWARP_FN static void check(context& cx, primitive& b, test::checks& found) {
    for (int phase = 0; phase < 3; ++phase) {
      typename law<Scope>::waiting waiting[3];
      found.that(!waiting[0].begin(cx, b.arrive_and_wait()));
      found.that(!waiting[1].begin(cx, b.arrive_and_wait()));
      found.that(!waiting[0].poll(cx));

      found.that(waiting[2].begin(cx, b.arrive_and_wait()));

      found.that(waiting[0].poll(cx) && waiting[1].poll(cx));
      found.that(!*waiting[0] && !*waiting[1] && *waiting[2]);  // only the last was the last
    }
  }
};

template <scope Scope>
struct early_arrival_of_the_next_phase : law<Scope> {
  using typename law<Scope>::primitive;
  COWARP_FN static void check(context& cx, primitive& b, test::checks& found) {
    typename law<Scope>::waiting slow, next;
    static_cast<void>(slow.begin(cx, b.arrive_and_wait()));
    static_cast<void>(b.arrive(2));  // ends the phase

    found.that(!next.begin(cx, b.arrive_and_wait()));  // before `slow` was polled
    found.that(slow.poll(cx) && !next.poll(cx));
    static_cast<void>(b.arrive(2));
    found.that(next.poll(cx));
  }
};

template <scope Scope>
struct arrivals_are_waited_for_later : law<Scope> {
  using typename law<Scope>::primitive;
  COWARP_FN static void check(context& cx, primitive& b, test::checks& found) {
    const auto mine = b.arrive();
    typename law<Scope>::waiting waiting, dropped;
    found.that(!b.try_wait(mine) && !waiting.begin(cx, b.wait(mine)));
    found.that(!dropped.begin(cx, b.wait(mine)));
    dropped.cancel();  // the arrival stays

    static_cast<void>(b.arrive(2));

    found.that(b.try_wait(mine) && waiting.poll(cx));
    found.that(dropped.begin(cx, b.wait(mine)));
  }
};

template <scope Scope>
struct cancelled_takes_its_arrival_back : law<Scope> {
  using typename law<Scope>::primitive;
  COWARP_FN static void check(context& cx, primitive& b, test::checks& found) {
    typename law<Scope>::waiting first, cancelled, last;
    static_cast<void>(first.begin(cx, b.arrive_and_wait()));
    static_cast<void>(cancelled.begin(cx, b.arrive_and_wait()));

    cancelled.cancel();
    found.that(!cancelled.begin(cx, b.arrive_and_wait()));
    found.that(!first.poll(cx));
    found.that(last.begin(cx, b.arrive_and_wait()));

    cancelled.cancel();  // the phase is over: it counted
    found.that(first.poll(cx));
    found.that(!first.begin(cx, b.arrive_and_wait()));
  }
};

template <scope Scope>
struct others_go_on_without_who_drops : law<Scope> {
  using typename law<Scope>::primitive;
  COWARP_FN static void check(context& cx, primitive& b, test::checks& found) {
    typename law<Scope>::waiting first, second;
    static_cast<void>(first.begin(cx, b.arrive_and_wait()));
    static_cast<void>(second.begin(cx, b.arrive_and_wait()));

    b.drop();
    found.that(first.poll(cx) && second.poll(cx));
    found.equal(b.participants(), 2u);

    b.drop();
    found.that(first.begin(cx, b.arrive_and_wait()));
    b.drop();
    found.equal(b.participants(), 0u);
  }
};

/// Each task writes its own number and reads all others, round after round, with a meeting after
/// each.
template <scope Scope>
struct rounds {
  using output  = cowarp::unit;
  using meeting = cowarp::barrier<0, Scope>;
  using place   = test::home<meeting>;

  static constexpr std::uint32_t tasks = 20, most = tasks * 4, count = 12;

  struct grid {
    test::checks found;
    test::counter ends;  // phases ended by a task
    std::uint32_t numbers[most];
    typename place::in_grid shared;
  };
  COWARP_TASK_FRAME(participant, tasks) {
    meeting& point;
    grid& all;
    std::uint32_t me, begin, end;
    std::uint32_t round = 0;
    bool is_last        = false;
    COWARP_BODY_BEGIN
    for (; round < count; ++round) {
      if ((me + round) % 3 == 0) COWARP_AWAIT(cowarp::yield_now());
      all.numbers[me] = round;
      COWARP_AWAIT_INTO(is_last, point.arrive_and_wait());
      if (is_last) all.ends.add();
      for (std::uint32_t i = begin; i < end; ++i) all.found.equal(all.numbers[i], round);
      COWARP_AWAIT_INTO(is_last, point.arrive_and_wait());
      if (is_last) all.ends.add();
    }
    COWARP_BODY_END
  };
  struct app : cowarp::program<participant> {
    using block_state = typename place::in_block;
    using grid_state  = grid;
    COWARP_FN static void start(cowarp::spawner<app> s, block_state& mine, grid_state& all) {
      meeting& point            = place::find(mine, all.shared);
      const std::uint32_t first = s.block() * tasks;
      const std::uint32_t begin = place::is_local ? first : 0;
      const std::uint32_t end   = place::is_local ? first + tasks : tasks * s.blocks();
      if (place::is_local) point.init(tasks);
      for (std::uint32_t i = 0; i < tasks; ++i) {
        static_cast<void>(
            s.template spawn<participant>(point, all, first + i, begin + 0u, end + 0u));
      }
    }
  };
};

// [barrier]
struct board {
  cowarp::barrier<8> step;  // two blocks of four tasks
  int cells[8];
  test::checks found;
};

COWARP_TASK_FRAME(relax, 4) {
  board& shared;
  std::uint32_t me;
  int i = 0, left = 0;
  COWARP_BODY_BEGIN
  for (; i < 5; ++i) {
    left = shared.cells[(me + 7) % 8];
    COWARP_AWAIT(shared.step.arrive_and_wait());  // all have read
    shared.cells[me] = left + 1;
    COWARP_AWAIT(shared.step.arrive_and_wait());  // all have written
  }
  shared.found.equal(shared.cells[me], 5);
  COWARP_BODY_END
};
// [/barrier]

struct app : cowarp::program<relax> {
  using grid_state = board;
  COWARP_FN static void start(cowarp::spawner<app> s, cowarp::no_state&, board& shared) {
    for (std::uint32_t i = 0; i < 4; ++i) {
      static_cast<void>(s.spawn<relax>(shared, s.block() * 4 + i));
    }
  }
};

using all_laws = test::laws_by_hand<all_meet_again_and_again, early_arrival_of_the_next_phase,
                                    arrivals_are_waited_for_later, cancelled_takes_its_arrival_back,
                                    others_go_on_without_who_drops>;

TEMPLATE_TEST_CASE("barrier: nobody passes before all are there", "[sync][barrier]", TEST_SCOPES) {
  all_laws::require<all_meet_again_and_again>(TestType::value);
}
TEMPLATE_TEST_CASE("barrier: an early arrival waits for the next phase", "[sync][barrier]",
                   TEST_SCOPES) {
  all_laws::require<early_arrival_of_the_next_phase>(TestType::value);
}
TEMPLATE_TEST_CASE("barrier: an arrival may be waited for later", "[sync][barrier]", TEST_SCOPES) {
  all_laws::require<arrivals_are_waited_for_later>(TestType::value);
}
TEMPLATE_TEST_CASE("barrier: a cancelled waiter takes its arrival back", "[sync][barrier]",
                   TEST_SCOPES) {
  all_laws::require<cancelled_takes_its_arrival_back>(TestType::value);
}
TEMPLATE_TEST_CASE("barrier: the others go on without who drops", "[sync][barrier]", TEST_SCOPES) {
  all_laws::require<others_go_on_without_who_drops>(TestType::value);
}
TEMPLATE_TEST_CASE("barrier: every task sees what all wrote before", "[sync][barrier]",
                   TEST_SCOPES) {
  using program = rounds<TestType::value>;
  typename program::grid state{};
  if constexpr (!program::place::is_local) state.shared.primitive.init(program::most);
  test::run_to_end<typename program::app>(state, {.blocks = 4});
  state.found.require_none(program::most * program::count);
  CHECK(state.ends.value() == 2 * program::count * (program::place::is_local ? 4 : 1));
}
TEST_CASE("barrier: tasks of two blocks meet", "[sync][barrier]") {
  board state{};
  test::run_to_end<app>(state, {.blocks = 2});
  state.found.require_none(8);
}

}  // namespace barrier_test
