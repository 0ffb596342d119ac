// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a channel promises a receiver that waits, looks, or holds one end only.
#include <support/checks.hpp>
#include <support/stage.hpp>
#include <support/steps.hpp>

#include <concepts>
#include <type_traits>

namespace channel_ends_test {

using cowarp::scope;
using cowarp::send_status;

template <std::uint32_t Capacity, scope S>
using numbers = cowarp::channel<std::int32_t, Capacity, S>;

// ---- reservations --------------------------------------------------------------------------------

struct oldest_leaves_first {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& c    = on.place<numbers<4, S>>();
    auto first = c.receive(), second = c.receive();
    on.check.that(!on.poll(0, first) && !on.poll(1, second));
    for (std::int32_t i : {1, 2, 3}) on.check.that(c.try_send(i).is_ok());
    on.check.equal(on.woken(), 1u << 0 | 1u << 1);

    on.check.equal(*c.try_receive(), 1);  // the third message was free, and the oldest leaves
    on.check.that(!c.try_receive());      // the rest is spoken for
    on.check.equal(**on.poll(1, second), 2);
    on.check.that(!c.try_receive());
    on.check.equal(**on.poll(0, first), 3);
    on.check.equal(on.woken(), 0u);
  }
};

struct close_keeps_reservations {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& c    = on.place<numbers<4, S>>();
    auto first = c.receive(), late = c.receive();
    on.check.that(!on.poll(0, first) && c.try_send(7).is_ok());
    c.close();

    on.check.that(!c.try_receive() && !on.poll(1, late));
    on.check.equal(**on.poll(0, first), 7);
    on.check.that(on.woken() == (1u << 0 | 1u << 1) && !on.poll(1, late)->has_value());
  }
};

// ---- looking -------------------------------------------------------------------------------------

struct look_leaves_message {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& c   = on.place<numbers<2, S>>();
    auto look = c.ready_to_receive();
    on.check.that(!on.poll(0, look) && on.woken() == 0);

    on.check.that(c.try_send(5).is_ok());

    on.check.equal(on.woken(), 1u << 0);
    on.check.that(*on.poll(0, look));
    on.check.equal(c.size(), 1u);
    auto again = c.ready_to_receive();
    on.check.that(*on.poll(0, again));  // now at once
    on.check.equal(*c.try_receive(), 5);
  }
};

struct look_ends_with_channel {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& c      = on.place<numbers<2, S>>();
    auto waiting = c.ready_to_receive();
    on.check.that(!on.poll(0, waiting));

    c.close();

    on.check.equal(on.woken(), 1u << 0);
    on.check.that(!*on.poll(0, waiting));
    auto late = c.ready_to_receive();
    on.check.that(!*on.poll(1, late));
  }
};

struct look_drains_first {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& c = on.place<numbers<2, S>>();
    on.check.that(c.try_send(5).is_ok());
    c.close();

    auto before = c.ready_to_receive();
    on.check.that(*on.poll(0, before));
    on.check.equal(*c.try_receive(), 5);
    auto after = c.ready_to_receive();
    on.check.that(!*on.poll(0, after));
  }
};

struct look_claims_nothing {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& c = on.place<numbers<2, S>>();
    auto a = c.ready_to_receive(), b = c.ready_to_receive();
    auto taking = c.receive();
    on.check.that(!on.poll(0, a) && !on.poll(1, b) && !on.poll(2, taking));

    on.check.that(c.try_send(5).is_ok());

    // All are woken, and the message is kept for who takes it.
    on.check.equal(on.woken(), 1u << 0 | 1u << 1 | 1u << 2);
    on.check.that(!on.poll(0, a) && !on.poll(1, b) && !c.try_receive());
    on.check.equal(**on.poll(2, taking), 5);
    on.check.equal(on.woken(), 0u);  // nobody is called in vain

    on.check.that(c.try_send(6).is_ok());
    on.check.equal(on.woken(), 1u << 0 | 1u << 1);
    on.check.that(*on.poll(0, a));
    on.check.equal(*c.try_receive(), 6);
    on.check.that(!on.poll(1, b));
    on.check.equal(on.woken(), 0u);  // the two do not hand it to each other
  }
};

struct dropped_look_leaves_line {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& c     = on.place<numbers<2, S>>();
    auto taking = c.receive();
    {
      auto queued = c.ready_to_receive(), woken = c.ready_to_receive();
      on.check.that(!on.poll(0, woken) && !on.poll(2, taking));
      on.check.that(c.try_send(5).is_ok() && !on.poll(1, queued));
    }
    on.check.equal(on.woken(), 1u << 0 | 1u << 2);
    on.check.equal(**on.poll(2, taking), 5);
    on.check.that(c.try_send(6).is_ok());
    on.check.equal(*c.try_receive(), 6);
    on.check.equal(on.woken(), 0u);
  }
};

// ---- looking for room ----------------------------------------------------------------------------

struct look_leaves_room {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& c      = on.place<numbers<1, S>>();
    auto at_once = c.ready_to_send();
    on.check.that(*on.poll(0, at_once));
    on.check.that(c.try_send(1).is_ok());
    auto look = c.sender().ready_to_send();
    on.check.that(!on.poll(0, look) && !on.poll(0, look) && on.woken() == 0);

    on.check.equal(*c.try_receive(), 1);

    on.check.equal(on.woken(), 1u << 0);
    on.check.that(*on.poll(0, look) && c.is_empty());
    on.check.that(c.try_send(2).is_ok());
  }
};

struct look_for_room_claims_none {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& c = on.place<numbers<1, S>>();
    on.check.that(c.try_send(1).is_ok());
    auto a = c.ready_to_send(), b = c.ready_to_send();
    auto sending = c.send(2);
    on.check.that(!on.poll(0, a) && !on.poll(1, b) && !on.poll(2, sending));

    on.check.equal(*c.try_receive(), 1);

    // All are woken, and the room is promised to who has a message.
    on.check.equal(on.woken(), 1u << 0 | 1u << 1 | 1u << 2);
    on.check.that(!on.poll(0, a) && !on.poll(1, b));
    on.check.that(on.poll(2, sending)->is_ok());
    on.check.equal(on.woken(), 0u);
    on.check.equal(*c.try_receive(), 2);
    on.check.equal(on.woken(), 1u << 0 | 1u << 1);
    on.check.that(*on.poll(1, b) && c.try_send(3).is_ok());
    on.check.that(!on.poll(0, a));

    c.close();
    on.check.equal(on.woken(), 1u << 0);
    on.check.that(!*on.poll(0, a));
  }
};

struct dropped_look_for_room {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& c = on.place<numbers<1, S>>();
    on.check.that(c.try_send(1).is_ok());
    auto sending = c.send(2);
    {
      auto first = c.ready_to_send(), second = c.ready_to_send();
      on.check.that(!on.poll(0, first) && !on.poll(2, sending) && !on.poll(1, second));
    }
    on.check.equal(*c.try_receive(), 1);
    on.check.equal(on.woken(), 1u << 2);
    on.check.that(on.poll(2, sending)->is_ok());
  }
};

// ---- clearing ------------------------------------------------------------------------------------

struct clear_lets_senders_in {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& c = on.place<numbers<2, S>>();
    on.check.that(c.try_send(1).is_ok() && c.try_send(2).is_ok());
    auto a = c.send(3), b = c.send(4);
    on.check.that(!on.poll(0, a) && !on.poll(1, b));

    c.clear();

    on.check.equal(on.woken(), 1u << 0 | 1u << 1);
    on.check.that(c.try_send(5).status == send_status::full);  // all room is promised
    on.check.that(on.poll(0, a)->is_ok() && on.poll(1, b)->is_ok());
    on.check.equal(*c.try_receive(), 3);
    on.check.equal(*c.try_receive(), 4);
  }
};

// ---- ends ----------------------------------------------------------------------------------------

template <class End>
concept can_send = requires(End end) {
  end.try_send(1);
};
template <class End>
concept can_receive = requires(End end) {
  end.try_receive();
};

template <class Channel>
constexpr bool has_small_ends =
    std::is_trivially_copyable_v<cowarp::channel_sender<Channel>>&&
        std::is_trivially_copyable_v<cowarp::channel_receiver<Channel>> &&
    sizeof(cowarp::channel_sender<Channel>) == sizeof(void*) &&
    sizeof(cowarp::channel_receiver<Channel>) == sizeof(void*) &&
    can_send<cowarp::channel_sender<Channel>> && !can_receive<cowarp::channel_sender<Channel>> &&
    can_receive<cowarp::channel_receiver<Channel>> && !can_send<cowarp::channel_receiver<Channel>>;
static_assert(has_small_ends<numbers<4, scope::device>>);
static_assert(has_small_ends<cowarp::priority_channel<std::int32_t, 4>>);

struct ends_are_the_channel {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& c         = on.place<numbers<2, S>>();
    const auto to   = c.sender();
    const auto from = c.receiver();
    const auto copy = to;
    auto sending    = copy.send(1);
    on.check.that(on.poll(0, sending)->is_ok() && to.try_send(2).is_ok());
    on.check.that(to.is_full() && to.size() == 2 && to.capacity() == 2 && from.size() == 2);
    on.check.that(to.try_send(3).status == send_status::full);

    auto look = from.ready_to_receive();
    on.check.that(*on.poll(0, look) && *from.try_peek() == 1);
    auto receiving = from.receive();
    on.check.equal(**on.poll(0, receiving), 1);
    from.clear();
    on.check.that(from.is_empty() && !from.is_closed());

    from.close();
    on.check.that(to.is_closed() && to.try_send(4).status == send_status::closed);
    on.check.that(!from.try_receive());
  }
};

struct ends_of_priorities {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& c         = on.place<cowarp::priority_channel<std::int32_t, 4, S>>();
    const auto to   = c.sender();
    const auto from = c.receiver();
    for (std::int32_t i : {1, 3, 2}) on.check.that(to.try_send(i).is_ok());
    for (std::int32_t i : {3, 2, 1}) on.check.equal(*from.try_receive(), i);
    to.close();
    on.check.that(from.is_closed());
  }
};

using all = test::laws<oldest_leaves_first, close_keeps_reservations, look_leaves_message,
                       look_ends_with_channel, look_drains_first, look_claims_nothing,
                       dropped_look_leaves_line, look_leaves_room, look_for_room_claims_none,
                       dropped_look_for_room, clear_lets_senders_in, ends_are_the_channel,
                       ends_of_priorities>;

// ---- tasks ---------------------------------------------------------------------------------------

struct state {
  cowarp::channel<std::uint32_t, 3> numbers;
  test::counter sending;
  test::counter got[400];
};

// [ends]
using numbers_in  = cowarp::channel_sender<cowarp::channel<std::uint32_t, 3>>;
using numbers_out = cowarp::channel_receiver<cowarp::channel<std::uint32_t, 3>>;

COWARP_TASK_FRAME(count_up, 4, 96) {
  numbers_in to;  // this task cannot receive
  test::counter& sending;
  std::uint32_t next, end;
  COWARP_BODY_BEGIN
  for (; next != end; ++next) COWARP_AWAIT(to.send(next));
  if (sending.add() == 3) to.close();
  COWARP_BODY_END
};
// [/ends]

/// Looks first and takes then, as two tasks of two blocks at once.
COWARP_TASK_FRAME(look_and_take, 4, 96) {
  numbers_out from;
  state& s;
  bool is_open = true;
  COWARP_BODY_BEGIN
  for (;;) {
    COWARP_AWAIT_INTO(is_open, from.ready_to_receive());
    if (!is_open) COWARP_RETURN();
    if (const auto got = from.try_receive()) s.got[*got].add();
  }
  COWARP_BODY_END
};

struct app : cowarp::program<count_up, look_and_take> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<app> s, cowarp::no_state&, state& all) {
    for (std::uint32_t i = s.block(); i < 4; i += s.blocks()) {
      (void)s.spawn<count_up>(all.numbers.sender(), all.sending, 100 * i, 100 * i + 100);
      (void)s.spawn<look_and_take>(all.numbers.receiver(), all);
    }
  }
};

}  // namespace channel_ends_test

#define CHANNEL_LAW(text, law)                                    \
  TEST_CASE("channel: " text, "[sync][channel]") {                \
    test::play<channel_ends_test::all, channel_ends_test::law>(); \
  }

CHANNEL_LAW("a reservation is for a message, the oldest leaves first", oldest_leaves_first)
CHANNEL_LAW("a reserved message outlives close", close_keeps_reservations)
CHANNEL_LAW("who looks leaves the message there", look_leaves_message)
CHANNEL_LAW("close ends looking", look_ends_with_channel)
CHANNEL_LAW("looking sees what is left after close", look_drains_first)
CHANNEL_LAW("who looks claims nothing", look_claims_nothing)
CHANNEL_LAW("who stops looking leaves the line", dropped_look_leaves_line)
CHANNEL_LAW("who looks for room leaves it free", look_leaves_room)
CHANNEL_LAW("who looks for room claims none", look_for_room_claims_none)
CHANNEL_LAW("who stops looking for room leaves the line", dropped_look_for_room)
CHANNEL_LAW("clear lets blocked senders in", clear_lets_senders_in)
CHANNEL_LAW("its ends send only, or receive only", ends_are_the_channel)
CHANNEL_LAW("a priority_channel has ends too", ends_of_priorities)

TEST_CASE("channel: those who look and take miss nothing", "[sync][channel]") {
  channel_ends_test::state s{};

  test::run_to_end<channel_ends_test::app>(s, {.blocks = 2});

  std::uint32_t wrong = 0;
  for (const auto& got : s.got) wrong += got.value() != 1;
  CHECK(wrong == 0);
}
