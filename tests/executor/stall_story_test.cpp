// SPDX-License-Identifier: Apache-2.0
/// \file
/// The program of docs/when-it-hangs.md: two transfers that lock two accounts in two orders.
#include <support/checks.hpp>

#include <chrono>
#include <string>

namespace stall_story_test {

// [story]
struct bank {
  cowarp::mutex<int> accounts[2];
  cowarp::latch<2> both_began;  // makes certain what otherwise happens once in a while
};

COWARP_ASYNC_FRAME(lock_second, cowarp::unit) {
  cowarp::mutex<int>& account;
  cowarp::mutex<int>::guard to{};
  COWARP_BODY_BEGIN
  COWARP_AWAIT_INTO(to, account.lock());
  *to += 10;
  COWARP_BODY_END
};

COWARP_TASK_FRAME(transfer, 2, 128) {
  bank& b;
  int from, to;
  cowarp::mutex<int>::guard first{};
  COWARP_BODY_BEGIN
  COWARP_AWAIT_INTO(first, b.accounts[from].lock());
  *first -= 10;
  COWARP_AWAIT(b.both_began.arrive_and_wait());
  COWARP_AWAIT(cowarp::call<lock_second>(b.accounts[to]));
  COWARP_BODY_END
};

struct app : cowarp::program<transfer> {
  using grid_state                   = bank;
  static constexpr bool finds_stalls = true;
  COWARP_FN static void start(cowarp::spawner<app> s) {
    if (s.block() == 0) (void)s.spawn<transfer>(s.grid_state(), 0, 1);
    if (s.block() == s.blocks() - 1) (void)s.spawn<transfer>(s.grid_state(), 1, 0);
  }
};
// [/story]

}  // namespace stall_story_test

TEST_CASE("stall: two locks taken in two orders are shown", "[executor][stall]") {
  stall_story_test::bank b{};
  const auto report = cowarp::run<stall_story_test::app>(
      {.blocks = 2, .stall_after = std::chrono::milliseconds(1)}, b);
  CHECK(report.end == cowarp::end_reason::stalled);
  REQUIRE(report.waiting.size() == 1);
  CHECK(report.waiting[0].count == 2);
  CHECK(report.waiting[0].where.size() == 2);
  CHECK(report.waiting[0].awaited.find("held_future") != std::string::npos);
  UNSCOPED_INFO(to_string(report));
  CHECK(b.accounts[0].is_locked());
  CHECK(b.accounts[1].is_locked());
}
