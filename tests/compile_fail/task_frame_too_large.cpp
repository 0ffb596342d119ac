// expect: a task's frame does not fit its slot: give COWARP_TASK more frame bytes
// front ends: clang
// SPDX-License-Identifier: Apache-2.0
#include <cowarp/cowarp.hpp>

COWARP_TASK(large, 1, (int& sum), 64) {
  volatile int numbers[50];  // or the optimiser would not keep them
  for (int i = 0; i < 50; ++i) numbers[i] = sum + i;
  co_await cowarp::yield_now();
  for (int i = 0; i < 50; ++i) sum += numbers[i];
}

struct state {
  int sum;
};

struct app : cowarp::program<large> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<app> s) { (void)s.spawn<large>(s.grid_state().sum); }
};

int main() { cowarp::run<app>(); }
