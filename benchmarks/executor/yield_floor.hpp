// SPDX-License-Identifier: Apache-2.0
/// \file
/// Ready words written by hand: what a poll costs without an executor around it.
#pragma once

#include <cowarp/platform/lanes.hpp>

#include <support/measure.hpp>

#include <cstdint>

namespace bench {

/// One ready word per worker, 32 state machines that yield, frames in shared memory; no wakers,
/// timers, counts, other blocks, or ends but its own.
struct yield_floor {
  struct state {
    std::uint32_t yields;
    cowarp::platform::atomic<std::uint64_t, cowarp::scope::device> polls;
    cowarp::platform::atomic<std::uint64_t, cowarp::scope::device> cycles;
  };
  /// As large as the frame of the task that it is compared with.
  struct frame {
    std::uint32_t resume_point, i, count, sum, unused[2];
  };
  struct word {
    cowarp::platform::atomic_word<cowarp::scope::block> ready;
    std::uint32_t unused;
    frame frames[32];
  };
  using argument                             = state*;
  static constexpr std::uint32_t max_threads = 1024;

  static COWARP_FN bool poll(frame& at) {
    switch (at.resume_point) {
      case 0:
        for (; at.i < at.count; ++at.i) {
          at.sum += at.i;
          at.resume_point = 1;
          return false;
          case 1:;
        }
    }
    return true;
  }

  static COWARP_FN void run(state* const& totals, unsigned char* shared, std::uint32_t,
                            std::uint32_t, std::uint32_t) {
    namespace platform = cowarp::platform;
    word& mine         = reinterpret_cast<word*>(shared)[platform::warp()];
    for (std::uint32_t i = platform::lane(); i < 32; i += platform::warp_lanes) {
      mine.frames[i] = {0, 0, totals->yields, 0, {}};
    }
    // relaxed: the barrier below orders it.
    if (platform::lane() == 0) mine.ready.store(~0u, platform::relaxed);
    platform::sync_block();
    const std::uint64_t begin = platform::cycles();
    std::uint64_t polls       = 0;
    for (std::uint32_t alive = ~0u; alive != 0;) {
      std::uint32_t ready = 0;
      // acquire: as the executor's.
      if (platform::lane() == 0) ready = mine.ready.exchange(0, platform::acquire);
      ready           = platform::from_leader(ready);
      const auto said = platform::for_lanes(ready, [&](std::uint32_t lane) -> std::uint32_t {
        return poll(mine.frames[lane]) ? 1u : 2u;
      });
      polls += platform::count_bits(ready);
      alive &= ~said.first;
      // relaxed: the same lanes poll again.
      if (platform::lane() == 0) mine.ready.fetch_or(said.second, platform::relaxed);
      platform::sync_warp();
    }
    if (platform::lane() != 0) return;
    // relaxed: read after the kernel.
    totals->polls.fetch_add(polls, platform::relaxed);
    totals->cycles.fetch_add(platform::cycles() - begin, platform::relaxed);  // relaxed: as above
  }
};

}  // namespace bench
