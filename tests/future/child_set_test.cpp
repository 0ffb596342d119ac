// SPDX-License-Identifier: Apache-2.0
/// \file
/// Futures that await several poll those that were woken, and forget none.
#include <cowarp/cowarp.hpp>

#include <support/checks.hpp>
#include <support/futures.hpp>
#include <support/stage.hpp>
#include <support/steps.hpp>

#include <chrono>
#include <cstdint>
#include <utility>

namespace child_set_test {

using cowarp::scope;
using test::after_polls;
using test::count;

constexpr std::uint32_t numbers = 27;  // that a task has for its children

template <scope S>
using signal = cowarp::signal<std::int32_t, S>;
template <scope S, std::uint32_t Size>
struct signals {
  signal<S> of[Size];
};
template <scope S>
using waiting = test::counted<typename signal<S>::wait_future>;

/// Waits for the signal of each index.
template <scope S>
struct waits {
  signal<S>* of;
  std::uint32_t* polls;
  COWARP_FN auto operator()(std::size_t i) const { return count(of[i].wait(), polls[i]); }
};

template <std::size_t Size>
COWARP_FN bool are(const std::uint32_t (&polls)[Size], const std::uint32_t (&expected)[Size]) {
  for (std::size_t i = 0; i < Size; ++i) {
    if (polls[i] != expected[i]) return false;
  }
  return true;
}

struct join_polls_the_woken {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& s = on.place<signals<S, 3>>();
    std::uint32_t polls[3]{};
    const waits<S> wait{s.of, polls};
    auto all = cowarp::join(wait(0), wait(1), wait(2));
    on.check.that(!on.poll(0, all) && are(polls, {1, 1, 1}));
    on.check.that(!on.poll(0, all) && are(polls, {1, 1, 1}));  // polled without cause
    s.of[1].send(11);
    on.check.equal(on.woken(), 1u << 0);
    on.check.that(!on.poll(0, all) && are(polls, {1, 2, 1}));
    s.of[2].send(12);
    s.of[0].send(10);
    on.check.equal(on.woken(), 1u << 0);
    const auto got = on.poll(0, all);
    on.check.that(got.has_value() && are(polls, {2, 2, 2}));
    on.check.that(*got == cowarp::tuple(10, 11, 12));
  }
};

struct try_join_and_join_all_too {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& s = on.place<signals<S, 4>>();
    std::uint32_t polls[4]{};
    const waits<S> wait{s.of, polls};
    {
      auto all = cowarp::join_all<4>(wait);
      on.check.that(!on.poll(0, all) && are(polls, {1, 1, 1, 1}));
      s.of[3].send(1);
      on.check.that(!on.poll(0, all) && are(polls, {1, 1, 1, 2}));
    }
    auto both = cowarp::try_join(wait(0), wait(1));
    on.check.that(!on.poll(0, both) && are(polls, {2, 2, 1, 2}));
    s.of[1].send(1);
    on.check.that(!on.poll(0, both) && are(polls, {2, 3, 1, 2}));
    s.of[0].send(0);  // not a success
    const auto failed = on.poll(0, both);
    on.check.that(failed && !*failed && are(polls, {3, 3, 1, 2}));
  }
};

/// Who wakes itself is polled, and nobody beside it.
struct self_wakes_are_its_own {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& s = on.place<signals<S, 1>>();
    std::uint32_t polls[1]{}, turns = 0;
    auto both          = cowarp::join(after_polls{3, 7, &turns}, waits<S>{s.of, polls}(0));
    cowarp::context cx = on.as(0);
    for (std::uint32_t i = 1; i <= 3; ++i) {
      cx = on.as(0);
      on.check.that(!both.poll(cx) && turns == i && polls[0] == 1);
      on.check.that(cx.flags() == cowarp::context::self_wake);
    }
    cx = on.as(0);
    on.check.that(!both.poll(cx) && turns == 4 && cx.flags() == 0);
    s.of[0].send(1);
    on.check.that(both.poll(cx).has_value() && polls[0] == 2);
  }
};

/// Joins below joins know their own children, and those above which of theirs is meant.
struct nested {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& s = on.place<signals<S, 5>>();
    std::uint32_t polls[5]{}, left = 0, right = 0;
    const waits<S> wait{s.of, polls};
    auto all = cowarp::join(count(cowarp::join(wait(0), wait(1)), left),
                            count(cowarp::join(cowarp::join(wait(2), wait(3)), wait(4)), right));
    on.check.that(!on.poll(0, all) && left == 1 && right == 1);
    s.of[3].send(3);
    on.check.equal(on.woken(), 1u << 0);
    on.check.that(!on.poll(0, all) && left == 1 && right == 2 && are(polls, {1, 1, 1, 2, 1}));
    s.of[0].send(0);
    on.check.that(!on.poll(0, all) && left == 2 && right == 2 && are(polls, {2, 1, 1, 2, 1}));
    for (std::int32_t i : {1, 2, 4}) s.of[i].send(+i);
    on.check.that(on.poll(0, all).has_value() && are(polls, {2, 2, 2, 2, 2}));
  }
};

/// A select asks all its branches; the joins among them ask their woken children.
struct select_of_joins {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& s = on.place<signals<S, 5>>();
    std::uint32_t polls[5]{};
    const waits<S> wait{s.of, polls};
    auto first = cowarp::select_biased(cowarp::join(wait(0), wait(1)),
                                       cowarp::join(wait(2), wait(3)), wait(4));
    on.check.that(!on.poll(0, first));
    s.of[2].send(2);
    on.check.that(!on.poll(0, first) && are(polls, {1, 1, 2, 1, 2}));
    s.of[1].send(1);
    on.check.that(!on.poll(0, first) && are(polls, {1, 2, 2, 1, 3}));
    s.of[3].send(3);
    const auto won = on.poll(0, first);
    on.check.that(won && won->index() == 1 && are(polls, {1, 2, 2, 2, 3}));
  }
};

/// More children than numbers: some share one, all come.
struct more_than_numbers {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    constexpr std::uint32_t many = 40;
    auto& s                      = on.place<signals<S, many>>();
    std::uint32_t polls[many]{};
    cowarp::futures_unordered<waiting<S>, many> all{};
    for (std::uint32_t i = 0; i < many; ++i) on.check.that(all.try_push(waits<S>{s.of, polls}(i)));
    auto next = cowarp::next(all);
    on.check.that(!on.poll(0, next));
    for (std::uint32_t turn = 0; turn < many; ++turn) {
      const std::uint32_t i = turn * 7 % many;
      std::uint32_t before = 0, after = 0;
      for (const std::uint32_t n : polls) before += n;
      s.of[i].send(static_cast<std::int32_t>(i));
      const auto got = on.poll(0, next);
      on.check.that(got && *got && **got == static_cast<std::int32_t>(i));
      on.check.that(turn + 1 == many || !on.poll(0, next));
      for (const std::uint32_t n : polls) after += n;
      on.check.that(after - before <= 2);  // it, and who shares its number
    }
    on.check.equal(on.poll(0, next)->has_value(), false);
  }
};

/// As many as there are numbers: a wake is one poll, also of a future that came later.
struct as_many_as_numbers {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& s = on.place<signals<S, numbers>>();
    std::uint32_t polls[numbers]{};
    const waits<S> wait{s.of, polls};
    cowarp::futures_unordered<waiting<S>, numbers> all{};
    for (std::uint32_t i = 0; i < numbers; ++i) on.check.that(all.try_push(wait(i)));
    auto next = cowarp::next(all);
    on.check.that(!on.poll(0, next));
    for (std::uint32_t turn = 0; turn < 100; ++turn) {
      const std::uint32_t i = turn * 5 % numbers;
      for (auto& n : polls) n = 0;
      s.of[i].send(1);
      on.check.that(on.poll(0, next).has_value());
      on.check.that(all.try_push(wait(i)) && !on.poll(0, next));
      for (std::uint32_t k = 0; k < numbers; ++k) on.check.equal(polls[k], k == i ? 2u : 0u);
    }
  }
};

/// Whoever finds no number left polls all, and forgets none; numbers come back.
struct numbers_run_out {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& s = on.place<signals<S, numbers + 2>>();
    std::uint32_t polls[numbers + 2]{};
    const waits<S> wait{s.of, polls};
    auto late = cowarp::join(wait(numbers), wait(numbers + 1));
    {
      auto all = cowarp::join_all<numbers>(wait);
      on.check.that(!on.poll(0, all) && !on.poll(0, late) && !on.poll(0, late));
      on.check.that(polls[numbers] == 2 && polls[numbers + 1] == 2);
      s.of[numbers].send(1);
      on.check.equal(on.woken(), 1u << 0);
      on.check.that(!on.poll(0, late));
      on.check.that(polls[numbers] == 3 && polls[numbers + 1] == 3);
    }
    on.check.that(!on.poll(0, late) && polls[numbers + 1] == 4);  // the first poll with numbers
    on.check.that(!on.poll(0, late) && polls[numbers + 1] == 4);
    s.of[numbers + 1].send(2);
    on.check.equal(on.woken(), 1u << 0);
    on.check.that(on.poll(0, late).has_value());
  }
};

/// A join that is dropped gives its numbers back, and what it was notified of to the next in line.
struct dropped_half_way {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& s = on.place<signals<S, 3>>();
    std::uint32_t polls[3]{};
    const waits<S> wait{s.of, polls};
    auto behind = s.of[1].wait();
    for (std::uint32_t i = 0; i < 3 * numbers; ++i) {
      auto all = cowarp::join(cowarp::join(wait(0), wait(1)), wait(2));
      on.check.that(!on.poll(0, all));
      if (i == 0) on.check.that(!on.poll(1, behind));
      if (i == 1) {
        s.of[1].send(5);
        on.check.equal(on.woken(), 1u << 1);
        on.check.equal(on.poll(1, behind).value_or(0), 5);
      }
      if (i < 2) continue;
      s.of[1].send(6);  // notified, and dropped
    }
    on.check.equal(s.of[1].try_take().value_or(0), 6);
    for (auto& n : polls) n = 0;
    auto all = cowarp::join(wait(0), wait(1), wait(2));
    on.check.that(!on.poll(0, all) && !on.poll(0, all) && are(polls, {1, 1, 1}));
  }
};

/// A wake for a child that is no more costs a poll at most.
struct late_wake {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& s = on.place<signals<S, 2>>();
    std::uint32_t polls[2]{};
    const waits<S> wait{s.of, polls};
    cowarp::waker kept;
    {
      auto gone = cowarp::join(cowarp::poll_fn([&](cowarp::context& cx) {
                                 kept = cx.waker();
                                 return cowarp::polled<std::int32_t>();
                               }),
                               wait(0));
      on.check.that(!on.poll(0, gone) && kept.task().child() != 0);
      on.check.that(kept.task().whole() == on.as(0).task());
    }
    auto both = cowarp::join(wait(0), wait(1));
    on.check.that(!on.poll(0, both) && are(polls, {2, 1}));
    kept.wake();
    on.check.equal(on.woken(), 1u << 0);
    on.check.that(!on.poll(0, both) && are(polls, {3, 1}));
    on.check.that(!on.poll(0, both) && are(polls, {3, 1}));
    s.of[0].send(1);
    s.of[1].send(2);
    on.check.that(on.poll(0, both).has_value());
  }
};

/// Polls by hand, for nobody, are polls of all; the next on behalf of a task is too.
struct polled_for_nobody {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& s = on.place<signals<S, 2>>();
    std::uint32_t polls[2]{};
    const waits<S> wait{s.of, polls};
    auto both = cowarp::join(wait(0), wait(1));
    cowarp::context nobody;
    on.check.that(!on.poll(0, both) && !both.poll(nobody) && are(polls, {2, 2}));
    on.check.that(!on.poll(0, both) && are(polls, {3, 3}));
    s.of[1].send(1);
    on.check.equal(on.woken(), 1u << 0);
    on.check.that(!on.poll(0, both) && are(polls, {3, 4}));
  }
};

/// What was polled by the task itself is woken as a child once a join has polled it.
struct who_polls_last_is_woken {
  template <scope S>
  struct things {
    cowarp::channel<std::int32_t, 1, S> empty, full;
    signal<S> sent;
    cowarp::mutex<std::int32_t, S> lock;
    cowarp::event<S> set;
    cowarp::watch<std::int32_t, S> latest;
    cowarp::cancellation_token<S> token;
    cowarp::atomic_waker<S> waker;
  };
  /// Is ready once the join has polled its reference to the future after the change.
  template <scope S, class Future, class Happen>
  static COWARP_FN void check(test::stage& on, Future&& future, Happen&& happen) {
    using inside        = test::by_reference<std::remove_reference_t<Future>>;
    std::uint32_t polls = 0;
    on.check.that(!on.poll(0, future));
    auto both = cowarp::join(cowarp::ready(1), count(inside{&future}, polls));
    on.check.that(!on.poll(0, both) && !on.poll(0, both) && polls == 1);
    happen();
    on.check.equal(on.woken(), 1u << 0);
    on.check.that(on.poll(0, both).has_value() && polls == 2);
  }
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& t = on.place<things<S>>();
    static_cast<void>(t.full.try_send(1));
    check<S>(on, t.empty.receive(), [&] { static_cast<void>(t.empty.try_send(1)); });
    check<S>(on, t.full.send(2), [&] { static_cast<void>(t.full.try_receive()); });
    check<S>(on, t.sent.wait(), [&] { t.sent.send(3); });
    {
      auto held = t.lock.try_lock();
      check<S>(on, t.lock.lock(), [&] { held->unlock(); });
    }
    check<S>(on, t.set.wait(), [&] { t.set.set(); });
    auto subscriber = t.latest.subscribe();
    check<S>(on, subscriber.changed(), [&] { static_cast<void>(t.latest.send(5)); });
    check<S>(on, t.token.cancelled(), [&] { t.token.cancel(); });
    bool is_there = false;
    check<S>(on, cowarp::poll_fn([&](cowarp::context& cx) {
               t.waker.register_waker(cx.waker());
               return is_there ? cowarp::polled<std::int32_t>(1) : cowarp::pending;
             }),
             [&] {
               static_cast<void>(on.woken());  // of the waker that was replaced
               is_there = true;
               t.waker.wake();
             });
  }
};

/// A set that waits on between the joins that await its next item.
struct set_among_joins {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& s = on.place<signals<S, 4>>();
    std::uint32_t polls[4]{};
    const waits<S> wait{s.of, polls};
    cowarp::futures_unordered<waiting<S>, 3> all{};
    for (std::uint32_t i = 0; i < 3; ++i) on.check.that(all.try_push(wait(i)));
    for (std::int32_t i = 0; i < 3; ++i) {
      auto both = cowarp::join(cowarp::next(all), wait(3));
      on.check.that(!on.poll(0, both));
      s.of[i].send(+i);
      on.check.equal(on.woken(), 1u << 0);
      on.check.that(!on.poll(0, both));
      on.check.equal(all.size(), static_cast<std::uint32_t>(2 - i));
      s.of[3].send(9);
      on.check.equal(on.woken(), 1u << 0);
      const auto got = on.poll(0, both);
      on.check.that(got && cowarp::get<0>(*got).value_or(-1) == i);
    }
    on.check.that(are(polls, {2, 2, 2, 6}));
  }
};

struct streams_too {
  template <scope S>
  struct two {
    cowarp::channel<std::int32_t, 4, S> numbers;
    signal<S> of[4];
  };
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& t = on.place<two<S>>();
    std::uint32_t polls[4]{};
    const waits<S> wait{t.of, polls};
    const auto begin = [&](std::int32_t i) { return wait(static_cast<std::size_t>(i)); };
    for (std::int32_t i = 0; i < 4; ++i) static_cast<void>(t.numbers.try_send(+i));
    {
      auto all = cowarp::for_each_concurrent<3>(cowarp::from_channel(t.numbers), begin);
      on.check.that(!on.poll(0, all) && are(polls, {1, 1, 1, 0}));
      t.of[1].send(1);
      on.check.that(!on.poll(0, all) && are(polls, {1, 2, 1, 1}));
      static_cast<void>(t.numbers.try_send(1));
      on.check.that(!on.poll(0, all) && are(polls, {1, 2, 1, 1}));  // no room
      t.of[3].send(1);
      on.check.that(!on.poll(0, all) && are(polls, {1, 3, 1, 2}));
    }

    for (auto& n : polls) n = 0;
    for (std::int32_t i = 0; i < 4; ++i) static_cast<void>(t.numbers.try_send(+i));
    auto outputs = cowarp::buffered<3>(cowarp::map(cowarp::from_channel(t.numbers), begin));
    auto next    = cowarp::next(outputs);
    on.check.that(!on.poll(0, next) && are(polls, {1, 1, 1, 0}));
    t.of[2].send(2);
    on.check.that(!on.poll(0, next) && are(polls, {1, 1, 2, 0}));
    t.of[0].send(7);
    on.check.equal(on.poll(0, next)->value_or(0), 7);
    on.check.that(!on.poll(0, next) && are(polls, {2, 1, 2, 1}));
  }
};

using all = test::laws<join_polls_the_woken, try_join_and_join_all_too, self_wakes_are_its_own,
                       nested, select_of_joins, more_than_numbers, as_many_as_numbers,
                       numbers_run_out, dropped_half_way, late_wake, polled_for_nobody,
                       who_polls_last_is_woken, set_among_joins, streams_too>;

// ---- in tasks: wakes from other blocks, timers ---------------------------------------------------

constexpr std::uint32_t gates = 3;

struct state {
  test::checks checks;
  test::gate gate[gates];
  test::counter passed;
  std::uint32_t naps[gates];
};

COWARP_TASK_FRAME(joining, 1, 512) {
  state& s;
  COWARP_BODY_BEGIN
  COWARP_AWAIT(cowarp::join(cowarp::join(s.gate[0].pass(), s.gate[1].pass()), s.gate[2].pass()));
  s.passed.add();
  COWARP_BODY_END
};

/// Opens one gate after the other, once the last one was passed.
COWARP_TASK_FRAME(opening, 1) {
  state& s;
  std::uint32_t i = 0;
  COWARP_BODY_BEGIN
  for (; i < gates; ++i) {
    while (!s.gate[i].is_waiting()) COWARP_AWAIT(cowarp::yield_now());
    s.gate[i].open();
    while (s.gate[i].polls.value() < 2) COWARP_AWAIT(cowarp::yield_now());
  }
  COWARP_BODY_END
};

struct gates_app : cowarp::program<joining, opening> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<gates_app> s) {
    if (s.block() == 0) s.must_spawn<joining>(s.grid_state());
    if (s.block() + 1 == s.blocks()) s.must_spawn<opening>(s.grid_state());
  }
};

COWARP_TASK_FRAME(napping, 1, 512) {
  state& s;
  COWARP_BODY_BEGIN
  COWARP_AWAIT(cowarp::join(
      count(cowarp::sleep_for(std::chrono::nanoseconds(3000)), s.naps[0]),
      cowarp::join(count(cowarp::sleep_for(std::chrono::nanoseconds(1000)), s.naps[1]),
                   count(cowarp::with_timeout(std::chrono::nanoseconds(2000), cowarp::never<>()),
                         s.naps[2]))));
  for (const std::uint32_t polls : s.naps) s.checks.equal(polls, 2u);
  s.passed.add();
  COWARP_BODY_END
};

COWARP_TASK_FRAME(ticking, 1) {
  state& s;
  std::uint32_t wait = 0;
  COWARP_BODY_BEGIN
  while (s.passed.value() == 0) {
    for (wait = 0; wait < 4; ++wait) COWARP_AWAIT(cowarp::yield_now());
    cowarp::advance_clock(std::chrono::nanoseconds(500));
  }
  COWARP_BODY_END
};

struct naps_app : cowarp::program<napping, ticking> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<naps_app> s) {
    s.must_spawn<napping>(s.grid_state());
    s.must_spawn<ticking>(s.grid_state());
  }
};

// ---- width ---------------------------------------------------------------------------------------

struct add_lane {
  test::counter* to;
  COWARP_FN void operator()(cowarp::lane) const { to->add(); }
};

COWARP_TASK_FRAME(wide, 1, 512) {
  state& s;
  COWARP_BODY_BEGIN
  COWARP_AWAIT(cowarp::join(cowarp::lanes(add_lane{&s.passed}), cowarp::lanes(add_lane{&s.passed}),
                            count(cowarp::sleep_for(std::chrono::nanoseconds(100)), s.naps[0])));
  s.checks.equal(s.passed.value(), 2 * cowarp::platform::width);
  s.checks.that(s.naps[0] <= 2);
  COWARP_BODY_END
};

struct wide_app : cowarp::program<wide> {
  using grid_state                 = state;
  static constexpr bool uses_width = true;
  COWARP_FN static void start(cowarp::spawner<wide_app> s) { s.must_spawn<wide>(s.grid_state()); }
};

}  // namespace child_set_test

#define CHILD_LAW(text, law)                                \
  TEST_CASE("child_set: " text, "[future][child_set]") {    \
    test::play<child_set_test::all, child_set_test::law>(); \
  }

CHILD_LAW("a join polls the children that were woken", join_polls_the_woken)
CHILD_LAW("so do try_join and join_all", try_join_and_join_all_too)
CHILD_LAW("a self-wake is a poll of who woke itself", self_wakes_are_its_own)
CHILD_LAW("joins below joins know whom a wake means", nested)
CHILD_LAW("a select leaves joins their own children", select_of_joins)
CHILD_LAW("more children than numbers share some", more_than_numbers)
CHILD_LAW("as many children as numbers are told apart", as_many_as_numbers)
CHILD_LAW("without numbers all are polled", numbers_run_out)
CHILD_LAW("what is dropped gives its numbers back", dropped_half_way)
CHILD_LAW("a wake that comes late costs a poll at most", late_wake)
CHILD_LAW("a poll for nobody polls all", polled_for_nobody)
CHILD_LAW("who polled a future last is woken", who_polls_last_is_woken)
CHILD_LAW("a set may wait through several joins", set_among_joins)
CHILD_LAW("streams of futures poll the woken", streams_too)

TEST_CASE("child_set: a wake from another block polls its child", "[future][child_set]") {
  const auto blocks = GENERATE(1u, 2u);
  child_set_test::state s{};
  test::run_to_end<child_set_test::gates_app>(s, {.blocks = blocks});
  CHECK(s.passed.value() == 1);
  for (const auto& gate : s.gate) CHECK(gate.polls.value() == 2);
}

TEST_CASE("child_set: a timer polls its child", "[future][child_set]") {
  child_set_test::state s{};
  // One worker: the naps begin before the clock moves.
  test::run_to_end<child_set_test::naps_app>(s, {.blocks = 1, .workers = 1, .manual_clock = true});
  s.checks.require_none(3);
}

TEST_CASE("child_set: lanes that worked poll their child", "[future][child_set]") {
  child_set_test::state s{};
  test::run_to_end<child_set_test::wide_app>(s, {.blocks = 1});
  s.checks.require_none(2);
}
