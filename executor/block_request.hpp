// SPDX-License-Identifier: Apache-2.0
/// \file
/// How all workers of a block come together for one task, and part again.
#pragma once

#include <cowarp/executor/waker.hpp>
#include <cowarp/platform/width.hpp>

#include <cstdint>

namespace cowarp::detail {

/// What one task wants all lanes of its worker, or of its block, to run; stands in the future that awaits it.
///
/// ```text
///               place 1              serve 2
///   ┌────────┐ ─────────► ┌───────┐ ─────────► ┌────────┐
///   │ unseen │            │ asked │            │ served │
///   └────────┘ ◄───────── └───────┘            └────────┘
///              withdraw 3
/// ```
///
/// 1  the polled lane leaves the request in its place; one request for each task and poll
/// 2  after the polls of the word all lanes run it, and the task is ready again
/// 3  the future is destroyed in the poll that placed it
///
/// Called by:     `run`: all lanes of one worker, or of all, converged; the rest: the lane that polls the task.
/// Scope:         block.
/// Memory order:  what the task wrote before is visible to all lanes in `run`; what they wrote, to
///                the task's next poll.
/// Storage:       4 bytes in the frame of the task, which all lanes can address.
struct width_request {
  enum class stage : std::uint8_t { unseen, asked, served };

  stage now          = stage::unseen;
  bool is_for_block  = false;
  std::uint16_t slot = 0;  // the task's, once it was placed
};

/// Whose turn it is to ask the whole block; the word `block_header::block_turn`.
///
/// ```text
///   ┌────────┐ open 0 ┌──────┐ claim 1 ┌─────────┐ ask 2 ┌───────────┐
///   │ absent │ ─────► │ free │ ──────► │ claimed │ ────► │ requested │
///   └────────┘        └──┬───┘         └─────────┘       └─────┬─────┘
///                leave 4 │  ▲              all have run it 3   │
///                        ▼  └──────────────────────────────────┘
///                    ┌────────┐
///                    │ closed │
///                    └────────┘
/// ```
///
/// 0  before the workers run, in a program that uses it
/// 1  one worker, whose task asks; in the order of their tickets
/// 2  it has left the request in `block_header::block_place`
/// 3  all workers have met, run it, and will meet once more
/// 4  the first worker that leaves its loop; a task that asks later stays pending
///
/// Invariant:     a worker that finds `requested` joins before it does anything else, and none leaves but
///                through `closed`, so the workers that meet are always all of them.
/// Called by:     all lanes of a worker, converged.
/// Scope:         block.
/// Memory order:  what came before the request is visible to all threads in it; what they wrote, to all
///                workers after it.
/// Progress:      every worker of the block must go through its loop.
enum class block_turn : std::uint32_t { absent, free, claimed, requested, closed };

/// \returns true if the program serves requests for the whole block.
[[nodiscard]] COWARP_FN inline bool can_ask_block() {
  // relaxed: it is absent always or never.
  return platform::this_block()->block_turn.load(platform::relaxed) !=
         static_cast<std::uint32_t>(block_turn::absent);
}

/// Lets the block be asked; one thread calls it, before the workers run.
COWARP_FN inline void open_block(block_header& block) {
  // relaxed: a barrier follows.
  block.block_turn.store(static_cast<std::uint32_t>(block_turn::free), platform::relaxed);
}

/// Runs the request with all threads of the block. All of them call it, each worker once.
COWARP_FN inline void join_block(block_header& block) {
  platform::sync_block();
  width_request& request     = *block.block_place.request;
  const std::uint32_t worker = platform::worker_of_lane();
  note_polled(block, worker, worker_counts::serves | (request.slot + 1u));
  const std::uint32_t thread = platform::thread_of_block();
  if (thread < platform::threads_of_block()) block.block_place.run(request, thread);
  if (thread == 0) {
    request.now = width_request::stage::served;
    ++block.block_served;
    // relaxed: the barrier below orders it; until then nobody looks.
    block.block_turn.exchange(static_cast<std::uint32_t>(block_turn::free), platform::relaxed);
  }
  note_polled(block, worker, 0);
  platform::sync_block();
}

/// Tries to change `free` to something else. \returns what was there; the same in all lanes.
[[nodiscard]] COWARP_FN inline block_turn take_block_turn(block_header& block, block_turn to) {
  auto found = static_cast<std::uint32_t>(block_turn::free);
  if (platform::lane() == 0) {
    // relaxed: the barriers in `join_block` order what the threads do.
    if (block.block_turn.compare_exchange(found, static_cast<std::uint32_t>(to),
                                          platform::relaxed)) {
      found = static_cast<std::uint32_t>(block_turn::free);
    }
  }
  return static_cast<block_turn>(platform::from_leader(found));
}

/// \returns the turn; the same in all lanes.
[[nodiscard]] COWARP_FN inline block_turn block_turn_now(block_header& block) {
  // relaxed: the barrier in `join_block` acquires.
  return static_cast<block_turn>(platform::from_leader(block.block_turn.load(platform::relaxed)));
}

/// Runs a request with the whole block, in the order in which workers came here. \returns false if the
/// block is about to end.
[[nodiscard]] COWARP_FN inline bool serve_block(block_header& block, const width_place& asked) {
  std::uint32_t ticket = 0;
  // relaxed: any order will do.
  if (platform::lane() == 0) ticket = block.block_tickets.fetch_add(1, platform::relaxed);
  ticket = platform::from_leader(ticket);
  for (;;) {
    // Whose turn it is changes in `join_block` only, so all lanes see the same.
    const bool is_next = block.block_served == ticket;
    const block_turn found =
        is_next ? take_block_turn(block, block_turn::claimed) : block_turn_now(block);
    if (found == block_turn::closed || has_stopped_threads(block)) return false;
    if (found == block_turn::free && is_next) break;
    if (found == block_turn::requested) join_block(block);
    platform::let_others_run();
  }
  if (platform::lane() == 0) {
    block.block_place = asked;
    // release: whoever finds the request finds the pointer.
    block.block_turn.exchange(static_cast<std::uint32_t>(block_turn::requested), platform::release);
  }
  platform::sync_warp();
  join_block(block);
  return true;
}

/// Joins if some worker asked for the block. \returns true if so.
[[nodiscard]] COWARP_FN inline bool join_if_asked(block_header& block) {
  if (block_turn_now(block) != block_turn::requested) return false;
  join_block(block);
  return true;
}

/// What a worker does before it leaves its loop for good.
COWARP_FN inline void leave_block(block_header& block) {
  for (;;) {
    const block_turn found = take_block_turn(block, block_turn::closed);
    if (found == block_turn::free || found == block_turn::closed) return;
    if (has_stopped_threads(block)) return;
    if (found == block_turn::requested) join_block(block);
    platform::let_others_run();
  }
}

}  // namespace cowarp::detail
