// expect: a task's pool holds at least one task
// front ends: host clang
// SPDX-License-Identifier: Apache-2.0
#include <cowarp/cowarp.hpp>

COWARP_TASK(nobody, 0, ()) { co_return; }

int main() {}
