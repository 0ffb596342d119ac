// SPDX-License-Identifier: Apache-2.0
/// \file
/// How a simulated launch is scheduled, and what came of it.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace cowarp::sim {

/// Who runs next: `random` draws among the lanes that can run, and may stop one for long; `priority`
/// lets the highest priority run and lowers it at a few random points (PCT, Burckhardt et al.,
/// ASPLOS 2010). Both find bugs that need a lane to be very late.
enum class schedule_mode : std::uint8_t { random, priority };

/// Steps of a run, the last one not included.
struct step_range {
  std::uint64_t begin;
  std::uint64_t end;
};

/// A lane that could have gone on and had to wait for another; threads of the launch, counted through.
struct interruption {
  std::uint64_t step;
  std::uint32_t from;
  std::uint32_t to;
};

/// How to schedule a launch. The same options and the same program give the same run.
struct options {
  std::uint64_t seed          = 1;
  schedule_mode mode          = schedule_mode::random;
  double switch_probability   = 0.5;  // random: chance to switch at an atomic operation
  double stall_probability    = 0;    // random: chance that the running lane then stops for long
  std::uint32_t change_points = 3;    // priority: how often the running lane is set back
  std::uint64_t max_steps     = 5'000'000;  // a run that takes more is declared stuck
  bool has_memory_model       = false;      // stores may be seen late, and data races are found
  // Where lanes may be interrupted, in order; nothing: everywhere. Up to the first interruption that is left out
  // the run is the same as without.
  std::optional<std::vector<step_range>> interruptible{};
  bool records = false;  // the interruptions, in the outcome
};

/// What the last launch did.
struct outcome {
  std::uint64_t steps    = 0;  // atomic operations, pauses, clock reads and meetings of lanes
  std::uint64_t switches = 0;
  std::uint64_t digest   = 0;                 // of the schedule: equal for equal runs
  std::uint64_t writes   = 0;                 // atomic stores and read-modify-writes
  std::vector<interruption> interruptions{};  // if the options ask for them
};

/// A run that went wrong: stuck, lanes that met wrongly, a broken precondition, a data race.
class run_failed : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Sets how launches made from now on are scheduled.
void use(const options& next);
[[nodiscard]] const options& in_use();
[[nodiscard]] const outcome& last_outcome();

[[nodiscard]] std::string_view to_string(schedule_mode mode);
[[nodiscard]] std::string to_string(const options& of);

}  // namespace cowarp::sim
