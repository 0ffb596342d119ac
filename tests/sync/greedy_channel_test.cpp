// SPDX-License-Identifier: Apache-2.0
/// \file
/// The channel without a line: order of its tickets, room, sleep, its end, and traffic by whole warps.
#include <support/checks.hpp>
#include <support/steps.hpp>

#include <cstdint>

namespace greedy_channel_test {

using cowarp::scope;
using cowarp::send_status;

constexpr std::uint32_t crowd    = 32;  // senders, and receivers, of each block
constexpr std::uint32_t messages = 50;  // of each sender
constexpr std::uint32_t blocks   = 3;

struct message {
  std::uint32_t sender;
  std::uint32_t number;
};

struct state {
  test::checks checks;
  cowarp::greedy_channel<std::int32_t, 4> numbers;
  cowarp::greedy_channel<test::only_moves, 1> token;
  test::counter asleep_polls;
  test::counter tries;  // before a task sleeps, where they are tasks
  test::counter waiting;
  test::counter ended;
  test::counter arrived;
  test::counter sum;
  test::counter done_senders;
  cowarp::greedy_channel<message, 4> narrow;
  cowarp::greedy_channel<message, 64> wide;
};

// ---- one task ------------------------------------------------------------------------------------

COWARP_TASK_FRAME(alone, 1, 96) {
  state& s;
  cowarp::optional<std::int32_t> got{};
  std::int32_t i = 0;
  COWARP_BODY_BEGIN
  s.checks.that(s.numbers.is_empty() && !s.numbers.is_full() && !s.numbers.is_closed());
  s.checks.that(!s.numbers.try_receive().has_value());

  // Round and round: the ring wraps, the order stays.
  for (; i < 10; ++i) {
    s.checks.that(s.numbers.try_send(10 * i).is_ok());
    s.checks.that(s.numbers.try_send(10 * i + 1).is_ok());
    s.checks.that(s.numbers.try_send(10 * i + 2).is_ok());
    s.checks.equal(s.numbers.size(), 3u);
    s.checks.equal(*s.numbers.try_receive(), 10 * i);
    s.checks.equal(*s.numbers.try_receive(), 10 * i + 1);
    s.checks.equal(*s.numbers.try_receive(), 10 * i + 2);
  }

  // Full: the message comes back, and nothing else has changed.
  for (i = 0; i < 4; ++i) s.checks.that(s.numbers.try_send(i).is_ok());
  s.checks.that(s.numbers.is_full());
  s.checks.equal(s.numbers.size(), s.numbers.capacity());
  {
    auto refused = s.numbers.try_send(77);
    s.checks.that(refused.status == send_status::full && *refused.value == 77);
  }
  s.checks.equal(*s.numbers.try_receive(), 0);
  s.checks.that(s.numbers.try_send(4).is_ok());
  s.numbers.clear();
  s.checks.that(s.numbers.is_empty());

  // Awaited, with room and with messages: ready at once.
  COWARP_AWAIT(s.numbers.send(5));
  COWARP_AWAIT_INTO(got, s.numbers.receive());
  s.checks.equal(*got, 5);

  // Closed: what is there is received, what comes is refused.
  COWARP_AWAIT(s.numbers.send(6));
  s.numbers.close();
  s.checks.that(s.numbers.is_closed());
  {
    auto refused = s.numbers.try_send(78);
    s.checks.that(refused.status == send_status::closed && *refused.value == 78);
  }
  COWARP_AWAIT_INTO(got, s.numbers.receive());
  s.checks.equal(*got, 6);
  COWARP_AWAIT_INTO(got, s.numbers.receive());
  s.checks.that(!got.has_value());
  COWARP_BODY_END
};

/// Messages that only move, through room for one.
COWARP_TASK_FRAME(moving, 1, 128) {
  state& s;
  cowarp::optional<test::only_moves> got{};
  cowarp::send_result<test::only_moves> result{send_status::full, cowarp::pending};
  COWARP_BODY_BEGIN
  COWARP_AWAIT_INTO(result, s.token.send(test::only_moves(1)));
  s.checks.that(result.is_ok() && !result.value.has_value());
  result = s.token.try_send(test::only_moves(2));
  s.checks.that(result.status == send_status::full);
  s.checks.equal(result.value->value(), 2);
  COWARP_AWAIT_INTO(got, s.token.receive());
  s.checks.equal(got->value(), 1);
  s.token.close();
  COWARP_AWAIT_INTO(result, s.token.send(test::only_moves(3)));
  s.checks.that(result.status == send_status::closed);
  s.checks.equal(result.value->value(), 3);
  COWARP_BODY_END
};

struct alone_app : cowarp::program<alone, moving> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<alone_app> s) {
    (void)s.spawn<alone>(s.grid_state());
    (void)s.spawn<moving>(s.grid_state());
  }
};

// ---- sleep ---------------------------------------------------------------------------------------

/// Counts the polls of a future until it is ready.
template <class Future>
struct counted {
  using output = typename Future::output;
  state& s;
  Future awaited;
  bool is_counted = false;
  COWARP_FN cowarp::polled<output> poll(cowarp::context& cx) {
    auto result = awaited.poll(cx);
    s.asleep_polls.add();
    s.tries.set(cowarp::platform::tries_before_sleep);
    if (!is_counted) s.waiting.add();
    is_counted = true;
    return result;
  }
};

using numbers_type = cowarp::greedy_channel<std::int32_t, 4>;

COWARP_TASK_FRAME(waits_for_one, 8, 160) {
  state& s;
  cowarp::optional<std::int32_t> got{};
  COWARP_BODY_BEGIN
  COWARP_AWAIT_INTO(got, counted<numbers_type::receive_future>{s, s.numbers.receive()});
  if (got) s.sum.add(static_cast<std::uint32_t>(*got));
  s.ended.add();
  COWARP_BODY_END
};

COWARP_TASK_FRAME(waits_for_room, 8, 160) {
  state& s;
  std::int32_t value;
  cowarp::send_result<std::int32_t> result{send_status::full, cowarp::pending};
  COWARP_BODY_BEGIN
  COWARP_AWAIT_INTO(result, counted<numbers_type::send_future>{s, s.numbers.send(+value)});
  if (!result) s.checks.equal(*result.value, value);  // a message that is refused comes back
  if (result) s.sum.add(static_cast<std::uint32_t>(value));
  s.ended.add();
  COWARP_BODY_END
};

/// Once all wait, gives them time to fall asleep; then serves half of them, and closes.
COWARP_TASK_FRAME(serves_half, 1) {
  state& s;
  std::uint32_t sleepers;
  bool sends;
  std::uint32_t i = 0;
  COWARP_BODY_BEGIN
  while (s.waiting.value() < sleepers) COWARP_AWAIT(cowarp::yield_now());
  for (i = 0; i < 1000; ++i) COWARP_AWAIT(cowarp::yield_now());
  s.checks.equal(s.ended.value(), 0u);
  for (i = 0; i < sleepers / 2; ++i) {
    if (sends) {
      s.checks.that(s.numbers.try_send(1).is_ok());
    } else {
      s.checks.that(s.numbers.try_receive().has_value());
    }
    while (s.ended.value() < i + 1) COWARP_AWAIT(cowarp::yield_now());
  }
  s.numbers.close();
  COWARP_BODY_END
};

struct receivers_app : cowarp::program<waits_for_one, serves_half> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<receivers_app> s) {
    for (std::uint32_t i = 0; i < 8; ++i) (void)s.spawn<waits_for_one>(s.grid_state());
    (void)s.spawn<serves_half>(s.grid_state(), 8u, true);
  }
};

struct senders_app : cowarp::program<waits_for_room, serves_half> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<senders_app> s) {
    for (std::int32_t i = 0; i < 4; ++i) (void)s.grid_state().numbers.try_send(+i);
    for (std::int32_t i = 0; i < 8; ++i) (void)s.spawn<waits_for_room>(s.grid_state(), +i + 1);
    (void)s.spawn<serves_half>(s.grid_state(), 8u, false);
  }
};

// ---- traffic -------------------------------------------------------------------------------------

/// The last of all senders closes the channel.
template <class Channel>
struct sending : cowarp::detail::frame_task<sending<Channel>, crowd> {
  Channel& to;
  state& s;
  std::uint32_t me;
  test::counter& done;
  std::uint32_t all_senders;
  std::uint32_t i = 0;
  cowarp::optional<typename Channel::send_future> send{};

  COWARP_FN cowarp::polled<cowarp::unit> poll(cowarp::context& cx) {
    for (; i < messages; ++i) {
      if (!send) send.emplace(to.send(message{me, i}));
      if (!send->poll(cx)) return cowarp::pending;
      send.reset();
    }
    if (done.add() + 1 == all_senders) to.close();
    return cowarp::unit{};
  }
};

/// Of one sender a receiver never sees an older message after a younger. Now and then it cancels a
/// receive that waits and begins again.
template <class Channel>
struct receiving : cowarp::detail::frame_task<receiving<Channel>, crowd> {
  Channel& from;
  state& s;
  std::uint32_t polls = 0;
  std::uint32_t next[crowd * blocks]{};
  cowarp::optional<typename Channel::receive_future> receive{};

  COWARP_FN cowarp::polled<cowarp::unit> poll(cowarp::context& cx) {
    for (;;) {
      if (++polls % 3 == 0) receive.reset();
      if (!receive) receive.emplace(from.receive());
      auto result = receive->poll(cx);
      if (!result) return cowarp::pending;
      receive.reset();
      if (!*result) return cowarp::unit{};
      const message got = **result;
      s.checks.that(got.number >= next[got.sender]);
      next[got.sender] = got.number + 1;
      s.arrived.add();
      s.sum.add(got.number);
    }
  }
};

template <class Channel>
struct device_app : cowarp::program<sending<Channel>, receiving<Channel>> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<device_app> s, cowarp::no_state&, state& g) {
    auto& channel = of(g, static_cast<Channel*>(nullptr));
    for (std::uint32_t i = 0; i < crowd; ++i) {
      (void)s.template spawn<sending<Channel>>(channel, g, s.block() * crowd + i, g.done_senders,
                                               s.blocks() * crowd);
      (void)s.template spawn<receiving<Channel>>(channel, g);
    }
  }
  COWARP_FN static auto& of(state& g, cowarp::greedy_channel<message, 4>*) { return g.narrow; }
  COWARP_FN static auto& of(state& g, cowarp::greedy_channel<message, 64>*) { return g.wide; }
};

using block_type = cowarp::greedy_channel<message, 8, scope::block>;

struct board {
  block_type channel;
  test::counter done_senders;
};

struct block_app : cowarp::program<sending<block_type>, receiving<block_type>> {
  using block_state = board;
  using grid_state  = state;
  COWARP_FN static void start(cowarp::spawner<block_app> s, board& b, state& g) {
    for (std::uint32_t i = 0; i < crowd; ++i) {
      (void)s.template spawn<sending<block_type>>(b.channel, g, +i, b.done_senders, +crowd);
      (void)s.template spawn<receiving<block_type>>(b.channel, g);
    }
  }
};

void all_arrived(const state& s) {
  constexpr std::uint32_t all = blocks * crowd * messages;
  s.checks.require_none(all);
  CHECK(s.arrived.value() == all);
  CHECK(s.sum.value() == all / messages * (messages * (messages - 1) / 2));
}

}  // namespace greedy_channel_test

TEST_CASE("greedy_channel: order, room, and back when full or closed", "[sync][greedy_channel]") {
  greedy_channel_test::state s{};
  const auto report = test::run_to_end<greedy_channel_test::alone_app>(s);
  s.checks.require_none(87);
  CHECK(report.total.polls == 2);  // nothing had to be waited for
}

TEST_CASE("greedy_channel: waiting receivers sleep, wake for a message and for the end",
          "[sync][greedy_channel]") {
  greedy_channel_test::state s{};
  test::run_to_end<greedy_channel_test::receivers_app>(s);
  s.checks.require_none(5);
  CHECK(s.ended.value() == 8);
  CHECK(s.sum.value() == 4);
  // Each tries some times, sleeps, is woken, and perhaps tries in vain beside others.
  CHECK(s.asleep_polls.value() < 8 * 4 * (s.tries.value() + 3));
}

TEST_CASE("greedy_channel: waiting senders sleep, wake for room and for the end",
          "[sync][greedy_channel]") {
  greedy_channel_test::state s{};
  test::run_to_end<greedy_channel_test::senders_app>(s);
  s.checks.require_none(9);
  CHECK(s.ended.value() == 8);
  CHECK(s.asleep_polls.value() < 8 * 4 * (s.tries.value() + 3));
}

TEST_CASE("greedy_channel: between blocks every message arrives once", "[sync][greedy_channel]") {
  using greedy_channel_test::device_app;
  greedy_channel_test::state narrow{};
  test::run_to_end<device_app<cowarp::greedy_channel<greedy_channel_test::message, 4>>>(
      narrow, {.blocks = greedy_channel_test::blocks});
  greedy_channel_test::all_arrived(narrow);

  greedy_channel_test::state wide{};
  test::run_to_end<device_app<cowarp::greedy_channel<greedy_channel_test::message, 64>>>(
      wide, {.blocks = greedy_channel_test::blocks});
  greedy_channel_test::all_arrived(wide);
}

TEST_CASE("greedy_channel: within a block every message arrives once", "[sync][greedy_channel]") {
  greedy_channel_test::state s{};
  test::run_to_end<greedy_channel_test::block_app>(s, {.blocks = greedy_channel_test::blocks});
  greedy_channel_test::all_arrived(s);
}
