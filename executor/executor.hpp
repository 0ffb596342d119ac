// SPDX-License-Identifier: Apache-2.0
/// \file
/// One executor per block: what a kernel runs from its first line to its last.
#pragma once

#include <cowarp/executor/lane.hpp>
#include <cowarp/executor/post_mortem.hpp>
#include <cowarp/executor/worker.hpp>
#include <cowarp/platform/width.hpp>

#include <cstddef>
#include <cstdint>
#include <utility>

namespace cowarp {

/// Where one launch lives: global memory laid out as `detail::layout` says. Trivially copyable.
struct executor_ref {
  grid_header* grid;
  unsigned char* blocks;  // `layout::block_global_bytes` for each block
  block_report* reports;  // one for each block
  std::uint32_t workers;  // for each block
};

namespace detail {

/// Prepares the block's header in its zeroed memory; one thread calls it.
template <class Program>
COWARP_FN block_header& prepare_block(unsigned char* shared, const executor_ref& launch,
                                      std::uint32_t block) {
  using layout            = detail::layout<Program>;
  unsigned char* mine     = launch.blocks + layout::block_global_bytes * block;
  auto& header            = *reinterpret_cast<block_header*>(shared);
  header.grid             = launch.grid;
  header.queue            = &launch.grid->queues[block];
  header.items            = header.queue->items();
  header.timers           = reinterpret_cast<slot_timers*>(mine + layout::timers_at);
  header.state            = shared + layout::block_state_at;
  header.block            = block;
  header.words            = layout::words;
  header.workers          = launch.workers;
  header.has_manual_clock = launch.grid->has_manual_clock;
  header.finds_stalls     = launch.grid->stall_after_ns != 0 ? 1 : 0;
  if constexpr (layout::serves_width) {
    header.width_places_at    = layout::width_places_at;
    header.width_places_bytes = layout::width_places_bytes;
  }
  if constexpr (Program::earliest_deadline_first) header.deadlines_at = layout::deadlines_at;
  if constexpr (Program::uses_block) open_block(header);
  return header;
}

/// True if the program's `start` takes these arguments.
template <class Program, class... Arguments>
concept starts_with = requires {
  Program::start(std::declval<Arguments>()...);
};

/// Calls the program's `start` with as much as it takes. \param who a spawner, and a lane if all lanes call it
template <class Program, class... Who>
COWARP_FN void call_start(const Who&... who) {
  const spawner<Program> s;
  using block_state = typename Program::block_state;
  using grid_state  = typename Program::grid_state;
  if constexpr (starts_with<Program, Who..., block_state&, grid_state&>) {
    Program::start(who..., s.block_state(), s.grid_state());
  } else if constexpr (starts_with<Program, Who..., block_state&>) {
    Program::start(who..., s.block_state());
  } else {
    static_assert(starts_with<Program, Who...>,
                  "a program needs `static void start(cowarp::spawner<app>)`, which may take a "
                  "cowarp::lane, and the block state and the grid state by reference as well");
    Program::start(who...);
  }
}

/// Starts the program; all threads of the block come here.
template <class Program>
COWARP_FN void start_program(std::uint32_t thread) {
  using app                         = spawner<Program>;
  using block_state                 = typename Program::block_state;
  using grid_state                  = typename Program::grid_state;
  constexpr bool is_called_by_lanes = starts_with<Program, app, lane> ||
                                      starts_with<Program, app, lane, block_state&> ||
                                      starts_with<Program, app, lane, block_state&, grid_state&>;
  if constexpr (is_called_by_lanes) {
    if (thread < platform::width) call_start<Program>(app(), lane{thread});
  } else {
    if (thread == 0) call_start<Program>(app());
  }
}

/// Adds a worker's counts to its block's report.
COWARP_FN inline void add_counts(block_report& report, const worker_counts& of) {
  const auto add = [](std::uint64_t& sum, std::uint64_t value) {
    // relaxed: read after the kernel or the thread has ended.
    reinterpret_cast<platform::atomic<std::uint64_t, scope::device>&>(sum).fetch_add(
        value, platform::relaxed);
  };
  add(report.polls, of.polls);
  add(report.completed, of.completed);
  add(report.self_wakes, of.self_wakes);
  add(report.remote_wakes, of.remote_wakes);
  add(report.busy, of.busy);
  add(report.idle, of.idle);
}

/// Adds the counts of all workers, of which an assertion stopped some; one thread calls it. What they had not
/// noted yet is missing.
COWARP_FN inline void add_all_counts(block_report& report, block_header& header,
                                     std::uint32_t workers) {
  for (std::uint32_t i = 0; i < workers; ++i) add_counts(report, worker_counts_of(header, i));
}

/// Leaves for the host which tasks are left. The threads of the block that are left call it.
template <class Program>
COWARP_FN void leave_pending(block_report& report, block_header& header, std::uint32_t workers,
                             std::uint32_t thread, std::uint32_t threads) {
  if constexpr (detail::finds_stalls<Program>) {
    detail::leave_remains<Program>(header, workers, thread, threads);
  }
  // relaxed: a barrier ordered the workers' writes.
  if (thread == 0) report.pending = header.live.load(platform::relaxed);
}

/// Reports for a block of which no thread is left to do it. The last one calls it, from wherever it is.
template <class Program>
COWARP_FN void abandon_block(const executor_ref& launch, unsigned char* shared,
                             std::uint32_t block) {
  auto& header         = *reinterpret_cast<block_header*>(shared);
  block_report& report = launch.reports[block];
  add_all_counts(report, header, launch.workers);
  leave_pending<Program>(report, header, launch.workers, 0, 1);
}

}  // namespace detail

/// Runs one block of a launch until the whole launch ends. Every thread of the block calls it, with
/// the same arguments, at the top of a kernel whose dynamic shared memory is all cowarp's.
///
/// Called by:     whole block (GPU); one host thread per block (CPU).
/// Memory order:  when it returns, what the block's tasks wrote is visible to all its threads.
/// Progress:      all blocks of the launch must be resident at once.
template <class Program>
[[gnu::always_inline]] COWARP_FN inline void run_block(const executor_ref& launch,
                                                       unsigned char* shared, std::uint32_t block,
                                                       std::uint32_t thread,
                                                       std::uint32_t threads) {
  using layout = detail::layout<Program>;
  struct alignas(16) unit {
    std::uint64_t of[2];
  };
  auto* units = reinterpret_cast<unit*>(shared);
  for (std::size_t i = thread; i < layout::shared_bytes / sizeof(unit); i += threads) units[i] = {};
  platform::sync_block();
  auto& header = *reinterpret_cast<block_header*>(shared);
  if (thread == 0) detail::prepare_block<Program>(shared, launch, block);
  platform::enter_block(&header);
  platform::sync_block();
  detail::start_program<Program>(thread);
  platform::sync_block();

  if constexpr (Program::watches_polls) {
    detail::poll_watch<true>::begin(detail::poll_records_of<Program>(header), thread == 0);
  }
  detail::worker<Program> worker(*platform::keep_address(&header), platform::warp(),
                                 launch.workers);
  worker.run();
  platform::sync_block();

  block_report& report = launch.reports[block];
  if (!detail::has_stopped_threads(header)) {
    if (platform::lane() == 0) {
      detail::add_counts(report, worker_counts_of(header, platform::worker_of_lane()));
    }
  } else {
    // relaxed: any numbers will do, and a barrier follows.
    thread = header.roll_call.fetch_add(1, platform::relaxed);
    platform::sync_block();
    threads = header.roll_call.load(platform::relaxed);  // relaxed: as above
    if (thread == 0) detail::add_all_counts(report, header, launch.workers);
  }
  if constexpr (Program::watches_polls) {
    detail::poll_watch<true>::convert(detail::poll_records_of<Program>(header), thread == 0);
  }
  detail::leave_pending<Program>(report, header, launch.workers, thread, threads);
  platform::enter_block(nullptr);
}

}  // namespace cowarp
