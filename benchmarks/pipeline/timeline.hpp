// SPDX-License-Identifier: Apache-2.0
/// \file
/// When each task of one block did what: events that tasks write, and the log that the host makes of them.
#pragma once

#include <cowarp/platform/pause.hpp>
#include <cowarp/platform/width.hpp>

#include <cstdint>
#include <cstdio>

namespace bench {

/// What a task of a pipeline is busy with.
enum class activity : std::uint32_t { none, load, transform, store };

/// One thing that one task did, or awaited; zero bytes are "none".
struct event {
  std::uint64_t begin, end;  // cycles of the block's SM (GPU), nanoseconds (CPU)
  activity what;
  std::uint32_t worker;

  COWARP_FN void start(activity is) {
    what   = is;
    worker = cowarp::platform::worker_of_lane();
    begin  = cowarp::platform::cycles();
  }
  COWARP_FN void stop() { end = cowarp::platform::cycles(); }
};

/// A fixed number of events for each of `Tasks` tasks, in the grid state; zero bytes are valid. Tasks
/// write their own only, so without an atomic. With `Records` false it is empty and costs nothing.
template <bool Records, std::uint32_t Tasks, std::uint32_t Each = 64>
class timeline {
 public:
  static constexpr bool records = Records;

  /// \returns the event `number` of a task, or null if there is no more room.
  [[nodiscard]] COWARP_FN event* at(std::uint32_t task, std::uint32_t number) {
    return task < Tasks && number < Each ? &events_[task][number] : nullptr;
  }

  /// Writes one line for each event; the host calls it after the run. \returns false if it cannot.
  bool save(const char* file) const {
    std::FILE* const to = std::fopen(file, "w");
    if (to == nullptr) return false;
    std::fprintf(to, "# times in %s\nworker,task,what,begin,end\n",
                 COWARP_HAS_CUDA ? "cycles" : "ns");
    constexpr const char* names[] = {"none", "load", "transform", "store"};
    for (std::uint32_t task = 0; task < Tasks; ++task) {
      for (const event& each : events_[task]) {
        if (each.what == activity::none || each.end == 0) continue;
        std::fprintf(to, "%u,%u,%s,%llu,%llu\n", each.worker, task,
                     names[static_cast<std::uint32_t>(each.what)],
                     static_cast<unsigned long long>(each.begin),
                     static_cast<unsigned long long>(each.end));
      }
    }
    return std::fclose(to) == 0;
  }

 private:
  event events_[Tasks][Each];
};

template <std::uint32_t Tasks, std::uint32_t Each>
class timeline<false, Tasks, Each> {
 public:
  static constexpr bool records = false;
  [[nodiscard]] COWARP_FN static event* at(std::uint32_t, std::uint32_t) { return nullptr; }
};

}  // namespace bench
