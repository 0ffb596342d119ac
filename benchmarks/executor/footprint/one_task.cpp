// SPDX-License-Identifier: Apache-2.0
/// \file
/// What the smallest program costs: one task type that yields.
#include <cowarp/cowarp.hpp>

#include <cstdint>

struct state {
  std::uint32_t turns;
};

COWARP_TASK_FRAME(count, 32, 8) {
  state& all;
  std::uint32_t i = 0;
  COWARP_BODY_BEGIN
  for (; i < all.turns; ++i) COWARP_AWAIT(cowarp::yield_now());
  COWARP_BODY_END
};

struct app : cowarp::program<count> {
  using grid_state             = state;
  static constexpr auto frames = cowarp::memory::shared;
  COWARP_FN static void start(cowarp::spawner<app> s, cowarp::no_state&, state& all) {
    while (s.spawn<count>(all) == cowarp::spawn_result::ok) {
    }
  }
};

int main() {
  state all{16};
  return cowarp::run<app>({.blocks = 1}, all).end == cowarp::end_reason::all_done ? 0 : 1;
}
