// SPDX-License-Identifier: Apache-2.0
/// \file
/// Memory and threads run out at every moment of a launch on the host: it says so, leaves nothing
/// behind, and the next one works.
#include <support/checks.hpp>
#include <support/steps.hpp>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <dlfcn.h>
#include <new>
#include <pthread.h>
#include <string>

namespace fault {

// Calls that still succeed before one fails; below zero: all do. Of this thread only: the blocks'
// threads are the library's business.
thread_local int allocations_left = -1;
thread_local int threads_left     = -1;
std::atomic<long> live{0};

/// \returns true if this call is the one to fail.
bool is_due(int& left) { return left >= 0 && left-- == 0; }

}  // namespace fault

void* operator new(std::size_t bytes) {
  if (fault::is_due(fault::allocations_left)) throw std::bad_alloc();
  void* memory = std::malloc(bytes != 0 ? bytes : 1);
  if (memory == nullptr) throw std::bad_alloc();
  ++fault::live;
  return memory;
}
void operator delete(void* memory) noexcept {
  if (memory != nullptr) --fault::live;
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept { operator delete(memory); }

/// Stands before the system's.
extern "C" int pthread_create(pthread_t* thread, const pthread_attr_t* attributes,
                              void* (*begin)(void*), void* argument) noexcept {
  if (fault::is_due(fault::threads_left)) return EAGAIN;
  static const auto next =
      reinterpret_cast<decltype(&pthread_create)>(dlsym(RTLD_NEXT, "pthread_create"));
  return next(thread, attributes, begin, argument);
}

namespace host_faults_test {

constexpr std::uint32_t blocks = 4;

struct state {
  test::counter came;
};

/// Ends when every block's task has begun, so that blocks without their neighbours would wait for ever.
COWARP_TASK_FRAME(meet, 1) {
  state& s;
  COWARP_BODY_BEGIN
  s.came.add();
  while (s.came.value() != blocks) COWARP_AWAIT(cowarp::yield_now());
  COWARP_BODY_END
};

struct app : cowarp::program<meet> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<app> s) { s.must_spawn<meet>(s.grid_state()); }
};

cowarp::report launch() {
  state s{};
  return cowarp::run<app>({.blocks = blocks}, s);
}

}  // namespace host_faults_test

using host_faults_test::launch;

TEST_CASE("faults: a thread that does not start ends the launch", "[faults][host]") {
  for (int begun = 0; begun < static_cast<int>(host_faults_test::blocks); ++begun) {
    fault::threads_left = begun;
    std::string answer;
    try {
      static_cast<void>(launch());
    } catch (const cowarp::configuration_error& refused) {
      answer = refused.what();
    }
    fault::threads_left = -1;
    CAPTURE(begun);
    CHECK(answer.find("4 blocks") != std::string::npos);
    CHECK(answer.find("only " + std::to_string(begun)) != std::string::npos);
    CHECK(launch().end == cowarp::end_reason::all_done);
  }
}

TEST_CASE("faults: memory that runs out anywhere leaves nothing behind", "[faults][host]") {
  static_cast<void>(launch());  // what is made once, is
  int failed         = 0;
  bool has_succeeded = false;
  while (!has_succeeded) {
    const long before       = fault::live;
    bool was_told           = false;
    fault::allocations_left = failed;
    try {
      has_succeeded = launch().end == cowarp::end_reason::all_done;
    } catch (const std::bad_alloc&) {
      was_told = true;
    }
    fault::allocations_left = -1;
    const long left         = fault::live - before;
    CAPTURE(failed);
    CHECK(left == 0);
    CHECK(was_told != has_succeeded);
    CHECK(launch().end == cowarp::end_reason::all_done);
    ++failed;
  }
  CHECK(failed > 10);
}
