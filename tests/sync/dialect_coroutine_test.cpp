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
  test::checks* found;
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
COWARP_FN cowarp::async<> give_messages(board<S>& b) {
  for (std::int32_t i = 0; i < rounds; ++i) {
    b.there.send(i);
    b.found->equal(co_await b.back.wait(), i + 100);
    const auto sent        = co_await b.messages.send(i);
    const auto one_of_many = co_await b.many.send(i);
    const auto first       = co_await b.urgent.send(i);
    b.found->that(sent.is_ok() && one_of_many.is_ok() && first.is_ok());
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
COWARP_FN cowarp::async<> get_messages(board<S>& b) {
  for (std::int32_t i = 0; i < rounds; ++i) {
    b.found->equal(co_await b.there.wait(), i);
    b.back.send(i + 100);
    b.found->equal(*co_await b.messages.receive(), i);
    b.found->equal(*co_await b.many.receive(), i);
    b.found->equal(*co_await b.urgent.receive(), i);
    auto slot = co_await b.slots.receive();
    b.found->equal(*slot, i);
    slot.done();
  }
  b.found->that(!co_await b.messages.receive());
  b.found->that(!co_await b.many.receive());
  b.found->that(!co_await b.urgent.receive());
  b.found->that(!co_await b.slots.receive());
}

template <scope S>
COWARP_FN cowarp::async<> give_news(board<S>& b) {
  std::byte sent[20];
  for (std::size_t i = 0; i < sizeof sent; ++i) sent[i] = static_cast<std::byte>(i);
  b.found->equal(co_await b.bytes.write_all(std::span<const std::byte>(sent)), sizeof sent);
  static_cast<void>(b.latest.send(5));
  co_await b.has_subscribed.wait();
  const auto published = co_await b.news.publish(6);
  b.found->that(published.is_ok());
  static_cast<void>(b.answer.send(8));
}

template <scope S>
COWARP_FN cowarp::async<> get_news(board<S>& b) {
  std::byte got[20];
  for (std::size_t i = 0; i < sizeof got;) {
    i += co_await b.bytes.read(std::span<std::byte>(got).subspan(i));
  }
  for (std::size_t i = 0; i < sizeof got; ++i) {
    b.found->equal(static_cast<std::size_t>(got[i]), i);
  }
  auto receiver = b.latest.subscribe();
  b.found->equal(*co_await receiver.get(), 5);
  auto subscriber = b.news.subscribe();
  b.has_subscribed.set();
  b.found->equal(*co_await subscriber.next_value(), 6);
  b.found->equal(*co_await b.answer.receive(), 8);
}

// ---- turns, and what is made once ----------------------------------------------------------------

template <scope S>
COWARP_FN cowarp::async<> take_turns(board<S>& b) {
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
      b.found->that(*shared > i);
    }
    {
      const auto permit = co_await b.few.acquire();
      b.found->that(permit.has_value());
      const auto other = co_await b.greedy.acquire();
      b.found->that(other.has_value());
    }
    static_cast<void>(co_await b.phase.arrive_and_wait());
  }
  co_await b.both.arrive_and_wait();
  b.found->equal(*co_await b.once.get_or_init(make_seven{}), 7);
  b.found->equal(*co_await b.lazy.get(), 7);
}

// ---- waking, asking and giving up ----------------------------------------------------------------

template <scope S>
COWARP_FN cowarp::async<> let_go(board<S>& b) {
  // release: shows what came before to who passes.
  b.is_open.store(1, cowarp::platform::release);
  b.line.wake_all();
  b.found->equal(*co_await b.service.call(add{2}), 12);
  b.service.close();
  b.stop.cancel();
  b.handle.abort();
}

template <scope S>
COWARP_FN cowarp::async<> wait_for_it(board<S>& b) {
  b.found->that(co_await b.line.wait_until(opened<S>{&b}));
  std::int32_t total = 10;
  co_await b.service.serve(total);
  b.found->equal(total, 12);
  co_await b.stop.cancelled();
  b.found->that(!co_await cowarp::abortable(b.never.wait(), b.handle));
}

template <scope S>
COWARP_FN cowarp::async<> give(board<S>& b) {
  co_await give_messages(b);
  co_await give_news(b);
  co_await take_turns(b);
  co_await let_go(b);
}
template <scope S>
COWARP_FN cowarp::async<> get(board<S>& b) {
  co_await get_messages(b);
  co_await get_news(b);
  co_await take_turns(b);
  co_await wait_for_it(b);
}

// ---- in one block, and across two ----------------------------------------------------------------

COWARP_TASK(give_here, 1, (board<scope::block>& b), 4000) { co_await give(b); }
COWARP_TASK(get_here, 1, (board<scope::block>& b), 4000) { co_await get(b); }

struct here : cowarp::program<give_here, get_here> {
  using block_state = board<scope::block>;
  using grid_state  = test::checks;
  COWARP_FN static void start(cowarp::spawner<here> s, block_state& b, grid_state& found) {
    b.found = &found;
    s.must_spawn<give_here>(b);
    s.must_spawn<get_here>(b);
  }
};

template <scope S>
struct grid {
  board<S> b;
  test::checks found;
};

COWARP_TASK(give_there, 1, (board<scope::device>& b), 4000) { co_await give(b); }
COWARP_TASK(get_there, 1, (board<scope::device>& b), 4000) { co_await get(b); }

struct there : cowarp::program<give_there, get_there> {
  using grid_state = grid<scope::device>;
  COWARP_FN static void start(cowarp::spawner<there> s, cowarp::no_state&, grid_state& g) {
    g.b.found = &g.found;  // the same from both blocks
    if (s.block() == 0) s.must_spawn<give_there>(g.b);
    if (s.block() + 1 == s.blocks()) s.must_spawn<get_there>(g.b);
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
