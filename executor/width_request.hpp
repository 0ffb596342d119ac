// SPDX-License-Identifier: Apache-2.0
/// \file
/// How a task, polled by one lane, has all lanes of its worker run something for it.
#pragma once

#include <cowarp/executor/block_request.hpp>
#include <cowarp/platform/width.hpp>

#include <cstdint>

namespace cowarp::detail {

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

/// Runs the requests of the tasks in `polled`, one after the other, with all lanes of the worker, or
/// of the block. \returns the mask of the tasks that were served. All lanes reach this line with the
/// same values.
template <bool UsesBlock>
[[nodiscard]] COWARP_FN inline std::uint32_t serve_width(block_header& block, std::uint32_t worker,
                                                         std::uint32_t polled) {
  width_places& places = width_places_of(block, worker);
  // The vote orders the places that the lanes wrote before what all lanes read below.
  const auto asked     = platform::for_lanes(polled, [&](std::uint32_t lane) -> std::uint32_t {
    return places.of[lane] != nullptr ? 2u : 0u;
  });
  std::uint32_t served = asked.second;
  for (std::uint32_t mask = asked.second; mask != 0; mask &= mask - 1) {
    width_request*& place  = places.of[platform::lowest_bit(mask)];
    width_request& request = *place;
    platform::sync_warp();  // all lanes have read the place
    note_polled(block, worker, worker_counts::serves | (request.task.slot() + 1));
    if (platform::lane() == 0) place = nullptr;
    if constexpr (UsesBlock) {
      if (request.is_for_block) {
        if (!serve_block(block, request)) served &= ~(mask & (0u - mask));
        continue;
      }
    }
    if (platform::lane() == 0) request.is_served = true;
    if (platform::lane() < platform::width) request.run(request, platform::lane());
    platform::sync_warp();  // what any lane wrote is visible to the task's next poll
  }
  return served;
}

}  // namespace cowarp::detail
