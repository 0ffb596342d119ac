// SPDX-License-Identifier: Apache-2.0
/// \file
/// A future for every item of a stream: how many at once, in which order, and none left behind.
#include <cowarp/future/buffered.hpp>
#include <cowarp/future/for_each.hpp>
#include <cowarp/future/stream_adaptors.hpp>

#include <support/checks.hpp>
#include <support/stage.hpp>
#include <support/steps.hpp>

namespace stream_concurrent_test {

// ---- tasks ---------------------------------------------------------------------------------------

struct state {
  test::checks checks;
  test::trace<> trace;
  test::counter running;
  test::counter most;
  test::counter handled;
  cowarp::channel<std::int32_t, 2> requests;
  cowarp::channel<std::int32_t, 2> answers;
};

// [concurrent]
/// Answers one request, after as many turns as it says.
COWARP_ASYNC_FRAME(answer, cowarp::unit, 64) {
  state& s;
  std::int32_t request;
  std::int32_t i = 0;
  COWARP_BODY_BEGIN
  if (s.running.add() + 1 > s.most.value()) s.most.set(s.running.value());
  for (; i < request % 5; ++i) COWARP_AWAIT(cowarp::yield_now());
  COWARP_AWAIT(s.answers.send(request));
  s.running.add(~0u);
  s.handled.add();
  COWARP_BODY_END
};
struct answering {
  state& s;
  COWARP_FN auto operator()(std::int32_t request) const { return cowarp::call<answer>(s, request); }
};

/// Four requests at once: a slow one holds up none but its place.
COWARP_TASK_FRAME(serving, 1, 1024) {
  state& s;
  COWARP_BODY_BEGIN
  COWARP_AWAIT(cowarp::for_each_concurrent<4>(cowarp::from_channel(s.requests), answering{s}));
  s.answers.close();
  COWARP_BODY_END
};
// [/concurrent]

COWARP_TASK_FRAME(requesting, 1) {
  state& s;
  std::int32_t i = 0;
  COWARP_BODY_BEGIN
  for (; i < 20; ++i) COWARP_AWAIT(s.requests.send(i));
  s.requests.close();
  COWARP_BODY_END
};

struct adding {
  std::int32_t& sum;
  COWARP_FN void operator()(std::int32_t n) const { sum += n; }
};

COWARP_TASK_FRAME(summing, 1, 128) {
  state& s;
  std::int32_t sum = 0;
  COWARP_BODY_BEGIN
  COWARP_AWAIT(cowarp::for_each(cowarp::from_channel(s.answers), adding{sum}));
  s.checks.equal(sum, 190);
  s.checks.equal(s.handled.value(), 20u);
  s.checks.that(s.most.value() <= 4);
  COWARP_BODY_END
};

struct serving_app : cowarp::program<serving, requesting, summing> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<serving_app> s) {
    (void)s.spawn<serving>(s.grid_state());
    (void)s.spawn<requesting>(s.grid_state());
    (void)s.spawn<summing>(s.grid_state());
  }
};

/// Ready with `n` after 4 - n % 5 turns: in a row of them the later are done first.
struct slow_number {
  using output = std::int32_t;
  std::int32_t n;
  std::int32_t left;
  COWARP_FN explicit slow_number(std::int32_t of) : n(of), left(4 - of % 5) {}
  COWARP_FN cowarp::polled<std::int32_t> poll(cowarp::context& cx) {
    if (left-- <= 0) return n;
    cx.wake_self();
    return cowarp::pending;
  }
};
struct slowly {
  COWARP_FN slow_number operator()(std::int32_t n) const { return slow_number(n); }
};
struct note {
  state& s;
  COWARP_FN void operator()(std::int32_t n) const { s.trace.add(n); }
};

// [buffered]
COWARP_TASK_FRAME(ordering, 1, 384) {
  state& s;
  COWARP_BODY_BEGIN
  COWARP_AWAIT(cowarp::for_each(
      cowarp::buffered<3>(cowarp::map(cowarp::from_channel(s.requests), slowly{})), note{s}));
  COWARP_BODY_END
};
// [/buffered]

struct ordering_app : cowarp::program<ordering, requesting> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<ordering_app> s) {
    (void)s.spawn<ordering>(s.grid_state());
    (void)s.spawn<requesting>(s.grid_state());
  }
};

// ---- laws, by hand -------------------------------------------------------------------------------

/// What the script says of the children: bit i lets child i end.
struct script {
  test::counted_life::counts* lives;
  test::checks* check;
  std::uint32_t may_end;
  std::uint32_t begun;
};

/// A child that ends when told, and may not move once it was polled. It asks for every poll.
struct child {
  using output = std::int32_t;
  script* by;
  std::int32_t n;
  test::counted_life life;
  const child* polled_at = nullptr;

  COWARP_FN child(script& s, std::int32_t number) : by(&s), n(number), life(*s.lives) {}
  COWARP_FN cowarp::polled<std::int32_t> poll(cowarp::context& cx) {
    if (polled_at == nullptr) ++by->begun;
    if (polled_at != nullptr) by->check->that(polled_at == this);
    polled_at = this;
    if ((by->may_end >> n & 1u) != 0) return n;
    cx.wake_self();
    return cowarp::pending;
  }
};
struct bearing {
  script* by;
  COWARP_FN child operator()(std::int32_t n) const { return child(*by, n); }
};

COWARP_FN inline std::uint32_t alive(const test::stage& on) {
  return on.counts.built.value() - on.counts.destroyed.value();
}

template <cowarp::scope S>
using channel = cowarp::channel<std::int32_t, 8, S>;

/// Fills a channel with 0 to `count` - 1.
template <class Channel>
COWARP_FN void fill(test::stage& on, Channel& c, std::int32_t count) {
  for (std::int32_t i = 0; i < count; ++i) on.check.that(c.try_send(+i).is_ok());
}

/// At most two children; who ends makes room for the next in the same poll.
struct at_most_two {
  template <cowarp::scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& c = on.place<channel<S>>();
    script by{&on.counts, &on.check, 0, 0};
    auto all = cowarp::for_each_concurrent<2>(cowarp::from_channel(c), bearing{&by});
    fill(on, c, 5);
    on.check.that(!on.poll(0, all));
    on.check.that(by.begun == 2 && alive(on) == 2 && c.size() == 3);
    by.may_end = 1u << 1;
    on.check.that(!on.poll(0, all));
    on.check.that(by.begun == 3 && alive(on) == 2 && c.size() == 2);
    by.may_end = 1u << 0 | 1u << 2 | 1u << 3;  // child 3 ends in the poll in which it begins
    on.check.that(!on.poll(0, all));
    on.check.that(by.begun == 5 && alive(on) == 1 && c.is_empty());
    on.check.equal(on.woken(), 0u);
    c.close();
    on.check.equal(on.woken(), 1u << 0);  // there was room, so it waited for more
    on.check.that(!on.poll(0, all));
    by.may_end = ~0u;
    on.check.that(on.poll(0, all).has_value());
    on.check.equal(alive(on), 0u);
  }
};

/// While there is no room nobody waits for the channel; as soon as there is, somebody does.
struct room_is_asked_for {
  template <cowarp::scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& c = on.place<channel<S>>();
    script by{&on.counts, &on.check, 0, 0};
    auto all = cowarp::for_each_concurrent<1>(cowarp::from_channel(c), bearing{&by});
    fill(on, c, 1);
    on.check.that(!on.poll(0, all));
    fill(on, c, 2);
    on.check.equal(on.woken(), 0u);
    by.may_end = 1u << 0;
    on.check.that(!on.poll(0, all));  // 0, 0 and then 1, which stays
    on.check.that(by.begun == 3 && c.is_empty());
    by.may_end = 1u << 1;
    on.check.that(!on.poll(0, all));
    on.check.that(c.try_send(2).is_ok());
    on.check.equal(on.woken(), 1u << 0);
  }
};

/// Dropped at any time, all children are gone, and the message that was kept goes on.
struct dropped_whole {
  template <cowarp::scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& c     = on.place<channel<S>>();
    auto behind = c.receive();
    script by{&on.counts, &on.check, 0, 0};
    { auto unpolled = cowarp::for_each_concurrent<3>(cowarp::from_channel(c), bearing{&by}); }
    {
      auto all = cowarp::for_each_concurrent<3>(cowarp::from_channel(c), bearing{&by});
      fill(on, c, 2);
      on.check.that(!on.poll(0, all) && !on.poll(1, behind));
      on.check.equal(alive(on), 2u);
      on.check.that(c.try_send(7).is_ok());
      on.check.equal(on.woken(), 1u << 0);
    }
    on.check.equal(alive(on), 0u);
    on.check.equal(on.woken(), 1u << 1);
    on.check.equal(**on.poll(1, behind), 7);
  }
};

/// Outputs come in the order of the futures; those that wait for others keep the next out.
struct in_order {
  template <cowarp::scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& c = on.place<channel<S>>();
    script by{&on.counts, &on.check, 0, 0};
    auto outputs = cowarp::buffered<3>(cowarp::map(cowarp::from_channel(c), bearing{&by}));
    auto next    = cowarp::next(outputs);
    fill(on, c, 6);
    by.may_end = 1u << 1 | 1u << 2;
    on.check.that(!on.poll(0, next));
    on.check.that(by.begun == 3 && alive(on) == 1);  // 1 and 2 are outputs by now
    on.check.that(!on.poll(0, next));
    on.check.equal(c.size(), 3u);
    by.may_end |= 1u << 0;
    for (std::int32_t i = 0; i < 3; ++i) {
      const auto output = on.poll(0, next);
      on.check.that(output && *output && **output == i);
    }
    on.check.that(by.begun == 5 && alive(on) == 2 && c.size() == 1);
    c.close();
    by.may_end = ~0u;
    for (std::int32_t i = 3; i < 6; ++i) {
      const auto output = on.poll(0, next);
      on.check.that(output && *output && **output == i);
    }
    const auto end = on.poll(0, next);
    on.check.that(end && !*end && alive(on) == 0);
  }
};

/// With room it waits for the stream and the children at once.
struct both_wake {
  template <cowarp::scope S>
  static COWARP_FN void play(test::stage& on) {
    struct two {
      channel<S> numbers, answers;
    };
    struct asking {
      channel<S>* of;
      COWARP_FN auto operator()(std::int32_t) const { return of->receive(); }
    };
    auto& c = on.place<two>();
    auto outputs =
        cowarp::buffered<2>(cowarp::map(cowarp::from_channel(c.numbers), asking{&c.answers}));
    auto next = cowarp::next(outputs);
    fill(on, c.numbers, 1);
    on.check.that(!on.poll(0, next));
    fill(on, c.numbers, 1);
    on.check.equal(on.woken(), 1u << 0);
    on.check.that(!on.poll(0, next) && c.numbers.is_empty());
    on.check.that(c.answers.try_send(8).is_ok());
    on.check.equal(on.woken(), 1u << 0);
    auto output = on.poll(0, next);
    on.check.that(output && *output && ***output == 8);
    on.check.that(!on.poll(0, next));
    c.numbers.close();
    on.check.equal(on.woken(), 1u << 0);
    on.check.that(!on.poll(0, next));  // a child is left
    c.answers.close();
    output = on.poll(0, next);
    on.check.that(output && *output && !**output);
    output = on.poll(0, next);
    on.check.that(output && !*output);
  }
};

/// Children and outputs that nobody took are gone with it.
struct buffer_dropped {
  template <cowarp::scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& c = on.place<channel<S>>();
    script by{&on.counts, &on.check, 1u << 1, 0};
    {
      auto outputs = cowarp::buffered<3>(cowarp::map(cowarp::from_channel(c), bearing{&by}));
      auto next    = cowarp::next(outputs);
      fill(on, c, 5);
      on.check.that(!on.poll(0, next));
      on.check.equal(alive(on), 2u);
    }
    on.check.equal(alive(on), 0u);
    on.check.equal(c.size(), 2u);
  }
};

using all =
    test::laws<at_most_two, room_is_asked_for, dropped_whole, in_order, both_wake, buffer_dropped>;

}  // namespace stream_concurrent_test

TEST_CASE("for_each_concurrent: tasks serve several at once", "[future][stream]") {
  stream_concurrent_test::state s{};
  test::run_to_end<stream_concurrent_test::serving_app>(s);
  s.checks.require_none(3);
}

TEST_CASE("for_each_concurrent: at most so many at once", "[future][stream]") {
  test::play<stream_concurrent_test::all, stream_concurrent_test::at_most_two>();
}

TEST_CASE("for_each_concurrent: room is filled in the same poll", "[future][stream]") {
  test::play<stream_concurrent_test::all, stream_concurrent_test::room_is_asked_for>();
}

TEST_CASE("for_each_concurrent: dropped it takes its children along", "[future][stream]") {
  test::play<stream_concurrent_test::all, stream_concurrent_test::dropped_whole>();
}

TEST_CASE("for_each: with futures one comes after another", "[future][stream]") {
  cowarp::context cx;
  std::int32_t begun = 0;
  std::int32_t left  = 3;
  const auto source  = [&]() -> cowarp::optional<std::int32_t> {
    if (left == 0) return cowarp::nullopt;
    return left--;
  };
  const auto slow = [&](std::int32_t) {
    ++begun;
    return cowarp::yield_now();
  };
  auto all = cowarp::for_each(cowarp::from_fn(source), slow);
  for (std::int32_t i = 1; i <= 3; ++i) {
    CHECK_FALSE(all.poll(cx).has_value());
    CHECK(begun == i);
  }
  CHECK(all.poll(cx).has_value());
}

TEST_CASE("buffered: tasks get outputs in the order of items", "[future][stream]") {
  stream_concurrent_test::state s{};
  test::run_to_end<stream_concurrent_test::ordering_app>(s);
  std::vector<std::int32_t> expected;
  for (std::int32_t i = 0; i < 20; ++i) expected.push_back(i);
  CHECK(s.trace.entries() == expected);
}

TEST_CASE("buffered: waiting outputs keep the next out", "[future][stream]") {
  test::play<stream_concurrent_test::all, stream_concurrent_test::in_order>();
}

TEST_CASE("buffered: the stream and the futures both wake", "[future][stream]") {
  test::play<stream_concurrent_test::all, stream_concurrent_test::both_wake>();
}

TEST_CASE("buffered: dropped it takes its children along", "[future][stream]") {
  test::play<stream_concurrent_test::all, stream_concurrent_test::buffer_dropped>();
}

TEST_CASE("buffered: an output that was taken is gone", "[future][stream]") {
  test::counted_life::counts lives{};
  const auto births = [&]() -> cowarp::optional<cowarp::ready_future<test::counted_life>> {
    return cowarp::ready(test::counted_life(lives));
  };
  auto outputs = cowarp::buffered<2>(cowarp::from_fn(births));
  CHECK(cowarp::block_on(cowarp::next(outputs)).has_value());
  CHECK(lives.built.value() - lives.destroyed.value() == 1);  // the other one
}
