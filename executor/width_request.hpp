// SPDX-License-Identifier: Apache-2.0
/// \file
/// How a task, polled by one lane, has all lanes of its worker run something for it.
#pragma once

#include <cowarp/executor/block_request.hpp>
#include <cowarp/platform/width.hpp>

#include <cstddef>
#include <cstdint>

namespace cowarp::detail {

/// Where the tasks of the word that a worker is polling leave their requests; their places stand behind it.
struct alignas(16) width_places {
  width_request nobody;  // stands for requests that were withdrawn

  /// \param lane that polls the task
  [[nodiscard]] COWARP_FN width_place& of(std::uint32_t lane) {
    return reinterpret_cast<width_place*>(this + 1)[lane];
  }
};

COWARP_FN inline void run_nothing(width_request&, std::uint32_t) {}

/// \returns the places of one worker. \pre the program uses width. \param bytes of a worker's places
[[nodiscard]] COWARP_FN inline width_places& width_places_of(block_header& block, std::size_t at,
                                                             std::size_t bytes,
                                                             std::uint32_t worker) {
  return *reinterpret_cast<width_places*>(reinterpret_cast<unsigned char*>(&block) + at +
                                          bytes * worker);
}

/// Takes back a request that was not served. The lane that polls its task calls it, in the same poll.
// Out of line: it is not on anybody's way.
[[gnu::noinline]] COWARP_FN inline void withdraw(const width_request& request) {
  block_header& block = *platform::this_block();
  if (block.width_places_at == 0) return;
  width_places& places = width_places_of(block, block.width_places_at, block.width_places_bytes,
                                         platform::worker_of_lane());
  places.of(request.slot & 31u) = {&places.nobody, &run_nothing};
}

/// Runs the requests of the tasks in `asked`, one after the other, with all lanes of the worker, or
/// of the block. \returns the mask of the tasks that were served: all but those that ask for the block when that is not
/// to be had. All lanes reach this line with the same values; a vote orders the places that lanes wrote before it.
/// \pre somebody asked
template <bool UsesBlock>
[[nodiscard]] COWARP_FN inline std::uint32_t serve_width(block_header& block, width_places& places,
                                                         std::uint32_t asked) {
  std::uint32_t served = asked;
  for (std::uint32_t left = asked;;) {
    const std::uint32_t slot = platform::highest_bit(left);
    const width_place place  = places.of(slot);
    width_request& request   = *place.request;
    left &= ~(1u << slot);
    note_polled(block, platform::worker_of_lane(), worker_counts::serves | (request.slot + 1u));
    bool is_for_block = false;
    if constexpr (UsesBlock) {
      is_for_block = request.is_for_block;
      if (is_for_block && !serve_block(block, place)) served &= ~(1u << slot);
    }
    if (!is_for_block) {
      if (platform::lane() == 0) request.now = width_request::stage::served;
      if (platform::lane() < platform::width) place.run(request, platform::lane());
      platform::converge_warp();
      platform::sync_warp();  // what any lane wrote is visible to the task's next poll
    }
    if (left == 0) return served;
  }
}

}  // namespace cowarp::detail
