// SPDX-License-Identifier: Apache-2.0
// Level 4: twelve tasks for each worker, and the hardware copies for them.
//
// You will see:  the idea is to wait for many things at once. A task awaits its load, and the worker, still
//                only one, goes on with a task whose tile has arrived: up to 192 KB are on their way.
// Prints:        level 4: 256 parts, 0 numbers wrong
// Try:           fewer tiles than tasks: `take` makes them wait for each other, and nothing else changes.
#include "job.hpp"

using namespace educational;

// [level]
constexpr std::uint32_t tasks = 12;
using tiles                   = cowarp::tile_pool<part_bytes, tasks>;

struct step_each {
  four* at;
  COWARP_FN void operator()(std::uint32_t i) const { at[i] = step(at[i]); }
};

COWARP_TASK_FRAME(mover, tasks) {
  tiles& pool;
  const job& j;
  std::uint32_t part, step_to_next;
  tiles::tile tile{};
  COWARP_BODY_BEGIN
  for (; part < j.parts; part += step_to_next) {
    COWARP_AWAIT_INTO(tile, pool.take());
    COWARP_AWAIT(tile.load(j.source(part)));
    COWARP_AWAIT(cowarp::lanes_for(part_words / 4, step_each{tile.as<four>()}));
    COWARP_AWAIT(tile.store(j.target(part)));
    tile.release();
  }
  COWARP_BODY_END
};
// [/level]

struct app : cowarp::program<mover> {
  using block_state                = tiles;  // in shared memory
  using grid_state                 = job;
  static constexpr bool uses_width = true;
  COWARP_FN static void start(cowarp::spawner<app> s, tiles& pool, job& j) {
    for (std::uint32_t i = 0; i < tasks; ++i) {
      s.must_spawn<mover>(pool, j, s.block() * tasks + i, s.blocks() * tasks);
    }
  }
};

int main(int argc, char** argv) { return run<app>(4, argc, argv); }
