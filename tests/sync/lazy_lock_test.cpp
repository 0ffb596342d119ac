// SPDX-License-Identifier: Apache-2.0
#include <cowarp/sync/lazy_lock.hpp>

#include <support/by_hand.hpp>
#include <support/steps.hpp>

#include <cstdint>

namespace lazy_lock_test {

using cowarp::context;
using cowarp::scope;

struct answer {
  COWARP_FN int operator()(cowarp::unit) const { return 42; }
};
struct think {
  COWARP_FN auto operator()() const { return cowarp::map(cowarp::yield_now(), answer()); }
};

template <scope Scope>
struct law {
  using primitive = cowarp::lazy_lock<int, think, Scope>;
  using waiting   = test::by_hand<typename primitive::get_future>;
};

template <scope Scope>
struct first_makes_others_wait : law<Scope> {
  using typename law<Scope>::primitive;
  COWARP_FN static void check(context& cx, primitive& lazy, test::checks& found) {
    typename law<Scope>::waiting first, second, late;
    found.that(lazy.try_get() == nullptr);
    found.that(!first.begin(cx, lazy.get()));
    found.that(!second.begin(cx, lazy.get()));
    found.that(!second.poll(cx) && lazy.try_get() == nullptr);

    found.that(first.poll(cx) && **first == 42);

    found.that(second.poll(cx) && *second == *first);
    found.that(late.begin(cx, lazy.get()) && lazy.try_get() == *first);
  }
};

template <scope Scope>
struct cancelled_first_leaves_it_to_the_next : law<Scope> {
  using typename law<Scope>::primitive;
  COWARP_FN static void check(context& cx, primitive& lazy, test::checks& found) {
    typename law<Scope>::waiting first, second;
    static_cast<void>(first.begin(cx, lazy.get()));
    static_cast<void>(second.begin(cx, lazy.get()));

    first.cancel();

    found.that(!second.poll(cx));  // begins to make it
    found.that(second.poll(cx) && **second == 42);
  }
};

struct app;
struct table {
  std::uint32_t squares[8];
};

// [lazy_lock]
struct make_table {
  COWARP_FN table operator()() const;
};

struct board {
  cowarp::lazy_lock<table, make_table> squares;
  test::counter made;
  test::checks found;
};

COWARP_TASK_FRAME(look_up, 40, 80) {
  board& shared;
  std::uint32_t i;
  const table* squares = nullptr;
  COWARP_BODY_BEGIN
  COWARP_AWAIT_INTO(squares, shared.squares.get());  // the first of all tasks makes it
  shared.found.equal(squares->squares[i], i * i);
  COWARP_BODY_END
};
// [/lazy_lock]

struct app : cowarp::program<look_up> {
  using grid_state = board;
  COWARP_FN static void start(cowarp::spawner<app> s, cowarp::no_state&, board& shared) {
    for (std::uint32_t i = 0; i < 40; ++i) static_cast<void>(s.spawn<look_up>(shared, i % 8));
  }
};

COWARP_FN table make_table::operator()() const {
  cowarp::spawner<app>().grid_state().made.add();
  table result{};
  for (std::uint32_t i = 0; i < 8; ++i) result.squares[i] = i * i;
  return result;
}

using all_laws = test::laws_by_hand<first_makes_others_wait, cancelled_first_leaves_it_to_the_next>;

TEMPLATE_TEST_CASE("lazy_lock: the first makes the value, others wait", "[sync][lazy_lock]",
                   TEST_SCOPES) {
  all_laws::require<first_makes_others_wait>(TestType::value);
}
TEMPLATE_TEST_CASE("lazy_lock: a cancelled first leaves it to the next", "[sync][lazy_lock]",
                   TEST_SCOPES) {
  all_laws::require<cancelled_first_leaves_it_to_the_next>(TestType::value);
}
TEST_CASE("lazy_lock: all blocks share one value", "[sync][lazy_lock]") {
  board state{};
  test::run_to_end<app>(state, {.blocks = 4});
  state.found.require_none(160);
  CHECK(state.made.value() == 1);
}

}  // namespace lazy_lock_test
