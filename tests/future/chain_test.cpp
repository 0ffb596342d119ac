// SPDX-License-Identifier: Apache-2.0
/// \file
/// Futures that go on depending on what they yielded, and a look at what that was.
#include <cowarp/future/chain.hpp>

#include <support/checks.hpp>
#include <support/steps.hpp>

namespace chain_test {

using maybe = cowarp::optional<std::int32_t>;

/// Ready with `value` at the poll after `polls` others.
struct after_polls {
  using output = maybe;
  std::uint32_t polls;
  maybe value;
  COWARP_FN cowarp::polled<maybe> poll(cowarp::context& cx) {
    if (polls == 0) return cowarp::polled<maybe>(cowarp::in_place, value);
    --polls;
    cx.wake_self();
    return cowarp::pending;
  }
};

/// Ready after `polls` others, with 1 or nothing; alive until it is destroyed.
struct living {
  using output = maybe;
  test::counted_life life;
  std::uint32_t polls;
  bool succeeds;
  COWARP_FN living(test::counted_life::counts& in, std::uint32_t n, bool yes)
      : life(in), polls(n), succeeds(yes) {}
  COWARP_FN cowarp::polled<maybe> poll(cowarp::context&) {
    if (polls-- != 0) return cowarp::pending;
    return cowarp::polled<maybe>(cowarp::in_place, succeeds ? maybe(1) : maybe());
  }
};

struct state {
  test::checks checks;
  cowarp::channel<std::int32_t, 2> requests;
  cowarp::channel<std::int32_t, 2> stock[2];
  cowarp::channel<std::int32_t, 1> answers;
  test::counter seen;
};

// [chain]
struct from_stock {
  cowarp::channel<std::int32_t, 2>* stock;
  COWARP_FN auto operator()(std::int32_t which) const { return stock[which].receive(); }
};
struct nothing_left {
  COWARP_FN auto operator()() const { return cowarp::ready(-1); }
};
struct count_up {
  test::counter& seen;
  COWARP_FN void operator()(std::int32_t) const { seen.add(); }
};

/// Serves requests: each names a channel to receive from; -1 if either has ended.
COWARP_TASK_FRAME(serving, 1, 256) {
  state& s;
  std::int32_t goods = 0;
  COWARP_BODY_BEGIN
  while (goods != -1) {
    COWARP_AWAIT_INTO(
        goods,
        cowarp::inspect(cowarp::or_else(cowarp::and_then(s.requests.receive(), from_stock{s.stock}),
                                        nothing_left{}),
                        count_up{s.seen}));
    COWARP_AWAIT(s.answers.send(goods));
  }
  COWARP_BODY_END
};
// [/chain]

COWARP_TASK_FRAME(requesting, 1) {
  state& s;
  cowarp::optional<std::int32_t> goods{};
  COWARP_BODY_BEGIN
  COWARP_AWAIT(s.requests.send(1));
  COWARP_AWAIT(cowarp::yield_now());
  COWARP_AWAIT(s.stock[1].send(11));
  COWARP_AWAIT_INTO(goods, s.answers.receive());
  s.checks.equal(*goods, 11);

  s.requests.close();
  COWARP_AWAIT_INTO(goods, s.answers.receive());
  s.checks.equal(*goods, -1);
  COWARP_BODY_END
};

struct app : cowarp::program<serving, requesting> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<app> s) {
    (void)s.spawn<serving>(s.grid_state());
    (void)s.spawn<requesting>(s.grid_state());
  }
};

// ---- outputs of several types --------------------------------------------------------------------

using sent = cowarp::send_result<std::int32_t>;

/// Two yields, then `n * 100`, or nothing for 0.
struct slow_hundreds {
  COWARP_FN auto operator()(std::int32_t n) const {
    return after_polls{2, n == 0 ? maybe() : maybe(n * 100)};
  }
};
struct sent_again {
  cowarp::channel<std::int32_t, 2>& to;
  COWARP_FN auto operator()(sent) const { return to.send(9); }
};
struct then_sent_to {
  cowarp::channel<std::int32_t, 2>& to;
  COWARP_FN auto operator()(sent refused) const { return to.send(*refused.value + 1); }
};
struct one_more {
  COWARP_FN auto operator()(cowarp::unit) const { return after_polls{1, 8}; }
};

COWARP_TASK_FRAME(chaining, 1, 256) {
  state& s;
  maybe value{};
  sent result{};
  COWARP_BODY_BEGIN
  COWARP_AWAIT_INTO(value, cowarp::and_then(after_polls{1, 3}, slow_hundreds{}));
  s.checks.equal(*value, 300);
  COWARP_AWAIT_INTO(value, cowarp::and_then(after_polls{1, {}}, slow_hundreds{}));
  s.checks.that(!value);
  COWARP_AWAIT_INTO(value, cowarp::and_then(after_polls{1, 0}, slow_hundreds{}));
  s.checks.that(!value);
  COWARP_AWAIT_INTO(value, cowarp::flatten(cowarp::ready(after_polls{2, 5})));
  s.checks.equal(*value, 5);
  COWARP_AWAIT_INTO(value, cowarp::flatten(cowarp::map(cowarp::yield_now(), one_more{})));
  s.checks.equal(*value, 8);

  COWARP_AWAIT_INTO(result, cowarp::and_then(s.requests.send(4), sent_again{s.requests}));
  s.checks.that(result.is_ok() && s.requests.size() == 2);
  s.requests.close();
  COWARP_AWAIT_INTO(result, cowarp::and_then(s.requests.send(6), sent_again{s.requests}));
  s.checks.that(result.status == cowarp::send_status::closed && *result.value == 6);
  COWARP_AWAIT_INTO(result, cowarp::or_else(s.requests.send(6), then_sent_to{s.stock[0]}));
  s.checks.that(result.is_ok() && s.stock[0].try_receive() == 7);
  COWARP_AWAIT_INTO(result, cowarp::or_else(s.stock[0].send(1), then_sent_to{s.stock[0]}));
  s.checks.that(result.is_ok() && s.stock[0].try_receive() == 1 && s.stock[0].is_empty());
  COWARP_BODY_END
};

struct chaining_app : cowarp::program<chaining> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<chaining_app> s) {
    (void)s.spawn<chaining>(s.grid_state());
  }
};

/// A future for a success or a failure, with a life to count.
struct making {
  test::counted_life::counts& lives;
  COWARP_FN living make() const { return living(lives, 9, true); }
  COWARP_FN living operator()(std::int32_t) const { return make(); }
  COWARP_FN living operator()() const { return make(); }
};

struct looking_back {
  test::counted_life::counts& first;
  bool& was_gone;
  COWARP_FN auto operator()(std::int32_t n) const {
    was_gone = first.built.value() == first.destroyed.value();
    return cowarp::ready(maybe(n));
  }
};

struct by_and_then {
  static constexpr bool succeeds = true;
  static auto make(living&& first, making fn) { return cowarp::and_then(std::move(first), fn); }
};
struct by_or_else {
  static constexpr bool succeeds = false;
  static auto make(living&& first, making fn) { return cowarp::or_else(std::move(first), fn); }
};

}  // namespace chain_test

TEST_CASE("and_then: goes on after a success only", "[future][chain]") {
  chain_test::state s{};
  test::run_to_end<chain_test::app>(s);
  s.checks.require_none(2);
  CHECK(s.seen.value() == 2);
}

TEST_CASE("chain: failures and successes pass as they are", "[future][chain]") {
  chain_test::state s{};
  const auto report = test::run_to_end<chain_test::chaining_app>(s);
  s.checks.require_none(9);
  CHECK(report.total.polls == 1 + (1 + 2) + 1 + (1 + 2) + 2 + (1 + 1));
}

TEST_CASE("or_else: a value of its own for every failure", "[future][chain]") {
  using namespace chain_test;
  CHECK(cowarp::block_on(cowarp::or_else(after_polls{1, 3}, nothing_left{})) == 3);
  CHECK(cowarp::block_on(cowarp::or_else(after_polls{1, {}}, nothing_left{})) == -1);
}

TEST_CASE("inspect: the function sees the output once, the rest does too", "[future][chain]") {
  using namespace chain_test;
  test::counter seen{};
  CHECK(cowarp::block_on(cowarp::inspect(cowarp::ready(4), count_up{seen})) == 4);
  CHECK(seen.value() == 1);
  cowarp::context cx;
  auto unready = cowarp::inspect(cowarp::never<std::int32_t>(), count_up{seen});
  CHECK_FALSE(unready.poll(cx).has_value());
  CHECK(seen.value() == 1);
}

TEMPLATE_TEST_CASE("chain: dropped in either half it leaves nothing", "[future][chain]",
                   chain_test::by_and_then, chain_test::by_or_else) {
  using namespace chain_test;
  test::counted_life::counts first{};
  test::counted_life::counts second{};
  cowarp::context cx;
  { auto unpolled = TestType::make(living(first, 0, TestType::succeeds), making{second}); }
  CHECK(first.built.value() == first.destroyed.value());
  {
    auto halfway = TestType::make(living(first, 0, TestType::succeeds), making{second});
    CHECK_FALSE(halfway.poll(cx).has_value());
    CHECK(first.built.value() == first.destroyed.value());  // the first is gone at once
    CHECK(second.built.value() == second.destroyed.value() + 1);
  }
  CHECK(second.built.value() == second.destroyed.value());
}

TEST_CASE("chain: the first is gone before the function is called", "[future][chain]") {
  using namespace chain_test;
  test::counted_life::counts lives{};
  bool was_gone = false;
  cowarp::context cx;
  auto chain = cowarp::and_then(living(lives, 1, true), looking_back{lives, was_gone});
  CHECK_FALSE(chain.poll(cx).has_value());
  CHECK_FALSE(was_gone);
  CHECK(chain.poll(cx).has_value());
  CHECK(was_gone);
}
