// SPDX-License-Identifier: Apache-2.0
/// \file
/// Peers of a spawn on a GPU: kernel launches in a stream, and nodes of a CUDA graph.
#pragma once

#include <cowarp/platform/cuda/cuda_error.hpp>

#include <cuda_runtime.h>

#include <chrono>
#include <cstdint>

namespace peers {

/// A template, so that each program has its own.
template <int = 0>
__global__ void empty_kernel() {}

inline constexpr const char* launch_name = "stream launch";
inline constexpr const char* batch_name  = "CUDA graph, independent nodes";
inline constexpr const char* chain_name  = "CUDA graph, chain";

/// A stream that is destroyed with this object.
class stream {
 public:
  stream() {
    cowarp::check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "create a stream");
  }
  ~stream() { static_cast<void>(cudaStreamDestroy(stream_)); }
  stream(const stream&)            = delete;
  stream& operator=(const stream&) = delete;

  [[nodiscard]] cudaStream_t get() const { return stream_; }
  void wait() const { cowarp::check(cudaStreamSynchronize(stream_), "wait for a stream"); }

 private:
  cudaStream_t stream_ = nullptr;
};

/// \returns seconds of `count` empty kernels launched one after the other, until all are done.
inline double launch_seconds(std::uint32_t count) {
  const stream in;
  empty_kernel<><<<1, 32, 0, in.get()>>>();
  cowarp::check(cudaGetLastError(), "launch an empty kernel");
  in.wait();
  const auto begin = std::chrono::steady_clock::now();
  for (std::uint32_t i = 0; i < count; ++i) empty_kernel<><<<1, 32, 0, in.get()>>>();
  cowarp::check(cudaGetLastError(), "launch empty kernels");
  in.wait();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// A graph of empty kernels, instantiated and on the device.
class empty_graph {
 public:
  empty_graph(std::uint32_t nodes, bool is_chain) {
    cowarp::check(cudaGraphCreate(&graph_, 0), "create a graph");
    cudaKernelNodeParams kernel{};
    void* no_arguments[] = {nullptr};
    kernel.func          = reinterpret_cast<void*>(&empty_kernel<>);
    kernel.gridDim       = dim3(1);
    kernel.blockDim      = dim3(32);
    kernel.kernelParams  = no_arguments;
    cudaGraphNode_t last = nullptr;
    for (std::uint32_t i = 0; i < nodes; ++i) {
      cudaGraphNode_t node = nullptr;
      const bool depends   = is_chain && i != 0;
      cowarp::check(cudaGraphAddKernelNode(&node, graph_, depends ? &last : nullptr,
                                           depends ? 1 : 0, &kernel),
                    "add a graph node");
      last = node;
    }
    cowarp::check(cudaGraphInstantiate(&executable_, graph_, 0), "instantiate a graph");
    cowarp::check(cudaGraphUpload(executable_, in_.get()), "upload a graph");
    static_cast<void>(seconds());
  }
  ~empty_graph() {
    if (executable_ != nullptr) static_cast<void>(cudaGraphExecDestroy(executable_));
    if (graph_ != nullptr) static_cast<void>(cudaGraphDestroy(graph_));
  }
  empty_graph(const empty_graph&)            = delete;
  empty_graph& operator=(const empty_graph&) = delete;

  /// \returns seconds of one launch of the graph, until it is done.
  [[nodiscard]] double seconds() const {
    in_.wait();
    const auto begin = std::chrono::steady_clock::now();
    cowarp::check(cudaGraphLaunch(executable_, in_.get()), "launch a graph");
    in_.wait();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  }

 private:
  stream in_;
  cudaGraph_t graph_          = nullptr;
  cudaGraphExec_t executable_ = nullptr;
};

/// \returns seconds of `count` nodes in one graph, all independent or each after the last.
inline double batch_seconds(std::uint32_t count) { return empty_graph(count, false).seconds(); }
inline double chain_seconds(std::uint32_t count) { return empty_graph(count, true).seconds(); }

}  // namespace peers
