// SPDX-License-Identifier: Apache-2.0
/// \file
/// Who gets which message, who lags, and what a subscriber holds back.
#include <cowarp/sync/pubsub_channel.hpp>

#include <support/checks.hpp>
#include <support/stage.hpp>
#include <support/steps.hpp>

namespace pubsub_channel_test {

using cowarp::scope;
using cowarp::send_status;

template <std::uint32_t Capacity, std::uint32_t Subscribers, scope S>
using numbers = cowarp::pubsub_channel<std::int32_t, Capacity, Subscribers, S>;

struct all_receive {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& c = on.place<numbers<4, 4, S>>();
    auto a = c.subscribe(), b = c.subscribe();
    on.check.that(a.available() == 0 && !a.try_next());

    for (std::int32_t i = 0; i < 4; ++i) on.check.that(c.try_publish(i).is_ok());
    auto late = c.subscribe();

    on.check.that(a.available() == 4 && late.available() == 0 && c.is_full());
    for (std::int32_t i = 0; i < 4; ++i) on.check.equal(*a.try_next_value(), i);
    on.check.that(!a.try_next_value() && c.size() == 4);
    for (std::int32_t i = 0; i < 4; ++i) {
      on.check.equal(*b.try_next()->value, i);
      on.check.equal(c.size(), static_cast<std::uint32_t>(3 - i));
    }
    on.check.that(!late.try_next());
  }
};

struct lag_is_counted {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& c = on.place<numbers<4, 2, S>>();
    auto a = c.subscribe(), b = c.subscribe();

    for (std::int32_t i = 0; i < 6; ++i) on.check.that(c.publish_immediate(i).is_ok());

    auto next      = a.next();
    const auto lag = *on.poll(0, next);
    on.check.that(lag.is_lagged() && !lag.is_end() && lag.lagged == 2 && !lag.value);
    for (std::int32_t i = 2; i < 6; ++i) on.check.equal(*a.try_next()->value, i);
    on.check.that(!a.try_next());
    for (std::int32_t i = 2; i < 6; ++i) {  // does not want to know of it
      auto value = b.next_value();
      on.check.equal(**on.poll(0, value), i);
    }
  }
};

struct slowest_holds_publishers {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& c   = on.place<numbers<1, 2, S>>();
    auto fast = c.subscribe(), slow = c.subscribe();
    on.check.that(c.try_publish(0).is_ok());
    auto a = c.publish(1), b = c.publish(2);
    on.check.that(!on.poll(0, a) && !on.poll(1, b));

    on.check.equal(*fast.try_next_value(), 0);
    on.check.equal(on.woken(), 0u);
    on.check.equal(*slow.try_next_value(), 0);
    on.check.equal(on.woken(), 1u << 0);

    const auto barging = c.try_publish(9);
    on.check.that(barging.status == send_status::full && *barging.value == 9);
    on.check.that(!on.poll(1, b) && on.poll(0, a)->is_ok());
    on.check.that(*slow.try_next_value() == 1 && *fast.try_next_value() == 1);
    on.check.equal(on.woken(), 1u << 1);
  }
};

struct publish_wakes_all {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& c          = on.place<numbers<2, 8, S>>();
    using subscriber = decltype(c.subscribe());
    subscriber all[] = {c.subscribe(), c.subscribe(), c.subscribe(),
                        c.subscribe(), c.subscribe(), c.subscribe()};
    using wait       = decltype(all[0].next());
    wait waiting[]   = {all[0].next(), all[1].next(), all[2].next(),
                        all[3].next(), all[4].next(), all[5].next()};
    for (std::uint32_t i = 0; i < 6; ++i) on.check.that(!on.poll(i, waiting[i]));

    on.check.that(c.try_publish(7).is_ok());

    on.check.equal(on.woken(), (1u << 6) - 1);
    for (std::uint32_t i = 0; i < 6; ++i) on.check.equal(*on.poll(i, waiting[i])->value, 7);
    on.check.that(c.is_empty());
  }
};

struct nobody_listens {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& c = on.place<numbers<1, 1, S>>();

    for (std::int32_t i = 0; i < 3; ++i) on.check.that(c.try_publish(i).is_ok());
    on.check.that(c.publish_immediate(3).is_ok() && c.is_empty());

    auto a = c.subscribe();
    on.check.that(!a.try_next());
  }
};

struct limit {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& c = on.place<numbers<1, 2, S>>();
    auto a = c.subscribe(), b = c.subscribe();
    on.check.that(a && b && !c.subscribe() && c.subscriber_count() == 2);

    a.leave();

    on.check.that(!a && c.subscriber_count() == 1);
    auto moved = c.subscribe();
    on.check.that(!!moved);
    b = std::move(moved);
    on.check.that(!moved && b && c.subscriber_count() == 1);
  }
};

struct last_leaves {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& c = on.place<numbers<1, 2, S>>();
    auto a  = c.subscribe();
    on.check.that(c.try_publish(0).is_ok());
    auto publish = c.publish(1);
    on.check.that(!on.poll(3, publish));

    a.leave();

    on.check.equal(on.woken(), 1u << 3);
    on.check.that(on.poll(3, publish)->is_ok() && c.is_empty());
  }
};

/// In Embassy's channel a subscriber that lagged leaves its messages behind, and the channel full.
struct lagging_leaves {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& c = on.place<numbers<2, 2, S>>();
    auto a  = c.subscribe();
    for (std::int32_t i = 0; i < 3; ++i) on.check.that(c.publish_immediate(i).is_ok());

    a.leave();
    auto b = c.subscribe();

    on.check.that(c.is_empty());
    on.check.that(c.try_publish(3).is_ok() && c.try_publish(4).is_ok());
    auto publish = c.publish(5);
    on.check.that(!on.poll(0, publish));
    on.check.equal(*b.try_next_value(), 3);
    on.check.that(on.poll(0, publish)->is_ok());
  }
};

struct slow_leaves {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& c   = on.place<numbers<2, 2, S>>();
    auto fast = c.subscribe(), slow = c.subscribe();
    on.check.that(c.try_publish(0).is_ok() && c.try_publish(1).is_ok());
    on.check.equal(*fast.try_next_value(), 0);
    auto a = c.publish(2), b = c.publish(3);
    on.check.that(!on.poll(0, a) && !on.poll(1, b));

    slow.leave();

    on.check.equal(on.woken(), 1u << 0);  // one place: `fast` has not read 1 yet
    on.check.that(on.poll(0, a)->is_ok() && !on.poll(1, b));
    for (std::int32_t i : {1, 2}) on.check.equal(*fast.try_next_value(), i);
  }
};

struct cancelled_publish {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& c = on.place<numbers<1, 1, S>>();
    auto s  = c.subscribe();
    on.check.that(c.try_publish(0).is_ok());
    cowarp::optional<decltype(c.publish(0))> a(c.publish(1)), b(c.publish(2));
    on.check.that(!on.poll(0, *a) && !on.poll(1, *b));
    on.check.equal(*s.try_next_value(), 0);
    on.check.equal(on.woken(), 1u << 0);

    a.reset();

    on.check.equal(on.woken(), 1u << 1);
    on.check.that(on.poll(1, *b)->is_ok());
    on.check.equal(*s.try_next_value(), 2);
  }
};

struct cancelled_next {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& c = on.place<numbers<2, 2, S>>();
    auto a = c.subscribe(), b = c.subscribe();
    cowarp::optional<decltype(a.next())> first(a.next()), second(b.next());
    on.check.that(!on.poll(0, *first) && !on.poll(1, *second));

    second.reset();
    on.check.that(c.try_publish(1).is_ok());
    on.check.equal(on.woken(), 1u << 0);
    first.reset();

    on.check.equal(*a.try_next_value(), 1);
    on.check.equal(*b.try_next_value(), 1);
  }
};

struct immediate_takes_place {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& c = on.place<numbers<1, 1, S>>();
    auto s  = c.subscribe();
    on.check.that(c.try_publish(0).is_ok());
    auto a = c.publish(1), b = c.publish(2);
    on.check.that(!on.poll(0, a) && !on.poll(1, b));
    on.check.equal(*s.try_next_value(), 0);
    on.check.equal(on.woken(), 1u << 0);

    on.check.that(c.publish_immediate(9).is_ok());

    on.check.that(!on.poll(0, a));  // called in vain: first in line again
    on.check.equal(*s.try_next_value(), 9);
    on.check.equal(on.woken(), 1u << 0);
    on.check.that(on.poll(0, a)->is_ok());
  }
};

struct clear_is_lag {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& c = on.place<numbers<2, 1, S>>();
    auto s  = c.subscribe();
    on.check.that(c.try_publish(0).is_ok() && c.try_publish(1).is_ok());
    auto a = c.publish(2);
    on.check.that(!on.poll(0, a));

    c.clear();

    on.check.equal(on.woken(), 1u << 0);
    on.check.equal(s.try_next()->lagged, 2u);
    on.check.that(!s.try_next());
  }
};

struct close_drains {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& c = on.place<numbers<1, 2, S>>();
    auto s  = c.subscribe();
    on.check.that(c.try_publish(0).is_ok());
    auto idle    = c.subscribe();
    auto waiting = idle.next();
    auto a       = c.publish(1);
    on.check.that(!on.poll(0, a) && !on.poll(1, waiting));

    c.close();

    on.check.equal(on.woken(), 3u);
    const auto back = on.poll(0, a);
    on.check.that(back->status == send_status::closed && *back->value == 1);
    on.check.that(c.try_publish(2).status == send_status::closed);
    on.check.equal(*c.publish_immediate(3).value, 3);
    on.check.that(on.poll(1, waiting)->is_end());
    on.check.equal(*s.try_next_value(), 0);
    on.check.that(s.try_next()->is_end());
    auto end = s.next_value();
    on.check.that(!*on.poll(0, end));
  }
};

/// The last to read a message gets the message itself.
struct copies {
  std::int32_t value;
  std::int32_t made = 0;

  COWARP_FN explicit copies(std::int32_t v) : value(v) {}
  COWARP_FN copies(const copies& other) : value(other.value), made(other.made + 1) {}
  COWARP_FN copies(copies&& other) noexcept : value(other.value), made(other.made) {}
  COWARP_FN copies& operator=(copies&& other) noexcept {
    value = other.value;
    made  = other.made;
    return *this;
  }
};

struct last_is_not_copied {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& c = on.place<cowarp::pubsub_channel<copies, 1, 2, S>>();
    auto a = c.subscribe(), b = c.subscribe();
    on.check.that(c.try_publish(copies(4)).is_ok());

    on.check.equal(a.try_next_value()->made, 1);
    on.check.equal(b.try_next_value()->made, 0);
  }
};

/// Random operations, against a log of all messages and a cursor for each subscriber.
struct like_a_log {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    constexpr std::uint32_t room = 3, most = 3;
    using channel = numbers<room, most, S>;
    auto& c       = on.place<channel>();
    typename channel::subscriber subscribers[most];
    std::uint32_t next[most]{};
    std::uint32_t oldest = 0, published = 0;
    test::random_numbers random(static_cast<std::uint32_t>(S) + 11);
    for (std::uint32_t step = 0; step < 500; ++step) {
      const std::uint32_t i = random.below(most);
      bool is_heard         = false;
      for (auto& s : subscribers) is_heard = is_heard || s;
      switch (random.below(6)) {
        case 0:
        case 1: {
          const bool is_ok = c.try_publish(static_cast<std::int32_t>(published)).is_ok();
          on.check.that(is_ok == (!is_heard || published - oldest < room));
          published += is_ok && is_heard ? 1 : 0;
          break;
        }
        case 2:
          on.check.that(c.publish_immediate(static_cast<std::int32_t>(published)).is_ok());
          if (!is_heard) break;
          ++published;
          if (published - oldest > room) ++oldest;
          break;
        case 3:
        case 4: {
          if (!subscribers[i]) break;
          const auto got = subscribers[i].try_next();
          on.check.that(got.has_value() == (next[i] != published));
          if (!got) break;
          on.check.equal(got->lagged, next[i] < oldest ? oldest - next[i] : 0);
          if (next[i] < oldest) {
            next[i] = oldest;
          } else {
            on.check.equal(*got->value, static_cast<std::int32_t>(next[i]++));
          }
          break;
        }
        default:
          if (subscribers[i]) {
            subscribers[i].leave();
          } else {
            subscribers[i] = c.subscribe();
            next[i]        = published;
          }
      }
      std::uint32_t slowest = published;
      for (std::uint32_t j = 0; j < most; ++j) {
        if (subscribers[j] && next[j] < slowest) slowest = next[j];
      }
      if (slowest > oldest) oldest = slowest;
      on.check.equal(c.size(), published - oldest);
    }
    on.check.that(published > 100);
  }
};

using all = test::laws<all_receive, lag_is_counted, slowest_holds_publishers, publish_wakes_all,
                       nobody_listens, limit, last_leaves, lagging_leaves, slow_leaves,
                       cancelled_publish, cancelled_next, immediate_takes_place, clear_is_lag,
                       close_drains, last_is_not_copied, like_a_log>;

// ---- across blocks ------------------------------------------------------------------------------

constexpr std::uint32_t blocks = 4, pool = 2, each = 50;

struct flow {
  test::checks checks;
  cowarp::pubsub_channel<std::uint32_t, 4, blocks * pool> news;
  test::counter listening;
  test::counter publishing;
  test::counter sum;
};

// [listen]
COWARP_TASK_FRAME(listen, pool) {
  flow& f;
  decltype(flow::news)::subscriber to{};
  cowarp::pubsub_message<std::uint32_t> got{};
  COWARP_BODY_BEGIN
  to = f.news.subscribe();
  f.listening.add();
  for (;;) {
    COWARP_AWAIT_INTO(got, to.next());
    if (got.is_end()) COWARP_RETURN();
    f.checks.that(!got.is_lagged());  // all publishers wait for the slowest
    f.sum.add(*got.value);
  }
  COWARP_BODY_END
};
// [/listen]

COWARP_TASK_FRAME(publish, pool) {
  flow& f;
  std::uint32_t i = 0;
  COWARP_BODY_BEGIN
  while (f.listening.value() != blocks * pool) COWARP_AWAIT(cowarp::yield_now());
  for (; i < each; ++i) COWARP_AWAIT(f.news.publish(i));
  if (f.publishing.add() + 1 == blocks * pool) f.news.close();
  COWARP_BODY_END
};

struct flow_app : cowarp::program<listen, publish> {
  using grid_state = flow;
  COWARP_FN static void start(cowarp::spawner<flow_app> s) {
    for (std::uint32_t i = 0; i < pool; ++i) {
      (void)s.spawn<listen>(s.grid_state());
      (void)s.spawn<publish>(s.grid_state());
    }
  }
};

}  // namespace pubsub_channel_test

#define PUBSUB_CHANNEL_LAW(text, law)                                 \
  TEST_CASE("pubsub_channel: " text, "[sync][pubsub_channel]") {      \
    test::play<pubsub_channel_test::all, pubsub_channel_test::law>(); \
  }

PUBSUB_CHANNEL_LAW("every subscriber gets every message", all_receive)
PUBSUB_CHANNEL_LAW("a lag is reported with its count", lag_is_counted)
PUBSUB_CHANNEL_LAW("publishers wait for the slowest in order", slowest_holds_publishers)
PUBSUB_CHANNEL_LAW("a message wakes all waiting subscribers", publish_wakes_all)
PUBSUB_CHANNEL_LAW("without subscribers messages are dropped", nobody_listens)
PUBSUB_CHANNEL_LAW("a subscriber that leaves frees its place", limit)
PUBSUB_CHANNEL_LAW("the last to leave empties the channel", last_leaves)
PUBSUB_CHANNEL_LAW("a lagging subscriber frees what it held", lagging_leaves)
PUBSUB_CHANNEL_LAW("a slow subscriber that leaves wakes publishers", slow_leaves)
PUBSUB_CHANNEL_LAW("a cancelled publish hands its call on", cancelled_publish)
PUBSUB_CHANNEL_LAW("a cancelled next loses no message", cancelled_next)
PUBSUB_CHANNEL_LAW("a publisher called in vain stays first", immediate_takes_place)
PUBSUB_CHANNEL_LAW("clear is a lag and wakes publishers", clear_is_lag)
PUBSUB_CHANNEL_LAW("a closed channel drains before it ends", close_drains)
PUBSUB_CHANNEL_LAW("the last reader's message is not copied", last_is_not_copied)
PUBSUB_CHANNEL_LAW("random operations agree with a log", like_a_log)

TEST_CASE("pubsub_channel: every block gets every message", "[sync][pubsub_channel]") {
  using namespace pubsub_channel_test;
  flow f{};

  test::run_to_end<flow_app>(f, {.blocks = blocks});

  f.checks.require_none();
  constexpr std::uint32_t listeners = blocks * pool, publishers = blocks * pool;
  CHECK(f.sum.value() == listeners * publishers * (each * (each - 1) / 2));
}
