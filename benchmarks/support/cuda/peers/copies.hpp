// SPDX-License-Identifier: Apache-2.0
/// \file
/// A memory-bound kernel: it copies device memory as fast as that goes.
#pragma once

#include <cowarp/platform/cuda/cuda_error.hpp>

#include <cstdint>
#include <peers/launches.hpp>

namespace peers {

inline constexpr std::size_t copied_bytes = std::size_t{512} << 20;

/// A template, so that each program has its own.
template <int = 0>
__global__ void copy_kernel(uint4* to, const uint4* from, std::size_t count) {
  const std::size_t step = std::size_t{gridDim.x} * blockDim.x;
  for (std::size_t i = std::size_t{blockIdx.x} * blockDim.x + threadIdx.x; i < count; i += step) {
    to[i] = from[i];
  }
}

/// Two halves of device memory of which one is copied to the other, in a stream of its own. All is
/// there, and the kernel loaded, when the constructor returns: nothing waits for other kernels later.
class copier {
 public:
  copier() {
    cowarp::check(cudaMalloc(&from_, copied_bytes), "allocate what is copied");
    cowarp::check(cudaMalloc(&to_, copied_bytes), "allocate what is copied to");
    cowarp::check(cudaEventCreate(&begin_), "create an event");
    cowarp::check(cudaEventCreate(&end_), "create an event");
    cowarp::check(cudaMemset(from_, 0x5a, copied_bytes), "fill what is copied");
    cowarp::check(cudaDeviceSynchronize(), "wait for the device");
    static_cast<void>(seconds());
  }
  ~copier() {
    static_cast<void>(cudaEventDestroy(begin_));
    static_cast<void>(cudaEventDestroy(end_));
    static_cast<void>(cudaFree(from_));
    static_cast<void>(cudaFree(to_));
  }
  copier(const copier&)            = delete;
  copier& operator=(const copier&) = delete;

  /// \returns seconds of one copy.
  double seconds() {
    constexpr std::uint32_t threads = 512;
    const std::size_t count         = copied_bytes / sizeof(uint4);
    const auto blocks               = static_cast<std::uint32_t>(count / threads / 4);
    float ms                        = 0;
    cowarp::check(cudaEventRecord(begin_, in_.get()), "record an event");
    copy_kernel<><<<blocks, threads, 0, in_.get()>>>(static_cast<uint4*>(to_),
                                                     static_cast<const uint4*>(from_), count);
    cowarp::check(cudaGetLastError(), "launch a copy");
    cowarp::check(cudaEventRecord(end_, in_.get()), "record an event");
    cowarp::check(cudaEventSynchronize(end_), "wait for a copy");
    cowarp::check(cudaEventElapsedTime(&ms, begin_, end_), "read the time");
    return ms * 1e-3;
  }

  /// \returns true if the last 32-bit word was copied; forgets the copy.
  bool has_copied() {
    constexpr std::uint32_t written = 0x5a5a5a5a;
    std::uint32_t last              = 0;
    auto* at                        = static_cast<unsigned char*>(to_) + copied_bytes - sizeof last;
    cowarp::check(cudaMemcpy(&last, at, sizeof last, cudaMemcpyDeviceToHost), "read a copy");
    cowarp::check(cudaMemset(at, 0, sizeof last), "forget a copy");
    return last == written;
  }

 private:
  stream in_;
  void* from_        = nullptr;
  void* to_          = nullptr;
  cudaEvent_t begin_ = nullptr;
  cudaEvent_t end_   = nullptr;
};

}  // namespace peers
