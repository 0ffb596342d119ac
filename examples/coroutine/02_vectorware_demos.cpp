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

inline COWARP_FN cowarp::async<int> double_it(int v) { co_return 2 * v; }

inline COWARP_FN cowarp::async<int> add_then_double(int a, int b) {
  const int sum = a + b;
  co_return co_await double_it(sum);
}

inline COWARP_FN cowarp::async<int> double_if(int v, bool flag) {
  if (flag) co_return co_await double_it(v);
  co_return v;
}

COWARP_TASK(demo, 1, (results& out, int value), 1200) {
  out.doubled    = co_await double_it(value);
  out.chained    = co_await add_then_double(value, 3);
  out.taken      = co_await double_if(value, true);
  out.not_taken  = co_await double_if(value, false);
  const int once = co_await double_it(value);
  out.in_a_row   = once + co_await double_it(once);
  out.block      = co_await [](int v) -> cowarp::async<int> {
    const int a = co_await double_it(v);
    const int b = co_await add_then_double(1, 1);
    co_return a + b + 1;
  }(value);
  out.combined =
      co_await cowarp::then(cowarp::ready(value), [](int v) { return cowarp::ready(2 * v + 100); });
}

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
