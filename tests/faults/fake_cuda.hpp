// SPDX-License-Identifier: Apache-2.0
/// \file
/// A CUDA runtime without a GPU: counts what is held, and fails when it is told to.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>
#include <string>

namespace fake_cuda {

/// What the fake is told and what it saw; one for the process.
struct state {
  int calls_left    = -1;  // calls that still succeed before one fails; below zero: all do
  cudaError_t error = cudaErrorUnknown;
  bool stays_lost   = false;      // all calls after the one that failed fail as well
  std::string failed_call;        // its name; empty if none failed
  int held                  = 0;  // streams, events, memory
  int launches              = 0;
  bool is_cooperative       = false;  // the last launch
  std::uint32_t cluster     = 0;      // its blocks of a cluster; 0: none asked for
  std::uint32_t busy_checks = 0;      // so often a kernel that is asked for says that it runs

  // The device.
  int major                 = 9;
  int minor                 = 0;
  int driver                = 13000;
  int has_cooperative       = 1;
  int has_clusters          = 1;
  int clusters              = 4;  // that fit at once
  int shared_bytes          = 100'000;
  int blocks_per_sm         = 2;
  static constexpr int sms  = 10;
  int max_threads_per_block = 1024;
};

extern state now;

}  // namespace fake_cuda
