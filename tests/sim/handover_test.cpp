// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a task wrote before a verb, plain data too, is there after the verb that it let through.
#include "explore.hpp"
#include <array>
#include <cstddef>

using namespace std::chrono_literals;
namespace platform = cowarp::platform;

namespace {

enum class by : std::uint32_t {
  channel,
  priority_channel,
  zerocopy_channel,
  pubsub_channel,
  pipe,
  oneshot,
  rpc_service,
  signal,
  watch,
  once_lock,
  lazy_lock,
  mutex,
  rwlock,
  semaphore,
  greedy_semaphore,
  wait_queue,
  event,
  latch,
  barrier,
  cancellation_token,
  atomic_waker,
  last
};

struct one_more {
  auto operator()() const { return cowarp::ready(1); }
};

/// `cargo` is what is handed over: no atomic, so that only the primitive orders it.
struct hall {
  by what;
  std::uint32_t cargo[2];
  std::uint32_t seen;
  cowarp::channel<int, 1> channel;
  cowarp::priority_channel<int, 1> priority;
  cowarp::zerocopy_channel<int, 1> zerocopy;
  cowarp::pubsub_channel<int, 1, 1> pubsub;
  cowarp::pipe<1> pipe;
  cowarp::oneshot<int> oneshot;
  cowarp::rpc_service<std::uint32_t> service;
  cowarp::signal<int> signal;
  cowarp::watch<int> watch;
  cowarp::once_lock<int> once;
  cowarp::lazy_lock<int, one_more> lazy;
  cowarp::mutex<std::uint32_t> mutex;
  cowarp::rwlock<std::uint32_t> rwlock;
  cowarp::semaphore<1> semaphore;
  cowarp::greedy_semaphore<1> greedy;
  cowarp::wait_queue<> queue;
  cowarp::event<> event;
  cowarp::latch<2> latch;
  cowarp::barrier<2> barrier;
  cowarp::cancellation_token<> token;
  cowarp::atomic_waker<> waker;
  platform::atomic_word<cowarp::scope::device> has_subscribed;
};

/// Adds one to the cargo, which only a lock protects, and tells a later holder how often.
void add_one(hall& h) {
  ++h.cargo[0];
  h.cargo[1] = h.cargo[0];
}

/// One half of a symmetrical user of a lock.
inline COWARP_FN cowarp::async<> use_lock(hall& h) {
  for (int i = 0; i < 3; ++i) {
    if (h.what == by::mutex) {
      auto guard = co_await h.mutex.lock();
      add_one(h);
      co_await cowarp::yield_now();
      add_one(h);
    } else if (h.what == by::rwlock) {
      {
        auto guard = co_await h.rwlock.write();
        add_one(h);
        add_one(h);
      }
      auto guard = co_await h.rwlock.read();
      if (h.cargo[0] != h.cargo[1]) h.cargo[0] = 99;  // a race too, if it came to that
    } else if (h.what == by::semaphore) {
      auto permit = co_await h.semaphore.acquire();
      add_one(h);
      add_one(h);
    } else {
      auto permit = co_await h.greedy.acquire();
      add_one(h);
      add_one(h);
    }
  }
}

COWARP_TASK(giver, 1, (hall & h), 640) {
  if (h.what >= by::mutex && h.what <= by::greedy_semaphore) {
    co_await use_lock(h);
    co_return;
  }
  if (h.what == by::pubsub_channel) {
    while (h.has_subscribed.load(platform::relaxed) == 0) {  // relaxed: it hands nothing over.
      co_await cowarp::sleep_for(50ns);
    }
  }
  // The value that comes with the cargo may replace this one, of which the taker was told.
  if (h.what == by::signal) h.signal.send(0);
  if (h.what != by::atomic_waker) h.cargo[0] = 12;
  switch (h.what) {
    case by::channel: static_cast<void>(co_await h.channel.send(1)); break;
    case by::priority_channel: static_cast<void>(co_await h.priority.send(1)); break;
    case by::zerocopy_channel: {
      auto slot = co_await h.zerocopy.send();
      *slot     = 1;
      slot.done();
      break;
    }
    case by::pubsub_channel: static_cast<void>(co_await h.pubsub.publish(1)); break;
    case by::pipe: {
      const std::array<std::byte, 1> byte{};
      static_cast<void>(co_await h.pipe.write(byte));
      break;
    }
    case by::oneshot: static_cast<void>(h.oneshot.send(1)); break;
    case by::rpc_service: {
      // There and back: the function sees the cargo, and the caller what the function wrote.
      const auto told = co_await h.service.call([&h](std::uint32_t& resource) {
        resource   = h.cargo[0];
        h.cargo[1] = 13;
        return true;
      });
      h.seen          = told && h.cargo[1] == 13 ? 12 : 0;
      h.service.close();
      break;
    }
    case by::signal: h.signal.send(1); break;
    case by::watch: static_cast<void>(h.watch.send(1)); break;
    case by::once_lock: static_cast<void>(h.once.init(1)); break;
    case by::lazy_lock: static_cast<void>(co_await h.lazy.get()); break;
    case by::wait_queue: h.queue.wake_one(); break;
    case by::event: h.event.set(); break;
    case by::latch: h.latch.count_down(); break;
    case by::barrier: static_cast<void>(co_await h.barrier.arrive_and_wait()); break;
    case by::cancellation_token: h.token.cancel(); break;
    case by::atomic_waker:
      while (!h.waker.is_registered()) co_await cowarp::sleep_for(50ns);
      h.cargo[0] = 12;
      h.waker.wake();
      break;
    default: break;
  }
}

COWARP_TASK(taker, 1, (hall & h), 640) {
  switch (h.what) {
    case by::mutex:
    case by::rwlock:
    case by::semaphore:
    case by::greedy_semaphore: co_await use_lock(h); co_return;
    case by::channel: static_cast<void>(co_await h.channel.receive()); break;
    case by::priority_channel: static_cast<void>(co_await h.priority.receive()); break;
    case by::zerocopy_channel: (co_await h.zerocopy.receive()).done(); break;
    case by::pubsub_channel: {
      auto to = h.pubsub.subscribe();
      h.has_subscribed.store(1, platform::relaxed);  // relaxed: it hands nothing over.
      static_cast<void>(co_await to.next());
      break;
    }
    case by::pipe: {
      std::array<std::byte, 1> byte{};
      static_cast<void>(co_await h.pipe.read(byte));
      break;
    }
    case by::oneshot: static_cast<void>(co_await h.oneshot.receive()); break;
    case by::rpc_service: {
      std::uint32_t resource = 0;
      co_await h.service.serve(resource);
      co_return;
    }
    case by::signal:
      while (co_await h.signal.wait() == 0) {
      }
      break;
    case by::watch: {
      auto to = h.watch.subscribe();
      static_cast<void>(co_await to.changed());
      break;
    }
    case by::once_lock: static_cast<void>(co_await h.once.get()); break;
    case by::lazy_lock:  // hands over what the maker wrote, and that may be this task
      h.seen = co_await h.lazy.get() == h.lazy.try_get() ? 12 : 0;
      co_return;
    case by::wait_queue: static_cast<void>(co_await h.queue.wait()); break;
    case by::event: co_await h.event.wait(); break;
    case by::latch: co_await h.latch.arrive_and_wait(); break;  // one of the two is last
    case by::barrier: static_cast<void>(co_await h.barrier.arrive_and_wait()); break;
    case by::cancellation_token: co_await h.token.cancelled(); break;
    case by::atomic_waker:
      co_await cowarp::poll_fn(
          [&h, polls = 0](cowarp::context& cx) mutable -> cowarp::polled<cowarp::unit> {
            if (polls++ != 0) return cowarp::unit{};  // only the wake leads to a second poll
            h.waker.register_waker(cx.waker());
            return cowarp::pending;
          });
      break;
    default: break;
  }
  h.seen = h.cargo[0];
}

struct handing : cowarp::program<giver, taker> {
  using grid_state = hall;
  static void start(cowarp::spawner<handing> s, cowarp::no_state&, hall& h) {
    if (s.block() == 0) s.must_spawn<giver>(h);
    if (s.block() == s.blocks() - 1) s.must_spawn<taker>(h);
  }
};

}  // namespace

TEST_CASE("sync: every primitive hands plain data over", "[sim][sync]") {
  for (std::uint32_t i = 0; i < static_cast<std::uint32_t>(by::last); ++i) {
    const by what = static_cast<by>(i);
    const bool is_lock =
        what >= by::mutex && what <= by::greedy_semaphore;  // both halves add, six times each
    INFO("primitive " << i << " of the list");
    sim_test::explore<handing>(
        60, {},
        [&] {
          hall h{};
          h.what = what;
          return h;
        },
        [&](const cowarp::report& report, const hall& h, sim_test::verdict& found) {
          sim_test::all_done(report, found);
          found.equal(is_lock ? h.cargo[1] : h.seen, 12u, "what was handed over");
        });
  }
}
