// SPDX-License-Identifier: Apache-2.0
/// \file
/// A future that others can end from outside.
#pragma once

#include <cowarp/executor/future.hpp>
#include <cowarp/platform/coroutine.hpp>
#include <cowarp/sync/atomic_waker.hpp>

#include <utility>

namespace cowarp {

template <class Future, scope Scope>
class abortable_future;

/// Ends the future that was made with it: `abortable(awaited, handle)`.
///
/// ```text
///             abort 1                  ┌─┐ abort 2
///   ┌──────┐ ─────────► ┌───────────┐ ◄┘ │
///   │ open │            │ aborted   ├────┘
///   └──────┘ ◄───────── └───────────┘
///             reset 3
/// ```
///
/// 1  wakes the task that waits; a future that was not polled yet, or is made later, ends at its
///    first poll; one that was ready before has its output
/// 2  nothing happens
/// 3  for the next future, once the last one is gone
///
/// Invariant:     whoever waits has registered its waker before it looked whether it is aborted.
/// Called by:     `abort`, `is_aborted`: any lane within `Scope`, any number at once; `reset`: while
///                no future uses the handle. One task waits at a time; a task may give one handle to
///                several futures. (Several tasks all see the abort, but wake each other meanwhile.)
/// Scope:         `Scope`; with `block` it lives in the block state.
/// Memory order:  what was written before `abort` is visible to who sees that it is aborted.
/// Progress:      `abort` is wait-free: a store and one exchange.
/// Storage:       16 bytes, 8 with `block`; zero bytes are valid: open. It outlives its futures.
/// Fails:         never. After futures-rs's `AbortHandle`, without a heap.
template <scope Scope = scope::device>
class abort_handle {
 public:
  static constexpr scope primitive_scope = Scope;

  /// Ends the future with its task's next poll, to which the task is woken.
  COWARP_FN void abort() {
    // release: shows the caller's writes to who sees the flag without having been woken.
    is_aborted_.store(1, platform::release);
    waiting_.wake();  // after the change
  }
  /// Makes the handle as new. An `abort` that comes later is for the next future.
  COWARP_FN void reset() {
    // relaxed: no future uses the handle; who makes the next one knows of this call.
    is_aborted_.store(0, platform::relaxed);
  }

  [[nodiscard]] COWARP_FN bool is_aborted() const {
    // acquire: shows what came before `abort`.
    return is_aborted_.load(platform::acquire) != 0;
  }

 private:
  template <class Future, scope S>
  friend class abortable_future;

  atomic_waker<Scope> waiting_;
  platform::atomic_word<Scope> is_aborted_;
};

/// The output of a future as an optional, empty after an abort. Made by `abortable(awaited, handle)`.
///
/// When it sees the abort it destroys the awaited future before anything else, so that this one is
/// cancelled even if nobody destroys the abortable future soon. It looks before it polls and, if that
/// yields nothing, once more: so an abort that came before the poll wins over an output, and an output
/// wins over an abort that came during the poll.
///
/// Resumes on:    the executor's next poll of the waiting task.
/// Storage:       the awaited future, a flag and a pointer. After futures-rs's `Abortable`.
template <class Future, scope Scope>
class COWARP_AWAIT_ELIDABLE abortable_future {
 public:
  using output = polled<typename Future::output>;

  COWARP_FN abortable_future(Future&& awaited, abort_handle<Scope>& handle)
      : handle_(handle), awaited_(in_place, static_cast<Future&&>(awaited)) {}

  COWARP_FN polled<output> poll(context& cx) {
    if (handle_.is_aborted()) return give_up();
    if (auto result = awaited_->poll(cx)) return polled<output>(in_place, std::move(result));
    // Only now, since many futures are ready at once: first register, then look.
    handle_.waiting_.register_waker(cx.waker());
    if (handle_.is_aborted()) return give_up();
    return pending;
  }

 private:
  COWARP_FN polled<output> give_up() {
    awaited_.reset();
    return polled<output>(in_place);
  }

  abort_handle<Scope>& handle_;
  optional<Future> awaited_;
};

/// \returns a future of an optional of the output, empty if `handle.abort()` came first.
template <class Awaited, scope Scope>
[[nodiscard]] COWARP_FN auto abortable(Awaited&& awaited COWARP_AWAIT_ELIDABLE_ARGUMENT,
                                       abort_handle<Scope>& handle) {
  return abortable_future<detail::future_of<Awaited>, Scope>(
      into_future(static_cast<Awaited&&>(awaited)), handle);
}

}  // namespace cowarp
