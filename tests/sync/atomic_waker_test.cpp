// SPDX-License-Identifier: Apache-2.0
#include <cowarp/sync/atomic_waker.hpp>

#include <support/by_hand.hpp>
#include <support/steps.hpp>

#include <cstdint>

namespace atomic_waker_test {

using cowarp::context;
using cowarp::scope;

template <scope Scope>
struct law {
  using primitive = cowarp::atomic_waker<Scope>;
};

template <scope Scope>
struct holds_one_waker : law<Scope> {
  using typename law<Scope>::primitive;
  COWARP_FN static void check(context& cx, primitive& w, test::checks& found) {
    found.that(!w.is_registered() && w.take().is_none());
    w.wake();  // nobody: nothing

    w.register_waker(cx.waker());
    w.register_waker(cx.waker());
    found.that(w.is_registered());
    found.that(w.take() == cx.waker());
    found.that(!w.is_registered() && w.take().is_none());

    w.register_waker(cx.waker());
    w.register_waker(cowarp::waker());
    found.that(!w.is_registered());
  }
};

/// Waits for a number to become at least `target`, the way the header says. Counts its polls.
template <scope Scope>
struct until_at_least {
  using output = cowarp::unit;
  cowarp::atomic_waker<Scope>& waker;
  test::counter& number;
  test::counter& polls;
  std::uint32_t target;

  COWARP_FN cowarp::polled<cowarp::unit> poll(context& cx) {
    polls.add();
    waker.register_waker(cx.waker());
    if (number.value() >= target) return cowarp::unit{};
    return cowarp::pending;
  }
};

/// Two tasks wake each other in turn; a lost wake would stop both.
template <scope Scope>
struct ping_pong {
  using output = cowarp::unit;
  struct pair {
    cowarp::atomic_waker<Scope> wakers[2];
    static constexpr scope primitive_scope = Scope;
  };
  using place = test::home<pair>;

  static constexpr std::uint32_t rounds = 300;

  struct grid {
    test::counter numbers[4][2];
    test::counter polls;
    typename place::in_grid shared;
  };
  COWARP_TASK_FRAME(player, 2) {
    pair& both;
    grid& all;
    std::uint32_t me;
    std::uint32_t i = 0;
    COWARP_FN test::counter& number(std::uint32_t of) {
      return all.numbers[place::is_local ? cowarp::platform::this_block()->block : 0][of];
    }
    COWARP_BODY_BEGIN
    for (; i < rounds; ++i) {
      number(me).add();
      both.wakers[1 - me].wake();
      COWARP_AWAIT(until_at_least<Scope>{both.wakers[me], number(1 - me), all.polls, i + 1});
    }
    COWARP_BODY_END
  };
  struct app : cowarp::program<player> {
    using block_state = typename place::in_block;
    using grid_state  = grid;
    COWARP_FN static void start(cowarp::spawner<app> s, block_state& mine, grid_state& all) {
      pair& both = place::find(mine, all.shared);
      // Both in this block, or one in each of two.
      if (place::is_local) static_cast<void>(s.template spawn<player>(both, all, 1u));
      static_cast<void>(s.template spawn<player>(both, all, place::is_local ? 0u : s.block()));
    }
  };
};

/// A task whose place another takes is woken, so that both get what they wait for.
struct eviction {
  cowarp::atomic_waker<> waker;
  test::counter number;
  test::counter polls[2];
};

COWARP_TASK_FRAME(waiting, 2) {
  eviction& shared;
  std::uint32_t me;
  COWARP_BODY_BEGIN
  COWARP_AWAIT(until_at_least<scope::device>{shared.waker, shared.number, shared.polls[me], 1});
  COWARP_BODY_END
};

COWARP_TASK_FRAME(finishing, 1) {
  eviction& shared;
  COWARP_BODY_BEGIN
  while (shared.polls[0].value() < 3 || shared.polls[1].value() < 3) {
    COWARP_AWAIT(cowarp::yield_now());
  }
  shared.number.add();
  shared.waker.wake();
  COWARP_BODY_END
};

struct evicting : cowarp::program<waiting, finishing> {
  using grid_state = eviction;
  COWARP_FN static void start(cowarp::spawner<evicting> s, cowarp::no_state&, eviction& shared) {
    static_cast<void>(s.spawn<waiting>(shared, 0u));
    static_cast<void>(s.spawn<waiting>(shared, 1u));
    static_cast<void>(s.spawn<finishing>(shared));
  }
};

// [atomic_waker]
struct doorbell {
  cowarp::atomic_waker<> waker;
  cowarp::platform::atomic_word<cowarp::scope::device> rings;

  COWARP_FN void ring() {
    // release: shows the visitor's writes to who answers.
    rings.fetch_add(1, cowarp::platform::release);
    waker.wake();  // after the change
  }
  class answer {
   public:
    using output = cowarp::unit;
    COWARP_FN explicit answer(doorbell& at) : at_(at) {}
    COWARP_FN cowarp::polled<cowarp::unit> poll(cowarp::context& cx) {
      at_.waker.register_waker(cx.waker());  // first register, then look
      // acquire: shows the visitor's writes.
      if (at_.rings.load(cowarp::platform::acquire) == 0) return cowarp::pending;
      return cowarp::unit{};
    }

   private:
    doorbell& at_;
  };
};
// [/atomic_waker]

COWARP_TASK_FRAME(visitor, 1) {
  doorbell& door;
  COWARP_BODY_BEGIN
  COWARP_AWAIT(cowarp::yield_now());
  door.ring();
  COWARP_BODY_END
};
COWARP_TASK_FRAME(owner, 1) {
  doorbell& door;
  COWARP_BODY_BEGIN
  COWARP_AWAIT(doorbell::answer(door));
  COWARP_BODY_END
};
struct house : cowarp::program<visitor, owner> {
  using grid_state = doorbell;
  COWARP_FN static void start(cowarp::spawner<house> s, cowarp::no_state&, doorbell& door) {
    if (s.block() == 0) static_cast<void>(s.spawn<owner>(door));
    if (s.block() + 1 == s.blocks()) static_cast<void>(s.spawn<visitor>(door));
  }
};

using all_laws = test::laws_by_hand<holds_one_waker>;

TEMPLATE_TEST_CASE("atomic_waker: holds one waker, which is taken once", "[sync][atomic_waker]",
                   TEST_SCOPES) {
  all_laws::require<holds_one_waker>(TestType::value);
}
TEST_CASE("atomic_waker: who is replaced is woken", "[sync][atomic_waker]") {
  eviction state{};
  test::run_to_end<evicting>(state);
}
TEMPLATE_TEST_CASE("atomic_waker: no wake is lost between two tasks", "[sync][atomic_waker]",
                   TEST_SCOPES) {
  using program = ping_pong<TestType::value>;
  typename program::grid state{};
  test::run_to_end<typename program::app>(state, {.blocks = 2});
  CHECK(state.polls.value() >= 2 * program::rounds);
}
TEST_CASE("atomic_waker: a ring is never missed", "[sync][atomic_waker]") {
  doorbell state{};
  test::run_to_end<house>(state, {.blocks = 2});
}

}  // namespace atomic_waker_test
