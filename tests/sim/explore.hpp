// SPDX-License-Identifier: Apache-2.0
/// \file
/// Runs a program under many schedules and says under which seed a law was broken.
///
/// Environment: COWARP_SIM_SEEDS multiplies the number of seeds; COWARP_SIM_SEED runs that one only;
/// COWARP_SIM_MEMORY=1 asks for the memory model under every seed instead of every third.
#pragma once

#include <cowarp/cowarp.hpp>
#include <cowarp/platform/sim/options.hpp>

#include <support/catch.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

namespace sim_test {

/// What a check found; the first broken law counts.
class verdict {
 public:
  void that(bool holds, const std::string& law) {
    if (!holds && broken_.empty()) broken_ = law;
  }
  template <class Left, class Right>
  void equal(const Left& left, const Right& right, const std::string& what) {
    that(left == right, what + ": " + std::to_string(left) + " is not " + std::to_string(right));
  }
  [[nodiscard]] const std::string& broken() const { return broken_; }

 private:
  std::string broken_;
};

inline std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

/// \returns the schedule of a seed: modes and how often they switch vary with it.
inline cowarp::sim::options schedule_of(std::uint64_t seed) {
  using cowarp::sim::schedule_mode;
  constexpr double probabilities[] = {1.0, 0.3, 0.05};
  constexpr double stalls[]        = {0.005, 0.03, 0};
  cowarp::sim::options how{.seed = seed};
  how.mode               = seed % 2 == 0 ? schedule_mode::priority : schedule_mode::random;
  how.switch_probability = probabilities[seed / 2 % 3];
  how.stall_probability  = stalls[seed / 6 % 3];
  how.change_points      = static_cast<std::uint32_t>(1 + seed / 2 % 6);
  how.has_memory_model   = seed % 3 == 0 || from_environment("COWARP_SIM_MEMORY", 0) != 0;
  return how;
}

/// \returns the launch of a seed: 1 to 3 blocks and workers where `options` leaves that open.
inline cowarp::launch_options launch_of(std::uint64_t seed, cowarp::launch_options options) {
  if (options.blocks == 0) options.blocks = static_cast<std::uint32_t>(1 + seed / 3 % 3);
  if (options.workers == 0) options.workers = static_cast<std::uint32_t>(1 + seed / 5 % 3);
  return options;
}

/// Runs `App` once with the schedule of `seed`. \returns the law that was broken, or nothing.
template <class App, class MakeState, class Check>
std::string broken_law(std::uint64_t seed, const cowarp::launch_options& options,
                       MakeState&& make_state, Check&& check) {
  verdict found;
  auto state = make_state();
  cowarp::sim::use(schedule_of(seed));
  try {
    const cowarp::report report = cowarp::run<App>(launch_of(seed, options), state);
    check(report, state, found);
  } catch (const cowarp::sim::run_failed& failed) {
    found.that(false, failed.what());
  }
  return found.broken();
}

/// Runs `App` under `seeds` schedules, and fails at the first that breaks a law.
///
/// \param make_state returns the grid state to begin with.
/// \param check `check(report, state, verdict)` judges a run that came to its end.
template <class App, class MakeState, class Check>
void explore(std::uint64_t seeds, const cowarp::launch_options& options, MakeState&& make_state,
             Check&& check) {
  std::uint64_t first = 1;
  std::uint64_t last  = seeds * from_environment("COWARP_SIM_SEEDS", 1);
  if (const std::uint64_t only = from_environment("COWARP_SIM_SEED", 0); only != 0) {
    first = last = only;
  }
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    const std::string law = broken_law<App>(seed, options, make_state, check);
    if (law.empty()) continue;
    const auto launch = launch_of(seed, options);
    FAIL(law << "\nwith " << cowarp::sim::to_string(schedule_of(seed)) << ", " << launch.blocks
             << " blocks, " << launch.workers << " workers; again: COWARP_SIM_SEED=" << seed);
  }
  SUCCEED();
}

/// The law of every program that comes to its end by itself.
inline void all_done(const cowarp::report& report, verdict& found) {
  found.that(report.end == cowarp::end_reason::all_done, "the run ends because all tasks are done");
  found.equal(report.total.pending, 0u, "tasks that are pending at the end");
}

}  // namespace sim_test
