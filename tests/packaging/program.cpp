// SPDX-License-Identifier: Apache-2.0
/// \file
/// A consumer's program in the state-machine dialect.
#include <cowarp/cowarp.hpp>

#include <cstdio>

struct totals {
  unsigned sum;
};

COWARP_TASK_FRAME(add, 1) {
  totals* to;
  unsigned i = 1;
  COWARP_BODY_BEGIN
  for (; i <= 4; ++i) {
    to->sum += i;
    COWARP_AWAIT(cowarp::yield_now{});
  }
  COWARP_BODY_END
};

struct app : cowarp::program<add> {
  using grid_state = totals;
  COWARP_FN static void start(cowarp::spawner<app> s) {
    static_cast<void>(s.spawn<add>(&s.grid_state()));
  }
};

int main() {
  totals sums{};
  const cowarp::report report = cowarp::run<app>({.blocks = 1}, sums);
  std::printf("%s\n", cowarp::to_string(report).c_str());
  return sums.sum == 10 ? 0 : 1;
}
