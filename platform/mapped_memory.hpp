// SPDX-License-Identifier: Apache-2.0
/// \file
/// An object in memory that host threads and tasks reach at the same time.
#pragma once

#include <cowarp/platform/platform.hpp>

#if COWARP_HAS_CUDA
#  include <cowarp/platform/cuda/cuda_error.hpp>
#endif

#include <cstring>
#include <new>
#include <type_traits>

namespace cowarp {

/// Owns one object that a host thread and the tasks of launches share while they run: in mapped memory of
/// the host for programs of a GPU, anywhere else for those of a CPU. It is zero bytes at first.
///
/// Of what a GPU reads and writes there, loads and stores of up to 8 bytes are atomic for the CPU; whether
/// read-modify-writes are depends on the machine. So no lock stands there, and nothing that has one: give it
/// a `mailbox`, or words of `platform::atomic<..., scope::system>` that one side writes and both read.
///
/// Called by:     one host thread makes and destroys it; it outlives the launches that use it.
/// Scope:         system.
/// Storage:       page-locked memory of the host; the tasks' reads cross the bus.
/// Fails:         `cuda_error`, or `std::bad_alloc` on a CPU.
template <class Object>
class mapped_memory {
  static_assert(std::is_trivially_destructible_v<Object>,
                "what host and tasks share is zero bytes at first and has nothing to destroy");

 public:
  mapped_memory() : object_(static_cast<Object*>(allocate())) {
    std::memset(static_cast<void*>(object_), 0, sizeof(Object));
  }
  ~mapped_memory() { release(); }
  mapped_memory(const mapped_memory&)            = delete;
  mapped_memory& operator=(const mapped_memory&) = delete;

  /// The object, for host threads.
  [[nodiscard]] Object& operator*() const { return *object_; }
  [[nodiscard]] Object* operator->() const { return object_; }

  /// \returns the object as tasks see it; host threads must not look there.
  [[nodiscard]] Object* for_tasks() const {
#if COWARP_HAS_CUDA
    void* theirs = nullptr;
    check(cudaHostGetDevicePointer(&theirs, object_, 0), "map memory");
    return static_cast<Object*>(theirs);
#else
    return object_;
#endif
  }

 private:
  [[nodiscard]] static void* allocate() {
#if COWARP_HAS_CUDA
    void* memory = nullptr;
    check(cudaHostAlloc(&memory, sizeof(Object), cudaHostAllocMapped), "allocate mapped memory");
    return memory;
#else
    return ::operator new (sizeof(Object), std::align_val_t{alignof(Object)});
#endif
  }
  void release() const {
#if COWARP_HAS_CUDA
    static_cast<void>(cudaFreeHost(object_));
#else
    ::operator delete (object_, std::align_val_t{alignof(Object)});
#endif
  }

  Object* object_;
};

}  // namespace cowarp
