// SPDX-License-Identifier: Apache-2.0
/// \file
/// Programs of any number of task types, all alike, to see what one type more costs.
#pragma once

#include <cowarp/cowarp.hpp>

#include <cstdint>
#include <utility>

struct board {
  cowarp::signal<std::uint32_t, cowarp::scope::block> news[32];
};

/// Task type `I` waits for its signal and hands the value on to the next.
template <std::uint32_t I>
struct stage {
  COWARP_TASK_FRAME(task, 1) {
    using output = cowarp::unit;
    board& b;
    std::uint32_t rounds;
    std::uint32_t i   = 0;
    std::uint32_t got = 0;
    COWARP_BODY_BEGIN
    for (; i < rounds; ++i) {
      COWARP_AWAIT_INTO(got, b.news[I].wait());
      b.news[I + 1].send(got + I);
      COWARP_AWAIT(cowarp::yield_now());
    }
    COWARP_BODY_END
  };
};

template <class Numbers>
struct stages;
template <std::uint32_t... I>
struct stages<std::integer_sequence<std::uint32_t, I...>>
    : cowarp::program<typename stage<I>::task...> {
  using block_state            = board;
  static constexpr auto frames = cowarp::memory::shared;
  COWARP_FN static void start(cowarp::spawner<stages> s, board& b) {
    (static_cast<void>(s.template spawn<typename stage<I>::task>(b, 1u)), ...);
    b.news[0].send(1);
  }
};

/// \returns the exit status of a program with `Count` task types.
template <std::uint32_t Count>
int run_stages() {
  using app = stages<std::make_integer_sequence<std::uint32_t, Count>>;
  return cowarp::run<app>({.blocks = 1}).end == cowarp::end_reason::all_done ? 0 : 1;
}
