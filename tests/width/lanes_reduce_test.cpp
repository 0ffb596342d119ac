// SPDX-License-Identifier: Apache-2.0
/// \file
/// Loops, sums and running sums by all lanes, for counts around the width.
#include <support/checks.hpp>

namespace lanes_reduce_test {

constexpr std::uint32_t most  = 200;
constexpr std::uint32_t turns = 11;
/// \returns the count of a turn. In a function, since device code sees no array of the host's.
COWARP_FN constexpr std::uint32_t count_of(std::uint32_t turn) {
  constexpr std::uint32_t counts[turns] = {0, 1, 2, 5, 31, 32, 33, 63, 64, 65, 200};
  return counts[turn];
}

struct state {
  test::checks checks;
  std::uint32_t squares[most];
  std::uint64_t running[most];
};

COWARP_FN constexpr std::uint64_t sum_below(std::uint64_t n) { return n * (n - 1) / 2; }

struct squaring {
  std::uint32_t* to;
  COWARP_FN void operator()(std::uint32_t i) const { to[i] += i * i; }
};

struct itself {
  COWARP_FN std::uint64_t operator()(std::uint32_t i) const { return i; }
};
/// Far from the first and the last, so that a wrong lane shows.
struct hill {
  std::uint32_t top;
  COWARP_FN std::uint32_t operator()(std::uint32_t i) const {
    return 1000 - (i < top ? top - i : i - top);
  }
};
struct greatest {
  COWARP_FN std::uint32_t operator()(std::uint32_t a, std::uint32_t b) const {
    return a > b ? a : b;
  }
};

/// A step x -> factor * x + term: steps in a row are one step, but not in any order.
struct step {
  std::uint32_t factor, term;
};
struct then {
  COWARP_FN step operator()(const step& a, const step& b) const {
    return {a.factor * b.factor, a.term * b.factor + b.term};
  }
};
struct nth_step {
  COWARP_FN step operator()(std::uint32_t i) const { return {2 * i + 1, i + 7}; }
};
struct compare_step {
  test::checks& checks;
  COWARP_FN void operator()(std::uint32_t i, const step& found) const {
    step expected{3, 4};
    for (std::uint32_t j = 0; j <= i; ++j) expected = then{}(expected, nth_step{}(j));
    checks.equal(found.factor, expected.factor);
    checks.equal(found.term, expected.term);
  }
};
struct storing {
  std::uint64_t* to;
  COWARP_FN void operator()(std::uint32_t i, std::uint64_t sum) const { to[i] = sum; }
};

/// Takes the counts one after the other; alone, so that it may use the grid's arrays.
COWARP_TASK_FRAME(counting, 1, 128) {
  state& s;
  std::uint32_t turn   = 0;
  std::uint32_t n      = 0;
  std::uint64_t sum    = 0;
  std::uint32_t height = 0;
  step steps{};
  COWARP_BODY_BEGIN
  for (; turn < turns; ++turn) {
    n = count_of(turn);
    for (std::uint32_t i = 0; i < most; ++i) s.squares[i] = 0;
    COWARP_AWAIT(cowarp::lanes_for(n, squaring{s.squares}));
    for (std::uint32_t i = 0; i < most; ++i) s.checks.equal(s.squares[i], i < n ? i * i : 0);

    COWARP_AWAIT_INTO(sum, cowarp::lanes_reduce(n, std::uint64_t{1} << 40, itself{}));
    s.checks.equal(sum, (std::uint64_t{1} << 40) + (n == 0 ? 0 : sum_below(n)));

    COWARP_AWAIT_INTO(height, cowarp::lanes_reduce(n, 0u, hill{n * 2 / 3}, greatest{}));
    s.checks.equal(height, n == 0 ? 0u : 1000u);

    COWARP_AWAIT_INTO(sum, cowarp::lanes_scan(n, std::uint64_t{5}, itself{}, storing{s.running}));
    for (std::uint32_t i = 0; i < n; ++i) s.checks.equal(s.running[i], 5 + sum_below(i + 1));
    s.checks.equal(sum, n == 0 ? 5 : 5 + sum_below(n));

    COWARP_AWAIT_INTO(
        steps, cowarp::lanes_scan(n, step{3, 4}, nth_step{}, compare_step{s.checks}, then{}));
  }
  COWARP_BODY_END
};

struct app : cowarp::program<counting> {
  using grid_state                 = state;
  static constexpr bool uses_width = true;
  COWARP_FN static void start(cowarp::spawner<app> s) { (void)s.spawn<counting>(s.grid_state()); }
};

}  // namespace lanes_reduce_test

TEST_CASE("lanes_reduce: sums, maxima and scans hold for any count", "[width][lanes_reduce]") {
  lanes_reduce_test::state s{};
  test::run_to_end<lanes_reduce_test::app>(s);
  s.checks.require_none(11 * 200);
}
