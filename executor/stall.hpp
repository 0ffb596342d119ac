// SPDX-License-Identifier: Apache-2.0
/// \file
/// How a launch finds out that nothing can happen any more.
#pragma once

#include <cowarp/executor/block.hpp>
#include <cowarp/platform/idle.hpp>
#include <cowarp/platform/lanes.hpp>
#include <cowarp/platform/pause.hpp>

#include <cstdint>

namespace cowarp::detail {

/// One worker's part in finding a stall: a launch whose tasks all wait for each other.
///
/// ```text
///           1              2                  3                  4
///   busy ──────► quiet ───────► block counted ───► all counted ─────► stalled
///     ▲            │                  │                 │
///     └─── leave ──┴──── withdraw ────┴─────────────────┘
/// ```
///
/// 1  the worker found nothing to poll for some passes, and no timer runs: it counts itself in
///    `block_header::quiet`
/// 2  worker 0 saw all its block's workers quiet in two passes, no ready bit and no wake in the run
///    queue, and the quiet word unchanged after that: it counts the block in `grid_header::quiet`
/// 3  block 0 saw all blocks counted, and nobody in `grid_header::outside`
/// 4  that stayed so for the time the launch gave, all run queues are empty, and the word is unchanged
///
/// Both words hold a count, and above it an epoch that every departure raises. A worker departs
/// **before** it takes a wake, so a wake is either still where it was put, or the epoch has moved:
/// who finds an epoch unmoved after it found the wakes' places empty knows that nobody was about to do
/// anything in between. The last look is a read-modify-write, so it stands before or after each
/// departure, and a departure after it cannot have emptied a place that was looked at.
///
/// Invariant:     a worker that is counted polls nothing and takes no wake.
/// Called by:     `rest`, `depart`, `forget`: all lanes of the worker, converged; `withdraw`: its
///                leading lane.
/// Scope:         block for `block_header::quiet`, device for `grid_header::quiet`.
/// Memory order:  whoever sees a count sees every wake that the counted ones sent.
/// Progress:      only passes that found nothing pay: a shared-memory read, and worker 0 some more.
/// Storage:       one bit for each worker, here; words in the headers.
/// Fails:         never early but for wakes from outside the launch, which `grid_header::outside` and
///                the time are for. What counts as a timer is `timer_expiry::has_none`.
class stall_watch {
 public:
  /// After a pass that found nothing and heard nothing new. \param timers the worker's timer_expiry
  template <class Timers>
  COWARP_FN void rest(block_header& block, std::uint32_t worker, std::uint32_t workers,
                      std::uint32_t passes, Timers& timers) {
    if (block.finds_stalls == 0) return;
    if (!is_quiet_) {
      if (passes % platform::settling_passes != platform::settling_passes - 1) return;
      timers.refresh(block, worker, workers);
      if (!timers.has_none()) return;
      is_quiet_ = true;
      // release: shows the wakes that this worker sent to whoever sees it counted.
      if (platform::lane() == 0) block.quiet.fetch_add(1, platform::release);
    } else if (worker == 0 && platform::lane() == 0) {
      look_at_block(block, workers);
    }
  }

  /// Before the worker takes a wake.
  COWARP_FN void depart(block_header& block, std::uint32_t worker) {
    if (platform::lane() == 0) withdraw(block, worker);
    is_quiet_ = false;
  }

  /// The leading lane's part of `depart`; all lanes call `forget` afterwards.
  COWARP_FN void withdraw(block_header& block, std::uint32_t worker) const {
    if (!is_quiet_) return;
    // acq_rel: what is taken next was not taken before this; see the class.
    block.quiet.fetch_add(workers_epoch - 1, platform::acq_rel);
    if (worker == 0) uncount(block);
  }
  COWARP_FN void forget() { is_quiet_ = false; }

 private:
  // `block_header::quiet`: workers in bits 0 to 5, epoch above.
  static constexpr std::uint32_t workers_epoch = 1u << 6;
  // `grid_header::quiet`: blocks in bits 0 to 31, epoch above.
  static constexpr std::uint64_t blocks_epoch = std::uint64_t{1} << 32;

  /// Takes the block out of the grid's count. Only worker 0 does: it alone lets work in from outside.
  static COWARP_FN void uncount(block_header& block) {
    if (block.is_counted == 0) return;
    block.is_counted = 0;
    // acq_rel: as in `withdraw`, for the run queue.
    block.grid->quiet.fetch_add(blocks_epoch - 1, platform::acq_rel);
  }

  static COWARP_FN void look_at_block(block_header& block, std::uint32_t workers) {
    // acquire: shows the wakes of the workers that are counted.
    const std::uint32_t quiet = block.quiet.load(platform::acquire);
    if ((quiet & (workers_epoch - 1)) != workers || quiet != block.quiet_seen) {
      // In between, this worker does all that a pass does, with everybody quiet.
      block.quiet_seen = quiet;
      return uncount(block);
    }
    if (block.is_counted != 0) {
      if (block.block == 0) look_at_grid(*block.grid);
      return;
    }
    if (!block.queue->is_empty() || has_ready(block)) return;
    // acq_rel: stands before or after each departure; see the class.
    if (block.quiet.fetch_add(0, platform::acq_rel) != quiet) return;
    block.is_counted = 1;
    // acq_rel: passes on what this block's workers showed.
    block.grid->quiet.fetch_add(1, platform::acq_rel);
  }

  static COWARP_FN void look_at_grid(grid_header& grid) {
    // relaxed: an acquire throws this SM's L1 away, so only a quiet that lasts pays for one.
    const std::uint64_t quiet = grid.quiet.load(platform::relaxed);
    const bool is_quiet       = static_cast<std::uint32_t>(quiet) == grid.blocks;
    const std::uint64_t now   = platform::clock_ns();
    if (!is_quiet || quiet != grid.quiet_seen) {
      grid.quiet_seen     = quiet;
      grid.quiet_since_ns = now;
    }
    if (!is_quiet || now - grid.quiet_since_ns < grid.stall_after_ns) return;
    // acquire: shows the wakes of the blocks that are counted, and who waits for the outside.
    if (grid.quiet.load(platform::acquire) != quiet) return;
    // relaxed: ordered by the line above.
    if (grid.outside.load(platform::relaxed) != 0) return;
    for (std::uint32_t i = 0; i < grid.blocks; ++i) {
      if (!grid.queues[i].is_empty()) return;
    }
    // acq_rel: as for the block.
    if (grid.quiet.fetch_add(0, platform::acq_rel) == quiet) {
      grid.request_end(end_reason::stalled);
    }
  }

  static COWARP_FN bool has_ready(block_header& block) {
    std::uint32_t ready = 0;
    for (std::uint32_t i = 0; i < block.words; ++i) {
      ready |= block.word(i).ready.load(platform::relaxed);  // relaxed: ordered by the quiet word.
    }
    return ready != 0;
  }

  bool is_quiet_ = false;  // counted in `block_header::quiet`; the same in all lanes
};

}  // namespace cowarp::detail
