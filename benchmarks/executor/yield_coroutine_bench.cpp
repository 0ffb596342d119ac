// SPDX-License-Identifier: Apache-2.0
/// \file
/// Polls per second of tasks that only yield, in the coroutine dialect.
#include <executor/yield_sweep.hpp>

COWARP_TASK(yielder, 32, (bench::yield_state& state, std::uint32_t yields), 56) {
  std::uint32_t i = 0;
  for (; i < yields; ++i) co_await cowarp::yield_now();
  // relaxed: read after the run.
  state.sum.fetch_add(i, cowarp::platform::relaxed);
}

int main(int argc, char** argv) {
  return bench::run("yield, coroutine", argc, argv, bench::measure_yields<yielder>);
}
