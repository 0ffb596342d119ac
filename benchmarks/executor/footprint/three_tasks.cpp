// SPDX-License-Identifier: Apache-2.0
/// \file
/// What three small tasks cost: one loads, one computes, one stores, with channels between them.
#include <cowarp/cowarp.hpp>

#include <cstdint>

constexpr std::uint32_t items = 256;

struct board {
  cowarp::channel<std::uint32_t, 16, cowarp::scope::block> loaded;
  cowarp::channel<std::uint32_t, 16, cowarp::scope::block> computed;
};

struct arrays {
  std::uint32_t in[items];
  std::uint32_t out[items];
};

COWARP_TASK_FRAME(load, 1) {
  board& b;
  arrays& all;
  std::uint32_t i = 0;
  COWARP_BODY_BEGIN
  for (; i < items; ++i) COWARP_AWAIT(b.loaded.send(all.in[i]));
  b.loaded.close();
  COWARP_BODY_END
};

COWARP_TASK_FRAME(compute, 1) {
  board& b;
  cowarp::optional<std::uint32_t> item{};
  COWARP_BODY_BEGIN
  for (;;) {
    COWARP_AWAIT_INTO(item, b.loaded.receive());
    if (!item) break;
    COWARP_AWAIT(b.computed.send(*item * *item + 1));
  }
  b.computed.close();
  COWARP_BODY_END
};

COWARP_TASK_FRAME(store, 1) {
  board& b;
  arrays& all;
  std::uint32_t i = 0;
  cowarp::optional<std::uint32_t> item{};
  COWARP_BODY_BEGIN
  for (;; ++i) {
    COWARP_AWAIT_INTO(item, b.computed.receive());
    if (!item) break;
    all.out[i] = *item;
  }
  COWARP_BODY_END
};

struct app : cowarp::program<load, compute, store> {
  using block_state            = board;
  using grid_state             = arrays;
  static constexpr auto frames = cowarp::memory::shared;
  COWARP_FN static void start(cowarp::spawner<app> s, board& b, arrays& all) {
    static_cast<void>(s.spawn<load>(b, all));
    static_cast<void>(s.spawn<compute>(b));
    static_cast<void>(s.spawn<store>(b, all));
  }
};

int main() {
  arrays all{};
  for (std::uint32_t i = 0; i < items; ++i) all.in[i] = i;
  const auto done = cowarp::run<app>({.blocks = 1}, all);
  return done.end == cowarp::end_reason::all_done && all.out[items - 1] == 255 * 255 + 1 ? 0 : 1;
}
