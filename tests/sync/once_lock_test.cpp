// SPDX-License-Identifier: Apache-2.0
#include <cowarp/sync/once_lock.hpp>

#include <support/by_hand.hpp>
#include <support/steps.hpp>

#include <cstdint>
#include <utility>

namespace once_lock_test {

using cowarp::context;
using cowarp::scope;

template <scope Scope, class Value = int>
struct law {
  using primitive = cowarp::once_lock<Value, Scope>;
  using waiting   = test::by_hand<typename primitive::get_future>;
  template <class Init>
  using making = test::by_hand<typename primitive::template init_future<Init>>;
};

/// Makes 5 after one yield, or 5 at once.
struct make_later {
  COWARP_FN auto operator()() const { return cowarp::map(cowarp::yield_now(), five()); }
  struct five {
    COWARP_FN int operator()(cowarp::unit) const { return 5; }
  };
};
struct make_now {
  COWARP_FN int operator()() const { return 6; }
};

template <scope Scope>
struct readers_wait_for_init : law<Scope> {
  using typename law<Scope>::primitive;
  COWARP_FN static void check(context& cx, primitive& once, test::checks& found) {
    typename law<Scope>::waiting waiting[20], late;
    for (auto& one : waiting) found.that(!one.begin(cx, once.get()));
    found.that(once.try_get() == nullptr);

    found.that(!once.init(4).has_value());

    for (auto& one : waiting) found.that(one.poll(cx) && **one == 4);
    found.that(late.begin(cx, once.get()) && **late == 4 && *once.try_get() == 4);
    const auto refused = once.init(9);
    found.that(refused.has_value() && *refused == 9 && *once.try_get() == 4);
  }
};

template <scope Scope>
struct one_makes_the_value : law<Scope> {
  using typename law<Scope>::primitive;
  COWARP_FN static void check(context& cx, primitive& once, test::checks& found) {
    typename law<Scope>::waiting reader;
    typename law<Scope>::template making<make_later> first;
    typename law<Scope>::template making<make_now> second;
    found.that(!reader.begin(cx, once.get()));
    found.that(!first.begin(cx, once.get_or_init(make_later())));
    found.that(!second.begin(cx, once.get_or_init(make_now())));
    found.that(once.init(7).has_value());  // somebody else is at it

    found.that(first.poll(cx) && **first == 5);

    found.that(second.poll(cx) && **second == 5);
    found.that(reader.poll(cx) && **reader == 5);
  }
};

template <scope Scope>
struct cancelled_maker_leaves_it_to_the_next : law<Scope> {
  using typename law<Scope>::primitive;
  COWARP_FN static void check(context& cx, primitive& once, test::checks& found) {
    typename law<Scope>::waiting reader;
    typename law<Scope>::template making<make_later> first, second;
    typename law<Scope>::template making<make_now> third;
    static_cast<void>(reader.begin(cx, once.get()));
    static_cast<void>(first.begin(cx, once.get_or_init(make_later())));
    static_cast<void>(second.begin(cx, once.get_or_init(make_later())));
    static_cast<void>(third.begin(cx, once.get_or_init(make_now())));

    first.cancel();   // while it makes the value
    second.cancel();  // before it learns that it is its turn

    found.that(!reader.poll(cx));
    found.that(third.poll(cx) && **third == 6);
    found.that(reader.poll(cx) && **reader == 6);
  }
};

/// Fails, at once or after one yield, unless it is told a number.
struct try_later {
  int number;
  struct told {
    int number;
    COWARP_FN cowarp::optional<int> operator()(cowarp::unit) const {
      return number != 0 ? cowarp::optional<int>(number) : cowarp::nullopt;
    }
  };
  COWARP_FN auto operator()() const { return cowarp::map(cowarp::yield_now(), told{number}); }
};
struct try_now {
  int number;
  COWARP_FN cowarp::optional<int> operator()() const {
    return number != 0 ? cowarp::optional<int>(number) : cowarp::nullopt;
  }
};

template <scope Scope>
struct failed_maker_leaves_it_to_the_next : law<Scope> {
  using typename law<Scope>::primitive;
  template <class Init>
  using trying = test::by_hand<typename primitive::template init_future<Init, true>>;
  COWARP_FN static void check(context& cx, primitive& once, test::checks& found) {
    typename law<Scope>::waiting reader;
    trying<try_now> at_once, third;
    trying<try_later> first, second;
    static_cast<void>(reader.begin(cx, once.get()));
    found.that(at_once.begin(cx, once.get_or_try_init(try_now{0})) && *at_once == nullptr);
    found.that(!first.begin(cx, once.get_or_try_init(try_later{0})));
    found.that(!second.begin(cx, once.get_or_try_init(try_later{7})));
    found.that(!third.begin(cx, once.get_or_try_init(try_now{8})));

    found.that(first.poll(cx) && *first == nullptr);  // knows that it failed; the next tries

    found.that(!reader.poll(cx) && !second.poll(cx) && !third.poll(cx));
    found.that(second.poll(cx) && **second == 7);
    found.that(third.poll(cx) && **third == 7);
    found.that(reader.poll(cx) && **reader == 7);
  }
};

template <scope Scope>
struct take_starts_anew : law<Scope> {
  using typename law<Scope>::primitive;
  COWARP_FN static void check(context& cx, primitive& once, test::checks& found) {
    typename law<Scope>::waiting reader;
    found.that(!once.take().has_value());
    static_cast<void>(reader.begin(cx, once.get()));
    static_cast<void>(once.init(1));

    const auto taken = once.take();

    found.that(taken.has_value() && *taken == 1 && !once.is_set());
    found.that(!reader.poll(cx));  // it was let in, but too late
    found.that(!once.init(2).has_value());
    found.that(reader.poll(cx) && **reader == 2);
  }
};

/// Counts how often a value ends.
struct counted {
  int* ends;
  COWARP_FN explicit counted(int* of) : ends(of) {}
  COWARP_FN counted(counted&& other) noexcept : ends(std::exchange(other.ends, nullptr)) {}
  COWARP_FN ~counted() {
    if (ends != nullptr) ++*ends;
  }
};
/// Many tasks want the value; one makes it, and nobody polls while it waits.
template <scope Scope>
struct contention {
  using output    = cowarp::unit;
  using primitive = cowarp::once_lock<std::uint32_t, Scope>;
  using place     = test::home<primitive>;

  static constexpr std::uint32_t tasks = 40;

  struct grid {
    test::checks found;
    test::counter made;
    typename place::in_grid shared;
  };
  struct make {
    grid& all;
    COWARP_FN std::uint32_t operator()() const { return 100 + all.made.add(); }
  };
  COWARP_TASK_FRAME(maker, tasks, 80) {
    primitive& once;
    grid& all;
    const std::uint32_t* value = nullptr;
    COWARP_BODY_BEGIN
    COWARP_AWAIT(cowarp::yield_now());
    COWARP_AWAIT_INTO(value, once.get_or_init(make{all}));
    all.found.that(*value >= 100);
    COWARP_BODY_END
  };
  COWARP_TASK_FRAME(reader, tasks) {
    primitive& once;
    grid& all;
    const std::uint32_t* value = nullptr;
    COWARP_BODY_BEGIN
    COWARP_AWAIT_INTO(value, once.get());
    all.found.that(*value >= 100);
    COWARP_BODY_END
  };
  struct app : cowarp::program<maker, reader> {
    using block_state = typename place::in_block;
    using grid_state  = grid;
    COWARP_FN static void start(cowarp::spawner<app> s, block_state& mine, grid_state& all) {
      primitive& once = place::find(mine, all.shared);
      for (std::uint32_t i = 0; i < tasks; ++i) {
        static_cast<void>(s.template spawn<maker>(once, all));
        static_cast<void>(s.template spawn<reader>(once, all));
      }
    }
  };
};

// [once_lock]
struct board {
  cowarp::once_lock<float> scale;
  test::checks found;
};

COWARP_TASK_FRAME(measure, 1) {
  board& shared;
  COWARP_BODY_BEGIN
  COWARP_AWAIT(cowarp::yield_now());
  if (shared.scale.init(0.5f)) COWARP_RETURN();  // somebody was faster: the value came back
  COWARP_BODY_END
};

COWARP_TASK_FRAME(use_scale, 4) {
  board& shared;
  const float* scale = nullptr;
  COWARP_BODY_BEGIN
  COWARP_AWAIT_INTO(scale, shared.scale.get());  // sleeps until there is one
  shared.found.that(*scale == 0.5f);
  COWARP_BODY_END
};
// [/once_lock]

struct app : cowarp::program<measure, use_scale> {
  using grid_state = board;
  COWARP_FN static void start(cowarp::spawner<app> s, cowarp::no_state&, board& shared) {
    static_cast<void>(s.spawn<measure>(shared));
    for (int i = 0; i < 4; ++i) static_cast<void>(s.spawn<use_scale>(shared));
  }
};

using all_laws = test::laws_by_hand<readers_wait_for_init, one_makes_the_value,
                                    cancelled_maker_leaves_it_to_the_next,
                                    failed_maker_leaves_it_to_the_next, take_starts_anew>;

TEMPLATE_TEST_CASE("once_lock: readers wait for the first value", "[sync][once_lock]",
                   TEST_SCOPES) {
  all_laws::require<readers_wait_for_init>(TestType::value);
}
TEMPLATE_TEST_CASE("once_lock: one task makes the value for all", "[sync][once_lock]",
                   TEST_SCOPES) {
  all_laws::require<one_makes_the_value>(TestType::value);
}
TEMPLATE_TEST_CASE("once_lock: a cancelled maker leaves it to the next", "[sync][once_lock]",
                   TEST_SCOPES) {
  all_laws::require<cancelled_maker_leaves_it_to_the_next>(TestType::value);
}
TEMPLATE_TEST_CASE("once_lock: a maker that fails leaves it to the next", "[sync][once_lock]",
                   TEST_SCOPES) {
  all_laws::require<failed_maker_leaves_it_to_the_next>(TestType::value);
}
TEMPLATE_TEST_CASE("once_lock: a value that was taken is waited for anew", "[sync][once_lock]",
                   TEST_SCOPES) {
  all_laws::require<take_starts_anew>(TestType::value);
}
TEST_CASE("once_lock: every value ends once", "[sync][once_lock]") {
  int ends = 0;
  {
    cowarp::once_lock<counted> once{};
    CHECK(!once.init(counted(&ends)));
    CHECK(ends == 0);
    CHECK(once.init(counted(&ends)));
    CHECK(ends == 1);
    CHECK(once.take());
    CHECK(ends == 2);
    CHECK(!once.init(counted(&ends)));
  }
  CHECK(ends == 3);
  cowarp::once_lock<counted> never{};
  CHECK(never.try_get() == nullptr);
}
TEMPLATE_TEST_CASE("once_lock: the value is made once and waited for asleep", "[sync][once_lock]",
                   TEST_SCOPES) {
  using program = contention<TestType::value>;
  typename program::grid state{};
  const auto report = test::run_to_end<typename program::app>(state, {.blocks = 3});
  state.found.require_none(3 * 2 * program::tasks);
  CHECK(state.made.value() == (program::place::is_local ? 3 : 1));
  // Each task is polled at first, a maker after its yield, and both once more when the value is
  // there.
  CHECK(report.total.polls <= 3 * 5 * program::tasks);
}
TEST_CASE("once_lock: whoever comes second gets its value back", "[sync][once_lock]") {
  board state{};
  test::run_to_end<app>(state, {.blocks = 2});
  state.found.require_none(8);
}

}  // namespace once_lock_test
