// expect: this await needs more room than its frame keeps for one: give the frame a larger last argument
// SPDX-License-Identifier: Apache-2.0
#include <cowarp/cowarp.hpp>

struct large_future {
  using output = cowarp::unit;
  char bytes[100];
  COWARP_FN cowarp::polled<cowarp::unit> poll(cowarp::context&) { return cowarp::unit{}; }
};

COWARP_TASK_FRAME(awaiting, 1, 99) {
  COWARP_BODY_BEGIN
  COWARP_AWAIT(large_future{});
  COWARP_BODY_END
};

int main() {}
