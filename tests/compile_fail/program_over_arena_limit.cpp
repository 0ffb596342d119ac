// expect: the program's tasks take more than its arena_limit_bytes
// SPDX-License-Identifier: Apache-2.0
#include <cowarp/cowarp.hpp>

COWARP_TASK_FRAME(large, 100) {
  char bytes[1000] = {};
  COWARP_BODY_BEGIN
  COWARP_BODY_END
};

struct app : cowarp::program<large> {
  static constexpr std::size_t arena_limit_bytes = 50'000;
  COWARP_FN static void start(cowarp::spawner<app>) {}
};

int main() { cowarp::run<app>(); }
