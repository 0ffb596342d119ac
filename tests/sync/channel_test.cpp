// SPDX-License-Identifier: Apache-2.0
/// \file
/// A channel's messages: order, room, and where they come back.
#include <support/checks.hpp>
#include <support/steps.hpp>

namespace channel_test {

using cowarp::scope;
using cowarp::send_status;

struct state {
  test::checks checks;
  cowarp::channel<std::int32_t, 3> numbers;
  cowarp::channel<test::only_moves, 2> tokens;
  cowarp::channel<std::int32_t, 1> narrow;
  test::counter blocked;
  test::counter served;
  test::counter sum;
  test::trace<> order;
};

// ---- one task ------------------------------------------------------------------------------------

COWARP_TASK_FRAME(alone, 1, 96) {
  state& s;
  cowarp::optional<std::int32_t> got{};
  std::int32_t i = 0;
  COWARP_BODY_BEGIN
  s.checks.that(s.numbers.is_empty() && !s.numbers.is_full() && !s.numbers.is_closed());
  s.checks.that(!s.numbers.try_receive().has_value() && !s.numbers.try_peek().has_value());

  // Round and round: the ring wraps, the order stays.
  for (; i < 10; ++i) {
    s.checks.that(s.numbers.try_send(10 * i).is_ok());
    s.checks.that(s.numbers.try_send(10 * i + 1).is_ok());
    s.checks.equal(*s.numbers.try_peek(), 10 * i);
    s.checks.equal(*s.numbers.try_peek(), 10 * i);
    s.checks.equal(*s.numbers.try_receive(), 10 * i);
    s.checks.equal(*s.numbers.try_receive(), 10 * i + 1);
  }

  // Full: the message comes back.
  for (i = 0; i < 3; ++i) s.checks.that(s.numbers.try_send(i).is_ok());
  s.checks.that(s.numbers.is_full());
  s.checks.equal(s.numbers.size(), s.numbers.capacity());
  {
    auto refused = s.numbers.try_send(77);
    s.checks.that(refused.status == send_status::full && *refused.value == 77);
  }
  s.numbers.clear();
  s.checks.that(s.numbers.is_empty());

  // Awaited, with room and with messages: ready at once.
  COWARP_AWAIT(s.numbers.send(5));
  COWARP_AWAIT_INTO(got, s.numbers.receive());
  s.checks.equal(*got, 5);
  COWARP_BODY_END
};

/// Messages that only move.
COWARP_TASK_FRAME(moving, 1, 96) {
  state& s;
  cowarp::optional<test::only_moves> got{};
  cowarp::send_result<test::only_moves> result{send_status::full, cowarp::pending};
  COWARP_BODY_BEGIN
  COWARP_AWAIT_INTO(result, s.tokens.send(test::only_moves(1)));
  s.checks.that(result.is_ok() && !result.value.has_value());
  s.checks.that(s.tokens.try_send(test::only_moves(2)).is_ok());
  result = s.tokens.try_send(test::only_moves(3));
  s.checks.that(result.status == send_status::full);
  s.checks.equal(result.value->value(), 3);
  COWARP_AWAIT_INTO(got, s.tokens.receive());
  s.checks.equal(got->value(), 1);
  s.checks.equal(s.tokens.try_receive()->value(), 2);
  s.tokens.close();
  COWARP_AWAIT_INTO(result, s.tokens.send(test::only_moves(4)));
  s.checks.that(result.status == send_status::closed);
  s.checks.equal(result.value->value(), 4);
  COWARP_BODY_END
};

struct alone_app : cowarp::program<alone, moving> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<alone_app> s) {
    (void)s.spawn<alone>(s.grid_state());
    (void)s.spawn<moving>(s.grid_state());
  }
};

// ---- lines of senders and of receivers -----------------------------------------------------------

/// Polls a future and counts it as blocked after its first poll.
template <class Future>
struct counts_block {
  using output = typename Future::output;
  state& s;
  Future awaited;
  bool is_counted = false;
  COWARP_FN cowarp::polled<output> poll(cowarp::context& cx) {
    auto result = awaited.poll(cx);
    if (!is_counted) s.blocked.add();
    is_counted = true;
    return result;
  }
};

using narrow = cowarp::channel<std::int32_t, 1>;

/// Blocks in the order of its number.
COWARP_TASK_FRAME(sending_in_line, 8, 96) {
  state& s;
  std::uint32_t me;
  COWARP_BODY_BEGIN
  while (s.blocked.value() != me) COWARP_AWAIT(cowarp::yield_now());
  COWARP_AWAIT(counts_block<narrow::send_future>{s, s.narrow.send(static_cast<std::int32_t>(me))});
  COWARP_BODY_END
};

COWARP_TASK_FRAME(receiving_in_line, 8, 96) {
  state& s;
  std::uint32_t me;
  cowarp::optional<std::int32_t> got{};
  COWARP_BODY_BEGIN
  while (s.blocked.value() != me) COWARP_AWAIT(cowarp::yield_now());
  COWARP_AWAIT_INTO(got, counts_block<narrow::receive_future>{s, s.narrow.receive()});
  s.order.add(static_cast<std::int32_t>(me) * 100 + *got);
  s.served.add();
  COWARP_BODY_END
};

/// Takes the messages of the blocked senders, one each many passes.
COWARP_TASK_FRAME(draining, 1) {
  state& s;
  std::uint32_t senders;
  std::uint32_t i = 0;
  std::uint32_t j = 0;
  COWARP_BODY_BEGIN
  while (s.blocked.value() < senders) COWARP_AWAIT(cowarp::yield_now());
  for (; i < senders; ++i) {
    for (j = 0; j < 20; ++j) COWARP_AWAIT(cowarp::yield_now());
    s.order.add(s.narrow.try_receive().value_or(-1));
    // The next in line has moved up: nobody else finds room.
    s.checks.that(i + 1 == senders || s.narrow.try_send(-2).status == send_status::full);
  }
  COWARP_BODY_END
};

COWARP_TASK_FRAME(feeding, 1) {
  state& s;
  std::uint32_t receivers;
  std::uint32_t i = 0;
  std::uint32_t j = 0;
  COWARP_BODY_BEGIN
  while (s.blocked.value() < receivers) COWARP_AWAIT(cowarp::yield_now());
  for (; i < receivers; ++i) {
    for (j = 0; j < 20; ++j) COWARP_AWAIT(cowarp::yield_now());
    s.checks.that(s.narrow.try_send(static_cast<std::int32_t>(i)).is_ok());
    s.checks.that(!s.narrow.try_receive().has_value());  // reserved for the first in line
    while (s.served.value() < i + 1) COWARP_AWAIT(cowarp::yield_now());
  }
  COWARP_BODY_END
};

struct senders_app : cowarp::program<sending_in_line, draining> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<senders_app> s) {
    for (std::uint32_t i = 0; i < 8; ++i) (void)s.spawn<sending_in_line>(s.grid_state(), +i);
    (void)s.spawn<draining>(s.grid_state(), 8u);
  }
};

struct receivers_app : cowarp::program<receiving_in_line, feeding> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<receivers_app> s) {
    for (std::uint32_t i = 0; i < 8; ++i) (void)s.spawn<receiving_in_line>(s.grid_state(), +i);
    (void)s.spawn<feeding>(s.grid_state(), 8u);
  }
};

}  // namespace channel_test

TEST_CASE("channel: first in, first out, and back when full", "[sync][channel]") {
  channel_test::state s{};
  const auto report = test::run_to_end<channel_test::alone_app>(s);
  s.checks.require_none(75);
  CHECK(report.total.polls == 2);  // nothing had to be waited for
}

TEST_CASE("channel: blocked senders are served in order", "[sync][channel]") {
  channel_test::state s{};
  const auto report = test::run_to_end<channel_test::senders_app>(s);
  s.checks.require_none(8);
  CHECK(s.order.entries() == std::vector<std::int32_t>{0, 1, 2, 3, 4, 5, 6, 7});
  // No churn: besides yields nine first polls and one wake for each of seven blocked senders.
  CHECK(report.total.polls - report.total.self_wakes == 9 + 7);
}

TEST_CASE("channel: blocked receivers are served in order", "[sync][channel]") {
  channel_test::state s{};
  const auto report = test::run_to_end<channel_test::receivers_app>(s);
  s.checks.require_none(16);
  CHECK(s.order.entries() == std::vector<std::int32_t>{0, 101, 202, 303, 404, 505, 606, 707});
  CHECK(report.total.polls - report.total.self_wakes == 9 + 8);
}
