// expect: the program does not let tasks await slots: add
// SPDX-License-Identifier: Apache-2.0
#include <cowarp/cowarp.hpp>

struct app;

COWARP_TASK_FRAME(guest, 1){COWARP_BODY_BEGIN COWARP_BODY_END};

COWARP_TASK_FRAME(host, 1) {
  COWARP_BODY_BEGIN
  COWARP_AWAIT(cowarp::spawner<app>().reserve<guest>());
  COWARP_BODY_END
};

struct app : cowarp::program<guest, host> {
  COWARP_FN static void start(cowarp::spawner<app> s) { (void)s.spawn<host>(); }
};

int main() { cowarp::run<app>(); }
