// SPDX-License-Identifier: Apache-2.0
#include <cowarp/sync/wait_queue.hpp>

#include <support/by_hand.hpp>
#include <support/steps.hpp>

#include <chrono>
#include <cstdint>

namespace wait_queue_test {

using cowarp::context;
using cowarp::scope;

template <scope Scope>
struct law {
  using primitive = cowarp::wait_queue<Scope>;
  using waiting   = test::by_hand<typename primitive::wait_future>;
};

template <scope Scope>
struct wakes_in_order : law<Scope> {
  using typename law<Scope>::primitive;
  COWARP_FN static void check(context& cx, primitive& queue, test::checks& found) {
    typename law<Scope>::waiting waiting[4];
    for (auto& one : waiting) found.that(!one.begin(cx, queue.wait()));

    for (int i = 0; i < 4; ++i) {
      queue.wake_one();
      for (int other = i + 1; other < 4; ++other) found.that(!waiting[other].poll(cx));
      found.that(waiting[i].poll(cx) && *waiting[i]);
    }
  }
};

template <scope Scope>
struct keeps_one_wake : law<Scope> {
  using typename law<Scope>::primitive;
  COWARP_FN static void check(context& cx, primitive& queue, test::checks& found) {
    typename law<Scope>::waiting first, second;
    queue.wake_all();  // wakes nobody, and is not kept
    found.that(!queue.try_wait());

    queue.wake_one();
    queue.wake_one();

    found.that(first.begin(cx, queue.wait()));
    found.that(!second.begin(cx, queue.wait()));
    second.cancel();
    queue.wake_one();
    found.that(queue.try_wait() && !queue.try_wait());
  }
};

template <scope Scope>
struct wakes_all_who_wait : law<Scope> {
  using typename law<Scope>::primitive;
  COWARP_FN static void check(context& cx, primitive& queue, test::checks& found) {
    typename law<Scope>::waiting waiting[20], late;
    for (auto& one : waiting) found.that(!one.begin(cx, queue.wait()));

    queue.wake_all();
    found.that(!late.begin(cx, queue.wait()));

    for (auto& one : waiting) found.that(one.poll(cx) && *one);
    found.that(!late.poll(cx));
  }
};

template <scope Scope>
struct cancelled_hands_on : law<Scope> {
  using typename law<Scope>::primitive;
  COWARP_FN static void check(context& cx, primitive& queue, test::checks& found) {
    typename law<Scope>::waiting first, second, third;
    static_cast<void>(first.begin(cx, queue.wait()));
    static_cast<void>(second.begin(cx, queue.wait()));

    queue.wake_one();
    first.cancel();  // its wake goes to the second,
    found.that(!third.begin(cx, queue.wait()));
    second.cancel();  // then to the third,
    third.cancel();   // and then it is kept
    found.that(queue.try_wait());

    static_cast<void>(first.begin(cx, queue.wait()));
    queue.wake_all();
    found.that(!second.begin(cx, queue.wait()));
    first.cancel();  // all were woken: nothing to hand on
    found.that(!second.poll(cx) && !queue.try_wait());
  }
};

template <scope Scope>
struct close_ends_waiting : law<Scope> {
  using typename law<Scope>::primitive;
  COWARP_FN static void check(context& cx, primitive& queue, test::checks& found) {
    typename law<Scope>::waiting woken, waiting, late;
    static_cast<void>(woken.begin(cx, queue.wait()));
    static_cast<void>(waiting.begin(cx, queue.wait()));
    queue.wake_one();

    queue.close();

    found.that(woken.poll(cx) && *woken);
    found.that(waiting.poll(cx) && !*waiting);
    found.that(late.begin(cx, queue.wait()) && !*late && queue.is_closed());
  }
};

struct is_positive {
  const int& number;
  COWARP_FN bool operator()() const { return number > 0; }
};

template <scope Scope>
struct waits_until_a_condition : law<Scope> {
  using typename law<Scope>::primitive;
  using until = test::by_hand<typename primitive::template wait_until_future<is_positive>>;
  COWARP_FN static void check(context& cx, primitive& queue, test::checks& found) {
    int number = 0;
    until waiting, closed;
    found.that(!waiting.begin(cx, queue.wait_until(is_positive{number})));

    queue.wake_one();
    found.that(!waiting.poll(cx));  // woken without cause: waits on
    number = 1;
    queue.wake_one();
    found.that(waiting.poll(cx) && *waiting);
    found.that(waiting.begin(cx, queue.wait_until(is_positive{number})) && *waiting);
    found.that(!queue.try_wait());

    number = 0;
    found.that(!closed.begin(cx, queue.wait_until(is_positive{number})));
    queue.close();
    found.that(closed.poll(cx) && !*closed);
  }
};

/// Tickets are handed out one by one with `wake_one`; impatient tasks give up and come again.
template <scope Scope>
struct tickets {
  using output    = cowarp::unit;
  using primitive = cowarp::wait_queue<Scope>;
  using place     = test::home<primitive>;

  static constexpr std::uint32_t takers = 40, each = 20;

  struct grid {
    test::checks found;
    cowarp::platform::atomic_word<scope::device> open[4];
    typename place::in_grid shared;
  };
  static COWARP_FN std::uint32_t home_of() {
    return place::is_local ? cowarp::platform::this_block()->block : 0;
  }
  /// Takes one of the tickets that are out, if there is one.
  struct take {
    grid& all;
    COWARP_FN bool operator()() const {
      auto& open = all.open[home_of()];
      // relaxed: only a number.
      std::uint32_t count = open.load(cowarp::platform::relaxed);
      while (count != 0) {
        // relaxed: only a number.
        if (open.compare_exchange(count, count - 1, cowarp::platform::relaxed)) return true;
      }
      return false;
    }
  };
  COWARP_TASK_FRAME(taker, takers, 112) {
    primitive& queue;
    grid& all;
    std::uint32_t i = 0;
    cowarp::optional<bool> result{};
    COWARP_BODY_BEGIN
    while (i < each) {
      COWARP_AWAIT_INTO(result, cowarp::with_timeout(std::chrono::nanoseconds(i * 100),
                                                     queue.wait_until(take{all})));
      if (!result) COWARP_AWAIT_INTO(result, queue.wait_until(take{all}));
      all.found.that(*result);
      ++i;
    }
    COWARP_BODY_END
  };
  COWARP_TASK_FRAME(giver, 4) {
    primitive& queue;
    grid& all;
    std::uint32_t count;
    COWARP_BODY_BEGIN
    for (; count > 0; --count) {
      // relaxed: only a number; the queue orders it before who is woken.
      all.open[home_of()].fetch_add(1, cowarp::platform::relaxed);
      if (count % 5 == 0) {
        queue.wake_all();
      } else {
        queue.wake_one();
      }
      if (count % 3 == 0) COWARP_AWAIT(cowarp::yield_now());
    }
    COWARP_BODY_END
  };
  struct app : cowarp::program<taker, giver> {
    using block_state = typename place::in_block;
    using grid_state  = grid;
    COWARP_FN static void start(cowarp::spawner<app> s, block_state& mine, grid_state& all) {
      primitive& queue = place::find(mine, all.shared);
      for (std::uint32_t i = 0; i < takers; ++i) {
        static_cast<void>(s.template spawn<taker>(queue, all));
      }
      for (std::uint32_t i = 0; i < 4; ++i) {
        static_cast<void>(s.template spawn<giver>(queue, all, takers * each / 4));
      }
    }
  };
};

// [wait_queue]
struct board {
  cowarp::wait_queue<> changed;
  cowarp::platform::atomic_word<cowarp::scope::device> level;
};

struct is_high {
  board& shared;
  COWARP_FN bool operator()() const {
    // acquire: shows what was written before the level was raised.
    return shared.level.load(cowarp::platform::acquire) >= 3;
  }
};

COWARP_TASK_FRAME(raise, 3) {
  board& shared;
  COWARP_BODY_BEGIN
  // release: shows what was written before.
  shared.level.fetch_add(1, cowarp::platform::release);
  shared.changed.wake_all();  // after the change
  COWARP_BODY_END
};

COWARP_TASK_FRAME(watch_level, 4) {
  board& shared;
  bool is_open = false;
  COWARP_BODY_BEGIN
  COWARP_AWAIT_INTO(is_open, shared.changed.wait_until(is_high{shared}));
  if (!is_open) COWARP_RETURN();  // the queue was closed
  COWARP_BODY_END
};
// [/wait_queue]

struct app : cowarp::program<raise, watch_level> {
  using grid_state = board;
  COWARP_FN static void start(cowarp::spawner<app> s, cowarp::no_state&, board& shared) {
    for (int i = 0; i < 4; ++i) static_cast<void>(s.spawn<watch_level>(shared));
    if (s.block() != 0) return;
    for (int i = 0; i < 3; ++i) static_cast<void>(s.spawn<raise>(shared));
  }
};

using all_laws =
    test::laws_by_hand<wakes_in_order, keeps_one_wake, wakes_all_who_wait, cancelled_hands_on,
                       close_ends_waiting, waits_until_a_condition>;

TEMPLATE_TEST_CASE("wait_queue: wake_one wakes in order of arrival", "[sync][wait_queue]",
                   TEST_SCOPES) {
  all_laws::require<wakes_in_order>(TestType::value);
}
TEMPLATE_TEST_CASE("wait_queue: one wake is kept for the next who waits", "[sync][wait_queue]",
                   TEST_SCOPES) {
  all_laws::require<keeps_one_wake>(TestType::value);
}
TEMPLATE_TEST_CASE("wait_queue: wake_all wakes all who wait and no more", "[sync][wait_queue]",
                   TEST_SCOPES) {
  all_laws::require<wakes_all_who_wait>(TestType::value);
}
TEMPLATE_TEST_CASE("wait_queue: a cancelled waiter hands its wake on", "[sync][wait_queue]",
                   TEST_SCOPES) {
  all_laws::require<cancelled_hands_on>(TestType::value);
}
TEMPLATE_TEST_CASE("wait_queue: close ends all waiting", "[sync][wait_queue]", TEST_SCOPES) {
  all_laws::require<close_ends_waiting>(TestType::value);
}
TEMPLATE_TEST_CASE("wait_queue: a condition is asked after every wake", "[sync][wait_queue]",
                   TEST_SCOPES) {
  all_laws::require<waits_until_a_condition>(TestType::value);
}
TEMPLATE_TEST_CASE("wait_queue: no change is lost on who waits for it", "[sync][wait_queue]",
                   TEST_SCOPES) {
  typename tickets<TestType::value>::grid state{};
  test::run_to_end<typename tickets<TestType::value>::app>(state, {.blocks = 3});
  state.found.require_none(3 * tickets<TestType::value>::takers);
}
TEST_CASE("wait_queue: tasks wait for a level", "[sync][wait_queue]") {
  board state{};
  test::run_to_end<app>(state, {.blocks = 2});
}

}  // namespace wait_queue_test
