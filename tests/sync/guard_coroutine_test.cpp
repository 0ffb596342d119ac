// SPDX-License-Identifier: Apache-2.0
#include <cowarp/sync/barrier.hpp>
#include <cowarp/sync/mutex.hpp>
#include <cowarp/sync/once_lock.hpp>
#include <cowarp/sync/rwlock.hpp>
#include <cowarp/sync/semaphore.hpp>

#include <support/checks.hpp>

#include <chrono>
#include <cstdint>

namespace guard_coroutine_test {

constexpr int tasks = 16, rounds = 20, blocks = 2;

struct board {
  cowarp::mutex<int> sum;
  cowarp::rwlock<int> latest;
  cowarp::semaphore<3> few;
  cowarp::once_lock<int> step;
  cowarp::barrier<tasks * blocks> end;
  test::checks found;
};

inline COWARP_FN cowarp::async<> add(board& shared, int step) {
  auto sum         = co_await shared.sum.lock();
  const int before = *sum;
  co_await cowarp::yield_now();
  *sum = before + step;
}

COWARP_TASK(work, tasks, (board& shared), 1000) {
  const auto permit = co_await shared.few.acquire();
  shared.found.that(permit.has_value());
  const int step = *co_await shared.step.get();
  for (int i = 0; i < rounds; ++i) {
    co_await add(shared, step);
    static_cast<void>(
        co_await cowarp::with_timeout(std::chrono::nanoseconds(i * 50), shared.latest.write()));
    {
      auto latest = co_await shared.latest.write();
      ++*latest;
    }
    const auto read = co_await shared.latest.read();
    shared.found.that(*read > i);
  }
}

COWARP_TASK(check, tasks, (board& shared)) {
  const bool is_last = co_await shared.end.arrive_and_wait();
  if (is_last) shared.found.that(true);
}

struct app : cowarp::program<work, check> {
  using grid_state = board;
  COWARP_FN static void start(cowarp::spawner<app> s, cowarp::no_state&, board& shared) {
    static_cast<void>(shared.step.init(2));  // by whichever block comes first
    for (int i = 0; i < tasks; ++i) {
      static_cast<void>(s.spawn<work>(shared));
      static_cast<void>(s.spawn<check>(shared));
    }
  }
};

TEST_CASE("guard: lives across awaits and unlocks at the end of its scope", "[sync][guard]") {
  board state{};
  test::run_to_end<app>(state, {.blocks = blocks});
  state.found.require_none(blocks * tasks * (rounds + 1) + 1);
  CHECK(state.sum.unguarded() == blocks * tasks * rounds * 2);
  CHECK(state.latest.unguarded() == blocks * tasks * rounds);
  CHECK(!state.sum.is_locked());
  CHECK(!state.latest.is_locked());
  CHECK(state.few.available() == 3);
}

}  // namespace guard_coroutine_test
