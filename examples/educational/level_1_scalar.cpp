// SPDX-License-Identifier: Apache-2.0
// Level 1: load, transform, store, by one scalar task in each block.
//
// You will see:  a task takes every so many-th part of the numbers and walks through it like any loop. It
//                is polled by one lane; the 31 others of its worker have nothing to do.
// Prints:        level 1: 256 parts, 0 numbers wrong
// Try:           --rate; then spawn 32 tasks instead of one, and compare with level 2.
#include "job.hpp"

using namespace educational;

// [level]
COWARP_TASK_FRAME(mover, 1) {
  const job& j;
  std::uint32_t part, blocks;
  COWARP_BODY_BEGIN
  for (; part < j.parts; part += blocks) {
    transform(j.source(part), j.target(part));
    COWARP_AWAIT(cowarp::yield_now());
  }
  COWARP_BODY_END

  static COWARP_FN void transform(const float* from, float* to) {
    for (std::uint32_t i = 0; i < part_words; ++i) to[i] = step(from[i]);
  }
};
// [/level]

struct app : cowarp::program<mover> {
  using grid_state = job;
  COWARP_FN static void start(cowarp::spawner<app> s, cowarp::no_state&, job& j) {
    s.must_spawn<mover>(j, s.block(), s.blocks());
  }
};

int main(int argc, char** argv) { return run<app>(1, argc, argv); }
