// SPDX-License-Identifier: Apache-2.0
/// \file
/// How a task says that it cannot go on.
#pragma once

#include <cowarp/executor/future.hpp>

#include <source_location>

namespace cowarp {

namespace detail {

/// Notes that a task has failed, unless there was a failure before, and asks all blocks to end.
///
/// \param task `none` if no task is at fault
// Out of line: it is long, and not on anybody's way.
[[gnu::noinline]] COWARP_FN inline void record_failure(task_id task, const char* message,
                                                       const char* file, std::uint32_t line) {
  const std::uint32_t slot = task.is_none() ? no_slot_at_fault : task.slot();
  record_failure(*platform::this_block(), slot, message, nullptr, file, line);
}

}  // namespace detail

/// Ends the program as failed, with a message for the host; the task that awaits it stays pending.
///
/// The first failure is the one reported; all blocks end after the polls under way.
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
    return pending;
  }

 private:
  const char* message_;
  const char* file_;
  std::uint32_t line_;
};

}  // namespace cowarp
