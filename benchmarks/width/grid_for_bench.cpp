// SPDX-License-Identifier: Apache-2.0
/// \file
/// A loop that all blocks do for one task, beside a kernel that is launched for the same loop.
#include <support/measure.hpp>

#include <cstdint>

namespace {

constexpr std::uint32_t workers = bench::has_workers ? 8 : 1;
constexpr std::uint32_t most    = bench::has_workers ? 1u << 24 : 1u << 18;

struct state {
  cowarp::grid_team team;
  float* numbers;
  std::uint32_t count;   // of the loop's turns
  std::uint32_t rounds;  // how often the loop is run
  std::uint32_t blocks;
  std::uint64_t ns;  // from the first request until the last was done
};

/// Each turn rounds nothing, so that numbers say how often it ran.
struct add_one {
  float* numbers;
  COWARP_FN void operator()(std::uint32_t i) const { numbers[i] += 1.0f; }
};

/// The loop as a kernel, with as many threads; also sets the numbers to zero.
template <bool Clears>
struct plain_kernel {
  using argument                             = state*;
  static constexpr std::uint32_t max_threads = 32 * workers;
  static COWARP_FN void run(state* const& s, unsigned char*, std::uint32_t block,
                            std::uint32_t thread, std::uint32_t threads) {
    const std::uint32_t all = Clears ? most : s->count;
    const add_one fn{s->numbers};
    for (std::uint32_t i = block * threads + thread; i < all; i += s->blocks * threads) {
      if constexpr (Clears) {
        s->numbers[i] = 0;
      } else {
        fn(i);
      }
    }
  }
};

struct app;
COWARP_TASK_FRAME(asking, 1, 256) {
  state& s;
  std::uint32_t round = 0;
  COWARP_BODY_BEGIN
  // The first is not timed: other blocks may still be starting.
  COWARP_AWAIT(cowarp::grid_for<app, workers>(s.team, s.count, add_one{s.numbers}));
  s.ns = cowarp::platform::clock_ns();
  for (; round < s.rounds; ++round) {
    COWARP_AWAIT(cowarp::grid_for<app, workers>(s.team, s.count, add_one{s.numbers}));
  }
  s.ns = cowarp::platform::clock_ns() - s.ns;
  COWARP_BODY_END
};
struct app : cowarp::program<asking, cowarp::grid_helper<app, workers>> {
  using grid_state                           = state;
  static constexpr bool uses_width           = true;
  static constexpr std::uint32_t max_workers = workers;
  COWARP_FN static void start(cowarp::spawner<app> s, cowarp::no_state&, state& g) {
    if (s.block() == 0) s.must_spawn<asking>(g);
  }
};

class rates {
 public:
  explicit rates(bench::table& to) : to_(to), memory_({0, 1, 1, 1, 16, nullptr}) {
    state_.numbers = reinterpret_cast<float*>(memory_.allocate(std::size_t{most} * 4));
    state_.blocks  = memory_.blocks();
  }

  void measure(std::uint32_t count) {
    state_.count           = count;
    const std::string name = bench::numbered("{} turns, ", {count});
    const auto kernel      = bench::repeat(to_, [&] {
      clear();
      const double took = bench::run_kernel<plain_kernel<false>>({state_.blocks, workers}, state_);
      check(1);
      return 1e6 * took;
    });
    to_.row(name + "a kernel, device time", kernel, "us");
    state_.rounds   = rounds;
    const auto loop = bench::repeat(to_, [&] {
      clear();
      const auto done = cowarp::run<app>({.blocks = state_.blocks, .workers = workers}, state_);
      to_.require(done.end == cowarp::end_reason::all_done, "a task did not end");
      check(rounds + 1);
      return 1e-3 * static_cast<double>(state_.ns) / rounds;
    });
    to_.row(name + "grid_for", loop, "us", {"kernel", kernel.median()},
            {loop.median() - kernel.median(), "us over the kernel"});
  }

 private:
  static constexpr std::uint32_t rounds = 20;

  void clear() { bench::run_kernel<plain_kernel<true>>({state_.blocks, workers}, state_); }
  void check(std::uint32_t times) {
    float ends[2];
    memory_.download(&ends[0], state_.numbers, 4);
    memory_.download(&ends[1], state_.numbers + state_.count - 1, 4);
    const auto should = static_cast<float>(times);
    to_.require(ends[0] == should && ends[1] == should, "a turn was left out, or ran twice");
  }

  bench::table& to_;
  cowarp::platform::entry_launch<bench::nothing_entry> memory_;
  state state_{};
};

void measure_all(bench::table& to) {
  rates of(to);
  for (const std::uint32_t count : {1u << 10, 1u << 14, 1u << 18, 1u << 21, 1u << 24}) {
    if (count <= most) of.measure(count);
  }
}

}  // namespace

int main(int argc, char** argv) { return bench::run("grid_for", argc, argv, measure_all); }
