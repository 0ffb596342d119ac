// SPDX-License-Identifier: Apache-2.0
/// \file
/// How a task, polled by one lane, has all lanes of its worker run something for it.
#pragma once

#include <cowarp/executor/waker.hpp>
#include <cowarp/platform/width.hpp>

#include <cstdint>

namespace cowarp::detail {

/// What one task wants all lanes of its worker to run; stands in the future that awaits it.
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
/// Called by:     `run`: all lanes of one worker, converged; the rest: the lane that polls the task.
/// Scope:         block.
/// Memory order:  what the task wrote before is visible to all lanes in `run`; what they wrote, to
///                the task's next poll.
/// Storage:       16 bytes in the frame of the task, which all lanes can address.
struct width_request {
  void (*run)(width_request&, std::uint32_t lane) = nullptr;
  task_id task{task_id::none};  // whose it is, once it was placed
  bool is_served = false;
};

/// Where the 32 tasks of the word that a worker is polling leave their requests.
struct width_places {
  width_request* of[32];
};

/// \returns the places of one worker. \pre the program uses width.
[[nodiscard]] COWARP_FN inline width_places& width_places_of(block_header& block,
                                                             std::uint32_t worker) {
  return reinterpret_cast<width_places*>(reinterpret_cast<unsigned char*>(&block) +
                                         block.width_places_at)[worker];
}

/// \returns the place of the task that the calling lane polls; null in a program without width.
[[nodiscard]] COWARP_FN inline width_request** width_place_of(task_id task) {
  block_header& block = *platform::this_block();
  if (block.width_places_at == 0) return nullptr;
  return &width_places_of(block, platform::worker_of_lane()).of[task.slot() & 31u];
}

/// Runs the requests of the tasks in `polled`, one after the other, with all lanes of the worker.
/// \returns the mask of the tasks that were served. All lanes reach this line with the same values.
[[nodiscard]] COWARP_FN inline std::uint32_t serve_width(block_header& block, std::uint32_t worker,
                                                         std::uint32_t polled) {
  width_places& places = width_places_of(block, worker);
  // The vote orders the places that the lanes wrote before what all lanes read below.
  const auto asked = platform::for_lanes(polled, [&](std::uint32_t lane) -> std::uint32_t {
    return places.of[lane] != nullptr ? 2u : 0u;
  });
  for (std::uint32_t mask = asked.second; mask != 0; mask &= mask - 1) {
    width_request*& place  = places.of[platform::lowest_bit(mask)];
    width_request& request = *place;
    platform::sync_warp();  // all lanes have read the place
    if (platform::lane() == 0) {
      place             = nullptr;
      request.is_served = true;
    }
    if (platform::lane() < platform::width) request.run(request, platform::lane());
    platform::sync_warp();  // what any lane wrote is visible to the task's next poll
  }
  return asked.second;
}

}  // namespace cowarp::detail
