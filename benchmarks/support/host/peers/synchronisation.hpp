// SPDX-License-Identifier: Apache-2.0
/// \file
/// Peers on a CPU: the standard library's semaphore; a block has one worker, so no barrier.
#pragma once

#include <cowarp/cowarp.hpp>

#include <cstdint>
#include <semaphore>

namespace peers {

/// A counting semaphore that blocks its thread.
template <cowarp::scope>
using semaphore                             = std::counting_semaphore<>;
inline constexpr const char* semaphore_name = "std::counting_semaphore";

/// True if `two_parties` can be used.
inline constexpr bool has_barrier         = false;
inline constexpr const char* barrier_name = "barrier";

/// Stands in for two warps of a block that take turns; never used.
class two_parties {
 public:
  void begin() {}
  void play(bool, std::uint32_t) {}
};

}  // namespace peers
