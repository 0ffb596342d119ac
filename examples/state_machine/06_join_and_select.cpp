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
COWARP_TASK_FRAME(wait_for_both, 1, 192) {
  desk& d;
  cowarp::tuple<int, int> both{};
  cowarp::variant<int, cowarp::unit> won{};
  COWARP_BODY_BEGIN
  COWARP_AWAIT_INTO(both, cowarp::join(d.left.wait(), d.right.wait()));
  d.first  = cowarp::get<0>(both);
  d.second = cowarp::get<1>(both);

  COWARP_AWAIT_INTO(won, cowarp::select(d.late.wait(), cowarp::sleep_for(1ms)));
  d.race[0] = won.index();
  d.next.send(1);

  COWARP_AWAIT_INTO(won, cowarp::select(d.late.wait(), cowarp::sleep_for(10min)));
  d.race[1] = won.index();
  if (const int* value = cowarp::get_if<0>(&won)) d.third = *value;
  COWARP_BODY_END
};
// [/join_select]

COWARP_TASK_FRAME(answer, 1) {
  desk& d;
  COWARP_BODY_BEGIN
  d.right.send(2);
  COWARP_AWAIT(cowarp::sleep_for(100us));
  d.left.send(1);
  COWARP_AWAIT(d.next.wait());
  d.late.send(3);
  COWARP_BODY_END
};

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
