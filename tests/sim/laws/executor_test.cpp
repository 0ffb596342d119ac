// SPDX-License-Identifier: Apache-2.0
/// \file
/// The executor's own laws: wakes, spawns, timers, ends.
#include "law.hpp"

using namespace laws;

// ---- wakers --------------------------------------------------------------------------------------

namespace {

struct waker_state : board {
  count places[3];  // a waker stands there
  cowarp::waker wakers[3];
  std::uint32_t written[3];  // ordered by nothing but the wake
};
/// Ready at the first poll after the wake; nobody else wakes its task.
class wake_of {
 public:
  using output = cowarp::unit;
  wake_of(waker_state& s, std::uint32_t i) : s_(s), i_(i) {}
  cowarp::polled<cowarp::unit> poll(cowarp::context& cx) {
    if (is_waiting_) return cowarp::unit{};
    is_waiting_   = true;
    s_.wakers[i_] = cx.waker();
    note(s_.places[i_]);
    return cowarp::pending;
  }

 private:
  waker_state& s_;
  std::uint32_t i_;
  bool is_waiting_ = false;
};
COWARP_TASK(wakened, 3, (waker_state & s, std::uint32_t me), 160) {
  co_await wake_of(s, me);
  s.that(s.written[me] == me + 1);
  note(s.ended);
}
COWARP_TASK(wakes, 3, (waker_state & s, std::uint32_t me), 160) {
  while (read(s.places[me]) == 0) co_await cowarp::yield_now();
  s.written[me]           = me + 1;
  const cowarp::waker old = s.wakers[me];
  old.wake();
  for (std::uint32_t i = s.pick(me, 3); i > 0; --i) {
    co_await cowarp::yield_now();
    old.wake();  // of a task that may have ended
  }
}
struct waker_law : cowarp::program<wakened, wakes> {
  using grid_state = waker_state;
  static void start(cowarp::spawner<waker_law> s, cowarp::no_state&, waker_state& all) {
    for (std::uint32_t i = 0; i < 3; ++i) place<wakened>(s, i, all, i);
    for (std::uint32_t i = 0; i < 3; ++i) place<wakes>(s, i + 1, all, i);
  }
};

}  // namespace

TEST_CASE("waker: a wake leads to a poll in every schedule", "[laws][executor][waker]") {
  hold<waker_law>([](auto& s, auto& found) { found.equal(read(s.ended), 3u, "who was woken"); });
}

TEST_CASE("stall: a launch that goes on is never called stalled", "[laws][executor][stall]") {
  hold<waker_law>([](auto& s, auto& found) { found.equal(read(s.ended), 3u, "who was woken"); },
                  1ns);
}

// ---- spawns --------------------------------------------------------------------------------------

namespace {

struct spawn_state : board {
  count started;
};

/// Starts a splitter for `part` on one of the blocks. \returns false if its pool or inbox is full.
bool split_off(spawn_state& s, std::uint32_t part);

/// Splits a number over tasks of both blocks; the pool is too small for all at once.
COWARP_TASK(splitter, 2, (spawn_state & s, std::uint32_t part), 160) {
  note(s.started);
  while (part > 1) {
    if (split_off(s, part / 2)) {
      part -= part / 2;
    } else {
      --part;
      note(s.got[0]);
    }
    co_await cowarp::yield_now();
  }
  note(s.got[0], part);
  note(s.ended);
}

struct spawn_law : cowarp::program<splitter> {
  using grid_state = spawn_state;
  static void start(cowarp::spawner<spawn_law> s, cowarp::no_state&, spawn_state& all) {
    if (s.block() == 0) s.must_spawn<splitter>(all, 6u);
  }
};

bool split_off(spawn_state& s, std::uint32_t part) {
  const cowarp::spawner<spawn_law> spawner;
  const auto block = (spawner.block() + s.pick(part + read(s.started) * 4, 2)) % spawner.blocks();
  return spawner.spawn_on<splitter>(block, s, part) == cowarp::spawn_result::ok;
}

}  // namespace

TEST_CASE("spawner: every task that was started ends in every schedule",
          "[laws][executor][spawner]") {
  hold<spawn_law>([](auto& s, auto& found) {
    found.equal(read(s.ended), read(s.started), "tasks that ended");
    found.equal(read(s.got[0]), 6u, "parts that arrived");
  });
}

// ---- timers --------------------------------------------------------------------------------------

namespace {

struct timer_state : board {
  cowarp::signal<std::uint32_t> never_sent;
};
COWARP_TASK(sleeping, 4, (timer_state & s, std::uint32_t me), 200) {
  for (std::uint32_t i = 0; i < 3; ++i) {
    const auto until = cowarp::clock::now_ns() + s.pick(me * 8 + i, 900);
    switch (s.pick(me * 8 + i + 32, 3)) {
      case 0: co_await cowarp::timer(until); break;
      case 1:  // a later one that is dropped
        co_await cowarp::select(cowarp::timer(until), cowarp::timer(until + 5'000));
        break;
      default:
        co_await cowarp::with_deadline(cowarp::clock::time_point(std::chrono::nanoseconds(until)),
                                       s.never_sent.wait());
    }
    s.that(cowarp::clock::now_ns() >= until);
    s.that(cowarp::clock::now_ns() < until + 1'000'000);
  }
  note(s.ended);
}
struct timer_law : cowarp::program<sleeping> {
  using grid_state = timer_state;
  static void start(cowarp::spawner<timer_law> s, cowarp::no_state&, timer_state& all) {
    for (std::uint32_t i = 0; i < 4; ++i) place<sleeping>(s, i, all, i);
  }
};

}  // namespace

TEST_CASE("timer: never early, never for ever in every schedule", "[laws][timer]") {
  hold<timer_law>([](auto& s, auto& found) { found.equal(read(s.ended), 4u, "who woke"); });
}
