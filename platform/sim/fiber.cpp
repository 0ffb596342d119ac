// SPDX-License-Identifier: Apache-2.0
#include <cowarp/platform/sim/fiber.hpp>

#include <new>
#include <sys/mman.h>

namespace cowarp::sim {

unsigned char* stack_pool::take() {
  if (free_.empty()) {
    void* memory = mmap(nullptr, guard_bytes + stack_bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    mprotect(memory, guard_bytes, PROT_NONE);
    return static_cast<unsigned char*>(memory) + guard_bytes;
  }
  unsigned char* stack = free_.back();
  free_.pop_back();
  return stack;
}

stack_pool::~stack_pool() {
  for (unsigned char* stack : free_) munmap(stack - guard_bytes, guard_bytes + stack_bytes);
}

}  // namespace cowarp::sim
