// SPDX-License-Identifier: Apache-2.0
// Width: scalar tasks that have all lanes of their worker do the heavy part.
//
// You will see:  a lambda that runs on 32 lanes (one on a CPU) and captures the task's variables by
//                reference; a spread loop and a sum on top; `uses_width` in the program.
// Prints:        8 rows, sum of squares 3536
// Try:           leave out `uses_width` and read the report; keep a per_lane<int> across two awaits.
#include <cowarp/cowarp.hpp>
#include <cowarp/fmt.hpp>

constexpr int columns = 32;
struct matrix {
  int cell[8][columns];
  int sum_of_row[8];
};

// [lanes]
COWARP_TASK(sum_row, 8, (matrix& m, int row), 512) {
  int* const cells = m.cell[row];
  int largest      = row + columns - 1;  // lives in the frame, so all lanes reach it
  co_await cowarp::lanes([&](cowarp::lane l) {
    for (int i = static_cast<int>(l.index); i < columns; i += static_cast<int>(l.width())) {
      cells[i] = largest - i;
    }
  });
  m.sum_of_row[row] = co_await cowarp::lanes_reduce(
      columns, 0, [&](std::uint32_t i) { return cells[i] * cells[i] / columns; });
}

struct app : cowarp::program<sum_row> {
  using grid_state                 = matrix;
  static constexpr bool uses_width = true;
  COWARP_FN static void start(cowarp::spawner<app> s) {
    for (int row = 0; row < 8; ++row) s.must_spawn<sum_row>(s.grid_state(), row);
  }
};
// [/lanes]

int main() {
  matrix m{};
  (void)cowarp::run<app>({.blocks = 1}, m);
  int sum = 0;
  for (const int row : m.sum_of_row) sum += row;
  fmt::print("8 rows, sum of squares {}\n", sum);
}
