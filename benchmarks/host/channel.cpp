// SPDX-License-Identifier: Apache-2.0
/// \file
/// For instructions.sh: as many messages as the argument says, from one task to another.
#include <cowarp/cowarp.hpp>

#include <cstdint>
#include <cstdlib>
#include <optional>

struct board {
  cowarp::channel<std::uint32_t, 16, cowarp::scope::block> numbers;
};

struct totals {
  std::uint32_t count;
  std::uint64_t sum;
};

COWARP_TASK_FRAME(produce, 1) {
  board& b;
  totals& all;
  std::uint32_t i = 0;
  COWARP_BODY_BEGIN
  for (; i < all.count; ++i) COWARP_AWAIT(b.numbers.send(i));
  b.numbers.close();
  COWARP_BODY_END
};

COWARP_TASK_FRAME(consume, 1) {
  board& b;
  totals& all;
  std::optional<std::uint32_t> item{};
  COWARP_BODY_BEGIN
  for (;;) {
    COWARP_AWAIT_INTO(item, b.numbers.receive());
    if (!item) break;
    all.sum += *item;
  }
  COWARP_BODY_END
};

struct app : cowarp::program<produce, consume> {
  using block_state            = board;
  using grid_state             = totals;
  static constexpr auto frames = cowarp::memory::shared;
  COWARP_FN static void start(cowarp::spawner<app> s, board& b, totals& all) {
    static_cast<void>(s.spawn<produce>(b, all));
    static_cast<void>(s.spawn<consume>(b, all));
  }
};

int main(int, char** argv) {
  totals all{static_cast<std::uint32_t>(std::atoi(argv[1])), 0};
  static_cast<void>(cowarp::run<app>({.blocks = 1}, all));
  return all.sum == std::uint64_t{all.count} * (all.count - 1) / 2 ? 0 : 1;
}
