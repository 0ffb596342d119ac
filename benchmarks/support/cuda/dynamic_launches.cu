// SPDX-License-Identifier: Apache-2.0
/// \file
/// Kernels that launch kernels (CUDA dynamic parallelism), as a peer of spawned tasks.
#include <cowarp/platform/cuda/cuda_error.hpp>

#include <cuda_runtime.h>

#include <chrono>
#include <cstdint>
#include <peers/dynamic_launches.hpp>
#include <stdexcept>

namespace peers {
namespace {

__device__ std::uint32_t ran;

__global__ void child() {
  if (threadIdx.x == 0) atomicAdd(&ran, 1u);
}

__global__ void batch(std::uint32_t count) {
  for (std::uint32_t i = 0; i < count; ++i) child<<<1, 32, 0, cudaStreamFireAndForget>>>();
}

/// Each begins when the one that launched it has ended.
__global__ void chain(std::uint32_t left) {
  if (threadIdx.x != 0) return;
  atomicAdd(&ran, 1u);
  if (left != 0) chain<<<1, 32, 0, cudaStreamTailLaunch>>>(left - 1);
}

/// \returns seconds of `launch()`, after which `count` kernels must have counted themselves.
template <class Launch>
double seconds_of(std::uint32_t count, Launch launch) {
  // Launches that have not begun yet take room that is laid out beforehand.
  cowarp::check(cudaDeviceSetLimit(cudaLimitDevRuntimePendingLaunchCount, count + 64),
                "make room for launches");
  const std::uint32_t none = 0;
  cowarp::check(cudaMemcpyToSymbol(ran, &none, sizeof none), "write a counter");
  cowarp::check(cudaDeviceSynchronize(), "wait for the device");
  const auto begin = std::chrono::steady_clock::now();
  launch();
  cowarp::check(cudaGetLastError(), "launch a kernel that launches kernels");
  cowarp::check(cudaDeviceSynchronize(), "wait for kernels");
  const double took =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  std::uint32_t counted = 0;
  cowarp::check(cudaMemcpyFromSymbol(&counted, ran, sizeof counted), "read a counter");
  if (counted != count) throw std::runtime_error("a kernel that a kernel launched did not run");
  return took;
}

}  // namespace

double dynamic_batch_seconds(std::uint32_t count) {
  return seconds_of(count, [&] { batch<<<1, 1>>>(count); });
}
double dynamic_chain_seconds(std::uint32_t count) {
  return seconds_of(count, [&] { chain<<<1, 32>>>(count - 1); });
}

}  // namespace peers
