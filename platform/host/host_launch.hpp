// SPDX-License-Identifier: Apache-2.0
/// \file
/// The CPU backend: every block is a thread, and a warp has one lane.
#pragma once

#include <cowarp/platform/host/pender.hpp>
#include <cowarp/platform/launch_plan.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace cowarp::platform {

/// One launch on host threads.
///
/// Called by:     one host thread at a time.
/// Memory order:  what the blocks wrote is visible after `wait_for` returned true.
/// Fails:         `configuration_error` from the constructor, and from `start` if the system has no more
///                threads; `std::bad_alloc`. No block has begun then.
class host_launch {
 public:
  explicit host_launch(const launch_plan& plan);
  ~host_launch();
  host_launch(const host_launch&)            = delete;
  host_launch& operator=(const host_launch&) = delete;

  [[nodiscard]] std::uint32_t blocks() const { return plan_.blocks; }
  [[nodiscard]] std::uint32_t workers() const { return plan_.workers; }
  [[nodiscard]] std::string name() const;

  /// \returns zeroed memory that the blocks share; freed with this object.
  [[nodiscard]] unsigned char* allocate(std::size_t bytes);
  [[nodiscard]] visible_memory allocate_visible(std::size_t bytes) {
    unsigned char* memory = allocate(bytes);
    return {memory, memory};
  }
  /// Copies into or out of memory from `allocate`; not while the blocks run.
  void upload(void* to, const void* from, std::size_t bytes) const;
  void download(void* to, const void* from, std::size_t bytes) const;

  /// What block `i` sleeps on.
  [[nodiscard]] pender* sleeper(std::uint32_t i) { return &penders_[i]; }
  /// Words that the host may write while the blocks run; null: they are reached directly.
  [[nodiscard]] void* line_to_device() const { return nullptr; }
  [[nodiscard]] void* line() const { return nullptr; }

  /// Runs `Entry::run(argument, shared memory, block, thread, threads)` in every block, and
  /// `Entry::abandon(argument, shared memory, block)`, if there is one, where its thread stops on the way.
  template <class Entry>
  void start(const typename Entry::argument& argument) {
    start_threads([argument](unsigned char* shared, std::uint32_t block, bool has_stopped) {
      if (!has_stopped) {
        Entry::run(argument, shared, block, 0, 1);
      } else if constexpr (requires { Entry::abandon(argument, shared, block); }) {
        Entry::abandon(argument, shared, block);
      }
    });
  }

  /// \returns true once all blocks have ended; waits for `ns` at most.
  bool wait_for(std::chrono::nanoseconds ns);

  /// What `stop_host_thread` does.
  [[noreturn]] static void stop_calling_thread();

  /// \returns seconds from start to end. \pre `wait_for` returned true.
  [[nodiscard]] double seconds() const { return seconds_; }

 private:
  struct shared_state;
  struct player;
  using block_function = std::function<void(unsigned char*, std::uint32_t, bool has_stopped)>;

  void start_threads(const block_function& block);
  void start_all(const block_function& block);

  launch_plan plan_;
  std::vector<pender> penders_;
  std::vector<std::unique_ptr<unsigned char[]>> memory_;
  std::vector<std::thread> threads_;
  std::unique_ptr<shared_state> state_;
  double seconds_ = 0;
};

}  // namespace cowarp::platform
