// SPDX-License-Identifier: Apache-2.0
#include <cowarp/platform/host/interrupt.hpp>

#include <cerrno>
#include <csignal>
#include <mutex>

namespace cowarp::platform {
namespace {

std::mutex watching;
// Written while no handler of ours is there.
struct sigaction before;

extern "C" void cowarp_note_interrupt(int) {
  const int error = errno;
  // relaxed: whoever waits reads nothing else.
  interrupt_came.store(true, std::memory_order_relaxed);
  ::sigaction(SIGINT, &before, nullptr);
  errno = error;
}

bool has_our_handler() {
  struct sigaction now {};
  return ::sigaction(SIGINT, nullptr, &now) == 0 && now.sa_handler == &cowarp_note_interrupt;
}

}  // namespace

void watch_interrupts() {
  const std::lock_guard hold(watching);
  // relaxed: as in the header, here and below.
  if (interrupt_watchers.fetch_add(1, std::memory_order_relaxed) != 0) return;
  ::sigaction(SIGINT, nullptr, &before);
  if ((before.sa_flags & SA_SIGINFO) == 0 && before.sa_handler == SIG_IGN) return;
  struct sigaction ours {};
  ours.sa_handler = &cowarp_note_interrupt;
  ours.sa_flags   = SA_RESTART;
  sigemptyset(&ours.sa_mask);
  ::sigaction(SIGINT, &ours, nullptr);
}

void unwatch_interrupts() {
  const std::lock_guard hold(watching);
  // relaxed: as in the header, here and below.
  if (interrupt_watchers.fetch_sub(1, std::memory_order_relaxed) != 1) return;
  // A handler that somebody put in meanwhile stays.
  if (has_our_handler()) ::sigaction(SIGINT, &before, nullptr);
  interrupt_came.store(false, std::memory_order_relaxed);  // relaxed: as above
}

}  // namespace cowarp::platform
