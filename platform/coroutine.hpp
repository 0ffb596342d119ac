// SPDX-License-Identifier: Apache-2.0
/// \file
/// The standard's `<coroutine>`, callable on both sides where the compiler has coroutines there.
#pragma once

#include <cowarp/platform/platform.hpp>

#if defined(COWARP_SIM)
#  include <cowarp/platform/sim/schedule.hpp>
#endif

// Puts an awaited coroutine's frame inside its caller's; both return types must carry it.
#if defined(__clang__) && __clang_major__ >= 20
#  define COWARP_AWAIT_ELIDABLE          [[clang::coro_await_elidable]]
#  define COWARP_AWAIT_ELIDABLE_ARGUMENT [[clang::coro_await_elidable_argument]]
#  define COWARP_COMPILE_ERROR(message)  __attribute__((error(message)))
#  define COWARP_CALL_SITE_CONSTEVAL     consteval
#else
#  define COWARP_AWAIT_ELIDABLE
#  define COWARP_AWAIT_ELIDABLE_ARGUMENT
#  define COWARP_COMPILE_ERROR(message)
#  define COWARP_CALL_SITE_CONSTEVAL constexpr  // g++ 12 would take the place of the declaration
#endif

#if COWARP_HAS_COROUTINES
// Its own includes must stay host-only, so they come first.
#  include <compare>
#  include <exception>
#  include <functional>

#  if defined(__CUDACC__)
#    pragma clang force_cuda_host_device begin
#    include <coroutine>
#    pragma clang force_cuda_host_device end
#  else
#    include <coroutine>
#  endif

#  include <new>

namespace cowarp {

class frame_stack;

namespace platform {

/// The stack of the task that the calling lane or host thread polls right now, or null. Only builds
/// that do not embed awaited frames ask for it.
[[nodiscard]] COWARP_FN inline frame_stack*& current_frame_stack() {
#  if defined(__CUDA_ARCH__)
  // One entry for each thread of the largest block; only unoptimised builds pay for it.
  __shared__ frame_stack* current[1024];
  return current[threadIdx.x];
#  elif defined(COWARP_SIM)
  return sim::current_frame_stack();
#  else
  static thread_local frame_stack* current = nullptr;
  return current;
#  endif
}

/// \returns `at`, of which the optimiser no longer knows where it came from.
///
/// clang promises itself that a coroutine's frame is reached through its handle only; so who finds
/// the frame in another way must not let it see that.
[[nodiscard]] COWARP_FN inline void* hide_origin(void* at) {
#  if defined(__CUDA_ARCH__)
  asm("" : "+l"(at));
#  else
  asm("" : "+r"(at));
#  endif
  return at;
}

/// Room for a coroutine that a host thread runs outside a task; there is none on a GPU.
[[nodiscard]] COWARP_FN inline void* allocate_outside_task([[maybe_unused]] std::size_t bytes) {
#  if defined(__CUDA_ARCH__)
  return nullptr;
#  else
  return ::operator new(bytes);
#  endif
}
COWARP_FN inline void release_outside_task([[maybe_unused]] void* frame) {
#  if !defined(__CUDA_ARCH__)
  ::operator delete(frame);
#  endif
}

}  // namespace platform
}  // namespace cowarp

#endif
