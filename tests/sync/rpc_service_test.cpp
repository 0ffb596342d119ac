// SPDX-License-Identifier: Apache-2.0
/// \file
/// Functions run one at a time by the owner, whoever gives up meanwhile.
#include <cowarp/sync/rpc_service.hpp>

#include <support/checks.hpp>
#include <support/stage.hpp>
#include <support/steps.hpp>

namespace rpc_service_test {

using cowarp::scope;

template <scope S>
using service = cowarp::rpc_service<std::int32_t, S>;

struct add {
  std::int32_t by;
  COWARP_FN std::int32_t operator()(std::int32_t& total) const { return total += by; }
};
struct reset {
  COWARP_FN void operator()(std::int32_t& total) const { total = 0; }
};

struct yields_result {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& s            = on.place<service<S>>();
    std::int32_t total = 1;
    auto serve         = s.serve(total);
    auto call          = s.call(add{4});
    on.check.that(!on.poll(0, serve) && !on.poll(1, call));
    on.check.equal(on.woken(), 1u << 0);

    on.check.that(!on.poll(0, serve));

    on.check.equal(on.woken(), 1u << 1);
    on.check.equal(**on.poll(1, call), 5);
    on.check.equal(total, 5);
  }
};

struct different_types {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& s            = on.place<service<S>>();
    std::int32_t total = 1;
    auto serve         = s.serve(total);
    auto a = s.call(add{4}), d = s.call(add{1});
    auto b      = s.call(reset{});
    auto is_odd = s.call([](std::int32_t& t) { return t % 2 != 0; });
    on.check.that(!on.poll(1, a) && !on.poll(2, b) && !on.poll(3, d) && !on.poll(4, is_odd));

    on.check.that(!on.poll(0, serve));

    on.check.equal(on.woken(), 0x1eu);
    on.check.equal(**on.poll(1, a), 5);
    on.check.that(**on.poll(2, b) == cowarp::unit{});
    on.check.equal(**on.poll(3, d), 1);
    on.check.that(**on.poll(4, is_odd));
  }
};

struct moves_only {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& s            = on.place<service<S>>();
    std::int32_t total = 1;
    auto serve         = s.serve(total);
    auto call          = s.call([kept = test::only_moves(6)](std::int32_t& t) mutable {
      t = kept.value();
      return std::move(kept);
    });
    on.check.that(!on.poll(1, call) && !on.poll(0, serve));

    on.check.equal((*on.poll(1, call))->value(), 6);
    on.check.equal(total, 6);
  }
};

struct cancelled_before_turn {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& s            = on.place<service<S>>();
    std::int32_t total = 0;
    auto serve         = s.serve(total);
    cowarp::optional<decltype(s.call(add{1}))> a(s.call(add{1})), b(s.call(add{10}));
    on.check.that(!on.poll(1, *a) && !on.poll(2, *b));

    a.reset();
    on.check.that(!on.poll(0, serve));

    on.check.equal(on.woken(), 1u << 2);
    on.check.equal(**on.poll(2, *b), 10);
  }
};

struct cancelled_after_run {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& s            = on.place<service<S>>();
    auto& lives        = on.counts;
    lives              = {};
    std::int32_t total = 0;
    auto serve         = s.serve(total);
    const auto make    = [&lives](std::int32_t&) { return test::counted_life(lives); };
    {
      auto a = s.call(make), b = s.call(make);
      on.check.that(!on.poll(1, a) && !on.poll(2, b) && !on.poll(0, serve));
      on.check.that((*on.poll(2, b)).has_value());
    }

    on.check.that(lives.built.value() != 0);
    on.check.equal(lives.built.value(), lives.destroyed.value());
  }
};

/// The function drops the very call it belongs to.
struct cancelled_while_running {
  template <scope S>
  struct holder;
  template <scope S>
  struct forget {
    holder<S>* from;
    COWARP_FN std::int32_t operator()(std::int32_t& total) const {
      from->call.reset();
      return ++total;
    }
  };
  template <scope S>
  struct holder {
    cowarp::optional<typename service<S>::template call_future<forget<S>>> call;
  };

  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& s            = on.place<service<S>>();
    std::int32_t total = 0;
    auto serve         = s.serve(total);
    holder<S> held;
    held.call.emplace(s.call(forget<S>{&held}));
    auto next = s.call(add{10});
    on.check.that(!on.poll(1, *held.call) && !on.poll(2, next));

    on.check.that(!on.poll(0, serve));

    on.check.equal(on.woken(), 1u << 2);
    on.check.equal(**on.poll(2, next), 11);
    on.check.equal(total, 1 + 10);
  }
};

struct owner_restarts {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& s            = on.place<service<S>>();
    std::int32_t total = 0;
    cowarp::optional<decltype(s.serve(total))> serve(s.serve(total));
    on.check.that(!on.poll(0, *serve));
    auto call = s.call(add{3});
    on.check.that(!on.poll(1, call));
    on.check.equal(on.woken(), 1u << 0);

    serve.reset();  // woken, never polled
    on.check.that(!on.poll(1, call));
    std::int32_t other = 100;
    serve.emplace(s.serve(other));
    on.check.that(!on.poll(0, *serve));

    on.check.equal(on.woken(), 1u << 1);
    on.check.equal(**on.poll(1, call), 103);
  }
};

struct one_owner {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& s        = on.place<service<S>>();
    std::int32_t a = 0, b = 100;
    cowarp::optional<decltype(s.serve(a))> first(s.serve(a)), second(s.serve(b));
    on.check.that(!on.poll(0, *first) && !on.poll(1, *second));
    auto call = s.call(add{1});
    on.check.that(!on.poll(2, call));
    on.check.equal(on.woken(), 1u << 0);
    on.check.that(!on.poll(1, *second) && a == 0 && b == 100);

    first.reset();

    on.check.equal(on.woken(), 1u << 1);
    on.check.that(!on.poll(1, *second));
    on.check.equal(**on.poll(2, call), 101);
  }
};

struct few_at_once {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& s                          = on.place<service<S>>();
    std::int32_t total               = 0;
    auto serve                       = s.serve(total);
    const auto one                   = [&] { return s.call(add{1}); };
    decltype(s.call(add{1})) calls[] = {one(), one(), one(), one(), one(), one(),
                                        one(), one(), one(), one(), one(), one()};
    for (std::uint32_t i = 0; i < 12; ++i) on.check.that(!on.poll(i + 1, calls[i]));

    cowarp::context cx = on.as(0);
    on.check.that(!serve.poll(cx));

    on.check.equal(total, 8);
    on.check.that(cx.flags() == cowarp::context::self_wake);
    on.check.that(!on.poll(0, serve));
    for (std::int32_t i = 0; i < 12; ++i) {
      on.check.equal(**on.poll(static_cast<std::uint32_t>(i) + 1, calls[i]), i + 1);
    }
  }
};

struct close_refuses {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& s            = on.place<service<S>>();
    std::int32_t total = 0;
    auto serve = s.serve(total), standby = s.serve(total);
    on.check.that(!on.poll(0, serve) && !on.poll(7, standby));
    auto done = s.call(add{1});
    on.check.that(!on.poll(1, done) && !on.poll(0, serve));
    auto a = s.call(add{10}), b = s.call(add{20});
    on.check.that(!on.poll(2, a) && !on.poll(3, b));
    static_cast<void>(on.woken());

    s.close();

    on.check.equal(on.woken(), 1u << 2 | 1u << 3 | 1u << 7);  // the owner was woken for `a`
    on.check.that(on.poll(0, serve).has_value() && on.poll(7, standby).has_value());
    on.check.that(!*on.poll(2, a) && !*on.poll(3, b));
    on.check.equal(**on.poll(1, done), 1);  // it was run before
    auto late = s.call(add{1});
    on.check.that(!*on.poll(4, late));
    on.check.equal(total, 1);
  }
};

struct close_while_running {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& s            = on.place<service<S>>();
    std::int32_t total = 0;
    auto serve         = s.serve(total);
    auto call          = s.call([&s](std::int32_t& t) {
      s.close();
      return ++t;
    });
    on.check.that(!on.poll(1, call));

    on.check.that(on.poll(0, serve).has_value());

    on.check.equal(on.woken(), 1u << 1);
    on.check.equal(**on.poll(1, call), 1);
  }
};

using all = test::laws<yields_result, different_types, moves_only, cancelled_before_turn,
                       cancelled_after_run, cancelled_while_running, owner_restarts, one_owner,
                       few_at_once, close_refuses, close_while_running>;

// ---- across blocks ------------------------------------------------------------------------------

constexpr std::uint32_t blocks = 4, callers = 3, each = 60;

struct ledger {
  std::uint32_t total;
};

struct flow {
  cowarp::rpc_service<ledger> service;
  ledger book;  // only its owner touches it, so it needs no atomics
  test::counter calling;
  test::counter sum;
  test::counter lost;
};

// [serve]
COWARP_TASK_FRAME(own, 1, 120) {
  flow& f;
  std::uint32_t i = 0;
  COWARP_BODY_BEGIN
  // Gives up now and then: another owner goes on.
  for (; i < 20; ++i)
    COWARP_AWAIT(cowarp::with_timeout(std::chrono::microseconds(20), f.service.serve(f.book)));
  COWARP_AWAIT(f.service.serve(f.book));
  COWARP_BODY_END
};

struct count {
  COWARP_FN std::uint32_t operator()(ledger& book) const { return ++book.total; }
};

struct look {
  COWARP_FN std::uint32_t operator()(ledger& book) const { return book.total; }
};

COWARP_TASK_FRAME(ask, callers, 120) {
  flow& f;
  std::uint32_t i = 0;
  cowarp::polled<std::uint32_t> ticket{};
  cowarp::polled<cowarp::polled<std::uint32_t>> in_time{};
  COWARP_BODY_BEGIN
  for (; i < each; ++i) {
    COWARP_AWAIT_INTO(ticket, f.service.call(count{}));
    if (ticket) f.sum.add(*ticket);
    COWARP_AWAIT_INTO(in_time,
                      cowarp::with_timeout(std::chrono::microseconds(1), f.service.call(look{})));
    if (!in_time) f.lost.add();
  }
  if (f.calling.add() + 1 == blocks * callers) f.service.close();
  COWARP_BODY_END
};
// [/serve]

struct flow_app : cowarp::program<own, ask> {
  using grid_state = flow;
  COWARP_FN static void start(cowarp::spawner<flow_app> s) {
    if (s.block() < 2) (void)s.spawn<own>(s.grid_state());
    for (std::uint32_t i = 0; i < callers; ++i) (void)s.spawn<ask>(s.grid_state());
  }
};

}  // namespace rpc_service_test

#define RPC_SERVICE_LAW(text, law)                              \
  TEST_CASE("rpc_service: " text, "[sync][rpc_service]") {      \
    test::play<rpc_service_test::all, rpc_service_test::law>(); \
  }

RPC_SERVICE_LAW("a call yields its function's result", yields_result)
RPC_SERVICE_LAW("functions of different types take turns", different_types)
RPC_SERVICE_LAW("functions and results are only moved", moves_only)
RPC_SERVICE_LAW("a call cancelled before its turn is not run", cancelled_before_turn)
RPC_SERVICE_LAW("the result of a dropped call is destroyed", cancelled_after_run)
RPC_SERVICE_LAW("a call may be dropped while it runs", cancelled_while_running)
RPC_SERVICE_LAW("calls wait for an owner that restarts", owner_restarts)
RPC_SERVICE_LAW("one owner serves and another takes over", one_owner)
RPC_SERVICE_LAW("an owner runs a few calls at a time", few_at_once)
RPC_SERVICE_LAW("close refuses calls and ends owners", close_refuses)
RPC_SERVICE_LAW("a running call survives close", close_while_running)

TEST_CASE("rpc_service: blocks count on one ledger", "[sync][rpc_service]") {
  using namespace rpc_service_test;
  flow f{};

  test::run_to_end<flow_app>(f, {.blocks = blocks});

  constexpr std::uint32_t calls = blocks * callers * each;
  CHECK(f.book.total == calls);
  CHECK(f.sum.value() == calls * (calls + 1) / 2);
}
