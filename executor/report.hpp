// SPDX-License-Identifier: Apache-2.0
/// \file
/// What an executor did: why it ended, and what each block counted.
#pragma once

#include <cowarp/executor/await_site.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cowarp {

/// Counts of one block, or the sum over all.
///
/// A wake is counted when it leads to a poll: many wakes before one poll count once.
struct block_report {
  std::uint64_t spawned;
  std::uint64_t completed;
  std::uint64_t pending;  // alive when the block ended
  std::uint64_t polls;
  std::uint64_t wakes;         // polls that a wake led to, thus all but each task's first
  std::uint64_t self_wakes;    // ... by the task itself (`yield_now`)
  std::uint64_t remote_wakes;  // ... that came through the run queue
  std::uint64_t busy;  // cycles (GPU) or ns (CPU) in passes that polled, summed over workers
  std::uint64_t idle;  // ... in passes that found nothing
};

/// Bytes of one task type, in each block.
struct task_memory {
  std::string_view name;
  std::uint32_t pool_size;
  std::size_t frame_bytes;  // one task
  std::size_t pool_bytes;   // all of the pool
};

/// The first failure, if any.
struct failure {
  static constexpr std::uint32_t no_slot = ~0u;

  std::uint32_t block = 0;
  std::uint32_t slot  = no_slot;  // `no_slot` if no task was at fault
  std::string_view task;          // the name of the task's type; empty if no task was at fault
  std::string file;
  std::uint32_t line = 0;
  std::string message;
};

/// Tasks of one type that were pending at the end, all at the same await.
struct waiting_tasks {
  std::string_view task;
  std::uint64_t count;
  std::uint32_t block;  // where the first of them lives
  std::uint32_t slot;
  // The await in the task's body, then those in the async frames that it awaits: `file:line`. Empty
  // for a coroutine of a GPU's Release build; see `platform::notes_await_lines`.
  std::vector<std::string> where;
  std::string awaited;  // the type of the innermost future; empty for coroutines
  std::uint64_t polls;  // of all of them together; 0 if the program does not watch polls
};

/// How often the tasks of one type were polled, in all blocks.
struct polls_of_type {
  std::string_view task;
  std::uint64_t polls;
};

/// The poll that took longest. On a GPU the tasks that a worker polls at once run in turns, and one of them
/// stands here for all.
struct longest_poll {
  double seconds = 0;
  std::string_view task;
  std::uint32_t block = 0;
  std::uint32_t slot  = 0;
  bool is_too_long    = false;  // longer than `launch_options::warn_poll_after`
};

/// What `run` returns. `to_string` and `fmt::formatter<report>` (fmt.hpp) print it as a table.
struct report {
  end_reason end = end_reason::none;
  // Of a task's `fail`, or of an assertion; meaningful if `message` is not empty, as it is if `end` is
  // `failed`.
  failure first_failure;
  std::uint32_t failures =
      0;  // all of them; more than one if they came at once, or the program survives them
  std::string backend;  // "cuda: NVIDIA H100 ..." or "host: 2 threads"
  std::uint32_t blocks     = 0;
  std::uint32_t workers    = 0;
  std::size_t arena_bytes  = 0;  // tasks of one block: frames, links, timers
  std::size_t shared_bytes = 0;  // shared memory of one block
  double seconds           = 0;  // from launch to end
  std::vector<task_memory> tasks;
  std::vector<block_report> per_block;
  std::vector<waiting_tasks> waiting;  // empty if the program does not find stalls
  std::vector<polls_of_type> polls;    // empty if the program does not watch polls, as the next
  longest_poll longest;
  block_report total{};
};

[[nodiscard]] std::string_view to_string(end_reason reason);

/// \returns "block 1 slot 2 (task) at file:3: message".
[[nodiscard]] std::string to_string(const failure& of);

/// \returns the report as a text table, without a newline at the end.
[[nodiscard]] std::string to_string(const report& of);

namespace detail {

/// \returns the failure in a record that the host can read, without the task's name; nothing if there was none.
[[nodiscard]] std::optional<failure> read_failure(const failure_record& from);

/// Sums the blocks, and reads the failure.
void complete_report(report& to, const grid_header& grid, const failure_record& failed);

/// Counts a task to those that wait where it does.
void add_waiting(report& to, waiting_tasks one, const site_list& sites);

}  // namespace detail
}  // namespace cowarp
