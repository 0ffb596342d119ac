// SPDX-License-Identifier: Apache-2.0
/// \file
/// An atomic word with a memory scope: libcu++ on the GPU, `std::atomic_ref` on the CPU.
#pragma once

#include <cowarp/platform/platform.hpp>

#if defined(__CUDACC__)
#  include <cowarp/platform/cuda/shared_atomic.hpp>

#  include <cuda/atomic>
#endif

#include <atomic>

#if defined(COWARP_SIM)
#  include <cowarp/platform/sim/atomic_ref.hpp>
#endif

#include <cstdint>

namespace cowarp::platform {

/// Memory orderings, with the meaning of `std::memory_order`.
enum class order : std::uint8_t { relaxed, acquire, release, acq_rel, seq_cst };

using enum order;

/// \returns the ordering in the words of the library that does the work on this side.
[[nodiscard]] COWARP_FN constexpr auto native(order o) {
#if defined(__CUDA_ARCH__)
  using native_order = cuda::memory_order;
#else
  using native_order = std::memory_order;
#endif
  constexpr native_order names[] = {native_order::relaxed, native_order::acquire,
                                    native_order::release, native_order::acq_rel,
                                    native_order::seq_cst};
  return names[static_cast<unsigned>(o)];
}

/// Where an atomic word of block scope stands on a GPU. (Words of a wider scope may stand anywhere.)
enum class memory_kind : std::uint8_t { shared, global };

/// The value of one shared word; zero bytes are a valid initial state.
///
/// Called by:     any host thread or lane within `Scope`; lanes of a warp need not be converged.
/// Scope:         `Scope`; on the CPU every scope is the process.
/// Memory order:  as named at each call, with the C++ meaning within the scope.
/// Progress:      wait-free but for `update` loops written with `compare_exchange`.
/// Storage:       4 or 8 bytes, naturally aligned, where all of the scope can address it; with
///                `block` in shared memory, unless `Kind` is `global`; there 8 bytes have `load` and
///                `compare_exchange` only.
template <class Value, scope Scope, memory_kind Kind = memory_kind::shared>
class atomic {
 public:
  [[nodiscard]] COWARP_FN Value load(order o) const { return ref().load(native(o)); }
  COWARP_FN void store(Value value, order o) { ref().store(value, native(o)); }
  COWARP_FN Value exchange(Value value, order o) { return ref().exchange(value, native(o)); }
  COWARP_FN Value fetch_add(Value value, order o) { return ref().fetch_add(value, native(o)); }
  COWARP_FN Value fetch_sub(Value value, order o) { return ref().fetch_sub(value, native(o)); }
  COWARP_FN Value fetch_or(Value value, order o) { return ref().fetch_or(value, native(o)); }
  COWARP_FN Value fetch_and(Value value, order o) { return ref().fetch_and(value, native(o)); }
  /// Replaces `expected` by `desired`; on failure `expected` becomes the current value, relaxed.
  [[nodiscard]] COWARP_FN bool compare_exchange(Value& expected, Value desired, order o) {
    return ref().compare_exchange_strong(expected, desired, native(o), native(order::relaxed));
  }

 private:
  COWARP_FN auto ref() const {
#if defined(__CUDA_ARCH__)
    if constexpr (Scope == scope::block && Kind == memory_kind::shared) {
      if constexpr (sizeof(Value) == 8) {
        return shared_pair_ref<cuda::memory_order>(&value_);
      } else {
        static_assert(sizeof(Value) == 4, "block-scope atomics are 32 or 64 bits wide");
        return shared_word_ref<cuda::memory_order>(&value_);
      }
    } else {
      return cuda::atomic_ref<Value, native_scope>(const_cast<Value&>(value_));
    }
#elif defined(COWARP_SIM)
    return sim::atomic_ref<Value, Scope == scope::block>(const_cast<Value&>(value_));
#else
    return std::atomic_ref<Value>(const_cast<Value&>(value_));
#endif
  }
#if defined(__CUDACC__)
  static constexpr cuda::thread_scope native_scope =
      Scope == scope::block    ? cuda::thread_scope_block
      : Scope == scope::device ? cuda::thread_scope_device
                               : cuda::thread_scope_system;
#endif

  Value value_;
};

template <scope Scope>
using atomic_word = atomic<std::uint32_t, Scope>;

}  // namespace cowarp::platform
