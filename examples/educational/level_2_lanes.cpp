// SPDX-License-Identifier: Apache-2.0
// Level 2: the task has all lanes of its worker do the loop.
//
// You will see:  the idea is `lanes_for`: the turns of the loop are spread over 32 lanes, neighbours take
//                neighbouring numbers, and one instruction moves 128 bytes.
// Prints:        level 2: 256 parts, 0 numbers wrong
// Try:           give each lane a range of its own instead: 32 lines of memory for each instruction.
#include "job.hpp"

using namespace educational;

// [level]
struct step_each {
  const float* from;
  float* to;
  COWARP_FN void operator()(std::uint32_t i) const { to[i] = step(from[i]); }
};

COWARP_TASK_FRAME(mover, 1) {
  const job& j;
  std::uint32_t part, blocks;
  COWARP_BODY_BEGIN
  for (; part < j.parts; part += blocks) {
    COWARP_AWAIT(cowarp::lanes_for(part_words, step_each{j.source(part), j.target(part)}));
  }
  COWARP_BODY_END
};
// [/level]

struct app : cowarp::program<mover> {
  using grid_state                 = job;
  static constexpr bool uses_width = true;
  COWARP_FN static void start(cowarp::spawner<app> s, cowarp::no_state&, job& j) {
    s.must_spawn<mover>(j, s.block(), s.blocks());
  }
};

int main(int argc, char** argv) { return run<app>(2, argc, argv); }
