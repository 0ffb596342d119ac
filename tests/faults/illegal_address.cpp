// SPDX-License-Identifier: Apache-2.0
/// \file
/// A task writes where nothing is, and the device is lost: the one exception says with which call that was
/// found, and what each block did last. A program of its own, since nothing works after that.
/// The store may be found to be wrong while its task is polled or a little later.
///
/// Exit status 0 and the exception's text if it says all of that; 77 where there is no GPU.
#include <cowarp/cowarp.hpp>

#include <cuda_runtime_api.h>

#include <cstdint>
#include <cstdio>
#include <string>

namespace {

struct state {
  cowarp::platform::atomic_word<cowarp::scope::device> turns;
};

COWARP_TASK_FRAME(turning, 40) {
  state& s;
  COWARP_BODY_BEGIN
  for (;;) {
    s.turns.fetch_add(1, cowarp::platform::relaxed);  // relaxed: a count.
    COWARP_AWAIT(cowarp::yield_now());
  }
  COWARP_BODY_END
};

COWARP_TASK_FRAME(wrong, 1) {
  state& s;
  std::uint32_t* nowhere;
  COWARP_BODY_BEGIN
  // relaxed: a count.
  while (s.turns.load(cowarp::platform::relaxed) < 10'000) COWARP_AWAIT(cowarp::yield_now());
  *nowhere = 1;
  COWARP_BODY_END
};

struct app : cowarp::program<turning, wrong> {
  using grid_state                          = state;
  static constexpr bool has_flight_recorder = true;
  COWARP_FN static void start(cowarp::spawner<app> s) {
    for (std::uint32_t i = 0; i < 40; ++i) s.must_spawn<turning>(s.grid_state());
    // No page of the device is there, whatever is allocated.
    auto* nowhere = reinterpret_cast<std::uint32_t*>(std::uintptr_t{0x10});
    if (s.block() == 2) s.must_spawn<wrong>(s.grid_state(), nowhere);
  }
};

bool has(const std::string& text, const char* part) {
  if (text.find(part) != std::string::npos) return true;
  std::printf("it does not say: %s\n", part);
  return false;
}

}  // namespace

int main() {
  int devices = 0;
  if (cudaGetDeviceCount(&devices) != cudaSuccess || devices == 0) return 77;
  try {
    state s{};
    std::printf("%s\n", to_string(cowarp::run<app>({.blocks = 4}, s)).c_str());
  } catch (const cowarp::cuda_error& error) {
    const std::string said = error.what();
    std::printf("%s\n", said.c_str());
    const bool is_complete = has(said, "could not wait for the executor") &&
                             has(said, "cudaErrorIllegalAddress") &&
                             has(said, "cuda_launch.cpp:") && has(said, "  block 2 worker ") &&
                             has(said, "wrong in slot");
    return is_complete && error.code() == cudaErrorIllegalAddress ? 0 : 1;
  }
  std::printf("the launch ended as if nothing had been\n");
  return 1;
}
