// SPDX-License-Identifier: Apache-2.0
/// \file
/// Peers of a spawn on a GPU: kernels that launch kernels.
#pragma once

#include <cstdint>

namespace peers {

inline constexpr const char* dynamic_batch_name = "dynamic parallelism, all by one kernel";
inline constexpr const char* dynamic_chain_name = "dynamic parallelism, chain";

/// They need device code that is linked, so nvcc makes them in a library of their own.
#if defined(COWARP_BENCH_DYNAMIC_LAUNCHES)
inline constexpr bool has_dynamic_launches = true;

/// \returns seconds of a kernel that launches `count` kernels, until all are done.
double dynamic_batch_seconds(std::uint32_t count);
/// \returns seconds of `count` kernels of which each launches the next as it ends.
double dynamic_chain_seconds(std::uint32_t count);
#else
inline constexpr bool has_dynamic_launches = false;

inline double dynamic_batch_seconds(std::uint32_t) { return 0; }
inline double dynamic_chain_seconds(std::uint32_t) { return 0; }
#endif

}  // namespace peers
