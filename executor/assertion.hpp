// SPDX-License-Identifier: Apache-2.0
/// \file
/// How a failure reaches the host, and how an assertion ends a launch that it cannot unwind.
#pragma once

#include <cowarp/executor/block.hpp>
#include <cowarp/platform/lanes.hpp>
#include <cowarp/platform/stop_thread.hpp>
#include <cowarp/platform/width.hpp>

#include <cstdint>

namespace cowarp::detail {

/// A slot that does not exist: no task is at fault.
inline constexpr std::uint32_t no_slot_at_fault = ~0u;

/// Appends to a text of `failure_record::text_bytes`, cut to what fits. \returns its new end.
COWARP_FN inline std::uint32_t append_text(char* to, std::uint32_t at, const char* from) {
  for (; *from != '\0' && at + 1 < failure_record::text_bytes; ++from) to[at++] = *from;
  to[at] = '\0';
  return at;
}

/// Notes a failure for the host, unless there was one before.
///
/// \param condition what did not hold, or null
COWARP_FN inline void note_failure(block_header& block, std::uint32_t slot, const char* message,
                                   const char* condition, const char* file, std::uint32_t line) {
  grid_header& grid = *block.grid;
  // relaxed: picks one writer; the next release publishes what it writes.
  if (grid.failures.fetch_add(1, platform::relaxed) == 0) {
    failure_record& record = *grid.failure;
    record.block           = block.block;
    record.slot            = slot;
    record.line            = line;
    append_text(record.file, 0, file);
    std::uint32_t end = append_text(record.message, 0, message);
    if (condition != nullptr) {
      end = append_text(record.message, end, " (");
      end = append_text(record.message, end, condition);
      append_text(record.message, end, ")");
    }
    // release: the host finds the text of a record that is written.
    record.is_written.store(1, platform::release);
  }
}

/// \returns the slot of the task that the calling lane polls, as far as that was noted.
[[nodiscard]] COWARP_FN inline std::uint32_t slot_at_fault(block_header& block) {
  const std::uint32_t polled = worker_counts_of(block, platform::worker_of_lane()).polled;
  if (polled == 0) return no_slot_at_fault;
  if ((polled & worker_counts::serves) != 0) return (polled & ~worker_counts::serves) - 1;
  return polled - 1 + platform::lane();
}

/// Notes whom a worker polls or serves, for `slot_at_fault`. All lanes of the worker call it, with
/// `worker_counts::polled`'s new value.
COWARP_FN inline void note_polled(block_header& block, std::uint32_t worker, std::uint32_t polled) {
  if constexpr (platform::checks_assertions && platform::stops_threads) {
    if (platform::lane() == 0) worker_counts_of(block, worker).polled = polled;
    platform::sync_warp();  // the lanes are about to read it
  }
}

/// Takes the calling thread out of its block, whose worker 0 it may be: the others end by themselves.
COWARP_FN inline void note_stopped_thread(block_header& block) {
  // Not as words of the block, whose own assertion would make this function call itself.
  const auto word_at = [](void* at) -> auto& {
    return *static_cast<platform::atomic_word<scope::device>*>(at);
  };
  // relaxed: a barrier follows the workers' loops, here and below.
  word_at(&block.stopped).fetch_add(1, platform::relaxed);
  word_at(&block.end).exchange(static_cast<std::uint32_t>(end_reason::failed), platform::relaxed);
  // relaxed: whoever waits for a lock reads nothing else.
  block.grid->stopped.fetch_add(1, platform::relaxed);
}

/// \returns true if an assertion stopped a thread of this block. Behind a barrier that follows the workers'
/// loops it is the same in all that are left.
[[nodiscard]] COWARP_FN inline bool has_stopped_threads(block_header& block) {
  if constexpr (!platform::checks_assertions) return false;
  // relaxed: it guards no data.
  return block.stopped.load(platform::relaxed) != 0;
}

/// Ends the launch, and the calling thread in the middle of whatever it does.
///
/// An assertion may stand deep in a call, in a destructor, under a lock: nothing can be unwound. So the thread
/// stops where it is, and what the other threads of the block need of it, they do without:
/// executor/worker.hpp, block_request.hpp, platform/spin_lock.hpp.
[[noreturn, gnu::noinline]] COWARP_FN inline void end_by_assertion(const char* condition,
                                                                   const char* message,
                                                                   const char* file, int line) {
  block_header& block = *platform::this_block();
  note_failure(block, slot_at_fault(block), message, condition, file,
               static_cast<std::uint32_t>(line));
  block.grid->request_end(end_reason::failed);
  note_stopped_thread(block);
  platform::stop_thread();
}

}  // namespace cowarp::detail

namespace cowarp::platform {

[[noreturn]] COWARP_FN inline void assertion_failed(const char* condition, const char* message,
                                                    const char* file, int line) {
  if constexpr (stops_threads) {
    if (has_block()) cowarp::detail::end_by_assertion(condition, message, file, line);
  }
  die(condition, message, file, line);
}

COWARP_FN inline void stop_if_others_were_stopped() {
  if constexpr (stops_threads) {
    if (!has_block()) return;
    block_header& block = *this_block();
    // relaxed: it says only that locks may stay locked for ever.
    if (block.grid->stopped.load(relaxed) == 0) return;
    cowarp::detail::note_stopped_thread(block);
    stop_thread();
  }
}

}  // namespace cowarp::platform
