// SPDX-License-Identifier: Apache-2.0
/// \file
/// How a task says that it cannot go on.
#pragma once

#include <cowarp/executor/future.hpp>

#include <source_location>

namespace cowarp {

namespace detail {

/// Notes that a task has failed, unless there was a failure before, and asks all blocks to end unless the
/// program survives failures.
///
/// \param task `none` if no task is at fault
// Out of line: it is long, and not on anybody's way.
[[gnu::noinline]] COWARP_FN inline void record_failure(task_id task, const char* message,
                                                       const char* file, std::uint32_t line) {
  const std::uint32_t slot = task.is_none() ? no_slot_at_fault : task.slot();
  block_header& block      = *platform::this_block();
  note_failure(block, slot, message, nullptr, file, line);
  if (!block.grid->survives_failures) block.grid->request_end(end_reason::failed);
}

}  // namespace detail

/// Ends the program as failed, with a message for the host; the task that awaits it stays pending.
///
/// The first failure is the one reported; all blocks end after the polls under way. In a program that
/// `survives_failures` only the task ends, as if it had been aborted: its frame is destroyed, who joins it has
/// no result, and the program is failed once all the others are done.
///
/// Called by:     any task.
/// Scope:         device.
class fail {
 public:
  using output = unit;

  COWARP_FN explicit fail(const char* message,
                          std::source_location where = std::source_location::current())
      : message_(message), file_(where.file_name()), line_(where.line()) {}

  COWARP_FN polled<unit> poll(context& cx) {
    if (!cx.task().is_none()) detail::record_failure(cx.task(), message_, file_, line_);
    cx.note_failure();
    return pending;
  }

 private:
  const char* message_;
  const char* file_;
  std::uint32_t line_;
};

}  // namespace cowarp
