// SPDX-License-Identifier: Apache-2.0
/// \file
/// The latest value, for one waiting task at a time.
#include <support/checks.hpp>
#include <support/steps.hpp>

namespace signal_test {

template <cowarp::scope Scope>
using signal_of = cowarp::signal<std::int32_t, Scope>;

struct state {
  test::checks checks;
  cowarp::signal<std::int32_t> signal;
  cowarp::signal<std::int32_t> answer;
  cowarp::signal<test::only_moves> tokens;
  test::counter waiting;
  test::counter taken;
  test::counter sum;
  test::trace<> order;
};

// ---- values without anybody who waits ------------------------------------------------------------

COWARP_TASK_FRAME(alone, 1) {
  state& s;
  std::int32_t value = 0;
  test::only_moves token{};
  COWARP_BODY_BEGIN
  s.checks.that(!s.signal.has_value());
  s.checks.that(!s.signal.try_take().has_value());
  s.signal.send(1);
  s.checks.that(s.signal.has_value());
  s.signal.send(2);  // in place of the first
  COWARP_AWAIT_INTO(value, s.signal.wait());
  s.checks.equal(value, 2);
  s.checks.that(!s.signal.has_value());

  s.signal.send(3);
  s.checks.equal(*s.signal.try_take(), 3);
  s.signal.send(4);
  s.signal.reset();
  s.checks.that(!s.signal.try_take().has_value());

  s.tokens.send(test::only_moves(5));
  s.tokens.send(test::only_moves(6));
  COWARP_AWAIT_INTO(token, s.tokens.wait());
  s.checks.equal(token.value(), 6);
  COWARP_BODY_END
};

struct alone_app : cowarp::program<alone> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<alone_app> s) {
    (void)s.spawn<alone>(s.grid_state());
  }
};

// ---- many waiters --------------------------------------------------------------------------------

/// Joins the line in the order of its number, then notes who was served when.
COWARP_TASK_FRAME(lining_up, 8) {
  state& s;
  std::int32_t me;
  std::int32_t value = 0;

  struct counting_wait {
    using output = std::int32_t;
    state& s;
    cowarp::signal<std::int32_t>::wait_future waiting;
    bool is_counted = false;
    COWARP_FN cowarp::polled<std::int32_t> poll(cowarp::context& cx) {
      auto result = waiting.poll(cx);
      if (!is_counted) s.waiting.add();
      is_counted = true;
      return result;
    }
  };

  COWARP_BODY_BEGIN
  while (s.waiting.value() != static_cast<std::uint32_t>(me)) COWARP_AWAIT(cowarp::yield_now());
  COWARP_AWAIT_INTO(value, counting_wait{s, s.signal.wait()});
  s.order.add(me * 100 + value);
  s.taken.add();
  COWARP_BODY_END
};

/// Serves the line one by one, after many passes in which nobody has a reason to be polled.
COWARP_TASK_FRAME(serving, 1) {
  state& s;
  std::uint32_t waiters;
  std::uint32_t i = 0;
  std::uint32_t j = 0;
  COWARP_BODY_BEGIN
  while (s.waiting.value() < waiters) COWARP_AWAIT(cowarp::yield_now());
  for (; i < waiters; ++i) {
    for (j = 0; j < 50; ++j) COWARP_AWAIT(cowarp::yield_now());
    s.signal.send(static_cast<std::int32_t>(i));
    s.checks.that(!s.signal.try_take().has_value());  // reserved for the first in line
    while (s.taken.value() < i + 1) COWARP_AWAIT(cowarp::yield_now());
  }
  COWARP_BODY_END
};

struct line_app : cowarp::program<lining_up, serving> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<line_app> s) {
    for (std::int32_t i = 0; i < 8; ++i) (void)s.spawn<lining_up>(s.grid_state(), i);
    (void)s.spawn<serving>(s.grid_state(), 8u);
  }
};

// ---- a reset while a task is notified ------------------------------------------------------------

/// Notifies the waiter and takes the value back in one poll, then gives another.
COWARP_TASK_FRAME(resetting, 1) {
  state& s;
  std::uint32_t i = 0;
  COWARP_BODY_BEGIN
  while (s.waiting.value() < 2) COWARP_AWAIT(cowarp::yield_now());
  s.signal.send(-1);
  s.signal.reset();
  for (; i < 50; ++i) COWARP_AWAIT(cowarp::yield_now());
  s.signal.send(10);
  while (s.taken.value() < 1) COWARP_AWAIT(cowarp::yield_now());
  s.signal.send(11);
  COWARP_BODY_END
};

struct reset_app : cowarp::program<lining_up, resetting> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<reset_app> s) {
    for (std::int32_t i = 0; i < 2; ++i) (void)s.spawn<lining_up>(s.grid_state(), i);
    (void)s.spawn<resetting>(s.grid_state());
  }
};

// ---- hand over between two tasks, within a block and between blocks ------------------------------

template <cowarp::scope Scope>
struct pair {
  signal_of<Scope> ping;
  signal_of<Scope> pong;
};

template <cowarp::scope Scope>
struct asking : cowarp::detail::frame_task<asking<Scope>, 1> {
  pair<Scope>& p;
  state& s;
  std::int32_t rounds;
  std::int32_t i = 0;
  bool is_asked  = false;
  typename signal_of<Scope>::wait_future waiting{p.pong.wait()};

  COWARP_FN cowarp::polled<cowarp::unit> poll(cowarp::context& cx) {
    while (i < rounds) {
      if (!is_asked) p.ping.send(i);
      is_asked    = true;
      auto answer = waiting.poll(cx);
      if (!answer) return cowarp::pending;
      s.checks.equal(*answer, 2 * i);
      is_asked = false;
      ++i;
    }
    return cowarp::unit{};
  }
};

template <cowarp::scope Scope>
struct answering : cowarp::detail::frame_task<answering<Scope>, 1> {
  pair<Scope>& p;
  std::int32_t rounds;
  std::int32_t i = 0;
  typename signal_of<Scope>::wait_future waiting{p.ping.wait()};

  COWARP_FN cowarp::polled<cowarp::unit> poll(cowarp::context& cx) {
    while (i < rounds) {
      auto question = waiting.poll(cx);
      if (!question) return cowarp::pending;
      p.pong.send(2 * *question);
      ++i;
    }
    return cowarp::unit{};
  }
};

struct device_state : state {
  pair<cowarp::scope::device> p;
};

using cowarp::scope;
constexpr std::int32_t rounds = 500;

/// Block 0 asks, the last block answers: block 0 as well if there is only one.
struct device_app : cowarp::program<asking<scope::device>, answering<scope::device>> {
  using grid_state = device_state;
  COWARP_FN static void start(cowarp::spawner<device_app> s, cowarp::no_state&, device_state& g) {
    if (s.block() == 0) (void)s.spawn<asking<scope::device>>(g.p, g, +rounds);
    if (s.block() + 1 == s.blocks()) (void)s.spawn<answering<scope::device>>(g.p, +rounds);
  }
};

/// Every block by itself, in shared memory.
struct block_app : cowarp::program<asking<scope::block>, answering<scope::block>> {
  using block_state = pair<scope::block>;
  using grid_state  = state;
  COWARP_FN static void start(cowarp::spawner<block_app> s, pair<scope::block>& p, state& g) {
    (void)s.spawn<asking<scope::block>>(p, g, +rounds);
    (void)s.spawn<answering<scope::block>>(p, +rounds);
  }
};

/// The same with the frames, and so the waiters, in shared memory.
struct shared_app : cowarp::program<asking<scope::block>, answering<scope::block>> {
  using block_state            = pair<scope::block>;
  using grid_state             = state;
  static constexpr auto frames = cowarp::memory::shared;
  COWARP_FN static void start(cowarp::spawner<shared_app> s, pair<scope::block>& p, state& g) {
    (void)s.spawn<asking<scope::block>>(p, g, +rounds);
    (void)s.spawn<answering<scope::block>>(p, +rounds);
  }
};

// ---- cancelling ----------------------------------------------------------------------------------

/// Waits for the signal until the gate opens, and leaves then even if it is notified.
COWARP_TASK_FRAME(giving_up, 1, 160) {
  state& s;
  test::gate& gate;
  cowarp::variant<cowarp::unit, std::int32_t> won{};
  COWARP_BODY_BEGIN
  COWARP_AWAIT_INTO(won, cowarp::select_biased(gate.pass(), s.signal.wait()));
  s.checks.equal(won.index(), 0u);
  s.waiting.add();
  COWARP_BODY_END
};

/// Lines up behind `giving_up`; must get what that task was notified of.
COWARP_TASK_FRAME(staying, 1) {
  state& s;
  test::gate& before;
  std::int32_t value = 0;

  COWARP_BODY_BEGIN
  while (!before.is_waiting()) COWARP_AWAIT(cowarp::yield_now());
  COWARP_AWAIT(cowarp::yield_now());
  s.taken.add();
  COWARP_AWAIT_INTO(value, s.signal.wait());
  s.sum.add(static_cast<std::uint32_t>(value));
  COWARP_BODY_END
};

COWARP_TASK_FRAME(conducting, 1) {
  state& s;
  test::gate& gate;
  bool notifies_first;
  std::uint32_t i = 0;
  COWARP_BODY_BEGIN
  while (s.taken.value() == 0) COWARP_AWAIT(cowarp::yield_now());
  for (; i < 20; ++i) COWARP_AWAIT(cowarp::yield_now());
  if (notifies_first) {
    gate.is_open.set(1);  // noticed by the poll that the signal leads to
    s.signal.send(42);
  } else {
    gate.open();
    while (s.waiting.value() == 0) COWARP_AWAIT(cowarp::yield_now());
    s.signal.send(42);
  }
  COWARP_BODY_END
};

struct cancel_state : state {
  test::gate gate;
};

template <bool NotifiesFirst>
struct cancel_app : cowarp::program<giving_up, staying, conducting> {
  using grid_state = cancel_state;
  COWARP_FN static void start(cowarp::spawner<cancel_app> s, cowarp::no_state&, cancel_state& g) {
    (void)s.template spawn<giving_up>(g, g.gate);
    (void)s.template spawn<staying>(g, g.gate);
    (void)s.template spawn<conducting>(g, g.gate, bool{NotifiesFirst});
  }
};

}  // namespace signal_test

TEST_CASE("signal: the latest value is taken once", "[sync][signal]") {
  signal_test::state s{};
  const auto report = test::run_to_end<signal_test::alone_app>(s);
  s.checks.require_none(8);
  CHECK(report.total.polls == 1);  // nothing had to be waited for
}

TEST_CASE("signal: waiters are served in order, without churn", "[sync][signal]") {
  signal_test::state s{};
  const auto report = test::run_to_end<signal_test::line_app>(s);
  s.checks.require_none(8);
  CHECK(s.order.entries() == std::vector<std::int32_t>{0, 101, 202, 303, 404, 505, 606, 707});
  // Each waiter: spawned and woken once. Whatever else was polled had yielded.
  CHECK(report.total.polls - report.total.self_wakes == 9 + 8);
}

TEST_CASE("signal: a reset keeps the notified waiter in line", "[sync][signal]") {
  signal_test::state s{};
  test::run_to_end<signal_test::reset_app>(s);
  CHECK(s.order.entries() == std::vector<std::int32_t>{10, 111});
}

TEST_CASE("signal: two tasks of a block take turns", "[sync][signal]") {
  signal_test::state s{};
  test::run_to_end<signal_test::block_app>(s, {.blocks = 2});
  s.checks.require_none(2 * signal_test::rounds);
  signal_test::state t{};
  test::run_to_end<signal_test::shared_app>(t, {.blocks = 2});
  t.checks.require_none(2 * signal_test::rounds);
}

TEST_CASE("signal: two blocks take turns", "[sync][signal]") {
  signal_test::device_state one{};
  test::run_to_end<signal_test::device_app>(one, {.blocks = 1});
  one.checks.require_none(signal_test::rounds);
  signal_test::device_state two{};
  test::run_to_end<signal_test::device_app>(two, {.blocks = 2});
  two.checks.require_none(signal_test::rounds);
}

TEST_CASE("signal: a cancelled waiter leaves the value behind", "[sync][signal]") {
  signal_test::cancel_state notified{};
  test::run_to_end<signal_test::cancel_app<true>>(notified);
  notified.checks.require_none();
  CHECK(notified.sum.value() == 42);
  signal_test::cancel_state queued{};
  test::run_to_end<signal_test::cancel_app<false>>(queued);
  queued.checks.require_none();
  CHECK(queued.sum.value() == 42);
}
