// SPDX-License-Identifier: Apache-2.0
/// \file
/// The seam: which compiler is this, which side of the bus, and the few macros that say so.
///
/// Only this folder may ask. Everything above it writes `COWARP_FN` and calls the functions of
/// `platform/`, which mean the same on a GPU, on a CPU (a warp of one lane) and in simulation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <type_traits>

#if defined(__CUDACC__)
#  include <cuda_runtime.h>
#endif

#if defined(COWARP_SIM)
#  include <cowarp/platform/sim/schedule.hpp>
#endif

#if defined(__CUDACC__)
#  define COWARP_HAS_CUDA  1
#  define COWARP_FN        __host__ __device__
#  define COWARP_DEVICE_FN __device__
#  define COWARP_HOST_FN   __host__
#else
#  define COWARP_HAS_CUDA 0
#  define COWARP_FN
#  define COWARP_DEVICE_FN
#  define COWARP_HOST_FN
#endif

// In front of the name of a class that has a destructor and may be passed by value. On a GPU clang passes every class
// as bytes, and would destroy both the bytes and what they were copied from; with this the bytes alone.
#if defined(__clang__)
#  define COWARP_TRIVIAL_ABI [[clang::trivial_abi]]
#else
#  define COWARP_TRIVIAL_ABI
#endif

// nvcc rejects co_await in device code; clang compiles it for NVPTX.
#if defined(__cpp_impl_coroutine) && !defined(__NVCC__)
#  define COWARP_HAS_COROUTINES 1
#else
#  define COWARP_HAS_COROUTINES 0
#endif

/// Checks a precondition in Debug builds on both sides; `message` is a sentence with the remedy.
#if defined(NDEBUG)
#  define COWARP_ASSERT(condition, message) static_cast<void>(0)
#else
#  define COWARP_ASSERT(condition, message) \
    ((condition) ? static_cast<void>(0)     \
                 : ::cowarp::platform::assertion_failed(#condition, message, __FILE__, __LINE__))
#endif

namespace cowarp {

/// How far a primitive reaches: the tasks of one block, of the whole device, or of host and device.
///
/// It plays the part of Embassy's `RawMutex` parameter. On the CPU a block is a thread, so `device`
/// and `system` both mean the process.
enum class scope : std::uint8_t { block, device, system };

/// Where a program's task frames live.
enum class memory : std::uint8_t { global, shared };

namespace platform {

/// True in code that runs on the GPU.
#if defined(__CUDA_ARCH__)
inline constexpr bool on_device = true;
#else
inline constexpr bool on_device = false;
#endif

/// True in sources whose programs run on a GPU, in every pass of their compiler.
inline constexpr bool launches_on_gpu = COWARP_HAS_CUDA != 0;

/// True if a value of the type may be a function's parameter, also of a coroutine: see COWARP_TRIVIAL_ABI.
#if COWARP_HAS_CUDA && defined(__clang__)
#  pragma clang diagnostic push
#  pragma clang diagnostic ignored \
      "-Wdeprecated-builtins"  // its successor does not know the attribute
template <class Value>
inline constexpr bool passes_by_value = std::is_reference_v<Value> ||
                                        std::is_trivially_destructible_v<Value> ||
                                        __is_trivially_relocatable(Value);
#  pragma clang diagnostic pop
#else
template <class Value>
inline constexpr bool passes_by_value       = true;
#endif

/// True where coroutines note the line of each await: a store of 4 bytes each. On a CPU always, on a
/// GPU in Debug builds and with COWARP_AWAIT_LINES defined.
#if defined(COWARP_AWAIT_LINES) || !defined(__CUDACC__) || !defined(NDEBUG)
inline constexpr bool notes_await_lines = true;
#else
inline constexpr bool notes_await_lines     = false;
#endif

/// Lanes that run in step: 32 on a GPU, mostly so in simulation, 1 on a CPU.
#if defined(COWARP_SIM)
inline constexpr std::uint32_t warp_lanes = sim::lanes;
#else
inline constexpr std::uint32_t warp_lanes   = on_device ? 32 : 1;
#endif

/// True where the compiler puts an awaited coroutine's frame inside its caller's: optimised clang
/// CUDA, in both of its passes, so that host and device agree on every size. Elsewhere a task keeps
/// a small stack for the frames of the functions that it awaits.
#if defined(__CUDACC__) && defined(__clang__) && defined(__OPTIMIZE__)
inline constexpr bool embeds_awaited_frames = true;
#else
inline constexpr bool embeds_awaited_frames = false;
#endif

/// True where a compiler never embeds a coroutine's frame in another's: g++. Other compilers may, also where
/// they need not.
#if defined(__clang__)
inline constexpr bool allocates_all_frames = false;
#else
inline constexpr bool allocates_all_frames  = true;
#endif

/// True where `COWARP_ASSERT` checks: in Debug builds.
#if defined(NDEBUG)
inline constexpr bool checks_assertions = false;
#else
inline constexpr bool checks_assertions     = true;
#endif

/// Ends a launch as failed after a broken precondition, and the calling thread where it stands; outside of
/// a launch it is `die`. executor/assertion.hpp defines it.
[[noreturn]] COWARP_FN inline void assertion_failed(const char* condition, const char* message,
                                                    const char* file, int line);

/// For loops that wait for another thread: does not return if an assertion may have ended that one.
/// executor/assertion.hpp defines it.
COWARP_FN inline void stop_if_others_were_stopped();

/// Ends the process (host), the kernel with its context (device), or the run (simulation).
[[noreturn]] COWARP_FN inline void die(const char* condition, const char* message, const char* file,
                                       int line) {
#if defined(COWARP_SIM)
  sim::fail_assertion(condition, message, file, line);
#endif
  std::printf("cowarp: %s:%d: %s (%s)\n", file, line, message, condition);
#if defined(__CUDA_ARCH__)
  __trap();
#else
  std::fflush(stdout);
  std::abort();
#endif
#if defined(__CUDA_ARCH__)
  while (true) {
  }
#endif
}

/// \returns true if the object stands in the block's shared memory; false on a CPU.
[[nodiscard]] COWARP_FN inline bool is_shared([[maybe_unused]] const void* object) {
#if defined(__CUDA_ARCH__)
  // As text: nvcc 13.0 hands its own `__isShared` an address of the wrong kind in Debug builds.
  std::uint32_t is;
  asm("{ .reg .pred p; isspacep.shared p, %1; selp.u32 %0, 1, 0, p; }" : "=r"(is) : "l"(object));
  return is != 0;
#else
  return false;
#endif
}

/// \returns the size, a multiple of 8, made an odd multiple of 8: in an array of such in shared memory those of a warp's
/// lanes start in different banks.
[[nodiscard]] COWARP_FN constexpr std::size_t to_odd_multiple_of_8(std::size_t bytes) {
  return bytes / 8 % 2 == 0 ? bytes + 8 : bytes;
}

/// Tells the compiler that nobody comes here.
[[noreturn]] COWARP_FN inline void unreachable() { __builtin_unreachable(); }

/// \returns the number, of which the compiler then does not know how it came about. Else it may keep in its place what is
/// asked of it later on, a truth, for which GPUs have few registers.
[[nodiscard]] COWARP_FN inline std::uint32_t as_number(std::uint32_t value) {
#if defined(__CUDA_ARCH__)
  asm("" : "+r"(value));
#endif
  return value;
}

/// \returns the number of bits set.
[[nodiscard]] COWARP_FN inline std::uint32_t count_bits(std::uint32_t bits) {
#if defined(__CUDA_ARCH__)
  return static_cast<std::uint32_t>(__popc(bits));
#else
  return static_cast<std::uint32_t>(__builtin_popcount(bits));
#endif
}

/// \returns the index of the lowest bit set. \pre bits != 0
[[nodiscard]] COWARP_FN inline std::uint32_t lowest_bit(std::uint32_t bits) {
#if defined(__CUDA_ARCH__)
  return static_cast<std::uint32_t>(__ffs(static_cast<int>(bits)) - 1);
#else
  return static_cast<std::uint32_t>(__builtin_ctz(bits));
#endif
}

/// \returns the index of the highest bit set; on a GPU an instruction less than that of the lowest. \pre there is one
[[nodiscard]] COWARP_FN inline std::uint32_t highest_bit(std::uint32_t bits) {
#if defined(__CUDA_ARCH__)
  std::uint32_t index;
  asm("bfind.u32 %0, %1;" : "=r"(index) : "r"(bits));
  return index;
#else
  return static_cast<std::uint32_t>(31 - __builtin_clz(bits));
#endif
}

}  // namespace platform
}  // namespace cowarp
