// expect: this task is not in the program's list: add it to
// SPDX-License-Identifier: Apache-2.0
#include <cowarp/cowarp.hpp>

COWARP_TASK_FRAME(listed, 1){COWARP_BODY_BEGIN COWARP_BODY_END};

COWARP_TASK_FRAME(unlisted, 1){COWARP_BODY_BEGIN COWARP_BODY_END};

struct app : cowarp::program<listed> {
  COWARP_FN static void start(cowarp::spawner<app> s) { (void)s.spawn<unlisted>(); }
};

int main() { cowarp::run<app>(); }
