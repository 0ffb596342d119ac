// SPDX-License-Identifier: Apache-2.0
// A pipeline over channels: one producer, squaring workers on every block, one collector.
//
// You will see:  bounded channels between blocks: a full one makes its senders wait, a closed one
//                lets its receivers drain it and end.
// Prints:        sent 1000, received 1000, sum of squares 333833500
// Try:           make the channels hold one message; then let the producer never close.
#include <cowarp/cowarp.hpp>
#include <cowarp/fmt.hpp>

struct pipeline {
  cowarp::channel<int, 8> numbers;  // device scope: between all blocks
  cowarp::channel<long long, 8> squares;
  int sent, received;
  long long sum;
};

COWARP_TASK_FRAME(produce, 1) {
  pipeline& p;
  int count, i = 1;
  COWARP_BODY_BEGIN
  for (; i <= count; ++i, ++p.sent) COWARP_AWAIT(p.numbers.send(i));
  p.numbers.close();
  COWARP_BODY_END
};

// [square]
COWARP_TASK_FRAME(square, 4) {
  pipeline& p;
  cowarp::polled<int> n{};
  COWARP_BODY_BEGIN
  for (;;) {
    COWARP_AWAIT_INTO(n, p.numbers.receive());
    if (!n) COWARP_RETURN();
    COWARP_AWAIT(p.squares.send(1LL * *n * *n));
  }
  COWARP_BODY_END
};
// [/square]

COWARP_TASK_FRAME(collect, 1) {
  pipeline& p;
  int count;
  cowarp::polled<long long> squared{};
  COWARP_BODY_BEGIN
  for (; p.received < count; ++p.received, p.sum += *squared) {
    COWARP_AWAIT_INTO(squared, p.squares.receive());
  }
  COWARP_BODY_END
};

struct app : cowarp::program<produce, square, collect> {
  using grid_state = pipeline;
  COWARP_FN static void start(cowarp::spawner<app> s) {
    pipeline& p = s.grid_state();
    for (int i = 0; i < 4; ++i) s.must_spawn<square>(p);
    if (s.block() != 0) return;
    s.must_spawn<produce>(p, 1000);
    s.must_spawn<collect>(p, 1000);
  }
};

int main() {
  pipeline p{};
  (void)cowarp::run<app>({.blocks = 2}, p);
  fmt::print("sent {}, received {}, sum of squares {}\n", p.sent, p.received, p.sum);
}
