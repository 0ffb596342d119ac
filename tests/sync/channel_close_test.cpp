// SPDX-License-Identifier: Apache-2.0
/// \file
/// The end of a channel, and waits that are cancelled: no message is lost or doubled.
#include <support/checks.hpp>
#include <support/steps.hpp>

namespace channel_close_test {

using cowarp::send_status;
using numbers = cowarp::channel<std::int32_t, 2>;

struct state {
  test::checks checks;
  numbers channel;
  test::counter blocked;
  test::counter ended;
  test::counter received;
  test::counter sum;
  test::gate gate;
};

// ---- closing -------------------------------------------------------------------------------------

COWARP_TASK_FRAME(closing_alone, 1, 96) {
  state& s;
  cowarp::optional<std::int32_t> got{};
  COWARP_BODY_BEGIN
  COWARP_AWAIT(s.channel.send(1));
  COWARP_AWAIT(s.channel.send(2));
  s.channel.close();
  s.channel.close();
  s.checks.that(s.channel.is_closed());
  {
    auto refused = s.channel.try_send(3);
    s.checks.that(refused.status == send_status::closed && *refused.value == 3);
  }
  COWARP_AWAIT_INTO(got, s.channel.receive());
  s.checks.that(got == 1);
  s.checks.that(s.channel.try_receive() == 2);
  COWARP_AWAIT_INTO(got, s.channel.receive());
  s.checks.that(!got.has_value());
  COWARP_AWAIT_INTO(got, s.channel.receive());
  s.checks.that(!got.has_value());
  COWARP_BODY_END
};

struct alone_app : cowarp::program<closing_alone> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<alone_app> s) {
    (void)s.spawn<closing_alone>(s.grid_state());
  }
};

COWARP_TASK_FRAME(blocked_sender, 4, 96) {
  state& s;
  std::int32_t number;
  cowarp::send_result<std::int32_t> result{send_status::full, cowarp::pending};
  COWARP_BODY_BEGIN
  s.blocked.add();
  COWARP_AWAIT_INTO(result, s.channel.send(number));
  s.checks.that(result.status == send_status::closed && result.value == number);
  s.ended.add();
  COWARP_BODY_END
};

COWARP_TASK_FRAME(blocked_receiver, 4, 96) {
  state& s;
  cowarp::optional<std::int32_t> got{9};
  COWARP_BODY_BEGIN
  s.blocked.add();
  COWARP_AWAIT_INTO(got, s.channel.receive());
  s.checks.that(!got.has_value());
  s.ended.add();
  COWARP_BODY_END
};

COWARP_TASK_FRAME(closing, 1) {
  state& s;
  bool is_full;
  std::uint32_t i = 0;
  COWARP_BODY_BEGIN
  while (s.blocked.value() < 4) COWARP_AWAIT(cowarp::yield_now());
  for (; i < 20; ++i) COWARP_AWAIT(cowarp::yield_now());
  s.checks.equal(s.ended.value(), 0u);
  s.channel.close();
  while (s.ended.value() < 4) COWARP_AWAIT(cowarp::yield_now());
  s.checks.equal(s.channel.size(), is_full ? 2u : 0u);
  COWARP_BODY_END
};

template <class Blocked, bool IsFull>
struct close_app : cowarp::program<Blocked, closing> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<close_app> s, cowarp::no_state&, state& g) {
    while (IsFull && g.channel.try_send(1)) {
    }
    for (std::int32_t i = 0; i < 4; ++i) {
      if constexpr (IsFull) {
        (void)s.template spawn<Blocked>(g, i);
      } else {
        (void)s.template spawn<Blocked>(g);
      }
    }
    (void)s.template spawn<closing>(g, bool{IsFull});
  }
};

// ---- cancelling receives -------------------------------------------------------------------------

/// Waits for a message until the gate opens; leaves then even if it was notified.
COWARP_TASK_FRAME(leaving_receiver, 1, 160) {
  state& s;
  cowarp::variant<cowarp::unit, cowarp::optional<std::int32_t>> won{};
  COWARP_BODY_BEGIN
  COWARP_AWAIT_INTO(won, cowarp::select_biased(s.gate.pass(), s.channel.receive()));
  s.checks.equal(won.index(), 0u);
  s.ended.add();
  COWARP_BODY_END
};

/// Stands behind the leaving one and gets what that was notified of.
COWARP_TASK_FRAME(staying_receiver, 1, 96) {
  state& s;
  cowarp::optional<std::int32_t> got{};
  COWARP_BODY_BEGIN
  while (!s.gate.is_waiting()) COWARP_AWAIT(cowarp::yield_now());
  COWARP_AWAIT(cowarp::yield_now());
  s.blocked.add();
  COWARP_AWAIT_INTO(got, s.channel.receive());
  s.checks.that(got == 42);
  s.received.add();
  COWARP_BODY_END
};

/// How the leaving receiver is treated before it leaves.
enum class moment : std::uint32_t { queued, notified, notified_then_closed };

COWARP_TASK_FRAME(conducting, 1) {
  state& s;
  moment at;
  std::uint32_t i = 0;
  COWARP_BODY_BEGIN
  while (s.blocked.value() == 0) COWARP_AWAIT(cowarp::yield_now());
  for (; i < 20; ++i) COWARP_AWAIT(cowarp::yield_now());
  if (at == moment::queued) {
    s.gate.open();
    while (s.ended.value() == 0) COWARP_AWAIT(cowarp::yield_now());
    s.checks.that(s.channel.try_send(42).is_ok());
  } else {
    s.gate.is_open.set(1);  // noticed by the poll that the message leads to
    s.checks.that(s.channel.try_send(42).is_ok());
    if (at == moment::notified_then_closed) s.channel.close();
  }
  COWARP_BODY_END
};

/// The tasks in either order, since the first in the list is polled first.
template <moment At, class First, class Second>
struct leave_app : cowarp::program<First, Second, conducting> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<leave_app> s, cowarp::no_state&, state& g) {
    (void)s.template spawn<leaving_receiver>(g);
    (void)s.template spawn<staying_receiver>(g);
    (void)s.template spawn<conducting>(g, moment{At});
  }
};

template <moment At>
void message_goes_to_the_next() {
  state s{};
  test::run_to_end<leave_app<At, leaving_receiver, staying_receiver>>(s);
  s.checks.require_none(3);
  CHECK(s.received.value() == 1);
  state t{};
  test::run_to_end<leave_app<At, staying_receiver, leaving_receiver>>(t);
  t.checks.require_none(3);
  CHECK(t.received.value() == 1);
}

// ---- cancelling sends ----------------------------------------------------------------------------

/// Blocks with a message until the gate opens, and takes it back.
COWARP_TASK_FRAME(leaving_sender, 1, 160) {
  state& s;
  cowarp::variant<cowarp::unit, cowarp::send_result<std::int32_t>> won{};
  COWARP_BODY_BEGIN
  COWARP_AWAIT_INTO(won, cowarp::select_biased(s.gate.pass(), s.channel.send(1000)));
  s.checks.equal(won.index(), 0u);
  s.ended.add();
  COWARP_BODY_END
};

COWARP_TASK_FRAME(staying_sender, 1, 96) {
  state& s;
  COWARP_BODY_BEGIN
  while (!s.gate.is_waiting()) COWARP_AWAIT(cowarp::yield_now());
  COWARP_AWAIT(cowarp::yield_now());
  s.blocked.add();
  COWARP_AWAIT(s.channel.send(3));
  s.received.add();
  COWARP_BODY_END
};

/// Opens the gate, then receives what there is: never the message that was taken back.
COWARP_TASK_FRAME(collecting, 1, 96) {
  state& s;
  bool notifies_first;
  std::uint32_t i = 0;
  cowarp::optional<std::int32_t> got{};
  COWARP_BODY_BEGIN
  while (s.blocked.value() == 0) COWARP_AWAIT(cowarp::yield_now());
  for (; i < 20; ++i) COWARP_AWAIT(cowarp::yield_now());
  if (notifies_first) {
    s.gate.is_open.set(1);  // noticed by the poll that the free room leads to
  } else {
    s.gate.open();
    while (s.ended.value() == 0) COWARP_AWAIT(cowarp::yield_now());
  }
  for (i = 1; i <= 3; ++i) {
    COWARP_AWAIT_INTO(got, s.channel.receive());
    s.checks.equal(*got, static_cast<std::int32_t>(i));
  }
  s.checks.that(s.channel.is_empty());
  COWARP_BODY_END
};

template <bool NotifiesFirst>
struct unsend_app : cowarp::program<leaving_sender, staying_sender, collecting> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<unsend_app> s, cowarp::no_state&, state& g) {
    g.checks.that(g.channel.try_send(1).is_ok() && g.channel.try_send(2).is_ok());
    (void)s.template spawn<leaving_sender>(g);
    (void)s.template spawn<staying_sender>(g);
    (void)s.template spawn<collecting>(g, bool{NotifiesFirst});
  }
};

}  // namespace channel_close_test

TEST_CASE("channel: closed, it refuses and drains", "[sync][channel]") {
  channel_close_test::state s{};
  test::run_to_end<channel_close_test::alone_app>(s);
  s.checks.require_none(6);
}

TEST_CASE("channel: closing releases blocked senders", "[sync][channel]") {
  channel_close_test::state s{};
  test::run_to_end<channel_close_test::close_app<channel_close_test::blocked_sender, true>>(s);
  s.checks.require_none(6);
}

TEST_CASE("channel: closing releases blocked receivers", "[sync][channel]") {
  channel_close_test::state s{};
  test::run_to_end<channel_close_test::close_app<channel_close_test::blocked_receiver, false>>(s);
  s.checks.require_none(6);
}

TEST_CASE("channel: a cancelled receiver leaves the line", "[sync][channel]") {
  using channel_close_test::moment;
  channel_close_test::message_goes_to_the_next<moment::queued>();
}

TEST_CASE("channel: a notified receiver that leaves hands on", "[sync][channel]") {
  using channel_close_test::moment;
  channel_close_test::message_goes_to_the_next<moment::notified>();
}

TEST_CASE("channel: after closing too the message is handed on", "[sync][channel]") {
  using channel_close_test::moment;
  channel_close_test::message_goes_to_the_next<moment::notified_then_closed>();
}

TEST_CASE("channel: a cancelled send takes its message back", "[sync][channel]") {
  channel_close_test::state queued{};
  test::run_to_end<channel_close_test::unsend_app<false>>(queued);
  queued.checks.require_none(6);
  CHECK(queued.received.value() == 1);
  channel_close_test::state notified{};
  test::run_to_end<channel_close_test::unsend_app<true>>(notified);
  notified.checks.require_none(6);
  CHECK(notified.received.value() == 1);
}
