// SPDX-License-Identifier: Apache-2.0
/// \file
/// For instructions.sh: a task spawns as many others as the argument says.
#include <cowarp/cowarp.hpp>

#include <cstdint>
#include <cstdlib>

struct totals {
  std::uint32_t count;
  std::uint32_t ran;
};

struct app;

COWARP_TASK_FRAME(child, 32, 8) {
  totals& all;
  COWARP_BODY_BEGIN
  ++all.ran;
  COWARP_BODY_END
};

COWARP_TASK_FRAME(parent, 1, 8) {
  totals& all;
  std::uint32_t i = 0;
  COWARP_BODY_BEGIN
  while (i < all.count) {
    while (i < all.count && spawn_child()) ++i;
    COWARP_AWAIT(cowarp::yield_now());
  }
  COWARP_BODY_END

  COWARP_FN bool spawn_child();
};

struct app : cowarp::program<child, parent> {
  using grid_state             = totals;
  static constexpr auto frames = cowarp::memory::shared;
  COWARP_FN static void start(cowarp::spawner<app> s, cowarp::no_state&, totals& all) {
    static_cast<void>(s.spawn<parent>(all));
  }
};

COWARP_FN bool parent::spawn_child() {
  return cowarp::spawner<app>().spawn<child>(all) == cowarp::spawn_result::ok;
}

int main(int, char** argv) {
  totals all{static_cast<std::uint32_t>(std::atoi(argv[1])), 0};
  static_cast<void>(cowarp::run<app>({.blocks = 1}, all));
  return all.ran == all.count ? 0 : 1;
}
