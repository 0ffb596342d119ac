// SPDX-License-Identifier: Apache-2.0
/// \file
/// Runs a program under many schedules and says under which seed a law was broken.
///
/// Environment: COWARP_SIM_SEEDS multiplies the number of seeds; COWARP_SIM_SEED runs that one only;
/// COWARP_SIM_MEMORY=1 asks for the memory model under every seed instead of every third, 0 under none. A run that
/// was shrunk is run again with COWARP_SIM_BLOCKS, COWARP_SIM_WORKERS and COWARP_SIM_STEPS as it says;
/// COWARP_SIM_SHRINK=0 shrinks none.
#pragma once

#include <cowarp/cowarp.hpp>
#include <cowarp/platform/sim/options.hpp>

#include <support/catch.hpp>

#include "shrink.hpp"
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
  how.has_memory_model   = from_environment("COWARP_SIM_MEMORY", seed % 3 == 0 ? 1 : 0) != 0;
  return how;
}

/// \returns steps as text, "begin-end,begin-end", and back.
inline std::string text_of(const std::vector<cowarp::sim::step_range>& ranges) {
  std::string text;
  for (const auto& range : ranges) {
    text += (text.empty() ? "" : ",") + std::to_string(range.begin) + "-";
    if (range.end != ~std::uint64_t{0}) text += std::to_string(range.end);
  }
  return text.empty() ? "none" : text;
}
inline std::vector<cowarp::sim::step_range> ranges_of(const std::string& text) {
  std::vector<cowarp::sim::step_range> ranges;
  for (std::size_t at = 0; at < text.size() && text != "none";) {
    const std::size_t dash = text.find('-', at);
    const std::size_t end  = std::min(text.find(',', at), text.size());
    if (dash >= end) break;
    const std::string last = text.substr(dash + 1, end - dash - 1);
    ranges.push_back({std::stoull(text.substr(at, dash - at)),
                      last.empty() ? ~std::uint64_t{0} : std::stoull(last)});
    at = end + 1;
  }
  return ranges;
}

/// \returns the launch of a seed: 1 to 3 blocks and workers where `options` leaves that open.
inline cowarp::launch_options launch_of(std::uint64_t seed, cowarp::launch_options options) {
  if (options.blocks == 0) options.blocks = static_cast<std::uint32_t>(1 + seed / 3 % 3);
  if (options.workers == 0) options.workers = static_cast<std::uint32_t>(1 + seed / 5 % 3);
  return options;
}

/// \returns the run of a seed, but for what the environment says.
inline run_plan plan_of(std::uint64_t seed, const cowarp::launch_options& options) {
  run_plan plan{
      schedule_of(seed),
      static_cast<std::uint32_t>(from_environment("COWARP_SIM_BLOCKS", options.blocks)),
      static_cast<std::uint32_t>(from_environment("COWARP_SIM_WORKERS", options.workers))};
  if (const char* steps = std::getenv("COWARP_SIM_STEPS")) {
    plan.how.interruptible = ranges_of(steps);
  }
  return plan;
}

/// Runs `App` once as planned. \returns the law that was broken, or nothing.
template <class App, class MakeState, class Check>
std::string broken_law(const run_plan& plan, cowarp::launch_options options, MakeState&& make_state,
                       Check&& check) {
  verdict found;
  auto state = make_state();
  cowarp::sim::use(plan.how);
  options.blocks  = plan.blocks;
  options.workers = plan.workers;
  try {
    const cowarp::report report = cowarp::run<App>(options, state);
    check(report, state, found);
  } catch (const cowarp::sim::run_failed& failed) {
    found.that(false, failed.what());
  }
  return found.broken();
}

/// \returns what a test says of a run that breaks a law, and of the smallest one like it.
template <class Run>
std::string tell_broken(const run_plan& plan, const std::string& law, Run&& run) {
  const std::string seed = "COWARP_SIM_SEED=" + std::to_string(plan.how.seed);
  std::string text       = law + "\nwith " + cowarp::sim::to_string(plan.how) + ", " +
                     std::to_string(plan.blocks) + " blocks, " + std::to_string(plan.workers) +
                     " workers; again: " + seed;
  if (from_environment("COWARP_SIM_SHRINK", 1) == 0) return text;
  const broken_run least = shrink(plan, law, run);
  const auto& how        = least.plan.how;
  text += "\nshrunk to " + std::to_string(least.interruptions.size()) +
          " interruptions: " + least.law + "\nagain: " + seed +
          " COWARP_SIM_BLOCKS=" + std::to_string(least.plan.blocks) +
          " COWARP_SIM_WORKERS=" + std::to_string(least.plan.workers) +
          " COWARP_SIM_MEMORY=" + (how.has_memory_model ? "1" : "0");
  if (how.interruptible) text += " COWARP_SIM_STEPS=" + text_of(*how.interruptible);
  const auto& stops = least.interruptions;
  for (std::size_t i = 0; i < stops.size() && i < 12; ++i) {
    text += "\n  step " + std::to_string(stops[i].step) + ": thread " +
            std::to_string(stops[i].from) + " waits, " + std::to_string(stops[i].to) + " goes on";
  }
  return text;
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
    const run_plan plan = plan_of(seed, launch_of(seed, options));
    const auto run      = [&](const run_plan& p) {
      return broken_law<App>(p, options, make_state, check);
    };
    const std::string law = run(plan);
    if (!law.empty()) FAIL(tell_broken(plan, law, run));
  }
  SUCCEED();
}

/// The law of every program that comes to its end by itself.
inline void all_done(const cowarp::report& report, verdict& found) {
  found.that(report.end == cowarp::end_reason::all_done, "the run ends because all tasks are done");
  found.equal(report.total.pending, 0u, "tasks that are pending at the end");
}

/// Polls another future, and counts how often, once each poll is over.
template <class Future>
struct counted {
  using output = typename Future::output;
  Future of;
  cowarp::platform::atomic_word<cowarp::scope::device>& polls;
  cowarp::polled<output> poll(cowarp::context& cx) {
    auto ready = of.poll(cx);
    polls.fetch_add(1, cowarp::platform::relaxed);  // relaxed: a count.
    return ready;
  }
};

}  // namespace sim_test
