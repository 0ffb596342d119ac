// SPDX-License-Identifier: Apache-2.0
/// \file
/// The GPU backend: one cooperative launch, checked before it starts.
#pragma once

#include <cowarp/platform/cuda/cuda_error.hpp>
#include <cowarp/platform/host/pender.hpp>
#include <cowarp/platform/launch_plan.hpp>

#include <cuda_runtime.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <source_location>
#include <string>
#include <utility>
#include <vector>

namespace cowarp::platform {

/// One launch on a GPU.
///
/// The constructor resolves the plan against the device and throws `configuration_error` with what
/// would work if it does not fit. All kernels of the launch are loaded before any starts: with lazy
/// loading, the first launch of another kernel would wait for this one to end.
///
/// Called by:     one host thread at a time.
/// Memory order:  what the blocks wrote is visible to `download` after `wait_for` returned true.
/// Fails:         `cuda_error` from any call, `configuration_error` from the constructor.
class cuda_launch {
 public:
  cuda_launch(const launch_plan& plan, const void* kernel);
  ~cuda_launch();
  cuda_launch(const cuda_launch&)            = delete;
  cuda_launch& operator=(const cuda_launch&) = delete;

  [[nodiscard]] std::uint32_t blocks() const { return plan_.blocks; }
  [[nodiscard]] std::uint32_t workers() const { return plan_.workers; }
  [[nodiscard]] std::string name() const;

  /// \returns zeroed device memory, freed with this object.
  [[nodiscard]] unsigned char* allocate(std::size_t bytes);
  /// \returns zeroed memory of the host that both sides reach, freed with this object.
  [[nodiscard]] visible_memory allocate_visible(std::size_t bytes);
  void upload(void* to, const void* from, std::size_t bytes) const;
  void download(void* to, const void* from, std::size_t bytes) const;

  [[nodiscard]] pender* sleeper(std::uint32_t) { return nullptr; }
  /// Words that the host may write while the kernel runs, as each side sees them.
  [[nodiscard]] void* line_to_device() const { return line_on_device_; }
  [[nodiscard]] void* line() const { return line_; }

  /// Says what was last known of the blocks; it stands in every `cuda_error` after a call to `start`.
  void on_error(std::function<std::string()> last_known) { last_known_ = std::move(last_known); }

  /// Starts `kernel(argument)`; the constructor was given the same kernel.
  void start(void* argument);

  /// \returns true once the kernel has ended; waits for `ns` at most.
  bool wait_for(std::chrono::nanoseconds ns);

  /// \returns seconds from start to end. \pre `wait_for` returned true.
  [[nodiscard]] double seconds() const { return seconds_; }

  /// Bytes in mapped memory that `line` points to.
  static constexpr std::size_t line_bytes = 256;

 private:
  void resolve();
  void resolve_clusters();
  /// The launch of `plan_`; the attributes stand in the array.
  [[nodiscard]] cudaLaunchConfig_t configuration(cudaLaunchAttribute (&attributes)[2]) const;
  void release() noexcept;
  /// `check`, with what was last known of the blocks.
  void check_blocks(cudaError_t code, const char* tried,
                    std::source_location where = std::source_location::current()) const;

  launch_plan plan_;
  const void* kernel_;
  int device_           = 0;
  cudaStream_t stream_  = nullptr;
  bool owns_stream_     = false;
  cudaEvent_t begin_    = nullptr;
  cudaEvent_t end_      = nullptr;
  void* line_           = nullptr;
  void* line_on_device_ = nullptr;
  std::vector<void*> memory_;
  std::vector<void*> visible_memory_;
  std::function<std::string()> last_known_;
  double seconds_ = 0;
};

}  // namespace cowarp::platform
