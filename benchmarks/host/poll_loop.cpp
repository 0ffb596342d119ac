// SPDX-License-Identifier: Apache-2.0
/// \file
/// For instructions.sh: 32 tasks that yield as often as the argument says, in one thread.
#include <cowarp/cowarp.hpp>

#include <cstdint>
#include <cstdlib>

struct state {
  std::uint32_t turns;
};

COWARP_TASK_FRAME(yielder, 32, 8) {
  state& all;
  std::uint32_t i = 0;
  COWARP_BODY_BEGIN
  for (; i < all.turns; ++i) COWARP_AWAIT(cowarp::yield_now());
  COWARP_BODY_END
};

struct app : cowarp::program<yielder> {
  using grid_state             = state;
  static constexpr auto frames = cowarp::memory::shared;
  COWARP_FN static void start(cowarp::spawner<app> s, cowarp::no_state&, state& all) {
    while (s.spawn<yielder>(all) == cowarp::spawn_result::ok) {
    }
  }
};

int main(int, char** argv) {
  state all{static_cast<std::uint32_t>(std::atoi(argv[1]) / 32)};
  const auto done = cowarp::run<app>({.blocks = 1}, all);
  return done.total.polls == 32ull * (all.turns + 1) ? 0 : 1;
}
