// SPDX-License-Identifier: Apache-2.0
// Waiting, but not for ever: a future with a deadline.
//
// You will see:  a receive that gives up after a millisecond, and one that gets its message in time.
//                Giving up cancels the receive; the channel loses nothing by it.
// Prints:        first try: timed out
//                second try: received 7
// Try:           swap the two durations in `listen` and `speak`.
#include <cowarp/cowarp.hpp>
#include <cowarp/fmt.hpp>

using namespace std::chrono_literals;

struct talk {
  cowarp::channel<int, 1> words;
  cowarp::signal<int> gave_up;
  bool has_timed_out;
  int received;
};

// [timeout]
COWARP_TASK(listen, 1, (talk& t), 400) {
  // Empty after a timeout; what is inside is the channel's own answer, empty after its close.
  const auto first = co_await cowarp::with_timeout(1ms, t.words.receive());
  t.has_timed_out  = !first.has_value();
  t.gave_up.send(1);
  const auto second = co_await cowarp::with_timeout(10min, t.words.receive());
  if (second && *second) t.received = **second;
}
// [/timeout]

COWARP_TASK(speak, 1, (talk& t)) {
  (void)co_await t.gave_up.wait();
  co_await cowarp::sleep_for(1ms);
  (void)co_await t.words.send(7);
}

struct app : cowarp::program<listen, speak> {
  using grid_state = talk;
  COWARP_FN static void start(cowarp::spawner<app> s) {
    talk& t = s.grid_state();
    s.must_spawn<listen>(t);
    s.must_spawn<speak>(t);
  }
};

int main() {
  talk t{};
  (void)cowarp::run<app>({.blocks = 1}, t);
  fmt::print("first try: {}\n", t.has_timed_out ? "timed out" : "received?");
  fmt::print("second try: received {}\n", t.received);
}
