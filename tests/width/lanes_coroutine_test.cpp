// SPDX-License-Identifier: Apache-2.0
/// \file
/// Width in the coroutine dialect: captures by reference into the frame, also of an async function.
#include <support/checks.hpp>
#include <support/steps.hpp>

namespace lanes_coroutine_test {

struct state {
  test::checks checks;
  test::counter calls;
};

/// Adds up with all lanes, in a frame of its own inside its caller's.
inline COWARP_FN cowarp::async<std::uint32_t> sum_of(const std::uint32_t* numbers,
                                                     std::uint32_t count) {
  std::uint32_t scale = 3;
  const std::uint32_t sum =
      co_await cowarp::lanes_reduce(count, 0u, [&](std::uint32_t i) { return scale * numbers[i]; });
  scale = 0;
  co_return sum;
}

COWARP_TASK(adding, 40, (state& s, std::uint32_t first), 1024) {
  std::uint32_t numbers[48];
  for (std::uint32_t round = 0; round < 10; ++round) {
    std::uint32_t width = 0;
    co_await cowarp::lanes([&](cowarp::lane l) {
      s.calls.add();
      if (l.is_leader()) width = cowarp::lane::width();
      for (std::uint32_t i = l.index; i < 48; i += cowarp::lane::width()) numbers[i] = first + i;
    });
    s.checks.equal(width, cowarp::lane::width());
    s.checks.equal(co_await sum_of(numbers, 48), 3 * (48 * first + 47 * 48 / 2));
    first += round;
  }
}

struct app : cowarp::program<adding> {
  using grid_state                 = state;
  static constexpr bool uses_width = true;
  COWARP_FN static void start(cowarp::spawner<app> s) {
    for (std::uint32_t i = 0; i < 40; ++i) (void)s.spawn<adding>(s.grid_state(), 1000 * i);
  }
};

}  // namespace lanes_coroutine_test

TEST_CASE("lanes: references into a coroutine's frame are good", "[width][lanes]") {
  lanes_coroutine_test::state s{};
  test::run_to_end<lanes_coroutine_test::app>(s, {.blocks = 2});
  s.checks.require_none(2 * 40 * 10 * 2);
  CHECK(s.calls.value() == 2 * 40 * 10 * (COWARP_HAS_CUDA ? 32 : 1));
}
