// SPDX-License-Identifier: Apache-2.0
// Several futures at once in one task: all of them (`join`), or the first of them (`select`).
//
// You will see:  two signals awaited together; then a race between a signal and a timer, once lost
//                and once won.
// Prints:        join: 1 and 2
//                first race: the timer
//                second race: the signal, 3
// Try:           race three futures, and print `index()` of the winner.
#include <cowarp/cowarp.hpp>
#include <cowarp/fmt.hpp>

using namespace std::chrono_literals;

struct desk {
  cowarp::signal<int> left, right, late, next;
  int first, second, third;
  std::size_t race[2];
};

// [join_select]
COWARP_TASK(wait_for_both, 1, (desk& d), 600) {
  const auto [a, b] = co_await cowarp::join(d.left.wait(), d.right.wait());
  d.first           = a;
  d.second          = b;

  const auto lost = co_await cowarp::select(d.late.wait(), cowarp::sleep_for(1ms));
  d.race[0]       = lost.index();
  d.next.send(1);

  const auto won = co_await cowarp::select(d.late.wait(), cowarp::sleep_for(10min));
  d.race[1]      = won.index();
  if (const int* value = cowarp::get_if<0>(&won)) d.third = *value;
}
// [/join_select]

COWARP_TASK(answer, 1, (desk& d)) {
  d.right.send(2);
  co_await cowarp::sleep_for(100us);
  d.left.send(1);
  (void)co_await d.next.wait();
  d.late.send(3);
}

struct app : cowarp::program<wait_for_both, answer> {
  using grid_state = desk;
  COWARP_FN static void start(cowarp::spawner<app> s) {
    desk& d = s.grid_state();
    s.must_spawn<wait_for_both>(d);
    s.must_spawn<answer>(d);
  }
};

const char* winner(std::size_t index) { return index == 0 ? "the signal" : "the timer"; }

int main() {
  desk d{};
  (void)cowarp::run<app>({.blocks = 1}, d);
  fmt::print("join: {} and {}\n", d.first, d.second);
  fmt::print("first race: {}\n", winner(d.race[0]));
  fmt::print("second race: {}, {}\n", winner(d.race[1]), d.third);
}
