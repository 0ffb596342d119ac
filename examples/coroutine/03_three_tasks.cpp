// SPDX-License-Identifier: Apache-2.0
// Three tasks that never end, and a host that ends them: with a request, not with a trap.
//
// You will see:  three independent tasks that count and sleep, at once. The host waits
//                a while, asks for a stop, and still gets a full report and the state back.
// Prints:        a, b and c counted; end: stopped; and that all tasks were alive
// Try:           let the host ask only once a counter in mapped memory has passed 1000 (wordcount
//                has such a counter).
#include <cowarp/cowarp.hpp>
#include <cowarp/fmt.hpp>

using namespace std::chrono_literals;

struct counters {
  unsigned a, b, c;  // each has one writer
};

COWARP_TASK(count_a, 1, (counters& all)) {
  for (;; ++all.a) co_await cowarp::sleep_for(10us);
}
COWARP_TASK(count_b, 1, (counters& all)) {
  for (;; ++all.b) co_await cowarp::sleep_for(20us);
}
COWARP_TASK(count_c, 1, (counters& all)) {
  for (;; ++all.c) co_await cowarp::yield_now();
}

struct app : cowarp::program<count_a, count_b, count_c> {
  using grid_state = counters;
  COWARP_FN static void start(cowarp::spawner<app> s) {
    counters& c = s.grid_state();
    if (s.block() != 0) return;
    s.must_spawn<count_a>(c);
    s.must_spawn<count_b>(c);
    s.must_spawn<count_c>(c);
  }
};

int main() {
  counters counted{};
  auto running = cowarp::run_async<app>({.blocks = 2}, counted);
  // [stop]
  if (running.wait_for(50ms)) fmt::print("it ended by itself?\n");
  running.request_stop();
  const cowarp::report report = running.wait();
  // [/stop]
  fmt::print("a {}, b {}, c {}\n", counted.a > 0 ? "counted" : "never ran",
             counted.b > 0 ? "counted" : "never ran", counted.c > 0 ? "counted" : "never ran");
  fmt::print("end: {}; {} of {} tasks were alive\n", report.end, report.total.pending,
             report.total.spawned);
}
