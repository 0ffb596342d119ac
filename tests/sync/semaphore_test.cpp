// SPDX-License-Identifier: Apache-2.0
#include <cowarp/sync/semaphore.hpp>

#include <support/by_hand.hpp>
#include <support/permit_model.hpp>
#include <support/steps.hpp>

#include <chrono>
#include <cstdint>

namespace semaphore_test {

using cowarp::context;
using cowarp::scope;

template <class Semaphore>
struct law {
  using primitive = Semaphore;
  using permits   = typename primitive::permits;
  using waiting   = test::by_hand<typename primitive::acquire_future>;
};

template <class Semaphore>
struct large_request_goes_first : law<Semaphore> {
  COWARP_FN static void check(context& cx, Semaphore& s, test::checks& found) {
    typename law<Semaphore>::permits held = std::move(*s.try_acquire(2));
    typename law<Semaphore>::waiting large, small;
    found.that(!large.begin(cx, s.acquire(3)));

    found.that(!small.begin(cx, s.acquire(1)));
    found.that(!s.try_acquire(1).has_value());
    held.release();

    found.that(large.poll(cx) && !small.poll(cx));
    found.equal((*large)->count(), 3u);
    large.cancel();
    found.that(small.poll(cx));
    small.cancel();
    found.equal(s.available(), 3u);
  }
};

template <class Semaphore>
struct small_request_passes : law<Semaphore> {
  COWARP_FN static void check(context& cx, Semaphore& s, test::checks& found) {
    typename law<Semaphore>::permits held = std::move(*s.try_acquire(2));
    typename law<Semaphore>::waiting large, small, third;
    found.that(!large.begin(cx, s.acquire(3)));

    found.that(small.begin(cx, s.acquire(1)));
    found.that(!third.begin(cx, s.acquire(1)));
    small.cancel();

    found.that(third.poll(cx) && !large.poll(cx));
    third.cancel();
    held.release();
    found.that(large.poll(cx));
  }
};

template <class Semaphore>
struct cancelled_head_lets_others_in : law<Semaphore> {
  COWARP_FN static void check(context& cx, Semaphore& s, test::checks& found) {
    typename law<Semaphore>::permits held = std::move(*s.try_acquire(2));
    typename law<Semaphore>::waiting waiting[3];
    found.that(!waiting[0].begin(cx, s.acquire(3)));
    found.that(!waiting[1].begin(cx, s.acquire(1)));
    found.that(!waiting[2].begin(cx, s.acquire(2)));

    waiting[0].cancel();
    found.that(waiting[1].poll(cx));
    found.that(!waiting[2].poll(cx));

    held.release();       // the third is given two permits
    waiting[2].cancel();  // and drops them unseen
    found.equal(s.available(), 2u);
  }
};

template <class Semaphore>
struct close_refuses : law<Semaphore> {
  COWARP_FN static void check(context& cx, Semaphore& s, test::checks& found) {
    typename law<Semaphore>::permits held = std::move(*s.try_acquire(3));
    typename law<Semaphore>::waiting given, refused, late;
    static_cast<void>(given.begin(cx, s.acquire(1)));
    static_cast<void>(refused.begin(cx, s.acquire(3)));
    s.release(1);  // to the first

    s.close();

    found.that(given.poll(cx) && given->has_value());
    found.that(refused.poll(cx) && !refused->has_value());
    found.that(late.begin(cx, s.acquire(1)) && !late->has_value());
    found.that(!s.try_acquire(0).has_value() && s.is_closed());
    found.equal(held.count(), 3u);
  }
};

template <class Semaphore>
struct guards_move_and_disarm : law<Semaphore> {
  COWARP_FN static void check(context&, Semaphore& s, test::checks& found) {
    using permits = typename law<Semaphore>::permits;
    permits held  = std::move(*s.try_acquire(2));
    permits moved = std::move(held);
    found.that(held.count() == 0 && moved.count() == 2 && s.available() == 1);
    moved = permits();
    found.equal(s.available(), 3u);

    {
      permits kept = std::move(*s.try_acquire(2));
      found.equal(kept.disarm(), 2u);
    }
    found.equal(s.available(), 1u);
    s.release(2);
    found.equal(s.available(), 3u);
  }
};

template <class Semaphore>
struct all_permits_at_once : law<Semaphore> {
  COWARP_FN static void check(context& cx, Semaphore& s, test::checks& found) {
    typename law<Semaphore>::permits held = std::move(*s.try_acquire(2));
    found.that(!s.try_acquire_all(2).has_value());
    found.equal((*s.try_acquire_all()).count(), 1u);
    typename law<Semaphore>::waiting all;
    found.that(!all.begin(cx, s.acquire_all(2)));

    held.release();

    found.that(all.poll(cx));
    found.equal((*all)->count(), 3u);
    s.set(1);
    all.cancel();
    found.equal(s.available(), 4u);
  }
};

/// Any sequence of calls does what the model does.
template <class Semaphore, bool IsGreedy>
struct as_the_model : law<Semaphore> {
  static constexpr std::uint32_t count = 6;
  using waiting                        = typename law<Semaphore>::waiting;

  struct run {
    Semaphore& s;
    context& cx;
    test::checks& found;
    test::permit_model<count> model{3, IsGreedy};
    waiting requests[count] = {};

    COWARP_FN void poll(std::uint32_t i) {
      found.equal(requests[i].poll(cx), model.is_settled(i));
      if (!requests[i].is_ready() || !model.is_settled(i)) return;
      found.equal(requests[i]->has_value(), model.has(i));
      if (requests[i]->has_value()) found.equal((*requests[i])->count(), model.granted(i));
    }
    COWARP_FN void step(std::uint32_t what, std::uint32_t i, std::uint32_t number) {
      if (what < 6 && model.is_idle(i)) {
        requests[i].start(what == 5 ? s.acquire_all(number) : s.acquire(number));
        model.begin(i, number, what == 5);
        poll(i);
      } else if (what < 4) {
        requests[i].cancel();
        model.end(i);
      } else if (what < 8) {
        if (!model.is_idle(i)) poll(i);
      } else if (what == 8) {
        s.release(number % 2);
        model.give(number % 2);
      } else if (what == 9 && model.has(i) && requests[i].poll(cx) && requests[i]->has_value()) {
        (*requests[i])->disarm();
        requests[i].cancel();
        model.forget(i);
      } else if (what == 10) {
        s.set(number);
        model.set(number);
      }
      found.equal(static_cast<std::int64_t>(s.available()), model.free());
    }
  };

  COWARP_FN static void check(context& cx, Semaphore& s, test::checks& found) {
    for (std::uint32_t seed = 1; seed <= 20; ++seed) {
      test::random_numbers random(seed);
      s.set(3);
      run r{s, cx, found};
      for (int i = 0; i < 100; ++i) r.step(random.below(11), random.below(count), random.below(5));
    }
    test::random_numbers random(0);
    s.set(3);
    run last{s, cx, found};
    for (int i = 0; i < 50; ++i) last.step(random.below(8), random.below(count), random.below(5));
    s.close();
    last.model.close();
    for (int i = 0; i < 50; ++i) last.step(random.below(8), random.below(count), random.below(5));
  }
};

/// Tasks hold one to three permits across an await; every third attempt may be given up.
template <class Semaphore>
struct contention {
  using output = cowarp::unit;
  using place  = test::home<Semaphore>;

  struct grid {
    test::checks found;
    test::counter in_use[4];  // of the primitive, by block if it is the block's own
    typename place::in_grid shared;
  };
  COWARP_TASK_FRAME(user, 40, 96) {
    Semaphore& s;
    grid& all;
    std::uint32_t me;
    std::uint32_t i = 0;
    cowarp::optional<typename Semaphore::permits> held{};
    cowarp::optional<cowarp::optional<typename Semaphore::permits>> result{};

    COWARP_FN test::counter& in_use() {
      return all.in_use[place::is_local ? cowarp::platform::this_block()->block : 0];
    }
    COWARP_BODY_BEGIN
    for (; i < 40; ++i) {
      if (i % 3 != 0) {
        COWARP_AWAIT_INTO(held, s.acquire(me % 3 + 1));
      } else {
        COWARP_AWAIT_INTO(
            result, cowarp::with_timeout(std::chrono::nanoseconds(i * 30), s.acquire(me % 3 + 1)));
        if (!result) continue;
        held = std::move(*result);
        result.reset();
      }
      all.found.that(in_use().add(held->count()) + held->count() <= 5);
      COWARP_AWAIT(cowarp::yield_now());
      in_use().add(0 - held->count());
      held.reset();
    }
    COWARP_BODY_END
  };
  struct app : cowarp::program<user> {
    using block_state = typename place::in_block;
    using grid_state  = grid;
    COWARP_FN static void start(cowarp::spawner<app> s, block_state& mine, grid_state& all) {
      for (std::uint32_t i = 0; i < 40; ++i) {
        static_cast<void>(s.template spawn<user>(place::find(mine, all.shared), all, i + 0u));
      }
    }
  };
};

// [semaphore]
struct limits {
  cowarp::semaphore<2> readers;  // two at a time
  int most;
  test::counter now;
};

COWARP_TASK_FRAME(read_block, 8) {
  limits& shared;
  cowarp::optional<cowarp::semaphore<2>::permits> permit{};
  COWARP_BODY_BEGIN
  COWARP_AWAIT_INTO(permit, shared.readers.acquire());
  if (!permit) COWARP_RETURN();  // the semaphore was closed
  shared.now.add();
  COWARP_AWAIT(cowarp::yield_now());
  shared.now.add(0u - 1);
  permit.reset();  // or leave that to the end of the task
  COWARP_BODY_END
};
// [/semaphore]

struct readers : cowarp::program<read_block> {
  using grid_state = limits;
  COWARP_FN static void start(cowarp::spawner<readers> s, cowarp::no_state&, limits& shared) {
    for (int i = 0; i < 8; ++i) static_cast<void>(s.spawn<read_block>(shared));
  }
};

template <scope Scope>
using fair = cowarp::semaphore<3, Scope>;
template <scope Scope>
using greedy = cowarp::greedy_semaphore<3, Scope>;

template <scope Scope>
struct fair_large_goes_first : large_request_goes_first<fair<Scope>> {};
template <scope Scope>
struct greedy_small_passes : small_request_passes<greedy<Scope>> {};
template <scope Scope>
struct fair_cancelled_head : cancelled_head_lets_others_in<fair<Scope>> {};
template <scope Scope>
struct fair_close : close_refuses<fair<Scope>> {};
template <scope Scope>
struct greedy_close : close_refuses<greedy<Scope>> {};
template <scope Scope>
struct fair_guards : guards_move_and_disarm<fair<Scope>> {};
template <scope Scope>
struct fair_all_at_once : all_permits_at_once<fair<Scope>> {};
template <scope Scope>
struct greedy_all_at_once : all_permits_at_once<greedy<Scope>> {};
template <scope Scope>
struct fair_as_the_model : as_the_model<fair<Scope>, false> {};
template <scope Scope>
struct greedy_as_the_model : as_the_model<greedy<Scope>, true> {};

using all_laws = test::laws_by_hand<fair_large_goes_first, greedy_small_passes, fair_cancelled_head,
                                    fair_close, greedy_close, fair_guards, fair_all_at_once,
                                    greedy_all_at_once, fair_as_the_model, greedy_as_the_model>;

TEMPLATE_TEST_CASE("semaphore: a small request waits behind a large one", "[sync][semaphore]",
                   TEST_SCOPES) {
  all_laws::require<fair_large_goes_first>(TestType::value);
}
TEMPLATE_TEST_CASE("semaphore: greedy serves the first that fits", "[sync][semaphore]",
                   TEST_SCOPES) {
  all_laws::require<greedy_small_passes>(TestType::value);
}
TEMPLATE_TEST_CASE("semaphore: a cancelled head lets those behind it in", "[sync][semaphore]",
                   TEST_SCOPES) {
  all_laws::require<fair_cancelled_head>(TestType::value);
}
TEMPLATE_TEST_CASE("semaphore: close refuses who waits and who comes", "[sync][semaphore]",
                   TEST_SCOPES) {
  all_laws::require<fair_close>(TestType::value);
  all_laws::require<greedy_close>(TestType::value);
}
TEMPLATE_TEST_CASE("semaphore: permits come back once, or when disarmed never", "[sync][semaphore]",
                   TEST_SCOPES) {
  all_laws::require<fair_guards>(TestType::value);
}
TEMPLATE_TEST_CASE("semaphore: acquire_all takes whatever is free", "[sync][semaphore]",
                   TEST_SCOPES) {
  all_laws::require<fair_all_at_once>(TestType::value);
  all_laws::require<greedy_all_at_once>(TestType::value);
}
TEMPLATE_TEST_CASE("semaphore: any sequence does what the model does", "[sync][semaphore]",
                   TEST_SCOPES) {
  all_laws::require<fair_as_the_model>(TestType::value);
  all_laws::require<greedy_as_the_model>(TestType::value);
}
TEMPLATE_TEST_CASE("semaphore: no more permits are held than there are", "[sync][semaphore]",
                   TEST_SCOPES) {
  using fair_program   = contention<cowarp::semaphore<5, TestType::value>>;
  using greedy_program = contention<cowarp::greedy_semaphore<5, TestType::value>>;
  typename fair_program::grid fair_state{};
  test::run_to_end<typename fair_program::app>(fair_state, {.blocks = 4});
  fair_state.found.require_none();
  typename greedy_program::grid greedy_state{};
  test::run_to_end<typename greedy_program::app>(greedy_state, {.blocks = 4});
  greedy_state.found.require_none();
}

TEST_CASE("semaphore: the number of permits may be given before the run", "[sync][semaphore]") {
  cowarp::semaphore<> s{};
  CHECK(s.available() == 0);
  s.init(7);
  CHECK(s.available() == 7);
  limits state{};
  test::run_to_end<readers>(state, {.blocks = 2});
  CHECK(state.readers.available() == 2);
}

}  // namespace semaphore_test
