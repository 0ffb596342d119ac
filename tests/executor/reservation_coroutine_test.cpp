// SPDX-License-Identifier: Apache-2.0
/// \file
/// Coroutines that wait for a slot and say when they are due.
#include <support/checks.hpp>
#include <support/steps.hpp>

#include <chrono>
#include <cstdint>
#include <utility>

namespace reservation_coroutine_test {

struct state {
  test::checks checks;
  test::counter done;
};

struct app;
constexpr std::uint32_t turns = 20;

COWARP_TASK(guest, 2, (state& s, test::only_moves number), 512) {
  co_await cowarp::due_in(std::chrono::microseconds(50));
  co_await cowarp::yield_now();
  s.done.add(static_cast<std::uint32_t>(number.value()));
}

COWARP_TASK(inviting, 3, (state& s), 1024) {
  for (std::uint32_t i = 0; i < turns; ++i) {
    auto place = co_await cowarp::spawner<app>().reserve<guest>();
    s.checks.that(place.has_slot());
    place.spawn(s, test::only_moves(1));
  }
}

COWARP_TASK(inviting_there, 3, (state& s, std::uint32_t to), 1024) {
  for (std::uint32_t i = 0; i < turns; ++i) {
    auto room = co_await cowarp::spawner<app>().reserve_on<guest>(to);
    room.spawn(s, test::only_moves(1));
  }
}

struct app : cowarp::program<guest, inviting, inviting_there> {
  using grid_state                              = state;
  static constexpr bool awaits_slots            = true;
  static constexpr bool earliest_deadline_first = true;
  COWARP_FN static void start(cowarp::spawner<app> s) {
    for (std::uint32_t i = 0; i < 3; ++i) {
      if (s.block() + 1 == s.blocks()) s.must_spawn<inviting>(s.grid_state());
      if (s.block() == 0) s.must_spawn<inviting_there>(s.grid_state(), s.blocks() - 1);
    }
  }
};

}  // namespace reservation_coroutine_test

TEST_CASE("reservation: coroutines wait for slots and for room", "[executor][reservation]") {
  const auto blocks = GENERATE(1u, 2u);
  reservation_coroutine_test::state s{};
  test::run_to_end<reservation_coroutine_test::app>(s, {.blocks = blocks});
  s.checks.require_none(3 * reservation_coroutine_test::turns);
  CHECK(s.done.value() == 6 * reservation_coroutine_test::turns);
}
