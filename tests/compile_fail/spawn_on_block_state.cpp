// expect: the block state of this block cannot be used by a task of another block
// SPDX-License-Identifier: Apache-2.0
#include <cowarp/cowarp.hpp>

struct board {
  int value;
};

COWARP_TASK_FRAME(reading, 1) {
  board& b;
  COWARP_BODY_BEGIN
  COWARP_BODY_END
};

struct app : cowarp::program<reading> {
  using block_state = board;
  COWARP_FN static void start(cowarp::spawner<app> s, board& b) { (void)s.spawn_on<reading>(1, b); }
};

int main() { cowarp::run<app>(); }
