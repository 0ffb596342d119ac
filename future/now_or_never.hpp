// SPDX-License-Identifier: Apache-2.0
/// \file
/// One poll and no more: of a future that is dropped then, or of one that is kept.
#pragma once

#include <cowarp/executor/future.hpp>

#include <utility>

namespace cowarp {

/// Polls a future once, on behalf of nobody, and destroys it. \returns its output if it was ready.
///
/// Nothing waits: what cannot be had at once is cancelled, and hands on what it was notified of.
/// With clang CUDA `awaited` may not be an async function on the device, since nothing awaits it.
///
/// Called by:     any host thread, any lane; inside a task or not, as the future allows.
template <class Awaited>
COWARP_FN polled<output_of<Awaited>> now_or_never(Awaited&& awaited) {
  auto waiting = into_future(static_cast<Awaited&&>(awaited));
  context cx;
  return waiting.poll(cx);
}

/// Ready at once with the answer of one poll of a future that lives elsewhere. Made by `poll_once(f)`.
///
/// That future is not cancelled: if it was not ready it wakes this task, and it may be polled or
/// awaited again. If it was ready, it is done.
///
/// Storage: one pointer. After Embassy's `poll_once` and futures-rs's `poll!`.
template <class Future>
class polled_once {
 public:
  using output = polled<typename Future::output>;

  COWARP_FN explicit polled_once(Future& at) : at_(at) {}

  COWARP_FN polled<output> poll(context& cx) { return polled<output>(in_place, at_.poll(cx)); }

 private:
  Future& at_;
};

/// \returns a future of `polled`: what one poll of `awaited` answers. \param awaited must stay where
/// it is.
template <future Future>
[[nodiscard]] COWARP_FN polled_once<Future> poll_once(Future& awaited) {
  return polled_once<Future>(awaited);
}

}  // namespace cowarp
