// SPDX-License-Identifier: Apache-2.0
/// \file
/// The simulated backend: every lane of every block is a fiber of one thread, under a seeded
/// scheduler. It runs the executor that a GPU runs, with warps of 32 lanes.
#pragma once

#include <cowarp/platform/launch_plan.hpp>
#include <cowarp/platform/sim/scheduler.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace cowarp::platform {

class pender;

/// One launch in simulation, scheduled as `sim::use` said last.
///
/// The lanes run while a thread is in `wait_for`, whose limit is in simulated time, and only then.
///
/// Called by:     one OS thread.
/// Fails:         `wait_for` throws `sim::run_failed` if the run went wrong.
class sim_launch {
 public:
  explicit sim_launch(const launch_plan& plan);
  sim_launch(const sim_launch&)            = delete;
  sim_launch& operator=(const sim_launch&) = delete;

  [[nodiscard]] std::uint32_t blocks() const { return plan_.blocks; }
  [[nodiscard]] std::uint32_t workers() const { return plan_.workers; }
  [[nodiscard]] std::string name() const;

  /// \returns zeroed memory that the blocks share; freed with this object.
  [[nodiscard]] unsigned char* allocate(std::size_t bytes);
  [[nodiscard]] visible_memory allocate_visible(std::size_t bytes) {
    unsigned char* memory = allocate(bytes);
    return {memory, memory};
  }
  /// Copies into or out of memory from `allocate`.
  void upload(void* to, const void* from, std::size_t bytes) const;
  void download(void* to, const void* from, std::size_t bytes) const;

  /// Workers look by themselves, as on a GPU.
  [[nodiscard]] pender* sleeper(std::uint32_t) const { return nullptr; }
  /// Words that the host writes and the blocks look at.
  [[nodiscard]] void* line() { return line_; }
  [[nodiscard]] void* line_to_device() { return line_; }

  /// Makes the lanes, each of which is to run `Entry::run(argument, shared memory, block, thread,
  /// threads)`.
  template <class Entry>
  void start(const typename Entry::argument& argument) {
    start_lanes([this, argument](std::uint32_t block, std::uint32_t thread) {
      Entry::run(argument, shared_[block], block, thread, workers() * sim::scheduler::lanes);
    });
  }

  /// Runs the lanes. \returns true once all have ended; stops after `ns` of simulated time.
  [[nodiscard]] bool wait_for(std::chrono::nanoseconds ns);

  /// \returns simulated seconds so far.
  [[nodiscard]] double seconds() const { return seconds_; }

 private:
  void start_lanes(std::function<void(std::uint32_t, std::uint32_t)> lane);

  static constexpr std::size_t line_bytes = 4096;

  struct piece {
    std::unique_ptr<unsigned char[]> bytes;
    std::size_t size;
  };

  launch_plan plan_;
  std::vector<piece> memory_;
  std::vector<unsigned char*> shared_;
  unsigned char* line_ = nullptr;
  std::unique_ptr<sim::scheduler> scheduler_;
  std::uint64_t begin_ns_ = 0;
  double seconds_         = 0;
};

}  // namespace cowarp::platform
