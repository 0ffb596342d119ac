// expect: an awaited expression may not contain a lambda
// SPDX-License-Identifier: Apache-2.0
#include <cowarp/cowarp.hpp>

COWARP_TASK_FRAME(awaiting, 1) {
  COWARP_BODY_BEGIN
  COWARP_AWAIT(cowarp::map(cowarp::ready(1), [](int n) { return n + 1; }));
  COWARP_BODY_END
};

int main() {}
