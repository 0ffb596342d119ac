// SPDX-License-Identifier: Apache-2.0
/// \file
/// What the seam asks of a simulation: where the scheduler may switch, and what belongs to a lane.
#pragma once

#include <cstddef>
#include <cstdint>
#include <source_location>

namespace cowarp {

struct block_header;
class frame_stack;

namespace sim {

/// Lanes of a warp: 32, or fewer, of which each polls several slots; most of a run's time goes into
/// lanes that meet.
#if defined(COWARP_SIM_LANES)
inline constexpr std::uint32_t lanes = COWARP_SIM_LANES;
#else
inline constexpr std::uint32_t lanes = 32;
#endif
static_assert(lanes >= 2 && 32 % lanes == 0, "four flags for each of 32 slots must fit the lanes");

/// Lets the scheduler run other lanes first. Stands before every atomic operation. On a host thread
/// that runs no lane it does nothing, as all of the following.
void schedule_point();

/// The same, and says that the caller waits for others.
void yield();

/// Says that the worker has found nothing in `passes` passes and has nothing to do for `limit_ns`.
void idle(std::uint32_t passes, std::uint64_t limit_ns);

/// \returns simulated nanoseconds: a few for each step, and a jump when all workers are idle.
[[nodiscard]] std::uint64_t clock_ns();

/// The block of the running lane, or of the host thread.
[[nodiscard]] block_header* this_block();
void enter_block(block_header* block);

/// The frame stack of the task that the running lane polls.
[[nodiscard]] frame_stack*& current_frame_stack();

/// Notes a plain access by the running lane to memory that is watched.
void plain_access(const void* at, std::size_t bytes, bool is_write, const void* where);

/// Ends the run as failed, from inside a lane. Returns only on a host thread.
void fail(const char* what);
void fail_assertion(const char* condition, const char* message, const char* file, int line);

/// The running lane's place.
[[nodiscard]] std::uint32_t lane();
[[nodiscard]] std::uint32_t warp();

/// What lanes do together.
enum class meeting : std::uint8_t { sync_warp, warp, leader, uniform, any, smallest, flags, block };

/// What a meeting says to all its lanes: one value, or the ballots of four flags.
struct agreement {
  std::uint64_t value;
  std::uint32_t ballots[4];
};

/// Waits for all lanes of the warp (`meeting::block`: all threads of the block) to make this call.
///
/// Lanes that meet at different calls, and lanes that end while others wait, are errors of the run.
/// \param key must be the same in all lanes.
agreement meet(meeting kind, std::uint64_t value, std::source_location where,
               std::uint64_t key = 0);

}  // namespace sim
}  // namespace cowarp
