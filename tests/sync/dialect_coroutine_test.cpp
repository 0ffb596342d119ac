// SPDX-License-Identifier: Apache-2.0
/// \file
/// Every primitive between two coroutines, in one block and across two: what one gives the other gets.
#include <support/checks.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

namespace dialect_test {

using cowarp::scope;

constexpr std::int32_t rounds = 8;

struct make_seven {
  COWARP_FN std::int32_t operator()() const { return 7; }
};
struct add {
  std::int32_t by;
  COWARP_FN std::int32_t operator()(std::int32_t& total) const { return total += by; }
};

template <scope S>
struct board {
  cowarp::signal<std::int32_t, S> there;
  cowarp::signal<std::int32_t, S> back;
  cowarp::channel<std::int32_t, 2, S> messages;
  cowarp::greedy_channel<std::int32_t, 2, S> many;
  cowarp::priority_channel<std::int32_t, 2, S> urgent;
  cowarp::zerocopy_channel<std::int32_t, 2, S> slots;
  cowarp::pipe<8, S> bytes;
  cowarp::watch<std::int32_t, S> latest;
  cowarp::pubsub_channel<std::int32_t, 4, 2, S> news;
  cowarp::event<S> has_subscribed;
  cowarp::oneshot<std::int32_t, S> answer;
  cowarp::latch<2, S> both;
  cowarp::barrier<2, S> phase;
  cowarp::mutex<std::int32_t, S> sum;
  cowarp::rwlock<std::int32_t, S> shared;
  cowarp::semaphore<1, S> few;
  cowarp::greedy_semaphore<1, S> greedy;
  cowarp::once_lock<std::int32_t, S> once;
  cowarp::lazy_lock<std::int32_t, make_seven, S> lazy;
  cowarp::wait_queue<S> line;
  cowarp::platform::atomic_word<S> is_open;
  cowarp::rpc_service<std::int32_t, S> service;
  cowarp::cancellation_token<S> stop;
  cowarp::event<S> never;
  cowarp::abort_handle<S> handle;
};

template <scope S>
struct opened {
  board<S>* b;
  COWARP_FN bool operator()() const {
    // acquire: shows what came before the line was opened.
    return b->is_open.load(cowarp::platform::acquire) != 0;
  }
};

// ---- messages ------------------------------------------------------------------------------------

template <scope S>
COWARP_FN cowarp::async<> give_messages(board<S>& b, test::checks& found) {
  for (std::int32_t i = 0; i < rounds; ++i) {
    b.there.send(i);
    found.equal(co_await b.back.wait(), i + 100);
    const auto sent        = co_await b.messages.send(i);
    const auto one_of_many = co_await b.many.send(i);
    const auto first       = co_await b.urgent.send(i);
    found.that(sent.is_ok() && one_of_many.is_ok() && first.is_ok());
    auto slot = co_await b.slots.send();
    *slot     = i;
    slot.done();
  }
  b.messages.close();
  b.many.close();
  b.urgent.close();
  b.slots.close();
}

template <scope S>
COWARP_FN cowarp::async<> get_messages(board<S>& b, test::checks& found) {
  for (std::int32_t i = 0; i < rounds; ++i) {
    found.equal(co_await b.there.wait(), i);
    b.back.send(i + 100);
    found.equal(*co_await b.messages.receive(), i);
    found.equal(*co_await b.many.receive(), i);
    found.equal(*co_await b.urgent.receive(), i);
    auto slot = co_await b.slots.receive();
    found.equal(*slot, i);
    slot.done();
  }
  found.that(!co_await b.messages.receive());
  found.that(!co_await b.many.receive());
  found.that(!co_await b.urgent.receive());
  found.that(!co_await b.slots.receive());
}

template <scope S>
COWARP_FN cowarp::async<> give_news(board<S>& b, test::checks& found) {
  std::byte sent[20];
  for (std::size_t i = 0; i < sizeof sent; ++i) sent[i] = static_cast<std::byte>(i);
  found.equal(co_await b.bytes.write_all(std::span<const std::byte>(sent)), sizeof sent);
  static_cast<void>(b.latest.send(5));
  co_await b.has_subscribed.wait();
  const auto published = co_await b.news.publish(6);
  found.that(published.is_ok());
  static_cast<void>(b.answer.send(8));
}

template <scope S>
COWARP_FN cowarp::async<> get_news(board<S>& b, test::checks& found) {
  std::byte got[20];
  for (std::size_t i = 0; i < sizeof got;) {
    i += co_await b.bytes.read(std::span<std::byte>(got).subspan(i));
  }
  for (std::size_t i = 0; i < sizeof got; ++i) {
    found.equal(static_cast<std::size_t>(got[i]), i);
  }
  auto receiver = b.latest.subscribe();
  found.equal(*co_await receiver.get(), 5);
  auto subscriber = b.news.subscribe();
  b.has_subscribed.set();
  found.equal(*co_await subscriber.next_value(), 6);
  found.equal(*co_await b.answer.receive(), 8);
}

// ---- turns, and what is made once ----------------------------------------------------------------

template <scope S>
COWARP_FN cowarp::async<> take_turns(board<S>& b, test::checks& found) {
  for (std::int32_t i = 0; i < rounds; ++i) {
    {
      auto sum         = co_await b.sum.lock();
      const int before = *sum;
      co_await cowarp::yield_now();
      *sum = before + 1;
    }
    {
      auto shared = co_await b.shared.write();
      ++*shared;
    }
    {
      const auto shared = co_await b.shared.read();
      found.that(*shared > i);
    }
    {
      const auto permit = co_await b.few.acquire();
      found.that(permit.has_value());
      const auto other = co_await b.greedy.acquire();
      found.that(other.has_value());
    }
    static_cast<void>(co_await b.phase.arrive_and_wait());
  }
  co_await b.both.arrive_and_wait();
  found.equal(*co_await b.once.get_or_init(make_seven{}), 7);
  found.equal(*co_await b.lazy.get(), 7);
}

// ---- waking, asking and giving up ----------------------------------------------------------------

template <scope S>
COWARP_FN cowarp::async<> let_go(board<S>& b, test::checks& found) {
  // release: shows what came before to who passes.
  b.is_open.store(1, cowarp::platform::release);
  b.line.wake_all();
  found.equal(*co_await b.service.call(add{2}), 12);
  b.service.close();
  b.stop.cancel();
  b.handle.abort();
}

template <scope S>
COWARP_FN cowarp::async<> wait_for_it(board<S>& b, test::checks& found) {
  found.that(co_await b.line.wait_until(opened<S>{&b}));
  std::int32_t total = 10;
  co_await b.service.serve(total);
  found.equal(total, 12);
  co_await b.stop.cancelled();
  found.that(!co_await cowarp::abortable(b.never.wait(), b.handle));
}

template <scope S>
COWARP_FN cowarp::async<> give(board<S>& b, test::checks& found) {
  co_await give_messages(b, found);
  co_await give_news(b, found);
  co_await take_turns(b, found);
  co_await let_go(b, found);
}
template <scope S>
COWARP_FN cowarp::async<> get(board<S>& b, test::checks& found) {
  co_await get_messages(b, found);
  co_await get_news(b, found);
  co_await take_turns(b, found);
  co_await wait_for_it(b, found);
}

// ---- in one block, and across two ----------------------------------------------------------------

COWARP_TASK(give_here, 1, (board<scope::block>& b, test::checks& found), 4000) {
  co_await give(b, found);
}
COWARP_TASK(get_here, 1, (board<scope::block>& b, test::checks& found), 4000) {
  co_await get(b, found);
}

struct here : cowarp::program<give_here, get_here> {
  using block_state = board<scope::block>;
  using grid_state  = test::checks;
  COWARP_FN static void start(cowarp::spawner<here> s, block_state& b, grid_state& found) {
    s.must_spawn<give_here>(b, found);
    s.must_spawn<get_here>(b, found);
  }
};

template <scope S>
struct grid {
  board<S> b;
  test::checks found;
};

COWARP_TASK(give_there, 1, (board<scope::device>& b, test::checks& found), 4000) {
  co_await give(b, found);
}
COWARP_TASK(get_there, 1, (board<scope::device>& b, test::checks& found), 4000) {
  co_await get(b, found);
}

struct there : cowarp::program<give_there, get_there> {
  using grid_state = grid<scope::device>;
  COWARP_FN static void start(cowarp::spawner<there> s, cowarp::no_state&, grid_state& g) {
    if (s.block() == 0) s.must_spawn<give_there>(g.b, g.found);
    if (s.block() + 1 == s.blocks()) s.must_spawn<get_there>(g.b, g.found);
  }
};

}  // namespace dialect_test

TEST_CASE("coroutines: every primitive between two tasks of a block", "[sync][coroutine]") {
  test::checks found{};
  test::run_to_end<dialect_test::here>(found, {.blocks = 2});
  found.require_none(2 * 141);
}

TEST_CASE("coroutines: every primitive between tasks of two blocks", "[sync][coroutine]") {
  dialect_test::grid<cowarp::scope::device> g{};
  test::run_to_end<dialect_test::there>(g, {.blocks = 2});
  g.found.require_none(141);
}
