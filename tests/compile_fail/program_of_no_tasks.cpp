// expect: a program lists tasks declared with COWARP_TASK or COWARP_TASK_FRAME
// SPDX-License-Identifier: Apache-2.0
#include <cowarp/cowarp.hpp>

struct no_task {
  int value;
};

struct app : cowarp::program<no_task> {
  COWARP_FN static void start(cowarp::spawner<app>) {}
};

int main() { cowarp::run<app>(); }
