// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a backend is asked for, and how it says no.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>

namespace cowarp {

/// A launch that cannot work as asked; the message names what would.
class configuration_error : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

namespace platform {

/// The shape of one launch.
struct launch_plan {
  std::uint32_t blocks;       // 0: as many as the machine has SMs or cores
  std::uint32_t workers;      // 0: as many as have something to do
  std::uint32_t max_workers;  // the program's limit
  std::uint32_t words;        // words of 32 slots in a block
  std::size_t shared_bytes;   // shared memory of a block
  void* stream;               // CUDA stream to run on; null: a stream of its own
  std::uint32_t cluster_blocks =
      1;  // blocks of a cluster: neighbours on a GPU; means nothing on a CPU
};

/// Memory that the host may read and write while the blocks run, and after the device was lost.
struct visible_memory {
  unsigned char* on_host;
  unsigned char* on_device;
};

}  // namespace platform
}  // namespace cowarp
