// SPDX-License-Identifier: Apache-2.0
/// \file
/// Makes a run that breaks a law as simple as it gets while it still breaks it.
#pragma once

#include <cowarp/platform/sim/options.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace sim_test {

/// One run: how it is scheduled and on how much.
struct run_plan {
  cowarp::sim::options how;
  std::uint32_t blocks;
  std::uint32_t workers;
};

/// A run that breaks a law, what it says, and which lanes it interrupts.
struct broken_run {
  run_plan plan;
  std::string law;
  std::vector<cowarp::sim::interruption> interruptions;
};

/// \returns the words of a message without its numbers, and without what follows in brackets.
inline std::string kind_of(const std::string& law) {
  std::string kind;
  for (const char c : law) {
    if (c == '[' || c == '\n') break;
    if (c < '0' || c > '9') kind += c;
  }
  return kind;
}

/// \returns the ranges without the steps from `begin` up to `end`.
inline std::vector<cowarp::sim::step_range> without(
    const std::vector<cowarp::sim::step_range>& ranges, std::uint64_t begin, std::uint64_t end) {
  std::vector<cowarp::sim::step_range> rest;
  for (const auto& range : ranges) {
    if (range.begin < std::min(range.end, begin)) {
      rest.push_back({range.begin, std::min(range.end, begin)});
    }
    if (std::max(range.begin, end) < range.end) {
      rest.push_back({std::max(range.begin, end), range.end});
    }
  }
  return rest;
}

/// Shrinks runs that break a law of one kind.
template <class Run>
class shrinker {
 public:
  shrinker(const run_plan& plan, const std::string& law, Run& run, int most)
      : best_{plan, law, {}}, kind_(kind_of(law)), run_(run), left_(most) {
    takes(plan);  // notes the interruptions
  }

  /// On less: without the memory model, on fewer blocks and workers.
  void simplify() {
    if (best_.plan.how.has_memory_model) {
      with([](run_plan& p) { p.how.has_memory_model = false; });
    }
    for (std::uint32_t i = 1; i < best_.plan.blocks; ++i) {
      if (with([=](run_plan& p) { p.blocks = i; })) break;
    }
    for (std::uint32_t i = 1; i < best_.plan.workers; ++i) {
      if (with([=](run_plan& p) { p.workers = i; })) break;
    }
  }

  /// To one interruption, if there is a step at which one is enough. \returns true if so
  bool single() {
    const std::uint64_t steps = steps_;
    const int kept            = left_ / 2;
    for (std::uint64_t at = 0; at < steps && left_ > kept; ++at) {
      if (interrupted_only({{at, at + 1}})) return true;
    }
    return false;
  }

  /// To one part of the run, in which alone lanes are interrupted: half of it, as long as one will do.
  void narrow() {
    std::uint64_t begin = 0, end = steps_ + 1;
    for (std::uint64_t length = (end - begin) / 2; length >= 4; length = (end - begin) / 2) {
      bool has_moved = false;
      for (const std::uint64_t at : {begin + length, begin + length / 2, begin}) {
        if (!interrupted_only({{at, at + length}})) continue;
        begin     = at;
        end       = at + length;
        has_moved = true;
        break;
      }
      if (!has_moved) break;
    }
  }

  /// Leaves out ever smaller groups of interruptions, the last ones first (delta debugging, Zeller and
  /// Hildebrandt, TSE 2002).
  void thin() {
    if (!best_.plan.how.interruptible && !interrupted_only({{0, ~std::uint64_t{0}}})) return;
    const auto& stops = best_.interruptions;
    for (std::size_t group = stops.size() / 2; group > 0 && left_ > 0;) {
      const std::size_t had = stops.size();
      for (std::size_t i = had; i >= group && left_ > 0; i -= group) {
        i = std::min(i, stops.size());
        if (i < group) break;
        interrupted_only(
            without(*best_.plan.how.interruptible, stops[i - group].step, stops[i - 1].step + 1));
      }
      if (stops.size() == had) group /= 2;
      group = std::min(group, stops.size());
    }
  }

  [[nodiscard]] const broken_run& best() const { return best_; }

 private:
  template <class Change>
  bool with(Change change, bool may_add = true) {
    run_plan next = best_.plan;
    change(next);
    return takes(next, may_add);
  }
  bool interrupted_only(const std::vector<cowarp::sim::step_range>& ranges) {
    return with([&](run_plan& p) { p.how.interruptible = ranges; }, false);
  }

  /// Tries a run. \param may_add it may have more interruptions. \returns true if it breaks the same law
  bool takes(run_plan plan, bool may_add = true) {
    if (left_ <= 0 || std::chrono::steady_clock::now() - began_ > limit) return false;
    --left_;
    plan.how.records      = true;
    const std::string law = run_(plan);
    const auto& what      = cowarp::sim::last_outcome();
    if (law.empty() || kind_of(law) != kind_) return false;
    if (what.interruptions.size() > best_.interruptions.size() && !may_add) return false;
    best_  = {plan, law, what.interruptions};
    steps_ = what.steps;
    return true;
  }

  static constexpr std::chrono::seconds limit{20};

  broken_run best_;
  std::string kind_;
  Run& run_;
  int left_;
  std::uint64_t steps_                         = 0;
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

/// Makes a run smaller that breaks a law: it happens on less, and lanes are interrupted in few places.
///
/// \param run `run(run_plan)` returns the law that is broken, or nothing; the same plan gives the same run.
/// \param most runs that are tried; none begins after 20 s
template <class Run>
broken_run shrink(const run_plan& plan, const std::string& law, Run&& run, int most = 6000) {
  shrinker its(plan, law, run, most);
  its.simplify();
  if (!its.single()) {
    its.narrow();
    its.thin();
  }
  return its.best();
}

}  // namespace sim_test
