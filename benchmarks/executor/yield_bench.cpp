// SPDX-License-Identifier: Apache-2.0
/// \file
/// Polls per second of tasks that only yield, in the state-machine dialect.
#include <executor/yield_sweep.hpp>

COWARP_TASK_FRAME(yielder, 32, 8) {
  bench::yield_state& state;
  std::uint32_t yields;
  std::uint32_t i = 0;
  COWARP_BODY_BEGIN
  for (; i < yields; ++i) COWARP_AWAIT(cowarp::yield_now());
  // relaxed: read after the run.
  state.sum.fetch_add(i, cowarp::platform::relaxed);
  COWARP_BODY_END
};

int main(int argc, char** argv) {
  return bench::run("yield, state machine", argc, argv, bench::measure_yields<yielder>);
}
