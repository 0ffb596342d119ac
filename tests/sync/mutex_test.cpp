// SPDX-License-Identifier: Apache-2.0
#include <cowarp/sync/mutex.hpp>

#include <support/by_hand.hpp>

#include <chrono>
#include <cstdint>

namespace mutex_test {

using cowarp::context;
using cowarp::scope;

template <scope Scope>
struct law {
  using primitive = cowarp::mutex<int, Scope>;
  using guard     = typename primitive::guard;
  using waiting   = test::by_hand<typename primitive::lock_future>;
};

template <scope Scope>
struct newcomers_wait : law<Scope> {
  using typename law<Scope>::primitive;
  COWARP_FN static void check(context& cx, primitive& m, test::checks& found) {
    typename law<Scope>::guard held = std::move(*m.try_lock());
    typename law<Scope>::waiting first, newcomer;
    found.that(!first.begin(cx, m.lock()));

    held.unlock();

    found.that(!m.try_lock().has_value());
    found.that(!newcomer.begin(cx, m.lock()));
    found.that(first.poll(cx));
    first.cancel();
    found.that(newcomer.poll(cx));
  }
};

template <scope Scope>
struct waiters_go_in_order : law<Scope> {
  using typename law<Scope>::primitive;
  COWARP_FN static void check(context& cx, primitive& m, test::checks& found) {
    constexpr int count = 5;
    typename law<Scope>::waiting waiting[count];
    for (int i = 0; i < count; ++i) found.equal(waiting[i].begin(cx, m.lock()), i == 0);

    for (int i = 0; i < count; ++i) {
      for (int other = i + 1; other < count; ++other) found.that(!waiting[other].poll(cx));
      found.that(waiting[i].poll(cx));
      waiting[i].cancel();
    }

    found.that(!m.is_locked());
  }
};

template <scope Scope>
struct cancelled_hands_on : law<Scope> {
  using typename law<Scope>::primitive;
  COWARP_FN static void check(context& cx, primitive& m, test::checks& found) {
    typename law<Scope>::guard held = std::move(*m.try_lock());
    typename law<Scope>::waiting waiting[4];
    for (auto& one : waiting) static_cast<void>(one.begin(cx, m.lock()));

    waiting[1].cancel();  // in the middle of the queue
    held.unlock();        // to the first,
    waiting[0].cancel();  // which does not want it any more

    found.that(!waiting[3].poll(cx));
    found.that(waiting[2].poll(cx));
    waiting[3].cancel();  // the last of the queue
    waiting[2].cancel();
    found.that(m.try_lock().has_value());
    found.that(!m.is_locked());
  }
};

template <scope Scope>
struct unpolled_takes_nothing : law<Scope> {
  using typename law<Scope>::primitive;
  COWARP_FN static void check(context& cx, primitive& m, test::checks& found) {
    {
      auto dropped = m.lock();
      found.that(!m.is_locked());
      auto moved = std::move(dropped);
      found.that(moved.poll(cx).has_value());  // and the guard is dropped at once
    }
    found.that(!m.is_locked());
  }
};

template <scope Scope>
struct guards_move : law<Scope> {
  using typename law<Scope>::primitive;
  using typename law<Scope>::guard;
  COWARP_FN static void check(context&, primitive& m, test::checks& found) {
    guard held = std::move(*m.try_lock());
    *held      = 7;

    guard other = std::move(held);
    found.that(!held.has_lock() && other.has_lock() && m.is_locked());
    held.unlock();  // empty: nothing happens
    found.that(m.is_locked());
    held = std::move(other);
    found.that(held.has_lock() && *held == 7 && m.is_locked());
    held = guard();  // unlocks what it held
    found.that(!m.is_locked());
  }
};

struct pair_of_numbers {
  int first, second;
};

template <scope Scope>
struct mapped_guard_unlocks {
  using primitive = cowarp::mutex<pair_of_numbers, Scope>;
  COWARP_FN static void check(context&, primitive& m, test::checks& found) {
    {
      const auto second = [](pair_of_numbers& of) -> int& { return of.second; };
      auto part         = std::move(*m.try_lock()).map(second);
      *part             = 5;
      found.that(m.is_locked());
    }
    found.that(!m.is_locked());
    found.equal((*m.try_lock())->second, 5);
  }
};

/// Many tasks add to one number, each in two steps with an await in between; every second attempt
/// is given up when its time is over.
template <scope Scope>
struct contention {
  using output = cowarp::unit;

  static constexpr int tasks    = 48;
  static constexpr int attempts = 40;

  struct totals {
    int sum, succeeded, ended;
  };
  using primitive = cowarp::mutex<totals, Scope>;
  using place     = test::home<primitive>;

  struct grid {
    test::checks found;
    typename place::in_grid shared;
  };

  COWARP_TASK_FRAME(adder, tasks, 96) {
    primitive& m;
    grid& all;
    int expected_ends;
    int i = 0, before = 0, mine = 0;
    cowarp::optional<typename primitive::guard> held{};

    COWARP_BODY_BEGIN
    for (; i < attempts; ++i) {
      if (i % 2 == 0) {
        COWARP_AWAIT_INTO(held, m.lock());
      } else {
        COWARP_AWAIT_INTO(held, cowarp::with_timeout(std::chrono::nanoseconds(i * 20), m.lock()));
        if (!held) continue;
      }
      ++mine;
      before = (*held)->sum;
      COWARP_AWAIT(cowarp::yield_now());
      (*held)->sum = before + 1;
      held.reset();
    }
    COWARP_AWAIT_INTO(held, m.lock());
    (*held)->succeeded += mine;
    if (++(*held)->ended == expected_ends) {
      all.found.equal((*held)->sum, (*held)->succeeded);
      all.found.that((*held)->sum >= expected_ends * attempts / 2);
    }
    held.reset();
    COWARP_BODY_END
  };
  struct app : cowarp::program<adder> {
    using block_state = typename place::in_block;
    using grid_state  = grid;
    COWARP_FN static void start(cowarp::spawner<app> s, block_state& mine, grid_state& all) {
      const int ends = tasks * static_cast<int>(place::is_local ? 1u : s.blocks());
      for (int i = 0; i < tasks; ++i) {
        static_cast<void>(
            s.template spawn<adder>(place::find(mine, all.shared), all, static_cast<int>(ends)));
      }
    }
  };
};

// [mutex]
struct board {
  cowarp::mutex<int> best;
};

COWARP_TASK_FRAME(propose, 8) {
  board& shared;
  int score;
  cowarp::mutex<int>::guard best{};
  COWARP_BODY_BEGIN
  COWARP_AWAIT_INTO(best, shared.best.lock());
  COWARP_AWAIT(cowarp::yield_now());  // the lock is held across the await
  if (*best < score) *best = score;
  best.unlock();  // or leave that to the guard's end
  COWARP_BODY_END
};
// [/mutex]

struct proposals : cowarp::program<propose> {
  using grid_state = board;
  COWARP_FN static void start(cowarp::spawner<proposals> s, cowarp::no_state&, board& shared) {
    for (int i = 0; i < 8; ++i) static_cast<void>(s.spawn<propose>(shared, i * 3 % 8));
  }
};

using all_laws = test::laws_by_hand<newcomers_wait, waiters_go_in_order, cancelled_hands_on,
                                    unpolled_takes_nothing, guards_move, mapped_guard_unlocks>;

TEMPLATE_TEST_CASE("mutex: a newcomer does not overtake a notified waiter", "[sync][mutex]",
                   TEST_SCOPES) {
  all_laws::require<newcomers_wait>(TestType::value);
}
TEMPLATE_TEST_CASE("mutex: waiters get the lock in order of arrival", "[sync][mutex]",
                   TEST_SCOPES) {
  all_laws::require<waiters_go_in_order>(TestType::value);
}
TEMPLATE_TEST_CASE("mutex: a cancelled waiter hands the lock on", "[sync][mutex]", TEST_SCOPES) {
  all_laws::require<cancelled_hands_on>(TestType::value);
}
TEMPLATE_TEST_CASE("mutex: a future that was never polled takes nothing", "[sync][mutex]",
                   TEST_SCOPES) {
  all_laws::require<unpolled_takes_nothing>(TestType::value);
}
TEMPLATE_TEST_CASE("mutex: a moved guard keeps the lock", "[sync][mutex]", TEST_SCOPES) {
  all_laws::require<guards_move>(TestType::value);
}
TEMPLATE_TEST_CASE("mutex: a mapped guard unlocks", "[sync][mutex]", TEST_SCOPES) {
  all_laws::require<mapped_guard_unlocks>(TestType::value);
}

TEMPLATE_TEST_CASE("mutex: one task at a time holds the lock", "[sync][mutex]", TEST_SCOPES) {
  typename contention<TestType::value>::grid state{};
  test::run_to_end<typename contention<TestType::value>::app>(state, {.blocks = 4});
  state.found.require_none();
}

TEST_CASE("mutex: the value is what its holders made of it", "[sync][mutex]") {
  board state{};
  test::run_to_end<proposals>(state, {.blocks = 2});
  CHECK(state.best.unguarded() == 7);
}

}  // namespace mutex_test
