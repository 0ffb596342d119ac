// SPDX-License-Identifier: Apache-2.0
// Ways to await: one task for each of the six shapes of VectorWare's "Async/await on the GPU".
//
// You will see:  an async function, a chain, an await in one branch, several in a row, an async block,
//                and a combinator that needs no async function at all.
// Prints:        seven results, each with "ok" once the host has checked it
// Try:           add a seventh shape: cowarp::map(double_it(value), ...).
#include <cowarp/cowarp.hpp>
#include <cowarp/fmt.hpp>

struct results {
  int doubled, chained, taken, not_taken, in_a_row, block, combined;
};

COWARP_ASYNC_FRAME(double_it, int) {
  int v;
  COWARP_BODY_BEGIN
  COWARP_RETURN(2 * v);
  COWARP_BODY_END
};

COWARP_ASYNC_FRAME(add_then_double, int, 128) {
  int a, b, sum = 0;
  COWARP_BODY_BEGIN
  COWARP_AWAIT_INTO(sum, cowarp::call<double_it>(a + b));
  COWARP_RETURN(sum);
  COWARP_BODY_END
};

COWARP_ASYNC_FRAME(double_if, int, 128) {
  int v;
  bool flag;
  COWARP_BODY_BEGIN
  if (flag) COWARP_AWAIT_INTO(v, cowarp::call<double_it>(v));
  COWARP_RETURN(v);
  COWARP_BODY_END
};

struct double_plus_100 {
  COWARP_FN auto operator()(int v) const { return cowarp::ready(2 * v + 100); }
};

COWARP_TASK_FRAME(demo, 1, 256) {
  results& out;
  int value, part = 0;
  COWARP_BODY_BEGIN
  COWARP_AWAIT_INTO(out.doubled, cowarp::call<double_it>(value));
  COWARP_AWAIT_INTO(out.chained, cowarp::call<add_then_double>(value, 3));
  COWARP_AWAIT_INTO(out.taken, cowarp::call<double_if>(value, true));
  COWARP_AWAIT_INTO(out.not_taken, cowarp::call<double_if>(value, false));
  COWARP_AWAIT_INTO(part, cowarp::call<double_it>(value));
  COWARP_AWAIT_INTO(out.in_a_row, cowarp::call<double_it>(part));
  out.in_a_row += part;
  COWARP_AWAIT_INTO(part, cowarp::call<double_it>(value));  // a block's locals are members too
  COWARP_AWAIT_INTO(out.block, cowarp::call<add_then_double>(1, 1));
  out.block += part + 1;
  COWARP_AWAIT_INTO(out.combined, cowarp::then(cowarp::ready(value), double_plus_100{}));
  COWARP_BODY_END
};

struct app : cowarp::program<demo> {
  using grid_state = results;
  COWARP_FN static void start(cowarp::spawner<app> s) { s.must_spawn<demo>(s.grid_state(), 21); }
};

void show(const char* name, int got, int want) {
  fmt::print("{:<13} {:>4} {}\n", name, got, got == want ? "ok" : "WRONG");
}

int main() {
  results out{};
  (void)cowarp::run<app>({.blocks = 1}, out);
  show("double", out.doubled, 42);
  show("chained", out.chained, 48);
  show("taken branch", out.taken, 42);
  show("other branch", out.not_taken, 21);
  show("in a row", out.in_a_row, 42 + 84);
  show("block", out.block, 42 + 4 + 1);
  show("combinator", out.combined, 142);
}
