// expect: a task's priority is a level from 0 to 7
// SPDX-License-Identifier: Apache-2.0
#include <cowarp/cowarp.hpp>

COWARP_TASK_FRAME(loud, 1) {
  static constexpr std::uint8_t priority = 8;
  COWARP_BODY_BEGIN
  COWARP_BODY_END
};

struct app : cowarp::program<loud> {
  COWARP_FN static void start(cowarp::spawner<app>) {}
};

int main() { cowarp::run<app>(); }
