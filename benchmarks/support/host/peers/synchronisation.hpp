// SPDX-License-Identifier: Apache-2.0
/// \file
/// Peers on a CPU: the standard library's semaphore and its atomics' wait; a block has one worker, so no
/// barrier, and there are no clusters.
#pragma once

#include <cowarp/cowarp.hpp>

#include <atomic>
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

inline constexpr const char* wait_name = "std::atomic wait";

/// A word for which its thread waits by the library's means; zero at first.
template <cowarp::scope>
class waiting_word {
 public:
  void set(std::uint32_t value) {
    std::atomic_ref(word_).store(value, std::memory_order_release);
    std::atomic_ref(word_).notify_one();
  }
  void await(std::uint32_t value) {
    for (std::uint32_t now;
         (now = std::atomic_ref(word_).load(std::memory_order_acquire)) != value;) {
      std::atomic_ref(word_).wait(now, std::memory_order_acquire);
    }
  }

 private:
  std::uint32_t word_;
};

/// \returns true if there are clusters.
inline bool has_clusters() { return false; }

/// Stands in for what two blocks of a cluster share; never used.
class cluster_word {
 public:
  static void meet() {}
  void set(std::uint32_t, std::uint32_t) {}
  void await(std::uint32_t) {}
};

}  // namespace peers
