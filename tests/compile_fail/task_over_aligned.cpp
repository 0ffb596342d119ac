// expect: may not be aligned to more than 16 bytes
// SPDX-License-Identifier: Apache-2.0
#include <cowarp/cowarp.hpp>

COWARP_TASK_FRAME(aligned, 1) {
  alignas(32) int value = 0;
  COWARP_BODY_BEGIN
  COWARP_BODY_END
};

struct app : cowarp::program<aligned> {
  COWARP_FN static void start(cowarp::spawner<app> s) { (void)s.spawn<aligned>(); }
};

int main() { cowarp::run<app>(); }
