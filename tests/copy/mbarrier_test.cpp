// SPDX-License-Identifier: Apache-2.0
/// \file
/// A phase of an mbarrier is over for those who wait once all have arrived, and not before.
#include <support/checks.hpp>
#include <support/steps.hpp>

namespace mbarrier_test {

constexpr std::uint32_t arrivals = 7;
constexpr std::uint32_t phases   = 30;

struct state {
  test::checks checks;
  test::counter arrived;
};

/// Arrives once in each phase, and waits for the others, in four ways: by parity or token, of the mbarrier or
/// its native word.
COWARP_TASK_FRAME(meeting, arrivals) {
  cowarp::mbarrier& at;
  state& s;
  std::uint32_t phase = 0;
  cowarp::mbarrier_token token{};
  COWARP_FN const std::uint64_t* native() const {
    return reinterpret_cast<const std::uint64_t*>(&at);
  }
  COWARP_BODY_BEGIN
  for (; phase < phases; ++phase) {
    s.arrived.add();
    token = at.arrive();
    if (phase % 4 == 0) {
      COWARP_AWAIT(at.wait(phase));
    } else if (phase % 4 == 1) {
      COWARP_AWAIT(cowarp::mbarrier_wait(native(), phase));
    } else if (phase % 4 == 2) {
      COWARP_AWAIT(at.wait(token));
    } else {
      COWARP_AWAIT(cowarp::mbarrier_wait(native(), token));
    }
    s.checks.that(at.has_passed(phase));
    s.checks.that(s.arrived.value() >= (phase + 1) * arrivals);
    s.checks.that(s.arrived.value() <= (phase + 2) * arrivals);
  }
  COWARP_BODY_END
};

struct app : cowarp::program<meeting> {
  using block_state = cowarp::mbarrier;
  using grid_state  = state;
  COWARP_FN static void start(cowarp::spawner<app> s, cowarp::mbarrier& at, state& g) {
    at.init(arrivals);
    for (std::uint32_t i = 0; i < arrivals; ++i) (void)s.spawn<meeting>(at, g);
  }
};

}  // namespace mbarrier_test

TEST_CASE("mbarrier: a phase is over once all have arrived", "[copy][mbarrier]") {
  mbarrier_test::state s{};
  test::run_to_end<mbarrier_test::app>(s);
  s.checks.require_none(3 * mbarrier_test::phases * mbarrier_test::arrivals);
}
