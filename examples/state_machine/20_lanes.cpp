// SPDX-License-Identifier: Apache-2.0
// Width: scalar tasks that have all lanes of their worker do the heavy part.
//
// You will see:  a function object that runs on 32 lanes (one on a CPU) and reaches the task's frame;
//                a spread loop and a sum on top; `uses_width` in the program.
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
struct fill {
  int* cells;
  const int& largest;  // in the task's frame, which all lanes reach
  COWARP_FN void operator()(cowarp::lane l) const {
    for (int i = static_cast<int>(l.index); i < columns; i += static_cast<int>(l.width())) {
      cells[i] = largest - i;
    }
  }
};
struct square {
  const int* cells;
  COWARP_FN int operator()(std::uint32_t i) const { return cells[i] * cells[i] / columns; }
};

COWARP_TASK_FRAME(sum_row, 8) {
  matrix& m;
  int row;
  int largest = row + columns - 1;
  COWARP_BODY_BEGIN
  COWARP_AWAIT(cowarp::lanes(fill{m.cell[row], largest}));
  COWARP_AWAIT_INTO(m.sum_of_row[row], cowarp::lanes_reduce(columns, 0, square{m.cell[row]}));
  COWARP_BODY_END
};

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
