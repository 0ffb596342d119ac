// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a host thread that plays a block sleeps on, and how others rouse it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace cowarp::platform {

/// Rouses one sleeping host worker (Embassy's pender).
///
/// Invariant:     a `rouse` since the last `sleep` makes the next `sleep` return at once.
/// Called by:     `rouse`: any host thread; `sleep`: the one thread that plays the block.
/// Memory order:  what was written before `rouse` is visible after the `sleep` it ended.
class pender {
 public:
  void rouse() {
    {
      const std::lock_guard hold(mutex_);
      roused_ = true;
    }
    condition_.notify_one();
  }

  /// Waits for a rouse, but no longer than `ns`.
  void sleep(std::uint64_t ns) {
    std::unique_lock hold(mutex_);
    condition_.wait_for(hold, std::chrono::nanoseconds(ns), [&] { return roused_; });
    roused_ = false;
  }

 private:
  std::mutex mutex_;
  std::condition_variable condition_;
  bool roused_ = false;
};

}  // namespace cowarp::platform
