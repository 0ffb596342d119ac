// expect: only a task declared with COWARP_JOINABLE_TASK or
// SPDX-License-Identifier: Apache-2.0
#include <cowarp/cowarp.hpp>

COWARP_TASK_FRAME(plain, 1){COWARP_BODY_BEGIN COWARP_BODY_END};

struct app : cowarp::program<plain> {
  COWARP_FN static void start(cowarp::spawner<app> s) {
    cowarp::task_handle<cowarp::unit> handle;
    (void)s.spawn_with<plain>(handle);
  }
};

int main() { cowarp::run<app>(); }
