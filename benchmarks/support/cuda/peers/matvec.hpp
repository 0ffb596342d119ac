// SPDX-License-Identifier: Apache-2.0
/// \file
/// The matrix-vector product as an expert writes it for sm_90: one thread loads tiles into a ring of
/// stages by bulk copies, each of the other warps multiplies the tiles of stages of its own.
#pragma once

#include <cowarp/platform/platform.hpp>

#include <cuda/ptx>

#include <cstdint>

namespace peers {

inline constexpr std::uint32_t matvec_first_line = __LINE__;
template <class Job, std::uint32_t Stages, std::uint32_t Consumers>
struct matvec_pipeline {
  // Copies may end out of order. A warp that came to a stage in which another one's tile is still on its way
  // would take the phase before it for its own.
  static_assert(Stages % Consumers == 0, "a stage belongs to one warp");

  using argument                             = Job*;
  using tile                                 = typename Job::tile;
  static constexpr std::uint32_t workers     = Consumers + 1;
  static constexpr std::uint32_t max_threads = workers * 32;
  struct memory {
    alignas(128) typename Job::prepared x;
    alignas(128) tile stage[Stages];
    std::uint64_t full[Stages], empty[Stages];
  };

  static COWARP_DEVICE_FN void load_vector(const Job& job, memory& m, std::uint32_t thread,
                                           std::uint32_t threads) {
    const auto* from = reinterpret_cast<const float*>(job.vector);
    auto* const to   = reinterpret_cast<float*>(&m.x);
    for (std::uint32_t i = thread; i < sizeof m.x / 4; i += threads) to[i] = from[i];
  }

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
                                           cuda::ptx::space_shared, &m.full[stage], sizeof(tile));
      cuda::ptx::cp_async_bulk(cuda::ptx::space_cluster, cuda::ptx::space_global, &m.stage[stage],
                               job.matrix + i, sizeof(tile), &m.full[stage]);
    }
  }

  static COWARP_DEVICE_FN void consume(const Job& job, memory& m, std::uint32_t block,
                                       std::uint32_t warp, std::uint32_t lane) {
    for (std::uint32_t round = warp;; round += Consumers) {
      const std::uint32_t i = block + round * gridDim.x;
      if (i >= job.tiles) return;
      const std::uint32_t stage = round % Stages;
      wait(m.full[stage], round / Stages % 2);
      const auto sums = Job::multiply(m.stage[stage], m.x, lane);
      __syncwarp();
      if (lane == 0) static_cast<void>(cuda::ptx::mbarrier_arrive(&m.empty[stage]));
      Job::store(sums, job.result + Job::rows * i, lane);
    }
  }

  static COWARP_DEVICE_FN void run(Job* const& job, unsigned char* shared, std::uint32_t block,
                                   std::uint32_t thread, std::uint32_t threads) {
    memory& m = *reinterpret_cast<memory*>(shared);
    if (thread == 0) {
      for (std::uint32_t i = 0; i < Stages; ++i) {
        cuda::ptx::mbarrier_init(&m.full[i], 1);
        cuda::ptx::mbarrier_init(&m.empty[i], 1);
      }
      cuda::ptx::fence_proxy_async(cuda::ptx::space_shared);
    }
    load_vector(*job, m, thread, threads);
    __syncthreads();
    const Job mine = *job;
    if (thread == 0) produce(mine, m, block);
    if (thread >= 32) consume(mine, m, block, thread / 32 - 1, thread % 32);
  }
#else  // before sm_90: without copies that run by themselves
  static COWARP_DEVICE_FN void run(Job* const& job, unsigned char* shared, std::uint32_t block,
                                   std::uint32_t thread, std::uint32_t threads) {
    memory& m = *reinterpret_cast<memory*>(shared);
    load_vector(*job, m, thread, threads);
    __syncthreads();
    for (std::uint32_t i = block * workers + thread / 32; i < job->tiles;
         i += gridDim.x * workers) {
      Job::store(Job::multiply(job->matrix[i], m.x, thread % 32), job->result + Job::rows * i,
                 thread % 32);
    }
  }
#endif
};
inline constexpr std::uint32_t matvec_last_line = __LINE__;

}  // namespace peers
