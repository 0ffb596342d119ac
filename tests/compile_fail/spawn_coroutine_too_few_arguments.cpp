// expect: the arguments do not match the task's parameters
// front ends: host clang
// SPDX-License-Identifier: Apache-2.0
#include <cowarp/cowarp.hpp>

COWARP_TASK(counting, 1, (int from, int to)) {
  for (; from < to; ++from) co_await cowarp::yield_now();
}

struct app : cowarp::program<counting> {
  COWARP_FN static void start(cowarp::spawner<app> s) { (void)s.spawn<counting>(1); }
};

int main() { cowarp::run<app>(); }
