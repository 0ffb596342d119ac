// expect: the arguments do not match the task's parameters
// SPDX-License-Identifier: Apache-2.0
#include <cowarp/cowarp.hpp>

COWARP_TASK_FRAME(counting, 1) {
  int count;
  COWARP_BODY_BEGIN
  COWARP_BODY_END
};

struct app : cowarp::program<counting> {
  COWARP_FN static void start(cowarp::spawner<app> s) { (void)s.spawn<counting>("three"); }
};

int main() { cowarp::run<app>(); }
