// SPDX-License-Identifier: Apache-2.0
/// \file
/// What is left of a launch after its end: which tasks were pending, and where they waited.
#pragma once

#include <cowarp/executor/flight_recorder.hpp>
#include <cowarp/executor/poll_watch.hpp>
#include <cowarp/executor/program.hpp>
#include <cowarp/executor/report.hpp>
#include <cowarp/executor/spawner.hpp>
#include <cowarp/executor/this_task.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace cowarp::detail {

/// A word as aligned as frames are.
struct alignas(16) aligned_bytes {
  unsigned char bytes[16];
};

/// \returns true if the word holds a task whose poll an assertion ended: its frame is in no state to tell.
[[nodiscard]] COWARP_FN inline bool is_torn(block_header& header, std::uint32_t workers,
                                            std::uint32_t word) {
  if (!has_stopped_threads(header)) return false;
  for (std::uint32_t i = 0; i < workers; ++i) {
    const std::uint32_t polled = worker_counts_of(header, i).polled & ~worker_counts::serves;
    if (polled != 0 && (polled - 1) / 32 == word) return true;
  }
  return false;
}

/// Leaves for the host what it cannot reach after the end, as `layout` says. All threads of the block
/// call it, when its workers have ended.
template <class Program>
COWARP_FN void leave_remains(block_header& header, std::uint32_t workers, std::uint32_t thread,
                             std::uint32_t threads) {
  using layout = detail::layout<Program>;
  // relaxed: a barrier ordered the workers' writes, here and below.
  if (header.live.load(platform::relaxed) == 0) return;
  unsigned char* memory = memory_of<Program>(header);
  auto* masks           = reinterpret_cast<std::uint32_t*>(memory + layout::pending_at);
  for (std::uint32_t i = thread; i < layout::words; i += threads) {
    masks[i] = header.word(i).alive.load(platform::relaxed);  // relaxed: as above
    if (is_torn(header, workers, i)) masks[i] = 0;
  }
  if constexpr (Program::frames == memory::shared) {
    auto* shared = reinterpret_cast<unsigned char*>(&header);
    auto* from   = reinterpret_cast<std::uint64_t*>(shared + layout::shared_frames_at);
    auto* to     = reinterpret_cast<std::uint64_t*>(memory + layout::global_frames_at);
    for (std::size_t i = thread; i < layout::frames_bytes / 8; i += threads) to[i] = from[i];
  }
}

/// What the host copied of one block's remains.
template <class Program>
struct remains {
  std::vector<std::uint32_t> masks = std::vector<std::uint32_t>(layout<Program>::words);
  std::vector<aligned_bytes> frames =
      std::vector<aligned_bytes>(layout<Program>::frames_bytes / sizeof(aligned_bytes));
  std::vector<std::uint64_t> polls =
      std::vector<std::uint64_t>(layout<Program>::polls_bytes / sizeof(std::uint64_t));

  [[nodiscard]] std::uint64_t polls_of(std::uint32_t slot) {
    if constexpr (!Program::watches_polls) return 0;
    // relaxed: the launch has ended.
    return records().of_slot(Program::task_count, slot).load(platform::relaxed);
  }
  /// \pre the program watches polls.
  [[nodiscard]] poll_records& records() { return *reinterpret_cast<poll_records*>(polls.data()); }
};

/// `Program::for_each_task` for functions that only the host may call, of which nvcc would complain.
template <class... Tasks, class Fn>
void on_host_for_each_task(const program<Tasks...>*, Fn&& fn) {
  (fn(task_type<Tasks>{}), ...);
}

/// Adds to the report which tasks one block had left.
template <class Program>
void note_waiting(report& to, std::uint32_t block, remains<Program>& of) {
  auto* pool          = reinterpret_cast<unsigned char*>(of.frames.data());
  std::uint32_t first = 0;
  on_host_for_each_task(static_cast<Program*>(nullptr), [&]<class Task>(task_type<Task>) {
    for (std::uint32_t i = 0; i < Task::pool_size; ++i) {
      const std::uint32_t slot = first * 32 + slot_of_place<Task>(i);
      if ((of.masks[slot / 32] >> slot % 32 & 1u) == 0) continue;
      site_list sites;
      auto* frame = pool + i * stride_of<Program, Task>();
      reinterpret_cast<typename Task::storage*>(frame)->describe(sites);
      add_waiting(to, {task_name<Task>(), 1, block, slot, {}, {}, of.polls_of(slot)}, sites);
    }
    pool += frames_bytes_of<Program, Task>();
    first += words_of<Task>;
  });
}

/// Adds to the report which tasks were pending at the end of the launch.
///
/// \param blocks_memory `layout::block_global_bytes` for each block, on the device
template <class Program, class Launch>
void note_waiting(report& to, const Launch& launch, const unsigned char* blocks_memory) {
  using layout = detail::layout<Program>;
  if constexpr (finds_stalls<Program>) {
    remains<Program> of;
    for (std::uint32_t block = 0; block < to.blocks; ++block) {
      if (to.per_block[block].pending == 0) continue;
      const unsigned char* memory = blocks_memory + layout::block_global_bytes * block;
      launch.download(of.masks.data(), memory + layout::pending_at, layout::pending_bytes);
      launch.download(of.frames.data(), memory + layout::global_frames_at, layout::frames_bytes);
      if (layout::polls_bytes != 0) {
        launch.download(of.polls.data(), memory + layout::polls_at, layout::polls_bytes);
      }
      note_waiting<Program>(to, block, of);
    }
  }
}

/// Names the task type of a failure.
template <class Program>
void name_task(failure& of) {
  if (of.slot == failure::no_slot) return;
  of.task = spawner<Program>::name_of(task_id::of(of.block, of.slot));
}

/// \returns what each worker of a launch did last; nothing if the program has no flight recorder.
template <class Program>
[[nodiscard]] std::vector<worker_state> read_flight_records(const flight_record* records,
                                                            std::uint32_t blocks,
                                                            std::uint32_t workers) {
  std::vector<worker_state> all;
  if constexpr (Program::has_flight_recorder) {
    for (std::uint32_t i = 0; i < blocks * workers; ++i) {
      const std::uint32_t block = i / workers;
      all.push_back(
          read_flight_record(records[i], block, i % workers, [&](std::uint32_t first_slot) {
            return spawner<Program>::name_of(task_id::of(block, first_slot));
          }));
    }
  }
  return all;
}

/// \returns what is known of a launch whose device was lost.
template <class Program>
[[nodiscard]] std::string tell_last_known(const failure_record& failed,
                                          const std::vector<worker_state>& workers) {
  std::string text;
  if (auto first = read_failure(failed)) {
    name_task<Program>(*first);
    text = "before that, failed in " + to_string(*first) + "\n";
  }
  if constexpr (Program::has_flight_recorder) return text + to_string(workers);
  return text +
         "what each worker did last is told if the program has `static constexpr bool "
         "has_flight_recorder = true;`";
}

/// Adds to the report who was polled how often, and whose poll took longest.
template <class Program, class Launch>
void note_polls(report& to, const Launch& launch, const unsigned char* blocks_memory) {
  using layout = detail::layout<Program>;
  if constexpr (Program::watches_polls) {
    remains<Program> of;
    on_host_for_each_task(static_cast<Program*>(nullptr), [&]<class Task>(task_type<Task>) {
      to.polls.push_back({task_name<Task>(), 0});
    });
    for (std::uint32_t block = 0; block < to.blocks; ++block) {
      const unsigned char* memory = blocks_memory + layout::block_global_bytes * block;
      launch.download(of.polls.data(), memory + layout::polls_at, layout::polls_bytes);
      for (std::uint32_t i = 0; i < Program::task_count; ++i) {
        to.polls[i].polls += of.records().of_type(i).load(platform::relaxed);  // relaxed: ended.
      }
      const double seconds = static_cast<double>(of.records().longest_ns) * 1e-9;
      if (seconds <= to.longest.seconds) continue;
      // relaxed: the launch has ended.
      const auto longest = of.records().longest.load(platform::relaxed);
      to.longest         = {seconds, {}, block, poll_watch<true>::slot_of(longest), false};
    }
  }
}

}  // namespace cowarp::detail
