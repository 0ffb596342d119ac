// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a slot that is lent, done or dropped means for the others.
#include <cowarp/sync/zerocopy_channel.hpp>

#include <support/checks.hpp>
#include <support/stage.hpp>
#include <support/steps.hpp>

namespace zerocopy_channel_test {

using cowarp::scope;

template <std::uint32_t Capacity, scope S>
using numbers = cowarp::zerocopy_channel<std::int32_t, Capacity, S>;

/// Sends at once.
template <class Channel>
COWARP_FN bool put(Channel& c, std::int32_t value) {
  auto slot = c.try_send();
  if (!slot) return false;
  *slot = value;
  slot.done();
  return true;
}
/// \returns what can be received at once, or -1.
template <class Channel>
COWARP_FN std::int32_t take(Channel& c) {
  auto slot = c.try_receive();
  if (!slot) return -1;
  const std::int32_t value = *slot;
  slot.done();
  return value;
}

struct in_order {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& c = on.place<numbers<3, S>>();
    for (std::int32_t round = 0; round < 4; ++round) {
      for (std::int32_t i = 0; i < 3; ++i) on.check.that(put(c, i));
      on.check.that(c.is_full() && !put(c, 9));
      for (std::int32_t i = 0; i < 3; ++i) on.check.equal(take(c), i);
      on.check.that(c.is_empty() && take(c) == -1);
    }
  }
};

struct nothing_before_done {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& c      = on.place<numbers<2, S>>();
    auto waiting = c.receive();
    on.check.that(!on.poll(3, waiting));

    auto slot = c.try_send();
    *slot     = 5;
    on.check.that(c.is_empty() && !on.poll(3, waiting) && on.woken() == 0);
    slot.done();

    on.check.that(!slot);
    on.check.equal(on.woken(), 1u << 3);
    on.check.equal(**on.poll(3, waiting), 5);
  }
};

struct order_of_done {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& c = on.place<numbers<2, S>>();
    auto a = c.try_send(), b = c.try_send();
    *a = 1;
    *b = 2;

    b.done();
    a.done();

    on.check.equal(take(c), 2);
    on.check.equal(take(c), 1);
  }
};

struct dropped_send_slot {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& c      = on.place<numbers<1, S>>();
    auto waiting = c.send();
    {
      auto slot = c.try_send();
      *slot     = 5;
      on.check.that(!on.poll(2, waiting));
    }

    on.check.equal(on.woken(), 1u << 2);
    on.check.that(c.is_empty());
    auto slot = on.poll(2, waiting);
    on.check.that(slot.has_value() && *slot);
  }
};

struct dropped_receive_slot {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& c = on.place<numbers<3, S>>();
    for (std::int32_t i = 1; i <= 3; ++i) on.check.that(put(c, i));
    auto a = c.try_receive(), b = c.try_receive(), d = c.try_receive();
    auto waiting = c.receive();
    on.check.that(!on.poll(4, waiting));

    a = {};  // the oldest first: the others must not overtake it
    on.check.equal(on.woken(), 1u << 4);
    d = {};
    b = {};

    auto again = on.poll(4, waiting);
    on.check.equal(**again, 1);
    again->done();
    on.check.equal(take(c), 2);
    on.check.equal(take(c), 3);
  }
};

struct dropped_ready_slot {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& c = on.place<numbers<1, S>>();
    cowarp::optional<decltype(c.receive())> a(c.receive()), b(c.receive());
    on.check.that(!on.poll(0, *a) && !on.poll(1, *b));
    on.check.that(put(c, 7));
    on.check.equal(on.woken(), 1u << 0);

    a.reset();  // called, never polled

    on.check.equal(on.woken(), 1u << 1);
    on.check.equal(**on.poll(1, *b), 7);
    on.check.equal(take(c), 7);  // the output was dropped as well: nothing was consumed
  }
};

struct senders_in_order {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& c = on.place<numbers<1, S>>();
    on.check.that(put(c, 0));
    cowarp::optional<decltype(c.send())> a(c.send()), b(c.send()), d(c.send());
    on.check.that(!on.poll(0, *a) && !on.poll(1, *b) && !on.poll(2, *d));

    on.check.equal(take(c), 0);
    on.check.equal(on.woken(), 1u << 0);
    on.check.that(!put(c, 9) && !on.poll(1, *b));
    a.reset();
    on.check.equal(on.woken(), 1u << 1);
    on.poll(1, *b)->done();
    on.check.equal(take(c), 0);  // the slot still holds what was there
    on.check.equal(on.woken(), 1u << 2);
  }
};

struct close_ends_both_sides {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& c = on.place<numbers<1, S>>();
    on.check.that(put(c, 1));
    auto sending = c.send();
    on.check.that(!on.poll(0, sending));

    c.close();

    on.check.equal(on.woken(), 1u << 0);
    const auto refused = on.poll(0, sending);
    on.check.that(refused.has_value() && !*refused);
    on.check.that(!c.try_send());
    auto first = c.receive(), second = c.receive();
    auto last = on.poll(1, first);
    on.check.equal(**last, 1);
    last->done();
    const auto end = on.poll(2, second);
    on.check.that(end.has_value() && !*end);
  }
};

struct lent_slot_outlives_close {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& c = on.place<numbers<2, S>>();
    auto a = c.try_send(), b = c.try_send();
    auto first = c.receive(), second = c.receive();
    on.check.that(!on.poll(0, first) && !on.poll(1, second));

    c.close();
    on.check.equal(on.woken(), 0u);
    *a = 6;
    a.done();
    on.check.equal(on.woken(), 1u << 0);
    b = {};

    on.check.equal(**on.poll(0, first), 6);
    on.check.equal(on.woken(), 1u << 1);  // `first`'s slot went back unread
    on.check.equal(**on.poll(1, second), 6);
  }
};

struct clear_makes_room {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& c = on.place<numbers<2, S>>();
    on.check.that(put(c, 1) && put(c, 2));
    auto a = c.send(), b = c.send();
    on.check.that(!on.poll(0, a) && !on.poll(1, b));

    c.clear();

    on.check.equal(on.woken(), 3u);
    on.check.that(c.is_empty());
  }
};

/// Random operations with several slots out at once: what is published is what is received.
struct conserves {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    constexpr std::uint32_t room = 4;
    using channel                = numbers<room, S>;
    auto& c                      = on.place<channel>();
    typename channel::send_slot sending[room];
    typename channel::receive_slot receiving[room];
    std::int32_t order[600]{};
    std::uint32_t published = 0, received = 0;
    test::random_numbers random(static_cast<std::uint32_t>(S) + 7);
    for (std::int32_t step = 1; step < 500; ++step) {
      const std::uint32_t i = random.below(room);
      switch (random.below(6)) {
        case 0:
        case 1:
          if (!sending[i]) sending[i] = c.try_send();
          if (sending[i]) *sending[i] = step;
          break;
        case 2:
          if (!sending[i]) break;
          order[published++] = *sending[i];
          sending[i].done();
          break;
        case 3: sending[i] = {}; break;
        case 4:
          if (!receiving[0]) receiving[0] = c.try_receive();
          if (!receiving[0]) break;
          on.check.equal(*receiving[0], order[received]);
          receiving[0].done();
          ++received;
          break;
        default: receiving[0] = c.try_receive(); receiving[0] = {};
      }
      on.check.equal(c.size(), published - received);
    }
    on.check.that(received > 20);
  }
};

using all =
    test::laws<in_order, nothing_before_done, order_of_done, dropped_send_slot,
               dropped_receive_slot, dropped_ready_slot, senders_in_order, close_ends_both_sides,
               lent_slot_outlives_close, clear_makes_room, conserves>;

// ---- across blocks ------------------------------------------------------------------------------

constexpr std::uint32_t blocks = 4, pool = 2, each = 100;

struct tile {
  std::uint32_t id;
  std::uint32_t numbers[15];
};

struct flow {
  test::checks checks;
  cowarp::zerocopy_channel<tile, 3> tiles;
  test::counter producing;
  test::counter got[blocks * pool * each];
};

// [fill]
COWARP_TASK_FRAME(fill, pool) {
  flow& f;
  std::uint32_t next, end;
  cowarp::zerocopy_channel<tile, 3>::send_slot slot{};
  COWARP_BODY_BEGIN
  for (; next != end; ++next) {
    COWARP_AWAIT_INTO(slot, f.tiles.send());
    slot->id = next;
    for (auto& number : slot->numbers) number = next;
    COWARP_AWAIT(cowarp::yield_now());  // others use their slots meanwhile
    slot.done();
  }
  if (f.producing.add() + 1 == blocks * pool) f.tiles.close();
  COWARP_BODY_END
};
// [/fill]

COWARP_TASK_FRAME(read, pool) {
  flow& f;
  std::uint32_t round = 0;
  cowarp::zerocopy_channel<tile, 3>::receive_slot slot{};
  COWARP_BODY_BEGIN
  for (;; ++round) {
    COWARP_AWAIT_INTO(slot, f.tiles.receive());
    if (!slot) COWARP_RETURN();
    COWARP_AWAIT(cowarp::yield_now());
    for (auto number : slot->numbers) f.checks.equal(number, slot->id);
    if (round % 4 == 0) {
      slot = {};  // not consumed: somebody gets it again
    } else {
      f.got[slot->id].add();
      slot.done();
    }
  }
  COWARP_BODY_END
};

struct flow_app : cowarp::program<fill, read> {
  using grid_state = flow;
  COWARP_FN static void start(cowarp::spawner<flow_app> s) {
    for (std::uint32_t i = 0; i < pool; ++i) {
      const std::uint32_t first = (s.block() * pool + i) * each;
      (void)s.spawn<fill>(s.grid_state(), first, first + each);
      (void)s.spawn<read>(s.grid_state());
    }
  }
};

}  // namespace zerocopy_channel_test

#define ZEROCOPY_CHANNEL_LAW(text, law)                                   \
  TEST_CASE("zerocopy_channel: " text, "[sync][zerocopy_channel]") {      \
    test::play<zerocopy_channel_test::all, zerocopy_channel_test::law>(); \
  }

ZEROCOPY_CHANNEL_LAW("messages come in the order sent", in_order)
ZEROCOPY_CHANNEL_LAW("nothing is published before done", nothing_before_done)
ZEROCOPY_CHANNEL_LAW("messages come in the order of done", order_of_done)
ZEROCOPY_CHANNEL_LAW("a dropped send slot wakes a sender", dropped_send_slot)
ZEROCOPY_CHANNEL_LAW("a dropped receive slot takes its place", dropped_receive_slot)
ZEROCOPY_CHANNEL_LAW("a cancelled receive loses no message", dropped_ready_slot)
ZEROCOPY_CHANNEL_LAW("senders are served first come first", senders_in_order)
ZEROCOPY_CHANNEL_LAW("close ends both sides after a drain", close_ends_both_sides)
ZEROCOPY_CHANNEL_LAW("a lent slot may be done after close", lent_slot_outlives_close)
ZEROCOPY_CHANNEL_LAW("clear makes room and wakes senders", clear_makes_room)
ZEROCOPY_CHANNEL_LAW("random operations lose and invent nothing", conserves)

TEST_CASE("zerocopy_channel: blocks receive every tile exactly once", "[sync][zerocopy_channel]") {
  using namespace zerocopy_channel_test;
  flow f{};

  test::run_to_end<flow_app>(f, {.blocks = blocks});

  f.checks.require_none();
  std::uint32_t wrong = 0;
  for (const auto& got : f.got) wrong += got.value() != 1;
  CHECK(wrong == 0);
}
