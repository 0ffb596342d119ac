// SPDX-License-Identifier: Apache-2.0
/// \file
/// How a task says that it cannot go on.
#pragma once

#include <cowarp/executor/future.hpp>

#include <source_location>

namespace cowarp {

namespace detail {

COWARP_FN inline void copy_text(char* to, const char* from) {
  std::uint32_t i = 0;
  for (; from[i] != '\0' && i + 1 < failure_record::text_bytes; ++i) to[i] = from[i];
  to[i] = '\0';
}

/// Notes a failure for the host, unless there was one before, and asks all blocks to end.
// Out of line: it is long, and not on anybody's way.
[[gnu::noinline]] COWARP_FN inline void record_failure(task_id task, const char* message,
                                                       const char* file, std::uint32_t line) {
  grid_header& grid      = *platform::this_block()->grid;
  failure_record& record = grid.failure;
  // relaxed: only one task may win; `request_end` publishes what it writes.
  if (record.taken.exchange(1, platform::relaxed) != 0) return;
  record.block = platform::this_block()->block;
  record.slot  = task.slot();
  record.line  = line;
  copy_text(record.file, file);
  copy_text(record.message, message);
  grid.request_end(end_reason::failed);
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
