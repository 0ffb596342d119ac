// SPDX-License-Identifier: Apache-2.0
/// \file
/// A channel's messages: order, room, and where they come back.
#include <support/by_hand.hpp>
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

// ---- beside a plain queue ------------------------------------------------------------------------

/// What a channel has to do, in plain words: messages in the order in which they were offered, and whoever wants
/// one in the order in which they came. Its answers hold once all futures were polled.
template <std::uint32_t Room, std::uint32_t Senders, std::uint32_t Receivers>
class queue_model {
 public:
  static constexpr std::uint32_t nobody = ~0u;

  struct answer {
    bool is_there;       // the future is ready
    bool is_ok;          // sent, or received
    std::int32_t value;  // that was received, or came back
  };

  COWARP_FN void offer(std::int32_t value, std::uint32_t sender) {
    if (is_closed_) {
      sent_[sender] = {true, false, value};
    } else {
      offers_[offered_++] = {value, sender};
    }
  }
  COWARP_FN void want(std::uint32_t receiver) { wanting_[wanted_++] = receiver; }
  COWARP_FN void withdraw(std::uint32_t sender) {
    for (std::uint32_t i = 0; i < offered_; ++i) {
      if (offers_[i].sender == sender) return drop_offer(i);
    }
  }
  COWARP_FN void give_up(std::uint32_t receiver) {
    for (std::uint32_t i = 0; i < wanted_; ++i) {
      if (wanting_[i] == receiver) return drop_want(i);
    }
  }
  /// Takes the message in front, for somebody who does not wait.
  COWARP_FN void take() { drop_offer(0); }
  COWARP_FN void close() { is_closed_ = true; }

  COWARP_FN void settle() {
    while (offered_ != 0 && wanted_ != 0) {
      received_[wanting_[0]] = {true, true, offers_[0].value};
      accept(0);
      drop_offer(0);
      drop_want(0);
    }
    for (std::uint32_t i = 0; i < offered_ && i < Room; ++i) accept(i);
    while (is_closed_ && offered_ > Room) {
      sent_[offers_[Room].sender] = {true, false, offers_[Room].value};
      drop_offer(Room);
    }
    while (is_closed_ && wanted_ != 0) {
      received_[wanting_[0]] = {true, false, 0};
      drop_want(0);
    }
  }

  [[nodiscard]] COWARP_FN std::uint32_t size() const { return offered_ < Room ? offered_ : Room; }
  [[nodiscard]] COWARP_FN std::int32_t front() const { return offers_[0].value; }
  [[nodiscard]] COWARP_FN answer& sent(std::uint32_t sender) { return sent_[sender]; }
  [[nodiscard]] COWARP_FN answer& received(std::uint32_t receiver) { return received_[receiver]; }

 private:
  struct message {
    std::int32_t value;
    std::uint32_t sender;  // who waits until it is in the channel, if anybody
  };

  COWARP_FN void accept(std::uint32_t i) {
    if (offers_[i].sender != nobody) sent_[offers_[i].sender] = {true, true, 0};
    offers_[i].sender = nobody;
  }
  COWARP_FN void drop_offer(std::uint32_t i) {
    for (--offered_; i < offered_; ++i) offers_[i] = offers_[i + 1];
  }
  COWARP_FN void drop_want(std::uint32_t i) {
    for (--wanted_; i < wanted_; ++i) wanting_[i] = wanting_[i + 1];
  }

  message offers_[Room + Senders + 2]   = {};
  std::uint32_t wanting_[Receivers + 1] = {};
  std::uint32_t offered_                = 0;
  std::uint32_t wanted_                 = 0;
  answer sent_[Senders]                 = {};
  answer received_[Receivers]           = {};
  bool is_closed_                       = false;
};

template <scope S>
struct like_a_queue {
  using primitive                          = cowarp::channel<std::int32_t, 2, S>;
  static constexpr std::uint32_t each      = 3;  // senders, and receivers
  static constexpr std::int32_t operations = 600, open = 500;

  COWARP_FN static void check(cowarp::context& cx, primitive& c, test::checks& found) {
    queue_model<2, each, each> model;
    test::by_hand<typename primitive::send_future> senders[each];
    test::by_hand<typename primitive::receive_future> receivers[each];
    test::random_numbers random(static_cast<std::uint32_t>(S) + 7);
    for (std::int32_t i = 0; i < operations; ++i) {
      if (i == open) {
        c.close();
        model.close();
      }
      operate(cx, c, found, model, senders, receivers, random, i);
      // In any order: who is served when is the channel's business.
      const std::uint32_t first = random.below(each);
      for (std::uint32_t j = 0; j < 2 * each; ++j) {
        senders[(first + j) % each].poll(cx);
        receivers[(first + 2 * j) % each].poll(cx);
      }
      model.settle();
      for (std::uint32_t j = 0; j < each; ++j) {
        auto& sent = model.sent(j);
        found.equal(senders[j].is_ready(), sent.is_there);
        if (senders[j].is_ready() && sent.is_there) {
          found.equal(senders[j]->is_ok(), sent.is_ok);
          if (!senders[j]->is_ok()) found.equal(*senders[j]->value, sent.value);
          senders[j].cancel();
        }
        sent           = {};
        auto& received = model.received(j);
        found.equal(receivers[j].is_ready(), received.is_there);
        if (receivers[j].is_ready() && received.is_there) {
          found.equal(receivers[j]->has_value(), received.is_ok);
          if (*receivers[j]) found.equal(**receivers[j], received.value);
          receivers[j].cancel();
        }
        received = {};
      }
      found.equal(c.size(), model.size());
    }
  }

 private:
  template <class Model, class Senders, class Receivers>
  [[gnu::noinline]] COWARP_FN static void operate(cowarp::context& cx, primitive& c,
                                                  test::checks& found, Model& model,
                                                  Senders& senders, Receivers& receivers,
                                                  test::random_numbers& random, std::int32_t i) {
    const std::uint32_t who  = random.below(each);
    const std::uint32_t what = random.below(8);
    if (what == 0 && !senders[who].is_waiting()) {
      senders[who].begin(cx, c.send(i));
      model.offer(i, who);
    } else if (what == 1 && !receivers[who].is_waiting()) {
      receivers[who].begin(cx, c.receive());
      model.want(who);
    } else if (what == 2 || what == 3) {
      const bool has_room = model.size() < c.capacity() && i < open;
      found.equal(c.try_send(i).is_ok(), has_room);
      if (has_room) model.offer(i, Model::nobody);
      // Perhaps of the one who was just called.
      if (what == 3) receivers[who].cancel(), model.give_up(who);
    } else if (what == 4 || what == 5) {
      const auto got = c.try_receive();
      found.equal(got.has_value(), model.size() != 0);
      if (got) found.equal(*got, model.front()), model.take();
      if (what == 5) senders[who].cancel(), model.withdraw(who);
    } else if (what == 6) {
      const auto next = c.try_peek();
      found.equal(next.has_value(), model.size() != 0);
      if (next) found.equal(*next, model.front());
    } else if (what == 7) {
      senders[who].cancel();
      receivers[who].cancel();
      model.withdraw(who);
      model.give_up(who);
    }
  }
};

using random_laws = test::laws_by_hand<like_a_queue>;

}  // namespace channel_test

TEMPLATE_TEST_CASE("channel: random operations agree with a plain queue", "[sync][channel]",
                   TEST_SCOPES) {
  channel_test::random_laws::require<channel_test::like_a_queue>(TestType::value);
}

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
