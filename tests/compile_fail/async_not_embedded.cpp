// expect: an async function's frame is not inside its caller's. co_await the call itself
// front ends: clang
// SPDX-License-Identifier: Apache-2.0
#include <cowarp/cowarp.hpp>

inline COWARP_FN cowarp::async<int> doubled(int n) {
  co_await cowarp::yield_now();
  co_return 2 * n;
}

COWARP_TASK(storing, 1, (int& sum), 512) {
  auto stored = doubled(sum);
  co_await cowarp::yield_now();
  sum = co_await std::move(stored);
}

struct state {
  int sum;
};

struct app : cowarp::program<storing> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<app> s) {
    (void)s.spawn<storing>(s.grid_state().sum);
  }
};

int main() { cowarp::run<app>(); }
