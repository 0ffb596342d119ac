// SPDX-License-Identifier: Apache-2.0
/// \file
/// What each worker did last, where the host can read it while the blocks run and after the device was lost:
/// for programs that ask for it.
#pragma once

#include <cowarp/executor/block.hpp>
#include <cowarp/platform/lanes.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cowarp {

/// What one worker did last; zero bytes: it has not begun.
///
/// Invariant:     while `slots` is not 0 the worker polls those slots of the word `polled - 1`, or is about to.
/// Called by:     written by the worker's leading lane; read by any host thread.
/// Scope:         system.
/// Storage:       16 bytes in `visible_memory`.
struct flight_record {
  using word = platform::atomic_word<scope::system>;

  static constexpr std::uint32_t has_ended = ~0u;  // in `polled`

  word polled;  // index of the word that was polled last, plus 1; 0: none yet
  word slots;   // those of its slots that are polled now
  word passes;  // that the worker had made then
  word live;    // tasks that the block had then
};

/// What one worker did last, as the host read it.
struct worker_state {
  enum class activity : std::uint8_t { not_begun, between_polls, polling, ended };

  std::uint32_t block;
  std::uint32_t worker;
  activity is;
  // Of the last poll; 0 and empty if there was none.
  std::string_view task;     // the name of the tasks' type
  std::uint32_t first_slot;  // of the word that was polled
  std::uint32_t slots;       // bit i: slot `first_slot + i` was polled when it was read
  std::uint32_t passes;      // of the worker's loop before it, modulo 2^32
  std::uint32_t live;        // tasks in the block at that time
};

/// \returns one line for each of the first blocks that polled, and how many did what; no newline at the end.
[[nodiscard]] std::string to_string(const std::vector<worker_state>& workers);

namespace detail {

/// \returns what a record says. \param name the name of the tasks' type of a word, given its first slot
template <class NameOf>
[[nodiscard]] worker_state read_flight_record(const flight_record& from, std::uint32_t block,
                                              std::uint32_t worker, NameOf&& name_of) {
  using enum worker_state::activity;
  worker_state to{block, worker, not_begun, {}, 0, 0, 0, 0};
  // acquire: what follows is not older.
  const std::uint32_t polled = from.polled.load(platform::acquire);
  // relaxed: the worker may be ahead of it anyhow, here and below.
  to.passes = from.passes.load(platform::relaxed);
  if (polled == 0) return to;
  to.is = ended;
  if (polled == flight_record::has_ended) return to;
  to.slots      = from.slots.load(platform::relaxed);  // relaxed: as above, here and below.
  to.live       = from.live.load(platform::relaxed);
  to.is         = to.slots != 0 ? polling : between_polls;
  to.first_slot = (polled - 1) * 32;
  to.task       = name_of(to.first_slot);
  return to;
}

/// One worker's part, for a program that does not ask: nothing.
template <bool Keeps>
class flight_recorder {
 public:
  COWARP_FN void begin_polls(block_header&, std::uint32_t, std::uint32_t, std::uint32_t,
                             std::uint32_t, std::uint32_t) const {}
  COWARP_FN void end_polls() const {}
  COWARP_FN void finish(block_header&, std::uint32_t, std::uint32_t) const {}
};

/// One worker's part.
///
/// Called by:     all lanes of the worker, converged.
/// Scope:         system.
/// Memory order:  what `begin_polls` writes is on its way to the host before the polls; that it arrives though
///                one of them ends the device is how the hardware behaves, and no promise of CUDA's.
/// Progress:      wait-free; a fence of system scope for each word that is polled.
template <>
class flight_recorder<true> {
 public:
  /// \param index of the word, of which `ready` are to be polled.
  COWARP_FN void begin_polls(block_header& block, std::uint32_t worker, std::uint32_t workers,
                             std::uint32_t passes, std::uint32_t index, std::uint32_t ready) {
    if (platform::lane() == 0) {
      record_ = &block.grid->flight_records[block.block * workers + worker];
      // relaxed: the release below sends them off, here and below.
      record_->passes.store(passes, platform::relaxed);
      record_->polled.store(index + 1, platform::relaxed);
      record_->slots.store(ready, platform::relaxed);
      const std::uint32_t live = block.live.load(platform::relaxed);  // relaxed: a count.
      // release: its fence lets no poll begin before the above is on its way.
      record_->live.store(live, platform::release);
    }
    platform::sync_warp();
  }
  COWARP_FN void end_polls() const {
    // relaxed: it may arrive late.
    if (platform::lane() == 0) record_->slots.store(0, platform::relaxed);
  }
  /// After the last poll.
  COWARP_FN void finish(block_header& block, std::uint32_t worker, std::uint32_t workers) const {
    if (platform::lane() != 0) return;
    auto& record = block.grid->flight_records[block.block * workers + worker];
    // relaxed: as above.
    record.polled.store(flight_record::has_ended, platform::relaxed);
  }

 private:
  flight_record* record_ = nullptr;  // leading lane
};

}  // namespace detail
}  // namespace cowarp
