// expect: a reference parameter of the task would refer to a temporary
// front ends: host clang
// SPDX-License-Identifier: Apache-2.0
#include <cowarp/cowarp.hpp>

COWARP_TASK(reading, 1, (const int& number)) {
  co_await cowarp::yield_now();
  (void)number;
}

struct app : cowarp::program<reading> {
  COWARP_FN static void start(cowarp::spawner<app> s) { (void)s.spawn<reading>(1); }
};

int main() { cowarp::run<app>(); }
