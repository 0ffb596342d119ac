// SPDX-License-Identifier: Apache-2.0
#include <cowarp/sync/event.hpp>

#include <support/by_hand.hpp>
#include <support/steps.hpp>

#include <cstdint>

namespace event_test {

using cowarp::context;
using cowarp::scope;

template <scope Scope>
struct law {
  using primitive = cowarp::event<Scope>;
  using waiting   = test::by_hand<typename primitive::wait_future>;
};

template <scope Scope>
struct set_lets_all_in : law<Scope> {
  using typename law<Scope>::primitive;
  COWARP_FN static void check(context& cx, primitive& e, test::checks& found) {
    typename law<Scope>::waiting waiting[20], late;
    for (auto& one : waiting) found.that(!one.begin(cx, e.wait()));
    found.that(!e.try_wait());

    e.set();
    e.set();  // nothing more

    for (auto& one : waiting) found.that(one.poll(cx));
    found.that(e.try_wait() && late.begin(cx, e.wait()));
  }
};

template <scope Scope>
struct reset_makes_latecomers_wait : law<Scope> {
  using typename law<Scope>::primitive;
  COWARP_FN static void check(context& cx, primitive& e, test::checks& found) {
    typename law<Scope>::waiting early, late;
    found.that(!early.begin(cx, e.wait()));

    e.set();
    e.reset();
    e.reset();  // nothing more
    found.that(!late.begin(cx, e.wait()));

    found.that(early.poll(cx));
    found.that(!late.poll(cx) && !e.is_set());
    e.set();
    found.that(late.poll(cx));
  }
};

template <scope Scope>
struct cancelled_leaves : law<Scope> {
  using typename law<Scope>::primitive;
  COWARP_FN static void check(context& cx, primitive& e, test::checks& found) {
    typename law<Scope>::waiting waiting[4];
    for (auto& one : waiting) found.that(!one.begin(cx, e.wait()));

    waiting[0].cancel();
    waiting[2].cancel();
    waiting[3].cancel();
    e.set();
    e.reset();

    found.that(waiting[1].poll(cx));
    for (auto& one : waiting) found.that(!one.begin(cx, e.wait()));
    e.set();
    waiting[1].cancel();  // after it was let in
    found.that(waiting[0].poll(cx) && waiting[2].poll(cx) && waiting[3].poll(cx));
  }
};

/// A runner opens gate after gate for many tasks; everybody passes every gate once.
template <scope Scope>
struct gates {
  using output = cowarp::unit;
  using place  = test::home<cowarp::event<Scope>>;

  static constexpr std::uint32_t tasks = 40, rounds = 30;

  struct grid {
    test::checks found;
    test::counter written[4];
    test::counter passed[4];
    typename place::in_grid shared;
  };
  static COWARP_FN std::uint32_t home_of() {
    return place::is_local ? cowarp::platform::this_block()->block : 0;
  }

  COWARP_TASK_FRAME(passer, tasks) {
    cowarp::event<Scope>& open;
    grid& all;
    std::uint32_t round = 0;
    COWARP_BODY_BEGIN
    for (; round < rounds; ++round) {
      COWARP_AWAIT(open.wait());
      all.found.that(all.written[home_of()].value() > round);
      all.passed[home_of()].add();
      while (all.written[home_of()].value() == round + 1 && open.is_set()) {
        COWARP_AWAIT(cowarp::yield_now());
      }
    }
    COWARP_BODY_END
  };
  COWARP_TASK_FRAME(opener, 1) {
    cowarp::event<Scope>& open;
    grid& all;
    std::uint32_t expected;
    std::uint32_t round = 0;
    COWARP_BODY_BEGIN
    for (; round < rounds; ++round) {
      all.written[home_of()].add();
      open.set();
      while (all.passed[home_of()].value() < expected * (round + 1)) {
        COWARP_AWAIT(cowarp::yield_now());
      }
      open.reset();
    }
    COWARP_BODY_END
  };
  struct app : cowarp::program<passer, opener> {
    using block_state = typename place::in_block;
    using grid_state  = grid;
    COWARP_FN static void start(cowarp::spawner<app> s, block_state& mine, grid_state& all) {
      cowarp::event<Scope>& open   = place::find(mine, all.shared);
      const std::uint32_t expected = tasks * (place::is_local ? 1u : s.blocks());
      for (std::uint32_t i = 0; i < tasks; ++i) {
        static_cast<void>(s.template spawn<passer>(open, all));
      }
      if (place::is_local || s.block() == 0) {
        static_cast<void>(s.template spawn<opener>(open, all, expected + 0u));
      }
    }
  };
};

// [event]
struct board {
  cowarp::event<> is_loaded;
  int table[4];
  test::checks found;
};

COWARP_TASK_FRAME(load, 1) {
  board& shared;
  COWARP_BODY_BEGIN
  COWARP_AWAIT(cowarp::yield_now());
  for (int i = 0; i < 4; ++i) shared.table[i] = i * i;
  shared.is_loaded.set();  // for all who wait, and all who come later
  COWARP_BODY_END
};

COWARP_TASK_FRAME(look_up, 4) {
  board& shared;
  int i;
  COWARP_BODY_BEGIN
  COWARP_AWAIT(shared.is_loaded.wait());
  shared.found.equal(shared.table[i], i * i);
  COWARP_BODY_END
};
// [/event]

struct app : cowarp::program<load, look_up> {
  using grid_state = board;
  COWARP_FN static void start(cowarp::spawner<app> s, cowarp::no_state&, board& shared) {
    if (s.block() == 0) static_cast<void>(s.spawn<load>(shared));
    for (int i = 0; i < 4; ++i) static_cast<void>(s.spawn<look_up>(shared, i + 0));
  }
};

using all_laws = test::laws_by_hand<set_lets_all_in, reset_makes_latecomers_wait, cancelled_leaves>;

TEMPLATE_TEST_CASE("event: set lets all in and all who come", "[sync][event]", TEST_SCOPES) {
  all_laws::require<set_lets_all_in>(TestType::value);
}
TEMPLATE_TEST_CASE("event: reset takes nothing from who was let in", "[sync][event]", TEST_SCOPES) {
  all_laws::require<reset_makes_latecomers_wait>(TestType::value);
}
TEMPLATE_TEST_CASE("event: a cancelled waiter leaves the others waiting", "[sync][event]",
                   TEST_SCOPES) {
  all_laws::require<cancelled_leaves>(TestType::value);
}
TEMPLATE_TEST_CASE("event: no set is lost on any waiter", "[sync][event]", TEST_SCOPES) {
  typename gates<TestType::value>::grid state{};
  test::run_to_end<typename gates<TestType::value>::app>(state, {.blocks = 3});
  state.found.require_none();
}
TEST_CASE("event: what was written before set is there", "[sync][event]") {
  board state{};
  test::run_to_end<app>(state, {.blocks = 3});
  state.found.require_none(12);
}

}  // namespace event_test
