// SPDX-License-Identifier: Apache-2.0
/// \file
/// What four task types cost, each waiting for the one before.
#include "many_tasks.hpp"

int main() { return run_stages<4>(); }
