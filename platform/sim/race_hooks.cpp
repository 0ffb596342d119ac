// SPDX-License-Identifier: Apache-2.0
// The calls that a compiler inserts with -fsanitize=thread, answered by the simulation in the place
// of the sanitizer's own library: so every plain access of a test is checked against the memory
// model. Compile the test with that option, and link it with this file and without the option.
#include <cowarp/platform/sim/schedule.hpp>

#include <cstddef>
#include <cstring>

extern "C" {

#define COWARP_WATCH(bytes)                                                   \
  void __tsan_read##bytes(void* at) {                                         \
    cowarp::sim::plain_access(at, bytes, false, __builtin_return_address(0)); \
  }                                                                           \
  void __tsan_write##bytes(void* at) {                                        \
    cowarp::sim::plain_access(at, bytes, true, __builtin_return_address(0));  \
  }                                                                           \
  void __tsan_unaligned_read##bytes(void* at) {                               \
    cowarp::sim::plain_access(at, bytes, false, __builtin_return_address(0)); \
  }                                                                           \
  void __tsan_unaligned_write##bytes(void* at) {                              \
    cowarp::sim::plain_access(at, bytes, true, __builtin_return_address(0));  \
  }

COWARP_WATCH(1)
COWARP_WATCH(2)
COWARP_WATCH(4)
COWARP_WATCH(8)
COWARP_WATCH(16)

void __tsan_read_range(void* at, std::size_t bytes) {
  cowarp::sim::plain_access(at, bytes, false, __builtin_return_address(0));
}
void __tsan_write_range(void* at, std::size_t bytes) {
  cowarp::sim::plain_access(at, bytes, true, __builtin_return_address(0));
}
void __tsan_vptr_update(void** at, void*) {
  cowarp::sim::plain_access(at, sizeof(void*), true, __builtin_return_address(0));
}
void __tsan_vptr_read(void** at) {
  cowarp::sim::plain_access(at, sizeof(void*), false, __builtin_return_address(0));
}
// clang asks for these; g++ leaves calls of the library's functions alone.
void* __tsan_memcpy(void* to, const void* from, std::size_t bytes) {
  cowarp::sim::plain_access(from, bytes, false, __builtin_return_address(0));
  cowarp::sim::plain_access(to, bytes, true, __builtin_return_address(0));
  return std::memcpy(to, from, bytes);
}
void* __tsan_memmove(void* to, const void* from, std::size_t bytes) {
  cowarp::sim::plain_access(from, bytes, false, __builtin_return_address(0));
  cowarp::sim::plain_access(to, bytes, true, __builtin_return_address(0));
  return std::memmove(to, from, bytes);
}
void* __tsan_memset(void* to, int value, std::size_t bytes) {
  cowarp::sim::plain_access(to, bytes, true, __builtin_return_address(0));
  return std::memset(to, value, bytes);
}

void __tsan_init() {}
void __tsan_func_entry(void*) {}
void __tsan_func_exit() {}

// The standard library's own atomics (reference counts of the host's side).
unsigned __tsan_atomic32_fetch_add(unsigned* at, unsigned by, int) {
  return __atomic_fetch_add(at, by, __ATOMIC_SEQ_CST);
}
unsigned __tsan_atomic32_load(const unsigned* at, int) {
  return __atomic_load_n(at, __ATOMIC_SEQ_CST);
}
unsigned char __tsan_atomic8_load(const unsigned char* at, int) {
  return __atomic_load_n(at, __ATOMIC_SEQ_CST);
}

}  // extern "C"
