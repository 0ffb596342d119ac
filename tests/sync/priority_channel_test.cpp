// SPDX-License-Identifier: Apache-2.0
/// \file
/// Order, fairness, ends and cancellation of the priority channel.
#include <cowarp/sync/priority_channel.hpp>

#include <support/checks.hpp>
#include <support/stage.hpp>
#include <support/steps.hpp>

namespace priority_channel_test {

using cowarp::scope;
using cowarp::send_status;

template <std::uint32_t Capacity, scope S>
using numbers = cowarp::priority_channel<std::int32_t, Capacity, S>;

struct greatest_first {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& c = on.place<numbers<4, S>>();
    for (std::int32_t i : {1, 4, 2, 3}) on.check.that(c.try_send(i).is_ok());

    on.check.equal(*c.try_peek(), 4);
    for (std::int32_t i : {4, 3, 2, 1}) on.check.equal(*c.try_receive(), i);
    on.check.that(!c.try_receive() && !c.try_peek() && c.is_empty());
  }
};

// [urgent]
struct job {
  std::int32_t urgency;
  std::int32_t id;
};
struct less_urgent {
  COWARP_FN bool operator()(const job& a, const job& b) const { return a.urgency < b.urgency; }
};

template <std::uint32_t Capacity, scope S>
using jobs = cowarp::priority_channel<job, Capacity, S, less_urgent>;
// [/urgent]

struct equals_in_order {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& c = on.place<jobs<8, S>>();
    for (std::int32_t i = 0; i < 8; ++i) on.check.that(c.try_send({i % 2, i}).is_ok());

    for (std::int32_t i : {1, 3, 5, 7, 0, 2, 4, 6}) on.check.equal(c.try_receive()->id, i);
  }
};

struct all_equal {
  COWARP_FN bool operator()(const test::only_moves&, const test::only_moves&) const {
    return false;
  }
};

struct full_returns_value {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& c = on.place<cowarp::priority_channel<test::only_moves, 1, S, all_equal>>();
    on.check.that(c.try_send(test::only_moves(1)).is_ok() && c.is_full());

    auto refused = c.try_send(test::only_moves(2));

    on.check.that(refused.status == send_status::full);
    on.check.equal(refused.value->value(), 2);
  }
};

struct receivers_in_order {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& c = on.place<numbers<4, S>>();
    auto a = c.receive(), b = c.receive(), d = c.receive();
    on.check.that(!on.poll(0, a) && !on.poll(1, b) && !on.poll(2, d));

    on.check.that(c.try_send(1).is_ok());
    on.check.equal(on.woken(), 1u << 0);
    on.check.that(c.try_send(2).is_ok());
    on.check.equal(on.woken(), 1u << 1);

    on.check.that(!c.try_receive());  // both are spoken for
    on.check.that(!on.poll(2, d));
    on.check.equal(**on.poll(0, a), 2);
    on.check.equal(**on.poll(1, b), 1);
    on.check.equal(on.woken(), 0u);
  }
};

struct senders_in_order {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& c = on.place<numbers<1, S>>();
    on.check.that(c.try_send(0).is_ok());
    auto a = c.send(1), b = c.send(2);
    on.check.that(!on.poll(0, a) && !on.poll(1, b));

    on.check.equal(*c.try_receive(), 0);

    on.check.equal(on.woken(), 1u << 0);
    const auto barging = c.try_send(9);
    on.check.that(barging.status == send_status::full && *barging.value == 9);
    on.check.that(!on.poll(1, b));
    on.check.that(on.poll(0, a)->is_ok());
    on.check.equal(*c.try_receive(), 1);
    on.check.equal(on.woken(), 1u << 1);
    on.check.that(on.poll(1, b)->is_ok());
    on.check.equal(*c.try_receive(), 2);
  }
};

struct cancelled_receiver_hands_on {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& c = on.place<numbers<4, S>>();
    cowarp::optional<decltype(c.receive())> a(c.receive()), b(c.receive()), d(c.receive());
    on.check.that(!on.poll(0, *a) && !on.poll(1, *b) && !on.poll(2, *d));

    b.reset();  // was not called
    on.check.equal(on.woken(), 0u);
    on.check.that(c.try_send(7).is_ok());
    on.check.equal(on.woken(), 1u << 0);
    a.reset();  // was called

    on.check.equal(on.woken(), 1u << 2);
    on.check.equal(**on.poll(2, *d), 7);
  }
};

struct cancelled_sender_hands_on {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& c = on.place<numbers<1, S>>();
    on.check.that(c.try_send(0).is_ok());
    cowarp::optional<decltype(c.send(0))> a(c.send(1)), b(c.send(2));
    on.check.that(!on.poll(0, *a) && !on.poll(1, *b));
    on.check.equal(*c.try_receive(), 0);
    on.check.equal(on.woken(), 1u << 0);

    a.reset();

    on.check.equal(on.woken(), 1u << 1);
    on.check.that(on.poll(1, *b)->is_ok());
    on.check.equal(*c.try_receive(), 2);  // the cancelled message was never sent
    on.check.that(c.is_empty());
  }
};

struct close_wakes_all {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& c                     = on.place<numbers<1, S>>();
    auto future                 = [&] { return c.receive(); };
    decltype(c.receive()) all[] = {future(), future(), future(), future(), future(),
                                   future(), future(), future(), future()};
    for (std::uint32_t i = 0; i < 9; ++i) on.check.that(!on.poll(i, all[i]));

    c.close();

    on.check.equal(on.woken(), (1u << 9) - 1);
    for (std::uint32_t i = 0; i < 9; ++i) {
      const auto end = on.poll(i, all[i]);
      on.check.that(end.has_value() && !end->has_value());
    }
    on.check.that(c.is_closed());
  }
};

struct close_returns_values {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& c = on.place<numbers<1, S>>();
    on.check.that(c.try_send(0).is_ok());
    auto a = c.send(1), b = c.send(2);
    on.check.that(!on.poll(0, a) && !on.poll(1, b));

    c.close();

    on.check.equal(on.woken(), 3u);
    const auto back = on.poll(1, b);
    on.check.that(back->status == send_status::closed && *back->value == 2);
    on.check.equal(*on.poll(0, a)->value, 1);
    const auto refused = c.try_send(3);
    on.check.that(refused.status == send_status::closed && *refused.value == 3);
  }
};

struct closed_drains {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& c = on.place<numbers<2, S>>();
    on.check.that(c.try_send(1).is_ok() && c.try_send(2).is_ok());
    c.close();

    auto a = c.receive(), b = c.receive();
    on.check.equal(**on.poll(0, a), 2);
    on.check.equal(*c.try_receive(), 1);
    const auto end = on.poll(1, b);
    on.check.that(end.has_value() && !end->has_value());
  }
};

struct removal_makes_room {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& c = on.place<numbers<3, S>>();
    for (std::int32_t i : {1, 2, 3}) on.check.that(c.try_send(i).is_ok());
    auto a = c.send(5), b = c.send(6), d = c.send(7);
    on.check.that(!on.poll(0, a) && !on.poll(1, b) && !on.poll(2, d));

    on.check.equal(c.remove_if([](std::int32_t i) { return i != 2; }), 2u);

    on.check.equal(on.woken(), 3u);
    on.check.that(on.poll(0, a)->is_ok() && on.poll(1, b)->is_ok());
    for (std::int32_t i : {6, 5, 2}) on.check.equal(*c.try_receive(), i);
    on.check.equal(on.woken(), 1u << 2);
  }
};

struct removed_message_keeps_place {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& c = on.place<numbers<2, S>>();
    auto a = c.receive(), b = c.receive();
    on.check.that(!on.poll(0, a) && !on.poll(1, b));
    on.check.that(c.try_send(1).is_ok());
    on.check.equal(on.woken(), 1u << 0);

    c.clear();

    on.check.that(!on.poll(0, a));  // called in vain: first in line again
    on.check.that(c.try_send(2).is_ok());
    on.check.equal(on.woken(), 1u << 0);
    on.check.equal(**on.poll(0, a), 2);
  }
};

/// Random operations, against a sorted list.
struct like_a_sorted_list {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    constexpr std::uint32_t room = 5;
    auto& c                      = on.place<jobs<room, S>>();
    job model[room]{};
    std::uint32_t count = 0;
    test::random_numbers random(static_cast<std::uint32_t>(S) + 1);
    for (std::int32_t id = 0; id < 400; ++id) {
      const std::uint32_t what = random.below(8);
      if (what < 4) {
        const job j{static_cast<std::int32_t>(random.below(3)), id};
        on.check.that(c.try_send(j).is_ok() == (count < room));
        if (count == room) continue;
        std::uint32_t at = count++;
        for (; at != 0 && model[at - 1].urgency < j.urgency; --at) model[at] = model[at - 1];
        model[at] = j;
      } else if (what < 7) {
        const auto got = c.try_receive();
        on.check.that(got.has_value() == (count != 0));
        if (!got) continue;
        on.check.equal(got->id, model[0].id);
        --count;
        for (std::uint32_t i = 0; i < count; ++i) model[i] = model[i + 1];
      } else {
        const auto unwanted = static_cast<std::int32_t>(random.below(3));
        std::uint32_t kept  = 0;
        for (std::uint32_t i = 0; i < count; ++i) {
          if (model[i].id % 3 != unwanted) model[kept++] = model[i];
        }
        on.check.equal(c.remove_if([=](const job& j) { return j.id % 3 == unwanted; }),
                       count - kept);
        count = kept;
      }
      on.check.equal(c.size(), count);
    }
  }
};

using all = test::laws<greatest_first, equals_in_order, full_returns_value, receivers_in_order,
                       senders_in_order, cancelled_receiver_hands_on, cancelled_sender_hands_on,
                       close_wakes_all, close_returns_values, closed_drains, removal_makes_room,
                       removed_message_keeps_place, like_a_sorted_list>;

// ---- across blocks ------------------------------------------------------------------------------

constexpr std::uint32_t blocks = 4, producers = 3, consumers = 3, each = 100;

struct flow {
  numbers<3, scope::device> channel;
  test::counter producing;
  test::counter got[blocks * producers * each];
};

/// Sends its numbers; every first try is cancelled if it would wait.
COWARP_TASK_FRAME(produce, producers, 96) {
  flow& f;
  std::uint32_t next, end;
  cowarp::polled<cowarp::send_result<std::int32_t>> sent{};
  COWARP_BODY_BEGIN
  for (; next != end; ++next) {
    COWARP_AWAIT_INTO(sent, cowarp::with_timeout(std::chrono::nanoseconds(0),
                                                 f.channel.send(static_cast<std::int32_t>(next))));
    if (!sent) COWARP_AWAIT(f.channel.send(static_cast<std::int32_t>(next)));
  }
  if (f.producing.add() + 1 == blocks * producers) f.channel.close();
  COWARP_BODY_END
};

COWARP_TASK_FRAME(consume, consumers, 96) {
  flow& f;
  cowarp::polled<cowarp::polled<std::int32_t>> tried{};
  cowarp::polled<std::int32_t> got{};
  COWARP_BODY_BEGIN
  for (;;) {
    COWARP_AWAIT_INTO(tried,
                      cowarp::with_timeout(std::chrono::nanoseconds(0), f.channel.receive()));
    if (tried) {
      got = *tried;
    } else {
      COWARP_AWAIT_INTO(got, f.channel.receive());
    }
    if (!got) COWARP_RETURN();
    f.got[*got].add();
  }
  COWARP_BODY_END
};

struct flow_app : cowarp::program<produce, consume> {
  using grid_state = flow;
  COWARP_FN static void start(cowarp::spawner<flow_app> s) {
    for (std::uint32_t i = 0; i < producers; ++i) {
      const std::uint32_t first = (s.block() * producers + i) * each;
      (void)s.spawn<produce>(s.grid_state(), first, first + each);
    }
    for (std::uint32_t i = 0; i < consumers; ++i) (void)s.spawn<consume>(s.grid_state());
  }
};

}  // namespace priority_channel_test

#define PRIORITY_CHANNEL_LAW(text, law)                                   \
  TEST_CASE("priority_channel: " text, "[sync][priority_channel]") {      \
    test::play<priority_channel_test::all, priority_channel_test::law>(); \
  }

PRIORITY_CHANNEL_LAW("the greatest message comes first", greatest_first)
PRIORITY_CHANNEL_LAW("equal messages come in the order sent", equals_in_order)
PRIORITY_CHANNEL_LAW("a full channel returns the value", full_returns_value)
PRIORITY_CHANNEL_LAW("receivers are served first come first", receivers_in_order)
PRIORITY_CHANNEL_LAW("senders are served first come first", senders_in_order)
PRIORITY_CHANNEL_LAW("a cancelled receiver hands its call on", cancelled_receiver_hands_on)
PRIORITY_CHANNEL_LAW("a cancelled sender sends nothing and hands on", cancelled_sender_hands_on)
PRIORITY_CHANNEL_LAW("close wakes every waiting receiver", close_wakes_all)
PRIORITY_CHANNEL_LAW("close returns the values of blocked senders", close_returns_values)
PRIORITY_CHANNEL_LAW("a closed channel drains before it ends", closed_drains)
PRIORITY_CHANNEL_LAW("remove_if makes room and wakes senders", removal_makes_room)
PRIORITY_CHANNEL_LAW("a receiver called in vain stays first", removed_message_keeps_place)
PRIORITY_CHANNEL_LAW("random operations agree with a sorted list", like_a_sorted_list)

TEST_CASE("priority_channel: blocks receive every message exactly once",
          "[sync][priority_channel]") {
  using namespace priority_channel_test;
  flow f{};

  test::run_to_end<flow_app>(f, {.blocks = blocks});

  std::uint32_t wrong = 0;
  for (const auto& got : f.got) wrong += got.value() != 1;
  CHECK(wrong == 0);
}
