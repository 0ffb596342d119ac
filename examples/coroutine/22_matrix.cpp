// SPDX-License-Identifier: Apache-2.0
// Matrices: tiles with a rim, of which the hardware copies each with one instruction (sm_90).
//
// You will see:  a `tile_map` for each matrix; tiles that reach over the edges, where there are zeros;
//                stores that leave out what is outside.
// Prints:        50 x 72 sums of 3 x 3, 0 wrong
// Try:           give it 50 x 71 numbers, and read what it says about the pitch.
#include <cowarp/cowarp.hpp>
#include <cowarp/fmt.hpp>

#include <support/matrix.hpp>

#include <vector>

constexpr int rows = 50, columns = 72;
constexpr int tile_rows = 8, tile_columns = 16,
              rim         = 4;  // one number would do; rows are 16 bytes each
constexpr int rim_columns = tile_columns + 2 * rim;
constexpr int across      = (columns + tile_columns - 1) / tile_columns;
constexpr int parts       = (rows + tile_rows - 1) / tile_rows * across;

using source_map = cowarp::tile_map<const int, tile_rows + 2, rim_columns>;
using target_map = cowarp::tile_map<int, tile_rows, tile_columns>;

struct maps {
  source_map in;
  target_map out;
};
struct tiles {
  cowarp::tile_pool<source_map::tile_bytes, 4> in;
  cowarp::tile_pool<target_map::tile_bytes, 4> out;
};

/// Each number of the second tile is the sum of nine of the first.
struct add_nine {
  const int* from;
  int* to;
  COWARP_FN void operator()(std::uint32_t i) const {
    const int* const first = from + i / tile_columns * rim_columns + i % tile_columns + rim - 1;
    int sum                = 0;
    for (int j = 0; j < 9; ++j) sum += first[j / 3 * rim_columns + j % 3];
    to[i] = sum;
  }
};

// [matrix]
COWARP_TASK(add, 4, (tiles & pools, maps& m, int first), 640) {
  for (int part = first; part < parts; part += 4) {
    const int row = part / across * tile_rows, column = part % across * tile_columns;
    auto from = co_await pools.in.take();
    auto to   = co_await pools.out.take();
    co_await from.load(m.in, row - 1, column - rim);
    co_await cowarp::lanes_for(tile_rows * tile_columns, add_nine{from.as<int>(), to.as<int>()});
    co_await to.store(m.out, row, column);
  }
}

struct app : cowarp::program<add> {
  using block_state                = tiles;  // in shared memory
  using grid_state                 = maps;   // in global memory, where the hardware reads it
  static constexpr bool uses_width = true;
  COWARP_FN static void start(cowarp::spawner<app> s, tiles& pools, maps& m) {
    for (int i = 0; i < 4; ++i) s.must_spawn<add>(pools, m, i);
  }
};
// [/matrix]

int main() {
  std::vector<int> numbers(rows * columns);
  for (int i = 0; i < rows * columns; ++i) numbers[i] = i * i % 1000;
  const matrix<int> in(numbers);
  const matrix<int> out(numbers);
  // [map]
  maps m{.in  = {in.for_tasks(), rows, columns},
         .out = {out.for_tasks(), rows, columns, columns * sizeof(int)}};
  (void)cowarp::run<app>({.blocks = 1}, m);
  // [/map]
  const auto got = out.values();
  int wrong      = 0;
  for (int i = 0; i < rows * columns; ++i) {
    int sum = 0;
    for (int j = 0; j < 9; ++j) {
      const int row = i / columns + j / 3 - 1, column = i % columns + j % 3 - 1;
      const bool is_inside = row >= 0 && row < rows && column >= 0 && column < columns;
      sum += is_inside ? numbers[row * columns + column] : 0;
    }
    wrong += got[i] != sum;
  }
  fmt::print("{} x {} sums of 3 x 3, {} wrong\n", rows, columns, wrong);
}
