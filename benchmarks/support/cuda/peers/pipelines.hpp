// SPDX-License-Identifier: Apache-2.0
/// \file
/// The tile pipeline as an expert writes it for sm_90: warp-specialised, bulk copies, full and empty
/// mbarriers. And the device's own copy.
#pragma once

#include <cowarp/platform/cuda/cuda_error.hpp>
#include <cowarp/platform/platform.hpp>

#include <cuda/ptx>
#include <cuda_runtime.h>

#include <cstdint>

namespace peers {

inline constexpr const char* pipeline_name = "by hand";
inline constexpr const char* copy_name     = "device copy";

/// \returns seconds of a copy between two places of device memory.
inline double copy_seconds(void* to, const void* from, std::size_t bytes) {
  cudaEvent_t begin, end;
  float ms = 0;
  cowarp::check(cudaEventCreate(&begin), "create an event");
  cowarp::check(cudaEventCreate(&end), "create an event");
  cowarp::check(cudaEventRecord(begin), "record an event");
  cowarp::check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice), "copy");
  cowarp::check(cudaEventRecord(end), "record an event");
  cowarp::check(cudaEventSynchronize(end), "wait for a copy");
  cowarp::check(cudaEventElapsedTime(&ms, begin, end), "read the time");
  cowarp::check(cudaEventDestroy(begin), "destroy an event");
  cowarp::check(cudaEventDestroy(end), "destroy an event");
  return ms * 1e-3;
}

inline constexpr std::uint32_t pipeline_first_line = __LINE__;
/// Thread 0 loads tiles into a ring of stages; eight warps transform each together and one of their
/// threads stores it; tile i of the job belongs to block i mod blocks.
template <class Job, std::uint32_t Stages>
struct tile_pipeline {
  using argument                             = Job*;
  static constexpr std::uint32_t workers     = 9;
  static constexpr std::uint32_t max_threads = workers * 32;
  static constexpr std::uint32_t consumers   = max_threads - 32;
  static constexpr std::uint32_t words       = Job::tile_words;
  struct memory {
    alignas(128) float tile[Stages][words];
    std::uint64_t full[Stages], empty[Stages];
  };

#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 900
  static COWARP_DEVICE_FN void wait(std::uint64_t& barrier, std::uint32_t parity) {
    while (!cuda::ptx::mbarrier_try_wait_parity(&barrier, parity)) {
    }
  }

  static COWARP_DEVICE_FN void produce(const Job& job, memory& m, std::uint32_t block) {
    std::uint32_t round = 0;
    for (std::uint32_t i = block; i < job.tiles; i += gridDim.x, ++round) {
      const std::uint32_t stage = round % Stages;
      if (round >= Stages) wait(m.empty[stage], (round / Stages - 1) % 2);
      cuda::ptx::mbarrier_arrive_expect_tx(cuda::ptx::sem_release, cuda::ptx::scope_cta,
                                           cuda::ptx::space_shared, &m.full[stage],
                                           sizeof m.tile[0]);
      cuda::ptx::cp_async_bulk(cuda::ptx::space_cluster, cuda::ptx::space_global, m.tile[stage],
                               job.in + std::size_t{i} * words, sizeof m.tile[0], &m.full[stage]);
    }
  }

  static COWARP_DEVICE_FN void consume(const Job& job, memory& m, std::uint32_t block,
                                       std::uint32_t thread) {
    std::uint32_t round = 0;
    for (std::uint32_t i = block; i < job.tiles; i += gridDim.x, ++round) {
      const std::uint32_t stage = round % Stages;
      wait(m.full[stage], round / Stages % 2);
      job.transform(i, m.tile[stage], thread, consumers);
      cuda::ptx::fence_proxy_async(cuda::ptx::space_shared);
      asm volatile("bar.sync 1, %0;" ::"n"(consumers) : "memory");
      if (thread != 0) continue;
      cuda::ptx::cp_async_bulk(cuda::ptx::space_global, cuda::ptx::space_shared,
                               job.out + std::size_t{i} * words, m.tile[stage], sizeof m.tile[0]);
      cuda::ptx::cp_async_bulk_commit_group();
      // The store before this one has read its stage.
      cuda::ptx::cp_async_bulk_wait_group_read(cuda::ptx::n32_t<1>{});
      if (round > 0) static_cast<void>(cuda::ptx::mbarrier_arrive(&m.empty[(round - 1) % Stages]));
    }
    if (thread == 0) cuda::ptx::cp_async_bulk_wait_group_read(cuda::ptx::n32_t<0>{});
  }

  static COWARP_DEVICE_FN void run(Job* const& job, unsigned char* shared, std::uint32_t block,
                                   std::uint32_t thread, std::uint32_t) {
    memory& m = *reinterpret_cast<memory*>(shared);
    if (thread == 0) {
      for (std::uint32_t i = 0; i < Stages; ++i) {
        cuda::ptx::mbarrier_init(&m.full[i], 1);
        cuda::ptx::mbarrier_init(&m.empty[i], 1);
      }
      cuda::ptx::fence_proxy_async(cuda::ptx::space_shared);
    }
    __syncthreads();
    const Job mine = *job;
    if (thread == 0) produce(mine, m, block);
    if (thread >= 32) consume(mine, m, block, thread - 32);
  }
#else  // before sm_90: without copies that run by themselves
  static COWARP_DEVICE_FN void run(Job* const& job, unsigned char* shared, std::uint32_t block,
                                   std::uint32_t thread, std::uint32_t threads) {
    memory& m = *reinterpret_cast<memory*>(shared);
    for (std::uint32_t i = block; i < job->tiles; i += gridDim.x) {
      const std::size_t at = std::size_t{i} * words;
      for (std::uint32_t j = thread; j < words; j += threads) m.tile[0][j] = job->in[at + j];
      __syncthreads();
      job->transform(i, m.tile[0], thread, threads);
      __syncthreads();
      for (std::uint32_t j = thread; j < words; j += threads) job->out[at + j] = m.tile[0][j];
      __syncthreads();
    }
  }
#endif
};
inline constexpr std::uint32_t pipeline_last_line = __LINE__;

}  // namespace peers
