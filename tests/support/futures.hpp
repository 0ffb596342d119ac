// SPDX-License-Identifier: Apache-2.0
/// \file
/// Futures whose end a test decides: for laws about what awaits them.
#pragma once

#include <cowarp/executor/future.hpp>

#include <support/steps.hpp>

#include <cstdint>

namespace test {

/// Ready with `value` at the poll after `polls` others; counts its polls if told where.
struct after_polls {
  using output = std::int32_t;
  std::uint32_t polls;
  std::int32_t value;
  std::uint32_t* count = nullptr;
  COWARP_FN cowarp::polled<std::int32_t> poll(cowarp::context& cx) {
    if (count != nullptr) ++*count;
    if (polls == 0) return value;
    --polls;
    cx.wake_self();
    return cowarp::pending;
  }
};

/// A future whose polls are counted.
template <class Future>
struct counted {
  using output = typename Future::output;
  Future awaited;
  std::uint32_t* polls;
  COWARP_FN cowarp::polled<output> poll(cowarp::context& cx) {
    ++*polls;
    return awaited.poll(cx);
  }
};
template <class Future>
COWARP_FN counted<Future> count(Future&& awaited, std::uint32_t& polls) {
  return {static_cast<Future&&>(awaited), &polls};
}

/// A future that stands elsewhere.
template <class Future>
struct by_reference {
  using output = typename Future::output;
  Future* at;
  COWARP_FN cowarp::polled<output> poll(cowarp::context& cx) { return at->poll(cx); }
};

/// Never ready; alive until it is destroyed.
template <class Output = std::int32_t>
struct living {
  using output = Output;
  counted_life life;
  COWARP_FN explicit living(counted_life::counts& in) : life(in) {}
  COWARP_FN cowarp::polled<Output> poll(cowarp::context&) const { return cowarp::pending; }
};

/// Ready with 6 after `polls` others, for which it asks; counts its polls, and is alive until it is
/// destroyed.
struct living_for {
  using output = std::int32_t;
  counted_life life;
  std::uint32_t left;
  std::uint32_t& polls;
  COWARP_FN living_for(counted_life::counts& in, std::uint32_t n, std::uint32_t& count)
      : life(in), left(n), polls(count) {}
  COWARP_FN cowarp::polled<std::int32_t> poll(cowarp::context& cx) {
    ++polls;
    if (left-- == 0) return 6;
    cx.wake_self();
    return cowarp::pending;
  }
};

}  // namespace test
