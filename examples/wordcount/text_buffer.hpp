// SPDX-License-Identifier: Apache-2.0
/// \file
/// Memory that the tasks can reach: the GPU's in a CUDA build, the process's own elsewhere. The only
/// file of this example that asks which.
#pragma once

#include <cowarp/platform/atomic.hpp>

#if COWARP_HAS_CUDA
#  include <cowarp/platform/cuda/cuda_error.hpp>
#else
#  include <cstdlib>
#  include <cstring>
#  include <new>
#endif

#include <cstddef>
#include <cstdint>

namespace wordcount {

namespace detail {

#if COWARP_HAS_CUDA

/// \returns zeroed memory of the GPU.
[[nodiscard]] inline void* allocate_zeroed(std::size_t bytes) {
  void* memory = nullptr;
  cowarp::check(cudaMalloc(&memory, bytes), "allocate memory on the GPU");
  cowarp::check(cudaMemset(memory, 0, bytes), "clear memory on the GPU");
  // The tasks run on another stream, which does not wait for this one.
  cowarp::check(cudaStreamSynchronize(nullptr), "clear memory on the GPU");
  return memory;
}
inline void release(void* memory) { static_cast<void>(cudaFree(memory)); }
inline void copy_in(void* to, const void* from, std::size_t bytes) {
  cowarp::check(cudaMemcpy(to, from, bytes, cudaMemcpyHostToDevice), "copy to the GPU");
  cowarp::check(cudaStreamSynchronize(nullptr), "copy to the GPU");
}
inline void copy_out(void* to, const void* from, std::size_t bytes) {
  cowarp::check(cudaMemcpy(to, from, bytes, cudaMemcpyDeviceToHost), "copy from the GPU");
}

/// \returns memory that both sides see while the tasks run.
[[nodiscard]] inline void* allocate_mapped(std::size_t bytes) {
  void* memory = nullptr;
  cowarp::check(cudaHostAlloc(&memory, bytes, cudaHostAllocMapped), "allocate mapped memory");
  return memory;
}
inline void release_mapped(void* memory) { static_cast<void>(cudaFreeHost(memory)); }
[[nodiscard]] inline void* as_tasks_see(void* mapped) {
  void* memory = nullptr;
  cowarp::check(cudaHostGetDevicePointer(&memory, mapped, 0), "map memory");
  return memory;
}

#else

[[nodiscard]] inline void* allocate_zeroed(std::size_t bytes) {
  constexpr std::size_t alignment = 64;
  void* memory = std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
  if (memory == nullptr) throw std::bad_alloc();
  return std::memset(memory, 0, bytes);
}
inline void release(void* memory) { std::free(memory); }
inline void copy_in(void* to, const void* from, std::size_t bytes) { std::memcpy(to, from, bytes); }
inline void copy_out(void* to, const void* from, std::size_t bytes) {
  std::memcpy(to, from, bytes);
}

[[nodiscard]] inline void* allocate_mapped(std::size_t bytes) { return allocate_zeroed(bytes); }
inline void release_mapped(void* memory) { release(memory); }
[[nodiscard]] inline void* as_tasks_see(void* mapped) { return mapped; }

#endif

}  // namespace detail

/// A fixed number of values where the tasks can reach them; zeroed at first.
template <class Value>
class text_buffer {
 public:
  explicit text_buffer(std::size_t count)
      : count_(count),
        values_(static_cast<Value*>(detail::allocate_zeroed((count + 1) * sizeof(Value)))) {}
  ~text_buffer() { detail::release(values_); }
  text_buffer(const text_buffer&)            = delete;
  text_buffer& operator=(const text_buffer&) = delete;

  /// For the tasks only.
  [[nodiscard]] Value* for_tasks() const { return values_; }

  /// Copies all values in, or out; not while tasks run.
  void upload(const Value* from) { detail::copy_in(values_, from, count_ * sizeof(Value)); }
  void download(Value* to) const { detail::copy_out(to, values_, count_ * sizeof(Value)); }

 private:
  std::size_t count_;
  Value* values_;
};

/// A number that the tasks raise and the host reads while they run.
class mapped_counter {
 public:
  using word = cowarp::platform::atomic<std::uint64_t, cowarp::scope::system>;

  mapped_counter() : word_(static_cast<word*>(detail::allocate_mapped(sizeof(word)))) {
    // relaxed: no task runs yet.
    word_->store(0, cowarp::platform::relaxed);
  }
  ~mapped_counter() { detail::release_mapped(word_); }
  mapped_counter(const mapped_counter&)            = delete;
  mapped_counter& operator=(const mapped_counter&) = delete;

  [[nodiscard]] word* for_tasks() const { return static_cast<word*>(detail::as_tasks_see(word_)); }
  // relaxed: a number to look at; it promises nothing about other memory.
  [[nodiscard]] std::uint64_t value() const { return word_->load(cowarp::platform::relaxed); }

 private:
  word* word_;
};

}  // namespace wordcount
