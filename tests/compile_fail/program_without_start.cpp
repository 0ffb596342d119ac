// expect: a program needs .static void start
// SPDX-License-Identifier: Apache-2.0
#include <cowarp/cowarp.hpp>

COWARP_TASK_FRAME(idle, 1){COWARP_BODY_BEGIN COWARP_BODY_END};

struct app : cowarp::program<idle> {};

int main() { cowarp::run<app>(); }
