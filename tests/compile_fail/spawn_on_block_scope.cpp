// expect: a block-scope primitive cannot be used by a task of another block; give it device scope
// SPDX-License-Identifier: Apache-2.0
#include <cowarp/cowarp.hpp>

using board = cowarp::channel<int, 4, cowarp::scope::block>;

COWARP_TASK_FRAME(sending, 1) {
  board& to;
  COWARP_BODY_BEGIN
  COWARP_BODY_END
};

struct both {
  board channel;
};

struct app : cowarp::program<sending> {
  using block_state = both;
  COWARP_FN static void start(cowarp::spawner<app> s, both& b) {
    (void)s.spawn_on<sending>(1, b.channel);
  }
};

int main() { cowarp::run<app>(); }
