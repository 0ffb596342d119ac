// SPDX-License-Identifier: Apache-2.0
// A first task, in the dialect that nvcc compiles: what lives across an await is a member.
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

COWARP_ASYNC_FRAME(twice, int) {
  int n;
  COWARP_BODY_BEGIN
  COWARP_AWAIT(cowarp::yield_now());  // other tasks may run here
  COWARP_RETURN(2 * n);
  COWARP_BODY_END
};

COWARP_TASK_FRAME(hello, 1, 128) {  // 128: room for the one future it awaits at a time
  answers& out;
  COWARP_BODY_BEGIN
  COWARP_AWAIT_INTO(out.value, cowarp::call<twice>(21));
  COWARP_BODY_END
};

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
