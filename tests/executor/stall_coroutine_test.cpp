// SPDX-License-Identifier: Apache-2.0
/// \file
/// Where coroutines wait when a launch has stalled.
#include <support/checks.hpp>

#include <chrono>
#include <string>

using namespace std::chrono_literals;

namespace stall_coroutine_test {

struct state {
  cowarp::signal<std::uint32_t> never_sent;
};

inline COWARP_FN cowarp::async<> inner_wait(state& s) {
  co_await cowarp::yield_now();
  co_await s.never_sent.wait();
}
constexpr std::uint32_t inner_line = __LINE__ - 2;

COWARP_TASK(direct, 2, (state & s)) {
  co_await cowarp::yield_now();
  co_await s.never_sent.wait();
}
constexpr std::uint32_t direct_line = __LINE__ - 2;

COWARP_TASK(nested, 1, (state & s)) { co_await inner_wait(s); }

struct app : cowarp::program<direct, nested> {
  using grid_state                   = state;
  static constexpr bool finds_stalls = true;
  COWARP_FN static void start(cowarp::spawner<app> s) {
    (void)s.spawn<direct>(s.grid_state());
    (void)s.spawn<direct>(s.grid_state());
    (void)s.spawn<nested>(s.grid_state());
  }
};

}  // namespace stall_coroutine_test

TEST_CASE("stall: the report says where coroutines wait", "[executor][stall]") {
  stall_coroutine_test::state s{};
  const auto report = cowarp::run<stall_coroutine_test::app>({.blocks = 2, .stall_after = 1us}, s);
  CHECK(report.end == cowarp::end_reason::stalled);
  REQUIRE(report.waiting.size() == 2);
  CHECK(report.waiting[0].count == 4);
  CHECK(report.waiting[1].count == 2);
  if (!cowarp::platform::notes_await_lines) return;
  const std::uint32_t lines[] = {stall_coroutine_test::direct_line,
                                 stall_coroutine_test::inner_line};
  for (std::size_t i = 0; i < 2; ++i) {
    REQUIRE(report.waiting[i].where.size() == 1);
    const std::string end = "stall_coroutine_test.cpp:" + std::to_string(lines[i]);
    CHECK(report.waiting[i].where[0].find(end) != std::string::npos);
  }
}
