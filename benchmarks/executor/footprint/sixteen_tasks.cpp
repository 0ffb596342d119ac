// SPDX-License-Identifier: Apache-2.0
/// \file
/// What sixteen task types cost, each waiting for the one before.
#include "many_tasks.hpp"

int main() { return run_stages<16>(); }
