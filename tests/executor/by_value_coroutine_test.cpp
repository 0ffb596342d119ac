// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a coroutine takes by value it owns, and nobody else does.
#include <support/checks.hpp>
#include <support/steps.hpp>

#include <utility>

namespace by_value_test {

/// Counts how many there are; what was moved from is none.
class COWARP_TRIVIAL_ABI counted {
 public:
  COWARP_FN explicit counted(test::counter& alive) : alive_(&alive) { alive_->add(); }
  COWARP_FN counted(counted&& other) noexcept : alive_(other.alive_) { other.alive_ = nullptr; }
  COWARP_FN ~counted() {
    if (alive_ != nullptr) alive_->add(~0u);
  }

 private:
  test::counter* alive_;
};

struct state {
  test::checks checks;
  test::counter alive;
  test::counter ended;
  cowarp::semaphore<3> permits;
};
using permits = decltype(state::permits)::permits;

inline COWARP_FN cowarp::async<int> keep(state& s, counted, permits) {
  s.checks.equal(s.permits.available(), 1u);
  co_await cowarp::yield_now();
  s.checks.equal(s.permits.available(), 1u);
  co_return 7;
}

// [owns]
COWARP_TASK(keeping, 1, (state & s, counted, permits)) {
  co_await cowarp::yield_now();
  s.checks.equal(s.permits.available(), 1u);
  s.ended.add();
}
// [/owns]

struct app;
COWARP_TASK(giving, 1, (state & s), 1024) {
  {
    auto held = co_await s.permits.acquire(2);
    s.checks.equal(co_await keep(s, counted(s.alive), std::move(*held)), 7);
  }
  s.checks.equal(s.alive.value(), 0u);
  s.checks.equal(s.permits.available(), 3u);
  auto held = co_await s.permits.acquire(2);
  cowarp::spawner<app>().must_spawn<keeping>(s, counted(s.alive), std::move(*held));
  s.checks.equal(s.alive.value(), 1u);
  while (s.ended.value() == 0) co_await cowarp::yield_now();
  while (s.permits.available() != 3) co_await cowarp::yield_now();  // the frame goes a little later
  s.checks.equal(s.alive.value(), 0u);
}

struct app : cowarp::program<giving, keeping> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<app> s) { s.must_spawn<giving>(s.grid_state()); }
};

}  // namespace by_value_test

TEST_CASE("async: what is taken by value is destroyed once", "[executor][async]") {
  by_value_test::state s{};
  test::run_to_end<by_value_test::app>(s, {.blocks = 1});
  s.checks.require_none(2 + 1 + 2 + 1 + 1 + 1);
}
