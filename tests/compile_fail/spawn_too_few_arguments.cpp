// expect: the arguments do not match the task's parameters
// SPDX-License-Identifier: Apache-2.0
#include <cowarp/cowarp.hpp>

COWARP_TASK_FRAME(counting, 1) {
  int& count;
  int step;
  COWARP_BODY_BEGIN
  COWARP_BODY_END
};

struct app : cowarp::program<counting> {
  COWARP_FN static void start(cowarp::spawner<app> s) {
    // A value may be left out and is zero then, as in any aggregate; a reference may not.
    (void)s.spawn<counting>();
  }
};

int main() { cowarp::run<app>(); }
