// expect: join: give at least one future
// SPDX-License-Identifier: Apache-2.0
#include <cowarp/cowarp.hpp>

COWARP_FN inline auto nothing() { return cowarp::join(); }

int main() {}
