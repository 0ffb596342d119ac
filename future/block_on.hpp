// SPDX-License-Identifier: Apache-2.0
/// \file
/// Running one future to its end without an executor.
#pragma once

#include <cowarp/executor/future.hpp>
#include <cowarp/platform/pause.hpp>

#include <utility>

namespace cowarp {

/// Polls a future until it is ready, on the thread or lane that calls. \returns its output.
///
/// There is no task to wake, so it polls without end: fit for combinators, timers and examples. On a
/// GPU other lanes of the warp wait for it where they meet again, so what it waits for must not be
/// done by one of them.
///
/// Called by:     any host thread, any lane. After Embassy's `block_on`.
template <class Awaited>
COWARP_FN auto block_on(Awaited&& awaited) {
  auto waiting = into_future(static_cast<Awaited&&>(awaited));
  context cx;
  for (;;) {
    if (auto result = waiting.poll(cx)) return std::move(*result);
    platform::pause(0);
  }
}

}  // namespace cowarp
