// SPDX-License-Identifier: Apache-2.0
#include "explore.hpp"

using namespace std::chrono_literals;
using cowarp::scope;
namespace platform = cowarp::platform;

namespace {

using count = platform::atomic_word<scope::device>;

void note(count& what) { what.fetch_add(1, platform::relaxed); }  // relaxed: read after the run.
std::uint32_t read(const count& what) { return what.load(platform::relaxed); }  // relaxed: ended.

struct results {
  cowarp::channel<std::uint32_t, 2> numbers;
  count sum;
  count wrong;
  count senders_left;
};

// Frames of nested functions of many lanes at once: each must stand in its own task's stack.
inline cowarp::async<std::uint32_t> twice(std::uint32_t n) {
  co_await cowarp::yield_now();
  co_return n * 2;
}
inline cowarp::async<std::uint32_t> quarter(std::uint32_t n) {
  const std::uint32_t half = co_await twice(n);
  co_await cowarp::sleep_for(50ns);
  co_return (co_await twice(half)) / 16;
}

COWARP_TASK(produce, 6, (results& r, std::uint32_t id)) {
  for (std::uint32_t i = 0; i < 5; ++i) {
    const std::uint32_t value = (id * 5 + i) * 4;
    if (co_await quarter(value) != value / 4) note(r.wrong);
    static_cast<void>(co_await r.numbers.send(value / 4));
  }
  // relaxed: closing publishes nothing.
  if (r.senders_left.fetch_sub(1, platform::relaxed) == 1) r.numbers.close();
}

COWARP_TASK(consume, 6, (results& r), 400) {
  for (;;) {
    auto got = co_await cowarp::with_timeout(2us, r.numbers.receive());
    // The next deadline may pass before the next poll; others must get their turn all the same.
    co_await cowarp::yield_now();
    if (!got) continue;
    if (!*got) co_return;
    r.sum.fetch_add(**got, platform::relaxed);  // relaxed: read after the run.
  }
}

struct pipeline : cowarp::program<produce, consume> {
  using grid_state = results;
  COWARP_FN static void start(cowarp::spawner<pipeline> s, cowarp::no_state&, results& r) {
    for (std::uint32_t i = 0; i < 6; ++i) {
      s.must_spawn<produce>(r, s.block() * 6 + i);
      s.must_spawn<consume>(r);
    }
  }
};

struct yields {
  count wrong;
};

/// Ready at the poll after the first.
struct one_wait {
  using output  = std::uint32_t;
  bool has_been = false;
  cowarp::polled<std::uint32_t> poll(cowarp::context& cx) {
    if (has_been) return 5u;
    has_been = true;
    cx.wake_self();
    return cowarp::pending;
  }
};

inline cowarp::async<std::uint32_t> yields_times(std::uint32_t n) {
  for (std::uint32_t i = 0; i < n; ++i) co_await cowarp::yield_now();
  co_return n;
}

// A yield wherever a coroutine can be when it yields.
COWARP_TASK(yielding, 20, (yields & y), 400) {
  std::uint32_t sum = co_await yields_times(2);
  co_await cowarp::yield_now();
  sum += co_await yields_times(0);
  co_await cowarp::yield_now();
  sum += co_await one_wait{};
  co_await cowarp::yield_now();
  sum += co_await one_wait{};
  sum += co_await yields_times(1);
  co_await cowarp::yield_now();
  if (sum != 2 + 5 + 5 + 1) note(y.wrong);
}

struct yielding_app : cowarp::program<yielding> {
  using grid_state = yields;
  COWARP_FN static void start(cowarp::spawner<yielding_app> s) {
    for (std::uint32_t i = 0; i < 20; ++i) s.must_spawn<yielding>(s.grid_state());
  }
};

struct notes {
  cowarp::signal<std::uint32_t> sent;
  count polls;  // of who waits for it
};

// What was noted for one poll is not noted for the next.
COWARP_TASK(noting, 1, (notes & n), 600) {
  static_cast<void>(co_await one_wait{});
  static_cast<void>(co_await sim_test::counted<decltype(n.sent.wait())>{n.sent.wait(), n.polls});
}
COWARP_TASK(sending, 1, (notes & n), 200) {
  for (std::uint32_t i = 0; i < 10; ++i) co_await cowarp::yield_now();
  n.sent.send(1);
}

struct noting_app : cowarp::program<noting, sending> {
  using grid_state = notes;
  COWARP_FN static void start(cowarp::spawner<noting_app> s) {
    s.must_spawn<noting>(s.grid_state());
    s.must_spawn<sending>(s.grid_state());
  }
};

}  // namespace

TEST_CASE("async: what was noted for one poll is not noted for the next",
          "[sim][executor][async]") {
  sim_test::explore<noting_app>(
      50, {.blocks = 1}, [] { return notes{}; },
      [](const cowarp::report& report, const notes& n, sim_test::verdict& found) {
        sim_test::all_done(report, found);
        found.that(read(n.polls) <= 2, "polls without a cause");
      });
}

TEST_CASE("async: each yield is a poll of its own", "[sim][executor][async]") {
  sim_test::explore<yielding_app>(
      50, {.blocks = 1}, [] { return yields{}; },
      [](const cowarp::report& report, const yields& y, sim_test::verdict& found) {
        sim_test::all_done(report, found);
        found.equal(read(y.wrong), 0u, "wrong results");
        found.equal(report.total.polls, 20u * (1 + 7 + 2), "polls");
      });
}

TEST_CASE("async: nested functions of many lanes keep apart", "[sim][executor][async]") {
  sim_test::explore<pipeline>(
      100, {.blocks = 2},
      [] {
        results r{};
        r.senders_left.store(12, platform::relaxed);  // relaxed: nobody runs yet.
        return r;
      },
      [](const cowarp::report& report, const results& r, sim_test::verdict& found) {
        sim_test::all_done(report, found);
        found.equal(read(r.wrong), 0u, "wrong results");
        found.equal(read(r.sum), 60u * 59u / 2u, "sum of the messages");
      });
}
