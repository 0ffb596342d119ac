// expect: a program lists at least one task
// SPDX-License-Identifier: Apache-2.0
#include <cowarp/cowarp.hpp>

struct app : cowarp::program<> {
  COWARP_FN static void start(cowarp::spawner<app>) {}
};

int main() { cowarp::run<app>(); }
