// SPDX-License-Identifier: Apache-2.0
/// \file
/// Levels of coroutine tasks.
#include <support/checks.hpp>

#include <vector>

namespace priority_coroutine_test {

struct state {
  test::trace<> order;
};

COWARP_TASK(cleaning_up, 1, (state& s), 512) {
  for (int i = 0; i < 2; ++i) {
    s.order.add(0);
    co_await cowarp::yield_now();
  }
}

// [priority]
COWARP_TASK(answering, 1, (state& s), 512) {
  for (int i = 0; i < 12; ++i) {
    s.order.add(1);
    co_await cowarp::yield_now();
  }
}
// [/priority]

}  // namespace priority_coroutine_test

template <>
inline constexpr std::uint8_t cowarp::task_priority<priority_coroutine_test::answering> = 1;

namespace priority_coroutine_test {

struct app : cowarp::program<cleaning_up, answering> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<app> s) {
    s.must_spawn<cleaning_up>(s.grid_state());
    s.must_spawn<answering>(s.grid_state());
  }
};

}  // namespace priority_coroutine_test

TEST_CASE("priority: of coroutines too the higher level goes first", "[executor][coroutine]") {
  priority_coroutine_test::state s{};

  test::run_to_end<priority_coroutine_test::app>(s, {.blocks = 1, .workers = 1});

  std::vector<std::int32_t> order(9, 1);
  order.insert(order.end(), {0, 1, 1, 1, 0});
  CHECK(s.order.entries() == order);
}
