// SPDX-License-Identifier: Apache-2.0
// Level 3: each lane moves 16 bytes where it moved 4.
//
// You will see:  the idea is the type of what is loaded. The time of a turn is the way to memory and back,
//                whatever it brings: four times the bytes for it are nearly four times the speed.
// Prints:        level 3: 256 parts, 0 numbers wrong
// Try:           load two fours before either is stored.
#include "job.hpp"

using namespace educational;

// [level]
struct step_each {
  const four* from;
  four* to;
  COWARP_FN void operator()(std::uint32_t i) const { to[i] = step(from[i]); }
};

COWARP_TASK_FRAME(mover, 1) {
  const job& j;
  std::uint32_t part, blocks;
  COWARP_BODY_BEGIN
  for (; part < j.parts; part += blocks) {
    COWARP_AWAIT(cowarp::lanes_for(part_words / 4, of_part()));
  }
  COWARP_BODY_END

  COWARP_FN step_each of_part() const {
    return {reinterpret_cast<const four*>(j.source(part)), reinterpret_cast<four*>(j.target(part))};
  }
};
// [/level]

struct app : cowarp::program<mover> {
  using grid_state                 = job;
  static constexpr bool uses_width = true;
  COWARP_FN static void start(cowarp::spawner<app> s, cowarp::no_state&, job& j) {
    s.must_spawn<mover>(j, s.block(), s.blocks());
  }
};

int main(int argc, char** argv) { return run<app>(3, argc, argv); }
