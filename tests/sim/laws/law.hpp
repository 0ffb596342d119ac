// SPDX-License-Identifier: Apache-2.0
/// \file
/// A small program for each primitive, run under many seeds: what it must never do.
///
/// Environment: COWARP_SIM_LAW_SEEDS is the number of seeds of each law (without it the number that
/// CMake's variable of that name gives), COWARP_SIM_LAW_FIRST the first of them (1); COWARP_SIM_SEED runs
/// that one only. `scripts/laws.sh` divides many seeds among all cores.
#pragma once

#include "../explore.hpp"
#include <chrono>
#include <utility>

namespace laws {

using namespace std::chrono_literals;
namespace platform = cowarp::platform;

using count = platform::atomic_word<cowarp::scope::device>;

inline std::uint32_t note(count& what, std::uint32_t by = 1) {
  // acq_rel: whoever sees the sum sees what came before each of its parts.
  return what.fetch_add(by, platform::acq_rel);
}
inline std::uint32_t read(const count& what) {
  return what.load(platform::acquire);  // acquire: shows what came before `note`.
}

inline constexpr std::chrono::nanoseconds no_limit{-1};

/// `with_timeout`, also without a limit.
template <class Awaited>
auto within(std::chrono::nanoseconds limit, Awaited&& awaited) {
  const std::uint64_t until =
      limit == no_limit ? ~std::uint64_t{0}
                        : cowarp::clock::now_ns() + static_cast<std::uint64_t>(limit.count());
  return cowarp::timeout<cowarp::detail::future_of<Awaited>>(
      cowarp::timer(until), cowarp::into_future(std::forward<Awaited>(awaited)));
}

/// What the state of every scenario begins with.
struct board {
  std::uint64_t seed;
  count ended;
  count wrong;
  count sent[16];
  count got[16];

  /// \returns a number below `below`, another for each `who`; the same in every run of the seed.
  [[nodiscard]] std::uint32_t pick(std::uint32_t who, std::uint32_t below) const {
    std::uint64_t mixed = (seed * 64 + who + 1) * 0x9E3779B97F4A7C15u;
    mixed               = (mixed ^ mixed >> 29) * 0xBF58476D1CE4E5B9u;
    return static_cast<std::uint32_t>(mixed >> 33) % below;
  }
  /// \returns a short time.
  [[nodiscard]] std::chrono::nanoseconds nap(std::uint32_t who) const {
    return std::chrono::nanoseconds(pick(who, 600));
  }
  /// \returns a time limit for `within`: short, or none, so that who is forgotten waits for ever. Later
  /// tries have none, since a deadline that passes before the next poll keeps a task busy.
  [[nodiscard]] std::chrono::nanoseconds limit(std::uint32_t who, std::uint32_t tries = 0) const {
    return tries >= 6 || pick(who + tries, 4) == 0 ? no_limit : nap(who + tries);
  }
  void that(bool holds) {
    if (!holds) note(wrong);
  }
};

/// Starts the `number`th task of a program on one of the blocks.
template <class Task, class Spawner, class... Arguments>
void place(const Spawner& s, std::uint32_t number, Arguments&&... arguments) {
  if (number % s.blocks() != s.block()) return;
  s.template must_spawn<Task>(std::forward<Arguments>(arguments)...);
}

inline std::uint64_t seeds() {
  return sim_test::from_environment("COWARP_SIM_LAW_SEEDS", COWARP_LAW_SEEDS);
}

/// Runs `App` under all seeds; every task must end, and `check(state, verdict)` hold.
template <class App, class Check>
void hold(Check&& check, std::chrono::nanoseconds stall_after = 0ns) {
  const std::uint64_t only = sim_test::from_environment("COWARP_SIM_SEED", 0);
  const std::uint64_t first =
      only != 0 ? only : sim_test::from_environment("COWARP_SIM_LAW_FIRST", 1);
  const std::uint64_t last = only != 0 ? only : first + seeds() - 1;
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    const auto blocks  = static_cast<std::uint32_t>(1 + seed / 18 % 2);
    const auto workers = static_cast<std::uint32_t>(1 + seed / 36 % 2);
    const auto state   = [&] {
      typename App::grid_state fresh{};
      fresh.seed = seed;
      return fresh;
    };
    const cowarp::launch_options options{
        .blocks = blocks, .workers = workers, .stall_after = stall_after};
    const auto run = [&](const sim_test::run_plan& plan) {
      return sim_test::broken_law<App>(
          plan, options, state,
          [&](const cowarp::report& report, typename App::grid_state& s, sim_test::verdict& found) {
            sim_test::all_done(report, found);
            found.equal(read(s.wrong), 0u, "checks inside tasks that failed");
            check(s, found);
          });
    };
    const auto plan       = sim_test::plan_of(seed, options);
    const std::string law = run(plan);
    if (!law.empty()) FAIL(sim_test::tell_broken(plan, law, run));
  }
  SUCCEED();
}

/// What was sent arrived once, and nothing else did.
inline void conserved(const board& s, sim_test::verdict& found) {
  for (std::uint32_t i = 0; i < 16; ++i) {
    found.equal(read(s.got[i]), read(s.sent[i]),
                "times that message " + std::to_string(i) + " came");
  }
}

}  // namespace laws
