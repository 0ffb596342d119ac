// SPDX-License-Identifier: Apache-2.0
/// \file
/// Ctrl-C, as far as threads that wait for a launch must know of it.
#pragma once

#include <atomic>
#include <cstdint>

namespace cowarp::platform {

/// Objects that want Ctrl-C to end launches.
inline std::atomic<std::uint32_t> interrupt_watchers{0};
/// Whether it came while there was one.
inline std::atomic<bool> interrupt_came{false};
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler writes it");

/// \returns true if launches that are waited for are to look for Ctrl-C.
[[nodiscard]] inline bool watches_interrupts() {
  // relaxed: it guards no data, here and below.
  return interrupt_watchers.load(std::memory_order_relaxed) != 0;
}
[[nodiscard]] inline bool is_interrupted() {
  // relaxed: as above
  return interrupt_came.load(std::memory_order_relaxed);
}

/// One more watcher; the first one puts in a handler of SIGINT, unless the process ignores the signal.
/// The handler notes it and puts back what was there before, so that the next one has its usual effect.
void watch_interrupts();
/// One less; the last one puts back what was there before the first, and forgets the signal.
void unwatch_interrupts();

}  // namespace cowarp::platform
