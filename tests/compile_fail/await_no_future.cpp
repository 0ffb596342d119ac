// expect: this expression cannot be awaited
// SPDX-License-Identifier: Apache-2.0
#include <cowarp/cowarp.hpp>

COWARP_TASK_FRAME(awaiting, 1) {
  COWARP_BODY_BEGIN
  COWARP_AWAIT(5);
  COWARP_BODY_END
};

int main() {}
