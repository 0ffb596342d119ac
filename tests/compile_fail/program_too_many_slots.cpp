// expect: a block holds at most 32768 task slots: make the pools smaller
// SPDX-License-Identifier: Apache-2.0
#include <cowarp/cowarp.hpp>

COWARP_TASK_FRAME(many, 65537, 8){COWARP_BODY_BEGIN COWARP_BODY_END};

struct app : cowarp::program<many> {
  COWARP_FN static void start(cowarp::spawner<app>) {}
};

int main() { cowarp::run<app>(); }
