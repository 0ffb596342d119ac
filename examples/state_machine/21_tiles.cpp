// SPDX-License-Identifier: Apache-2.0
// Copies: tiles of shared memory that are loaded, worked on by all lanes, and stored, without a barrier.
//
// You will see:  a pool of fewer tiles than tasks; copies that are awaited, so that other tasks use the
//                worker meanwhile: bulk copies on sm_90, cp.async on sm_80, memcpy on a CPU.
// Prints:        100 parts, 0 words wrong
// Try:           let a task hold two tiles and load the next part while it works on this one.
#include <cowarp/cowarp.hpp>
#include <cowarp/fmt.hpp>

#include <memory>

constexpr int parts = 100, words = 256;
using tiles = cowarp::tile_pool<words * sizeof(int), 6>;
struct data {
  alignas(16) int in[parts][words];
  alignas(16) int out[parts][words];
};

// [tiles]
struct square_each {
  int* numbers;
  COWARP_FN void operator()(std::uint32_t i) const { numbers[i] *= numbers[i]; }
};

COWARP_TASK_FRAME(square, 10) {
  tiles& pool;
  data& d;
  int part;
  tiles::tile tile{};
  COWARP_BODY_BEGIN
  for (; part < parts; part += 10) {
    COWARP_AWAIT_INTO(tile, pool.take());
    COWARP_AWAIT(tile.load(d.in[part]));
    COWARP_AWAIT(cowarp::lanes_for(words, square_each{tile.as<int>()}));
    COWARP_AWAIT(tile.store(d.out[part]));
    tile.release();
  }
  COWARP_BODY_END
};

struct app : cowarp::program<square> {
  using block_state                = tiles;  // in shared memory
  using grid_state                 = data;
  static constexpr bool uses_width = true;
  COWARP_FN static void start(cowarp::spawner<app> s, tiles& pool, data& d) {
    for (int i = 0; i < 10; ++i) s.must_spawn<square>(pool, d, i);
  }
};
// [/tiles]

int main() {
  auto d = std::make_unique<data>();
  for (int i = 0; i < parts * words; ++i) d->in[i / words][i % words] = i;
  (void)cowarp::run<app>({.blocks = 1}, *d);
  int wrong = 0;
  for (int i = 0; i < parts * words; ++i) wrong += d->out[i / words][i % words] != i * i;
  fmt::print("{} parts, {} words wrong\n", parts, wrong);
}
