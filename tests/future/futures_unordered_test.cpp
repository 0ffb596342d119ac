// SPDX-License-Identifier: Apache-2.0
/// \file
/// Sets of futures: outputs as they come, growth on the way, and what becomes of the rest.
#include <cowarp/future/futures_unordered.hpp>

#include <support/checks.hpp>
#include <support/futures.hpp>
#include <support/stage.hpp>
#include <support/steps.hpp>

#include <cstdint>
#include <utility>

namespace futures_unordered_test {

using cowarp::scope;

/// \returns the item of a poll: -1 if there is none yet, -2 at the end.
template <class Set>
COWARP_FN std::int32_t poll(test::stage& on, Set& set) {
  cowarp::context cx = on.as(0);
  const auto item    = set.poll_next(cx);
  if (!item) return -1;
  return item->has_value() ? **item : -2;
}

struct as_they_come {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    cowarp::futures_unordered<test::after_polls, 3> set{};
    on.check.equal(poll(on, set), -2);
    on.check.that(set.try_push(test::after_polls{2, 10}));
    on.check.that(set.try_push(test::after_polls{0, 20}));
    on.check.that(set.try_push(test::after_polls{1, 30}));
    on.check.that(set.is_full());
    test::after_polls refused{5, 40};
    on.check.that(!set.try_push(std::move(refused)));
    on.check.equal(refused.value, 40);

    on.check.equal(poll(on, set), 20);  // the first was polled once
    on.check.equal(poll(on, set), -1);  // the third once, the first twice
    on.check.equal(set.size(), 2u);
    on.check.that(set.try_push(test::after_polls{9, 50}));
    const std::int32_t second = poll(on, set);
    const std::int32_t third  = poll(on, set);
    on.check.equal(second + third, 10 + 30);
    on.check.equal(poll(on, set), -1);
    set.clear();
    on.check.equal(poll(on, set), -2);
  }
};

struct none_starves {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    cowarp::futures_unordered<test::after_polls, 4> set{};
    std::uint32_t got[4]{};
    for (std::int32_t i = 0; i < 4; ++i) on.check.that(set.try_push(test::after_polls{0, i}));
    for (std::uint32_t turn = 0; turn < 40; ++turn) {
      const std::int32_t i = poll(on, set);
      on.check.that(i >= 0);
      ++got[i];
      on.check.that(set.try_push(test::after_polls{0, i}));  // ready again at once
    }
    for (const std::uint32_t count : got) on.check.equal(count, 10u);
  }
};

struct the_rest_hands_on {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    using channel = cowarp::channel<std::int32_t, 2, S>;
    auto& c       = on.place<channel>();
    auto behind   = c.receive();
    {
      cowarp::futures_unordered<typename channel::receive_future, 2> set{};
      on.check.that(set.try_push(c.receive()) && set.try_push(c.receive()));
      cowarp::context cx = on.as(0);
      on.check.that(!set.poll_next(cx) && !on.poll(1, behind));
      static_cast<void>(c.try_send(1));
      static_cast<void>(c.try_send(2));
      on.check.equal(on.woken(), 1u << 0);
      const auto first = set.poll_next(cx);
      on.check.that(first && *first && (*first)->value_or(0) == 1);
      on.check.equal(set.size(), 1u);
    }
    on.check.equal(on.woken(), 1u << 1);
    const auto second = on.poll(1, behind);
    on.check.that(second && second->value_or(0) == 2);
  }
};

/// Random futures in and out: each output comes once, and none before its time.
struct all_come_once {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    constexpr std::int32_t many = 300;
    cowarp::futures_unordered<test::after_polls, 7> set{};
    test::random_numbers random(static_cast<std::uint32_t>(S) + 3);
    std::int32_t pushed = 0, came = 0, sum = 0;
    while (came < many) {
      if (pushed < many && random.below(2) == 0) {
        const bool was_full = set.is_full();
        const bool is_in    = set.try_push(test::after_polls{random.below(6), pushed});
        on.check.equal(is_in, !was_full);
        pushed += is_in ? 1 : 0;
      } else {
        const bool was_empty    = set.is_empty();
        const std::int32_t item = poll(on, set);
        on.check.equal(item == -2, was_empty);
        if (item >= 0) {
          ++came;
          sum += item;
        }
      }
      on.check.equal(static_cast<std::int32_t>(set.size()), pushed - came);
    }
    on.check.equal(sum, many * (many - 1) / 2);
  }
};

/// futures-rs's `polled_only_once_at_most_per_iteration` and `finished_future`.
struct polled_once_a_turn {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    cowarp::futures_unordered<test::after_polls, 3> set{};
    std::uint32_t counts[3]{};
    for (std::uint32_t i = 0; i < 3; ++i) {  // each wakes itself as long as it waits
      on.check.that(set.try_push(test::after_polls{3 + i, 10, &counts[i]}));
    }
    for (std::uint32_t turn = 1; turn <= 3; ++turn) {
      on.check.equal(poll(on, set), -1);
      for (const std::uint32_t count : counts) on.check.equal(count, turn);
    }
    while (poll(on, set) != -2) {
    }
    for (std::uint32_t i = 0; i < 3; ++i) on.check.equal(counts[i], 4 + i);  // and no more
  }
};

/// futures-rs's `clear_in_loop`.
struct cleared_in_a_loop {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    using channel = cowarp::channel<std::int32_t, 2, S>;
    auto& c       = on.place<channel>();
    cowarp::futures_unordered<typename channel::receive_future, 2> set{};
    for (std::int32_t i = 0; i < 20; ++i) {
      on.check.that(set.try_push(c.receive()) && set.try_push(c.receive()));
      cowarp::context cx = on.as(0);
      on.check.that(!set.poll_next(cx));
      on.check.that(c.try_send(i).is_ok());
      on.check.equal(on.woken(), 1u << 0);
      set.clear();  // with one of the two notified
      on.check.that(set.is_empty());
      on.check.equal(c.try_receive().value_or(-1), i);
    }
  }
};

using all = test::laws<as_they_come, none_starves, the_rest_hands_on, all_come_once,
                       polled_once_a_turn, cleared_in_a_loop>;

// ---- in a task -----------------------------------------------------------------------------------

struct state {
  test::checks checks;
  cowarp::channel<std::int32_t, 1> doors[3];
};

// [futures_unordered]
using knock = decltype(std::declval<cowarp::channel<std::int32_t, 1>&>().receive());

COWARP_TASK_FRAME(opening, 1) {
  state& s;
  cowarp::futures_unordered<knock, 3> doors{};
  cowarp::optional<cowarp::optional<std::int32_t>> guest{};
  std::int32_t sum = 0;
  COWARP_BODY_BEGIN
  for (auto& door : s.doors) s.checks.that(doors.try_push(door.receive()));
  for (;;) {
    COWARP_AWAIT_INTO(guest, cowarp::next(doors));
    if (!guest) break;      // no door is left
    if (!*guest) continue;  // this door was closed for good
    sum += **guest;
    s.checks.that(doors.try_push(s.doors[**guest % 3].receive()));  // wait for the next one there
  }
  s.checks.equal(sum, 0 + 1 + 2 + 3 + 4 + 5);
  COWARP_BODY_END
};
// [/futures_unordered]

COWARP_TASK_FRAME(knocking, 3) {
  state& s;
  std::int32_t door;
  COWARP_BODY_BEGIN
  COWARP_AWAIT(s.doors[door].send(door + 0));
  COWARP_AWAIT(s.doors[door].send(door + 3));
  s.doors[door].close();
  COWARP_BODY_END
};

struct app : cowarp::program<opening, knocking> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<app> s) {
    if (s.block() == 0) s.must_spawn<opening>(s.grid_state());
    if (s.block() + 1 != s.blocks()) return;
    for (std::int32_t i = 0; i < 3; ++i) s.must_spawn<knocking>(s.grid_state(), i + 0);
  }
};

}  // namespace futures_unordered_test

#define SET_LAW(text, law)                                                  \
  TEST_CASE("futures_unordered: " text, "[future][futures_unordered]") {    \
    test::play<futures_unordered_test::all, futures_unordered_test::law>(); \
  }

SET_LAW("outputs come as they are ready", as_they_come)
SET_LAW("none of many that are ready starves", none_starves)
SET_LAW("what is dropped hands on", the_rest_hands_on)
SET_LAW("every output comes once", all_come_once)
SET_LAW("a poll asks each future once, and none after its output", polled_once_a_turn)
SET_LAW("cleared in a loop it keeps nothing", cleared_in_a_loop)

TEST_CASE("futures_unordered: a task waits at several doors", "[future][futures_unordered]") {
  const auto blocks = GENERATE(1u, 2u);
  futures_unordered_test::state s{};
  test::run_to_end<futures_unordered_test::app>(s, {.blocks = blocks});
  s.checks.require_none(3 + 6 + 1);
}
