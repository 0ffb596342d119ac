// SPDX-License-Identifier: Apache-2.0
/// \file
/// What either side of a oneshot learns about the other.
#include <cowarp/sync/oneshot.hpp>

#include <support/checks.hpp>
#include <support/stage.hpp>
#include <support/steps.hpp>

namespace oneshot_test {

using cowarp::scope;
using cowarp::send_status;

template <scope S>
using number = cowarp::oneshot<std::int32_t, S>;

struct smoke {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& o      = on.place<number<S>>();
    auto receive = o.receive();
    on.check.that(!on.poll(0, receive) && !o.try_receive());

    on.check.that(o.send(7).is_ok());

    on.check.equal(on.woken(), 1u << 0);
    on.check.that(!o.try_receive());  // it is for the task that waits
    on.check.equal(**on.poll(0, receive), 7);
    on.check.that(o.is_terminated());
  }
};

struct only_one_value {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& o = on.place<cowarp::oneshot<test::only_moves, S>>();
    on.check.that(o.send(test::only_moves(1)).is_ok());

    const auto second = o.send(test::only_moves(2));
    on.check.that(second.status == send_status::full && second.value->value() == 2);
    on.check.equal(o.try_receive()->value(), 1);

    const auto third = o.send(test::only_moves(3));
    on.check.that(third.status == send_status::closed && third.value->value() == 3);
    auto end = o.receive();
    on.check.that(!*on.poll(0, end));
  }
};

struct dropped_sender {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& o = on.place<number<S>>();
    auto a = o.receive(), b = o.receive();
    {
      const typename number<S>::sender to(o);
      on.check.that(!on.poll(0, a) && !on.poll(1, b) && !o.is_terminated());
    }

    on.check.equal(on.woken(), 3u);
    const auto end = on.poll(0, a);
    on.check.that(end.has_value() && !end->has_value() && o.is_terminated());
    on.check.that(o.send(1).status == send_status::closed);
  }
};

struct dropped_sender_after_send {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& o = on.place<number<S>>();
    {
      typename number<S>::sender to(o);
      typename number<S>::sender moved(std::move(to));
      on.check.that(moved.send(5).is_ok());
    }

    typename number<S>::receiver from(o);
    auto receive = from.receive();
    on.check.equal(**on.poll(0, receive), 5);
  }
};

struct dropped_receiver {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& o = on.place<number<S>>();
    typename number<S>::sender to(o);
    auto cancellation = to.cancellation();
    on.check.that(!on.poll(2, cancellation) && !to.is_canceled());
    { const typename number<S>::receiver from(o); }

    on.check.equal(on.woken(), 1u << 2);
    on.check.that(on.poll(2, cancellation).has_value() && to.is_canceled());
    const auto back = to.send(3);
    on.check.that(back.status == send_status::closed && *back.value == 3);
  }
};

struct receiver_drops_value {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& o                           = on.place<cowarp::oneshot<test::counted_life, S>>();
    test::counted_life::counts& lives = on.counts;
    lives                             = {};
    {
      const typename cowarp::oneshot<test::counted_life, S>::receiver from(o);
      on.check.that(o.send(test::counted_life(lives)).is_ok());
    }

    on.check.equal(lives.built.value(), lives.destroyed.value());
  }
};

struct closed_keeps_value {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& o = on.place<number<S>>();
    on.check.that(o.send(9).is_ok());

    o.close();

    on.check.that(o.is_canceled() && !o.is_terminated());
    auto receive = o.receive();
    on.check.equal(**on.poll(0, receive), 9);
    on.check.that(o.is_terminated());
  }
};

struct close_wakes_receiver {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& o      = on.place<number<S>>();
    auto receive = o.receive();
    on.check.that(!on.poll(0, receive));

    o.close();

    on.check.equal(on.woken(), 1u << 0);
    on.check.that(!*on.poll(0, receive));
  }
};

struct cancelled_receive {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& o = on.place<number<S>>();
    cowarp::optional<decltype(o.receive())> a(o.receive()), b(o.receive());
    cowarp::optional<decltype(o.cancellation())> c(o.cancellation());
    on.check.that(!on.poll(0, *a) && !on.poll(1, *b) && !on.poll(2, *c));
    c.reset();
    on.check.that(o.send(4).is_ok());
    on.check.equal(on.woken(), 1u << 0);

    a.reset();

    on.check.equal(on.woken(), 1u << 1);
    b.reset();
    on.check.equal(*o.try_receive(), 4);  // nobody took it
  }
};

using all =
    test::laws<smoke, only_one_value, dropped_sender, dropped_sender_after_send, dropped_receiver,
               receiver_drops_value, closed_keeps_value, close_wakes_receiver, cancelled_receive>;

// ---- across blocks ------------------------------------------------------------------------------

constexpr std::uint32_t blocks = 4, each = 64;

struct flow {
  test::checks checks;
  cowarp::oneshot<std::uint32_t> answers[blocks * each];
  test::counter answered;
  test::counter refused;
};

// [answer]
COWARP_TASK_FRAME(answer, 4) {
  flow& f;
  std::uint32_t which;
  cowarp::oneshot<std::uint32_t>::sender to{f.answers[which]};
  COWARP_BODY_BEGIN
  COWARP_AWAIT(cowarp::yield_now());
  if (which % 4 != 0) {  // else it ends without an answer, and the asker learns that
    if (to.send(which)) {
      f.answered.add();
    } else {
      f.refused.add();
    }
  }
  COWARP_BODY_END
};
// [/answer]

COWARP_TASK_FRAME(answer_all, 1) {
  flow& f;
  cowarp::spawner<struct flow_app> s;
  std::uint32_t next;
  std::uint32_t left = each;
  COWARP_BODY_BEGIN
  while (left != 0) {
    if (s.spawn<answer>(f, next) == cowarp::spawn_result::ok) {
      ++next;
      --left;
    } else {
      COWARP_AWAIT(cowarp::yield_now());
    }
  }
  COWARP_BODY_END
};

struct wrap {
  using wrapped = cowarp::polled<cowarp::polled<std::uint32_t>>;
  COWARP_FN wrapped operator()(cowarp::polled<std::uint32_t> value) const {
    return wrapped(cowarp::in_place, value);
  }
};

COWARP_TASK_FRAME(ask, 1, 96) {
  flow& f;
  std::uint32_t first;
  std::uint32_t i = 0;
  cowarp::oneshot<std::uint32_t>::receiver from{};
  cowarp::polled<cowarp::polled<std::uint32_t>> answer{};
  COWARP_BODY_BEGIN
  for (; i < each; ++i) {
    from = cowarp::oneshot<std::uint32_t>::receiver(f.answers[first + i]);
    COWARP_AWAIT_INTO(answer, cowarp::with_timeout(std::chrono::nanoseconds(0), from.receive()));
    if (!answer && i % 2 == 0) COWARP_AWAIT_INTO(answer, cowarp::map(from.receive(), wrap{}));
    if (!answer) continue;  // lost patience: the next round closes this one
    if ((first + i) % 4 == 0) f.checks.that(!*answer);
    if ((first + i) % 4 != 0) f.checks.equal(**answer, first + i);
  }
  COWARP_BODY_END
};

struct flow_app : cowarp::program<answer, answer_all, ask> {
  using grid_state = flow;
  COWARP_FN static void start(cowarp::spawner<flow_app> s) {
    const std::uint32_t other = (s.block() + 1) % s.blocks();
    (void)s.spawn<ask>(s.grid_state(), s.block() * each);
    (void)s.spawn<answer_all>(s.grid_state(), s, other * each);
  }
};

}  // namespace oneshot_test

#define ONESHOT_LAW(text, law)                          \
  TEST_CASE("oneshot: " text, "[sync][oneshot]") {      \
    test::play<oneshot_test::all, oneshot_test::law>(); \
  }

ONESHOT_LAW("the value goes to the waiting task", smoke)
ONESHOT_LAW("a second value comes back", only_one_value)
ONESHOT_LAW("a dropped sender ends the wait", dropped_sender)
ONESHOT_LAW("a value outlives its sender", dropped_sender_after_send)
ONESHOT_LAW("a dropped receiver is seen by the sender", dropped_receiver)
ONESHOT_LAW("a dropped receiver drops the value", receiver_drops_value)
ONESHOT_LAW("a value sent before close is received", closed_keeps_value)
ONESHOT_LAW("close ends the wait", close_wakes_receiver)
ONESHOT_LAW("a cancelled receive hands its call on", cancelled_receive)

TEST_CASE("oneshot: askers in other blocks get every answer", "[sync][oneshot]") {
  using namespace oneshot_test;
  flow f{};

  test::run_to_end<flow_app>(f, {.blocks = blocks});

  f.checks.require_none();
  CHECK(f.answered.value() + f.refused.value() == blocks * each * 3 / 4);
}
