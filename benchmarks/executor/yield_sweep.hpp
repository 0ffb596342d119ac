// SPDX-License-Identifier: Apache-2.0
/// \file
/// The measurement that the two dialects of the yield benchmark share.
#pragma once

#include <support/measure.hpp>

#include <cstdint>
#include <executor/yield_floor.hpp>
#include <map>
#include <string>
#include <string_view>

namespace bench {

/// What the program is told, and what it counts.
struct yield_state {
  std::uint32_t yields;
  std::uint32_t tasks;                                                 // in each block
  cowarp::platform::atomic<std::uint32_t, cowarp::scope::device> sum;  // of all yields, wraps
};

/// Every slot of `Words` words holds a `Task` that yields.
template <class Task, cowarp::memory Where, std::uint32_t Words>
struct yield_program : cowarp::program<in_words<Task, Words>> {
  using grid_state             = yield_state;
  static constexpr auto frames = Where;
  COWARP_FN static void start(cowarp::spawner<yield_program> s, cowarp::no_state&,
                              yield_state& state) {
    for (std::uint32_t i = 0; i < state.tasks; ++i) {
      static_cast<void>(s.template spawn<in_words<Task, Words>>(state, state.yields));
    }
  }
};

/// Measures `Task` over workers and words.
template <class Task>
class yield_sweep {
 public:
  explicit yield_sweep(table& to) : to_(to) {}

  void floors(std::initializer_list<std::uint32_t> workers) {
    for (const std::uint32_t w : workers) {
      if (w > 1 && !has_workers) continue;
      const auto pace = pace_of(seconds_each, 1000, [&](std::uint32_t yields) {
        return floor_seconds(w, yields, nullptr);
      });
      samples cycles;
      const samples polls = repeat(to_, [&] {
        yield_floor::state state{};
        const double took = pace.net(floor_seconds(w, pace.count, &state));
        // relaxed: the kernel has ended.
        const auto count = static_cast<double>(state.polls.load(cowarp::platform::relaxed));
        // relaxed: as above.
        const auto spent = static_cast<double>(state.cycles.load(cowarp::platform::relaxed));
        cycles.add(spent / count);
        return count / took * 1e-9;
      });
      floor_[w]           = polls.median();
      to_.row(numbered("by hand, {} x 1 words", {w}), polls, "G polls/s", {},
              {cycles.median(), "cycles/poll/worker"});
    }
  }

  /// One row: every slot of `Words` words in every block, polled by `workers` workers.
  template <cowarp::memory Where, std::uint32_t Words>
  void row(std::uint32_t workers) {
    using app = yield_program<Task, Where, Words>;
    const std::string name =
        numbered(Where == cowarp::memory::shared ? "shared frames, {} x {} words"
                                                 : "global frames, {} x {} words",
                 {workers, Words / workers});
    if (workers > 1 && !has_workers) return;
    if (!to_.has_time()) return to_.skip(name, "out of time");
    const launch of{.blocks = 0, .workers = workers, .tasks = Words * 32};
    const samples rate = measure<app>(of);
    to_.row(name, rate, "G polls/s", {numbered("by hand, {} workers", {workers}), floor_[workers]},
            {cycles_, "cycles/poll/worker"});
  }

  /// One row compared with something else; every word has a worker.
  template <cowarp::memory Where, std::uint32_t Words>
  void compare(std::string_view name, std::uint32_t blocks, std::uint32_t tasks,
               const reference& than) {
    if (!to_.has_time()) return to_.skip(name, "out of time");
    const auto rate = measure<yield_program<Task, Where, Words>>(
        {.blocks = blocks, .workers = has_workers ? Words : 1, .tasks = tasks});
    to_.row(name, rate, "G polls/s", than, {cycles_, "cycles/poll/worker"});
  }

  /// One task alone on the machine.
  template <cowarp::memory Where>
  void alone() {
    using app          = yield_program<Task, Where, 1>;
    const samples rate = measure<app>({.blocks = 1, .workers = 1, .tasks = 1});
    to_.row(Where == cowarp::memory::shared ? "one task alone, shared" : "one task alone, global",
            rate, "G polls/s", {}, {cycles_, "cycles/poll"});
  }

 private:
  struct launch {
    std::uint32_t blocks, workers, tasks;
  };

  static constexpr double seconds_each = 6e-3;

  double floor_seconds(std::uint32_t workers, std::uint32_t yields, yield_floor::state* result) {
    yield_floor::state state{};
    state.yields         = yields;
    const double seconds = run_kernel<yield_floor>(
        {.workers = workers, .shared_bytes = sizeof(yield_floor::word) * workers}, state);
    if (result != nullptr) *result = state;
    return seconds;
  }

  template <class App>
  samples measure(const launch& of) {
    const auto pace = pace_of(seconds_each, 500,
                              [&](std::uint32_t yields) { return run<App>(of, yields).seconds; });
    samples cycles;
    const samples rate = repeat(to_, [&] {
      const cowarp::report done = run<App>(of, pace.count);
      const auto polls          = static_cast<double>(done.total.polls);
      cycles.add(static_cast<double>(done.total.busy) / polls);
      return polls / pace.net(done.seconds) * 1e-9;
    });
    cycles_            = cycles.median();
    return rate;
  }

  template <class App>
  cowarp::report run(const launch& of, std::uint32_t yields) {
    yield_state state{};
    state.yields = yields;
    state.tasks  = of.tasks;
    const cowarp::report done =
        cowarp::run<App>({.blocks = of.blocks, .workers = of.workers}, state);
    const std::uint64_t tasks = std::uint64_t{of.tasks} * done.blocks;
    // relaxed: the run has ended.
    const std::uint32_t sum = state.sum.load(cowarp::platform::relaxed);
    to_.require(done.end == cowarp::end_reason::all_done, "not all tasks are done");
    to_.require(done.total.polls == tasks * (yields + std::uint64_t{1}),
                "polls were lost or added");
    to_.require(sum == static_cast<std::uint32_t>(tasks * yields), "the tasks' sum is wrong");
    return done;
  }

  table& to_;
  std::map<std::uint32_t, double> floor_;  // by workers
  double cycles_ = 0;                      // per poll, of the last configuration
};

/// The axes of the measurement.
template <class Task>
void measure_yields(table& to) {
  using enum cowarp::memory;
  yield_sweep<Task> sweep(to);
  sweep.floors({1, 4, 8, 16, 32});
  sweep.template alone<shared>();
  sweep.template alone<global>();
  sweep.template row<shared, 1>(1);
  sweep.template row<shared, 4>(4);
  sweep.template row<shared, 8>(8);
  sweep.template row<shared, 16>(16);
  sweep.template row<shared, 32>(32);
  sweep.template row<global, 1>(1);
  sweep.template row<global, 4>(4);
  sweep.template row<global, 16>(16);
  sweep.template row<global, 32>(32);
  sweep.template row<shared, 2>(1);
  sweep.template row<shared, 8>(4);
  sweep.template row<shared, 16>(8);
  sweep.template row<shared, 32>(16);
  sweep.template row<shared, 64>(32);
  sweep.template row<global, 32>(16);
  sweep.template row<shared, 4>(1);
  sweep.template row<shared, 16>(4);
  sweep.template row<shared, 32>(8);
  sweep.template row<shared, 64>(16);
}

}  // namespace bench
