// SPDX-License-Identifier: Apache-2.0
/// \file
/// Rows in an irregular order by bulk copies, without an executor: a thread for each row on its way.
#pragma once

#include <cowarp/platform/platform.hpp>

#include <cuda/ptx>

#include <cstdint>

namespace peers {

/// `Workers` warps, each of whose threads loads a row, waits for it, and stores it.
template <class Job, std::uint32_t Workers>
struct bulk_rows {
  using argument                             = Job*;
  static constexpr std::uint32_t max_threads = Workers * 32;
  struct memory {
    alignas(128) unsigned char row[max_threads][Job::row_bytes];
    std::uint64_t full[max_threads];
  };

#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 900
  static COWARP_DEVICE_FN void run(Job* const& given, unsigned char* shared, std::uint32_t block,
                                   std::uint32_t thread, std::uint32_t threads) {
    memory& m          = *reinterpret_cast<memory*>(shared);
    const Job job      = *given;
    std::uint64_t& end = m.full[thread];
    auto* const row    = m.row[thread];
    cuda::ptx::mbarrier_init(&end, 1);
    cuda::ptx::fence_proxy_async(cuda::ptx::space_shared);
    const std::uint32_t bytes = Job::row_bytes;
    std::uint32_t parity      = 0;
    for (std::uint32_t i = block * threads + thread; i < job.rows; i += job.blocks * threads) {
      cuda::ptx::mbarrier_arrive_expect_tx(cuda::ptx::sem_release, cuda::ptx::scope_cta,
                                           cuda::ptx::space_shared, &end, bytes);
      cuda::ptx::cp_async_bulk(cuda::ptx::space_cluster, cuda::ptx::space_global, row, job.from(i),
                               bytes, &end);
      while (!cuda::ptx::mbarrier_try_wait_parity(&end, parity)) {
      }
      parity ^= 1;
      cuda::ptx::cp_async_bulk(cuda::ptx::space_global, cuda::ptx::space_shared, job.to(i), row,
                               bytes);
      cuda::ptx::cp_async_bulk_commit_group();
      cuda::ptx::cp_async_bulk_wait_group_read(cuda::ptx::n32_t<0>{});
    }
    cuda::ptx::cp_async_bulk_wait_group(cuda::ptx::n32_t<0>{});
  }
#else  // before sm_90: without copies that run by themselves
  static COWARP_DEVICE_FN void run(Job* const& given, unsigned char*, std::uint32_t block,
                                   std::uint32_t thread, std::uint32_t threads) {
    const Job job = *given;
    for (std::uint32_t i = block * threads + thread; i < job.rows; i += job.blocks * threads) {
      for (std::uint32_t j = 0; j < Job::pieces; ++j) job.to(i)[j] = job.from(i)[j];
    }
  }
#endif
};

}  // namespace peers
