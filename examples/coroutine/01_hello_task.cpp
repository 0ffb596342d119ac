// SPDX-License-Identifier: Apache-2.0
// A first task: an async function that every compiler turns into a state machine for you.
//
// You will see:  one task on one block. It awaits an async function, and leaves its answer in the
//                state that the host gets back, since a GPU cannot print nicely.
// Prints:        the answer is 42
//                1 task spawned, 1 done, end: all tasks done
// Try:           spawn a second `hello`, though its pool holds one, and print the whole report.
#include <cowarp/cowarp.hpp>
#include <cowarp/fmt.hpp>

// [hello]
struct answers {
  int value;
};

inline COWARP_FN cowarp::async<int> twice(int n) {
  co_await cowarp::yield_now();  // other tasks may run here
  co_return 2 * n;
}

COWARP_TASK(hello, 1, (answers& out)) { out.value = co_await twice(21); }

struct app : cowarp::program<hello> {
  using grid_state = answers;  // copied to the GPU, and back when the program ends
  COWARP_FN static void start(cowarp::spawner<app> s) { s.must_spawn<hello>(s.grid_state()); }
};

int main() {
  answers out{};
  const cowarp::report report = cowarp::run<app>({.blocks = 1}, out);
  fmt::print("the answer is {}\n", out.value);
  fmt::print("{} task spawned, {} done, end: {}\n", report.total.spawned, report.total.completed,
             report.end);
}
// [/hello]
