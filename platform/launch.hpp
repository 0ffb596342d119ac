// SPDX-License-Identifier: Apache-2.0
/// \file
/// Which backend runs a launch: decided by how the source is compiled.
#pragma once

#include <cowarp/platform/launch_plan.hpp>
#include <cowarp/platform/platform.hpp>
#include <cowarp/platform/this_block.hpp>

#if COWARP_HAS_CUDA
#  include <cowarp/platform/cuda/cuda_launch.hpp>
#elif defined(COWARP_SIM)
#  include <cowarp/platform/sim/sim_launch.hpp>
#else
#  include <cowarp/platform/host/host_launch.hpp>
#endif

namespace cowarp::platform {

/// Which thread of the grid runs, and where its block's shared memory begins.
struct place {
  unsigned char* shared;
  std::uint32_t block;
  std::uint32_t thread;
  std::uint32_t threads;
};

/// \returns the place of the calling thread of a kernel; nothing on a CPU, where launches pass it.
[[nodiscard]] COWARP_FN inline place this_place() {
#if defined(__CUDA_ARCH__)
  return {reinterpret_cast<unsigned char*>(this_block()), blockIdx.x, threadIdx.x, blockDim.x};
#else
  return {};
#endif
}

#if COWARP_HAS_CUDA

/// Runs `Entry::run(argument, shared memory, block, thread, threads)` in every thread of the grid.
template <class Entry>
__global__ void __launch_bounds__(Entry::max_threads, 1)
    kernel(const __grid_constant__ typename Entry::argument argument) {
  const place here = this_place();
  Entry::run(argument, here.shared, here.block, here.thread, here.threads);
}

/// A launch of one entry on the GPU.
template <class Entry>
class entry_launch : public cuda_launch {
 public:
  explicit entry_launch(const launch_plan& plan)
      : cuda_launch(plan, reinterpret_cast<const void*>(&kernel<Entry>)) {}
  entry_launch(const launch_plan& plan, const void* other_kernel)
      : cuda_launch(plan, other_kernel) {}
  void start(typename Entry::argument argument) { cuda_launch::start(&argument); }
};

#else

#  if defined(COWARP_SIM)
using base_launch = sim_launch;
#  else
using base_launch = host_launch;
#  endif

/// A launch of one entry on the CPU.
template <class Entry>
class entry_launch : public base_launch {
 public:
  using base_launch::base_launch;
  void start(const typename Entry::argument& argument) {
    base_launch::template start<Entry>(argument);
  }
};

#endif

}  // namespace cowarp::platform
