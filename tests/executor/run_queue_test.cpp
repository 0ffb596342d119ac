// SPDX-License-Identifier: Apache-2.0
/// \file
/// The run queue alone, on the host: once in the list, nothing lost, generations.
#include <support/checks.hpp>

#include <cstdint>
#include <thread>
#include <vector>

namespace run_queue_test {

constexpr std::uint32_t items = 8;

struct fixture {
  cowarp::run_item links[items]{};
  cowarp::run_queue queue{};

  fixture() { queue.bind(links, nullptr); }

  std::vector<std::uint32_t> drained() {
    std::vector<std::uint32_t> all;
    queue.drain([&](std::uint32_t item) { all.push_back(item); });
    return all;
  }
};

using list = std::vector<std::uint32_t>;

/// What pushers write before a wake and the drainer reads after the delivery.
struct mailbox {
  std::uint64_t written = 0;  // by its pusher only, plain on purpose
  cowarp::platform::atomic_word<cowarp::scope::device> sent{};
};

}  // namespace run_queue_test

TEST_CASE("run_queue: an item is in the list once", "[executor][run_queue]") {
  run_queue_test::fixture f;
  CHECK(f.queue.is_empty());

  f.queue.wake(3);
  f.queue.wake(3);
  f.queue.wake(5);
  f.queue.wake(3);

  CHECK_FALSE(f.queue.is_empty());
  CHECK(f.drained() == run_queue_test::list{5, 3});
  CHECK(f.queue.is_empty());
  CHECK(f.drained().empty());
}

TEST_CASE("run_queue: a delivered item can be woken again", "[executor][run_queue]") {
  run_queue_test::fixture f;
  f.queue.wake(0);
  CHECK(f.drained() == run_queue_test::list{0});
  f.queue.wake(0);
  CHECK(f.drained() == run_queue_test::list{0});
}

TEST_CASE("run_queue: a wake during the delivery comes next time", "[executor][run_queue]") {
  run_queue_test::fixture f;
  f.queue.wake(1);
  f.queue.wake(2);
  run_queue_test::list seen;
  f.queue.drain([&](std::uint32_t item) {
    seen.push_back(item);
    f.queue.wake(item);
  });
  CHECK(seen == run_queue_test::list{2, 1});
  CHECK(f.drained() == run_queue_test::list{1, 2});
  CHECK(f.queue.is_empty());
}

TEST_CASE("run_queue: a wake of another generation does nothing", "[executor][run_queue]") {
  run_queue_test::fixture f;
  CHECK(f.queue.items()[4].generation() == 0);
  CHECK(f.queue.wake_generation(4, 0));
  CHECK(f.drained() == run_queue_test::list{4});

  f.queue.items()[4].next_generation();
  CHECK(f.queue.items()[4].generation() == 1);
  CHECK_FALSE(f.queue.wake_generation(4, 0));
  CHECK(f.queue.is_empty());
  CHECK(f.queue.wake_generation(4, 1));
  CHECK(f.queue.wake_generation(4, 1));
  CHECK(f.drained() == run_queue_test::list{4});
}

TEST_CASE("run_queue: a new life keeps an item in its place", "[executor][run_queue]") {
  run_queue_test::fixture f;
  f.queue.wake(6);
  f.queue.items()[6].next_generation();
  f.queue.wake(6);
  CHECK(f.drained() == run_queue_test::list{6});
  CHECK(f.queue.items()[6].generation() == 1);
  CHECK(f.queue.is_empty());
}

TEST_CASE("run_queue: wakers fit lives beyond their 24 bits", "[executor][run_queue]") {
  run_queue_test::fixture f;
  // relaxed: nobody else is here. The slot is in its life 2^24 + 5; a waker keeps 24 bits of that.
  f.links[2].state.store(((1u << 24) + 5) << 1, cowarp::platform::relaxed);
  const cowarp::waker w(cowarp::task_id{2}, f.queue.items()[2].generation());
  CHECK(f.queue.wake_generation(2, w.generation()));
  CHECK(f.drained() == run_queue_test::list{2});
}

TEST_CASE("run_queue: every wake leads to a delivery after it", "[executor][run_queue]") {
  constexpr std::uint32_t wakes = 20'000;
  run_queue_test::fixture f;
  run_queue_test::mailbox boxes[run_queue_test::items];
  std::uint32_t seen[run_queue_test::items] = {};

  // One pusher for each item writes, counts and wakes; another wakes all items without a reason.
  std::vector<std::thread> pushers;
  for (std::uint32_t item = 0; item < run_queue_test::items; item += 3) {
    pushers.emplace_back([&f, &boxes, item] {
      for (std::uint32_t i = 1; i <= wakes; ++i) {
        // relaxed: the wake publishes the count.
        boxes[item].sent.store(i, cowarp::platform::relaxed);
        if (i % 2 == 0) {
          f.queue.wake(item);
        } else {
          static_cast<void>(f.queue.wake_generation(item, 0));
        }
      }
    });
  }
  pushers.emplace_back([&f] {
    for (std::uint32_t i = 0; i < wakes; ++i) f.queue.wake(i % run_queue_test::items);
  });

  // The owner must see every item's last count by deliveries alone.
  bool once_per_drain = true;
  for (bool is_missing = true; is_missing;) {
    std::uint32_t delivered = 0;
    f.queue.drain([&](std::uint32_t item) {
      once_per_drain = once_per_drain && (delivered >> item & 1u) == 0;
      delivered |= 1u << item;
      // relaxed: the delivery acquired what came before the wake.
      seen[item] = boxes[item].sent.load(cowarp::platform::relaxed);
    });
    is_missing = false;
    for (std::uint32_t item = 0; item < run_queue_test::items; item += 3) {
      is_missing = is_missing || seen[item] != wakes;
    }
    std::this_thread::yield();
  }
  for (auto& pusher : pushers) pusher.join();
  CHECK(once_per_drain);
  f.drained();
  CHECK(f.queue.is_empty());
}

TEST_CASE("run_queue: a wake publishes plain writes", "[executor][run_queue]") {
  constexpr std::uint32_t rounds = 5'000;
  run_queue_test::fixture f;
  run_queue_test::mailbox box;
  std::thread pusher([&] {
    for (std::uint32_t i = 1; i <= rounds; ++i) {
      box.written = i;
      f.queue.wake(i % run_queue_test::items);
      // acquire: the owner read `written` before it answered.
      while (box.sent.load(cowarp::platform::acquire) != i) std::this_thread::yield();
    }
  });
  bool is_right = true;
  for (std::uint32_t i = 1; i <= rounds;) {
    f.queue.drain([&](std::uint32_t) {
      is_right = is_right && box.written == i;
      // release: the pusher may write again.
      box.sent.store(i++, cowarp::platform::release);
    });
    std::this_thread::yield();
  }
  pusher.join();
  CHECK(is_right);
}
