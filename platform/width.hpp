// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a task that asks for width finds: how many lanes, and how they hand each other values.
#pragma once

#include <cowarp/platform/lanes.hpp>

#if defined(__CUDA_ARCH__)
#  include <cstring>
#  include <type_traits>
#endif

#include <cstdint>

namespace cowarp::platform {

/// Lanes that run what a task awaits by `lanes`. In simulation one: it plays a CPU's width.
inline constexpr std::uint32_t width = on_device ? 32 : 1;

/// Room for a value of each lane, the same in both passes of a CUDA compiler, so that host and device
/// agree on the size of a frame.
inline constexpr std::uint32_t width_room = COWARP_HAS_CUDA ? 32 : 1;

/// \returns the worker that the calling lane belongs to. Unlike `warp` any lane may ask alone.
[[nodiscard]] COWARP_FN inline std::uint32_t worker_of_lane() {
#if defined(__CUDA_ARCH__)
  return threadIdx.x >> 5;
#elif defined(COWARP_SIM)
  return sim::warp();
#else
  return 0;
#endif
}

/// \returns the calling thread's index in its block, and how many of them run what a task awaits by
/// `block`: all on a GPU, one elsewhere.
[[nodiscard]] COWARP_FN inline std::uint32_t thread_of_block() {
#if defined(__CUDA_ARCH__)
  return threadIdx.x;
#elif defined(COWARP_SIM)
  return sim::warp() * 32 + lane();
#else
  return 0;
#endif
}
[[nodiscard]] COWARP_FN inline std::uint32_t threads_of_block() {
#if defined(__CUDA_ARCH__)
  return blockDim.x;
#else
  return 1;
#endif
}

/// Makes way for other workers in a loop that waits for one of them.
COWARP_FN inline void let_others_run() {
#if defined(COWARP_SIM)
  sim::yield();
#endif
}

/// \returns true if only the calling lane can address the object: it stands on that lane's stack.
[[nodiscard]] COWARP_FN inline bool is_on_stack([[maybe_unused]] const void* object) {
#if defined(__CUDA_ARCH__)
  std::uint32_t is;
  asm("{ .reg .pred p; isspacep.local p, %1; selp.u32 %0, 1, 0, p; }" : "=r"(is) : "l"(object));
  return is != 0;
#else
  return false;
#endif
}

/// \returns the pointer itself, of which the compiler then knows that it points into shared memory. It
/// forgets that where a pointer was kept in memory. \pre it does, on a GPU.
template <class Value>
[[nodiscard]] COWARP_FN Value* in_shared(Value* pointer) {
#if defined(__CUDA_ARCH__)
  const auto at = static_cast<std::uint32_t>(__cvta_generic_to_shared(pointer));
  // As a number: else the compiler sees that both ways cancel out, and forgets it again.
  return static_cast<Value*>(__cvta_shared_to_generic(as_number(at)));
#else
  return pointer;
#endif
}

#if defined(__CUDA_ARCH__)
namespace detail {

/// \returns the pointer into shared memory that another lane of the warp has. All lanes reach this line.
template <class Value>
COWARP_DEVICE_FN Value* from_lane(Value* pointer, std::uint32_t other) {
  const auto at = static_cast<std::uint32_t>(__cvta_generic_to_shared(pointer));
  return static_cast<Value*>(
      __cvta_shared_to_generic(__shfl_sync(~0u, at, static_cast<int>(other))));
}

}  // namespace detail
#endif

/// \returns the pointer, which the compiler from here on keeps in a register: else it computes a place in
/// shared memory anew wherever it is used, which begins with a read of a slow special register. All lanes
/// of the warp reach this line.
template <class Value>
[[nodiscard]] COWARP_FN Value* keep_address(Value* pointer) {
#if defined(__CUDA_ARCH__)
  return detail::from_lane(pointer, 0);
#else
  return pointer;
#endif
}

/// \returns the pointer into shared memory, as one that might be another in each lane, for what one lane is to do alone:
/// ptxas adds up what lanes do to one and the same word, also where there is only one of them, which takes that lane
/// 40 cycles for each atomic. All lanes of the warp reach this line.
template <class Value>
[[nodiscard]] COWARP_FN Value* own_address(Value* pointer) {
#if defined(__CUDA_ARCH__)
  return detail::from_lane(pointer, lane());
#else
  return pointer;
#endif
}

#if defined(__CUDA_ARCH__)
namespace detail {

/// Moves a value between lanes word by word; `move(word)` is the shuffle.
template <class Value, class Move>
COWARP_DEVICE_FN Value shuffled(const Value& value, Move move) {
  static_assert(std::is_trivially_copyable_v<Value>,
                "lanes hand each other values by shuffles: make the type trivially copyable");
  constexpr std::uint32_t words = (sizeof(Value) + 3) / 4;
  std::uint32_t bits[words]     = {};
  std::memcpy(bits, &value, sizeof(Value));
#  pragma unroll
  for (std::uint32_t i = 0; i < words; ++i) bits[i] = move(bits[i]);
  Value result = value;
  std::memcpy(&result, bits, sizeof(Value));
  return result;
}

}  // namespace detail
#endif

/// What any lane wrote before is visible to all lanes after it. All lanes that run the width reach this line.
COWARP_FN inline void sync_width() {
#if defined(__CUDA_ARCH__)
  __syncwarp();
#endif
}

/// \returns the value of the lane that is `distance` below, or the caller's own if there is none.
/// All lanes that run the width reach this line.
template <class Value>
[[nodiscard]] COWARP_FN Value from_lane_below(const Value& value,
                                              [[maybe_unused]] std::uint32_t distance) {
#if defined(__CUDA_ARCH__)
  return detail::shuffled(value,
                          [=](std::uint32_t word) { return __shfl_up_sync(~0u, word, distance); });
#else
  return value;
#endif
}

/// \returns the value of lane `from`, in all lanes. All lanes that run the width reach this line.
template <class Value>
[[nodiscard]] COWARP_FN Value from_lane(const Value& value, [[maybe_unused]] std::uint32_t from) {
#if defined(__CUDA_ARCH__)
  return detail::shuffled(
      value, [=](std::uint32_t word) { return __shfl_sync(~0u, word, static_cast<int>(from)); });
#else
  return value;
#endif
}

/// \returns the value of the lane whose index differs in the bits of `bits`; the caller's own on a
/// CPU. All lanes that run the width reach this line.
template <class Value>
[[nodiscard]] COWARP_FN Value from_lane_across(const Value& value,
                                               [[maybe_unused]] std::uint32_t bits) {
#if defined(__CUDA_ARCH__)
  return detail::shuffled(value, [=](std::uint32_t word) {
    return __shfl_xor_sync(~0u, word, static_cast<int>(bits));
  });
#else
  return value;
#endif
}

}  // namespace cowarp::platform
