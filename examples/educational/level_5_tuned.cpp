// SPDX-License-Identifier: Apache-2.0
// Level 5: the same pipeline with what it costs to wait taken out.
//
// You will see:  four workers, so that one transforms while others begin and end copies; `constant_source`,
//                which saves each load a fence; a task keeps its tile; frames in shared memory; and four
//                loads of a lane on their way at once. `store` awaits the end of reading, as by default.
// Prints:        level 5: 256 parts, 0 numbers wrong
// Try:           take back one of these at a time.
#include "job.hpp"

using namespace educational;

// [level]
constexpr std::uint32_t tasks = 12, workers = 4;
using tiles = cowarp::tile_pool<part_bytes, tasks>;

struct step_all {
  four* tile;
  COWARP_FN void operator()(cowarp::lane l) const {
    constexpr std::uint32_t batch = 4;
    four* const at                = cowarp::in_shared(tile);  // plain shared-memory instructions
    for (std::uint32_t i = l.index; i < part_words / 4; i += batch * l.width()) {
      four x[batch];
      for (std::uint32_t k = 0; k < batch; ++k) x[k] = at[i + k * l.width()];
      for (std::uint32_t k = 0; k < batch; ++k) at[i + k * l.width()] = step(x[k]);
    }
  }
};

COWARP_TASK_FRAME(mover, 32 * workers) {
  tiles& pool;
  const job& j;
  std::uint32_t part, step_to_next;
  tiles::tile tile{};
  COWARP_BODY_BEGIN
  COWARP_AWAIT_INTO(tile, pool.take());
  for (; part < j.parts; part += step_to_next) {
    COWARP_AWAIT(tile.load(j.source(part), part_bytes, cowarp::copy_option::constant_source));
    COWARP_AWAIT(cowarp::lanes(step_all{tile.as<four>()}));
    COWARP_AWAIT(tile.store(j.target(part), part_bytes, cowarp::copy_option::until_source_is_free));
  }
  COWARP_BODY_END
};
// [/level]

struct app : cowarp::program<mover> {
  using block_state                          = tiles;
  using grid_state                           = job;
  static constexpr bool uses_width           = true;
  static constexpr auto frames               = cowarp::memory::shared;
  static constexpr std::uint32_t max_workers = workers;
  COWARP_FN static void start(cowarp::spawner<app> s, tiles& pool, job& j) {
    for (std::uint32_t i = 0; i < tasks; ++i) {
      s.must_spawn<mover>(pool, j, s.block() * tasks + i, s.blocks() * tasks);
    }
  }
};

int main(int argc, char** argv) { return run<app>(5, argc, argv, workers); }
