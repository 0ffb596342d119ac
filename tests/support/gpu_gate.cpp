// SPDX-License-Identifier: Apache-2.0
/// \file
/// Ends a GPU test program at once, and says why, on a machine that has no GPU.

#define CATCH_CONFIG_EXTERNAL_INTERFACES  // listeners, in version 2

#include <cuda_runtime_api.h>

#include <support/catch.hpp>

#include <cstdio>
#include <cstdlib>

namespace {

#if defined(COWARP_CATCH2_V3)
using listener_base = Catch::EventListenerBase;
#else
using listener_base = Catch::TestEventListenerBase;
#endif

/// Exits with 77, which CTest reports as skipped. Listing the tests needs no GPU.
struct gpu_gate : listener_base {
  using listener_base::listener_base;

  void testRunStarting(const Catch::TestRunInfo&) override {
    int devices             = 0;
    const cudaError_t error = cudaGetDeviceCount(&devices);
    if (error == cudaSuccess && devices > 0) return;
    std::printf("skipped: no GPU: %s\n", cudaGetErrorString(error));
    std::fflush(stdout);
    std::exit(77);
  }
};

CATCH_REGISTER_LISTENER(gpu_gate)

}  // namespace
