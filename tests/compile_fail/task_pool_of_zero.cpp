// expect: a task's pool holds at least one task
// SPDX-License-Identifier: Apache-2.0
#include <cowarp/cowarp.hpp>

COWARP_TASK_FRAME(nobody, 0){COWARP_BODY_BEGIN COWARP_BODY_END};

int main() {}
