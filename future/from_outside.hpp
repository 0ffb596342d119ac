// SPDX-License-Identifier: Apache-2.0
/// \file
/// Waiting for something that no task of the launch sends.
#pragma once

#include <cowarp/executor/future.hpp>
#include <cowarp/platform/coroutine.hpp>

#include <utility>

namespace cowarp {

/// The same future, but while it is pending the launch is not called stalled. Made by
/// `from_outside(awaited)`.
///
/// For what the host, another kernel or a device brings. Somebody must still wake the task.
///
/// Called by:     any task; without `stall_after` it changes nothing.
/// Storage:       the awaited future and a pointer.
template <class Future>
class COWARP_AWAIT_ELIDABLE outside_wait {
 public:
  using output = typename Future::output;

  COWARP_FN explicit outside_wait(Future&& awaited) : awaited_(static_cast<Future&&>(awaited)) {}
  // Before the first poll only.
  COWARP_FN outside_wait(outside_wait&& other) noexcept
      : awaited_(static_cast<Future&&>(other.awaited_)) {}
  COWARP_FN ~outside_wait() { end(); }

  COWARP_FN polled<output> poll(context& cx) {
    if (grid_ == nullptr && !cx.task().is_none()) {
      grid_ = platform::this_block()->grid;
      // relaxed: read once this task's worker was seen quiet, which it says later, with release.
      grid_->outside.fetch_add(1, platform::relaxed);
    }
    auto result = awaited_.poll(cx);
    if (result) end();
    return result;
  }

 private:
  COWARP_FN void end() {
    if (grid_ == nullptr) return;
    // relaxed: as above.
    grid_->outside.fetch_sub(1, platform::relaxed);
    grid_ = nullptr;
  }

  Future awaited_;
  grid_header* grid_ = nullptr;  // where this wait is counted
};

/// \returns a future of the same output, for which no launch is called stalled.
template <class Awaited>
[[nodiscard]] COWARP_FN auto from_outside(Awaited&& awaited COWARP_AWAIT_ELIDABLE_ARGUMENT) {
  return outside_wait<detail::future_of<Awaited>>(into_future(static_cast<Awaited&&>(awaited)));
}

}  // namespace cowarp
