// SPDX-License-Identifier: Apache-2.0
/// \file
/// Who was polled how often, and which poll took longest: for programs that ask for it.
#pragma once

#include <cowarp/executor/program.hpp>
#include <cowarp/platform/lanes.hpp>
#include <cowarp/platform/pause.hpp>

#include <cstddef>
#include <cstdint>

namespace cowarp::detail {

/// What one block counts, in global memory; zero bytes at first. The polls of each task type and of the
/// task in each slot follow it.
struct poll_records {
  using count = platform::atomic<std::uint64_t, scope::device>;

  std::uint64_t began_cycles;
  std::uint64_t began_ns;
  count longest;  // cycles of the longest poll; in the low 16 bits the slot
  std::uint64_t longest_ns;

  [[nodiscard]] COWARP_FN count& of_type(std::uint32_t type) {
    return reinterpret_cast<count*>(this + 1)[type];
  }
  /// \param types the program's `task_count`
  [[nodiscard]] COWARP_FN count& of_slot(std::uint32_t types, std::uint32_t slot) {
    return reinterpret_cast<count*>(this + 1)[types + slot];
  }
};
static_assert(sizeof(poll_records) == poll_records_bytes);

/// \returns the records that stand in a block's global memory.
template <class Program>
[[nodiscard]] COWARP_FN poll_records& poll_records_of(const block_header& block) {
  return *reinterpret_cast<poll_records*>(memory_of<Program>(block) + layout<Program>::polls_at);
}

/// What a poll says besides its context's notes: the task has ended.
inline constexpr std::uint32_t poll_has_ended = 1u << 0;
/// How many flags a poll may return.
template <class Program>
inline constexpr int flags_of_polls = layout<Program>::serves_width ? 4 : 3;

/// One worker's part, for a program that does not ask: nothing.
template <bool Watches>
class poll_watch {
 public:
  /// Calls `poll(lane)` for the ready tasks of a word. \param kept what `platform::kept_lane` said
  template <class Program, class Task, class Poll>
  COWARP_FN auto poll_lanes(block_header&, std::uint32_t, std::uint32_t ready, const Poll& poll,
                            std::uint32_t kept) {
    return platform::for_lanes<flags_of_polls<Program>>(ready, poll, kept);
  }
};

/// One worker's part.
///
/// The tasks that a GPU worker polls at once run in turns, so each poll's time has that of the others in
/// it; which of them is named is chance.
///
/// Called by:     `around`: the lane that polls, possibly diverged; the rest: all lanes of the worker.
/// Scope:         block; the host reads the records after the launch.
/// Memory order:  relaxed throughout: counts.
/// Progress:      wait-free; two reads of the clock and an addition that nobody waits for.
/// Storage:       8 bytes in a register of each lane.
template <>
class poll_watch<true> {
 public:
  /// The same, and counts the polls. \param word whose tasks are polled
  template <class Program, class Task, class Poll>
  COWARP_FN auto poll_lanes(block_header& block, std::uint32_t word, std::uint32_t ready,
                            const Poll& poll, std::uint32_t kept) {
    poll_records& to = poll_records_of<Program>(block);
    if (platform::lane() == 0) {
      // relaxed: a count, read after the launch.
      to.of_type(layout<Program>::template index_of<Task>)
          .fetch_add(platform::count_bits(ready), platform::relaxed);
    }
    const auto watched = [&](std::uint32_t lane) {
      const std::uint32_t slot = word * 32 + lane;
      return around(to.of_slot(Program::task_count, slot), slot, [&] { return poll(lane); });
    };
    return platform::for_lanes<flags_of_polls<Program>>(ready, watched, kept);
  }

  /// Runs a poll and counts it. \param poll returns flags
  template <class Poll>
  COWARP_FN std::uint32_t around(poll_records::count& of_slot, std::uint32_t slot, Poll&& poll) {
    const std::uint64_t begin = platform::cycles();
    const std::uint32_t flags = poll();
    const std::uint64_t took  = (platform::cycles() - begin) << slot_bits | slot;
    if (took > longest_) longest_ = took;
    // relaxed: a count, here and below.
    of_slot.fetch_add(1, platform::relaxed);
    // The next task of this slot is another; it comes after the slot was freed.
    if ((flags & poll_has_ended) != 0) of_slot.store(0, platform::relaxed);  // relaxed: as above
    return flags;
  }

  /// Before the worker's first poll. \param leads true in one thread of the block
  static COWARP_FN void begin(poll_records& to, bool leads) {
    if (!leads) return;
    to.began_cycles = platform::cycles();
    to.began_ns     = platform::clock_ns();
  }

  /// After its last poll.
  COWARP_FN void finish(poll_records& to) const {
    const std::uint64_t mine = ~platform::smallest_of_lanes(~longest_);
    if (platform::lane() != 0) return;
    std::uint64_t known = to.longest.load(platform::relaxed);  // relaxed: read after the launch.
    // relaxed: as above
    while (mine > known && !to.longest.compare_exchange(known, mine, platform::relaxed)) {
    }
  }

  /// When all workers of the block have finished; `leads` as in `begin`, in the same thread.
  static COWARP_FN void convert(poll_records& of, bool leads) {
    if (!leads) return;
    // relaxed: a barrier ordered the workers' writes.
    const std::uint64_t longest = of.longest.load(platform::relaxed) >> slot_bits;
    of.longest_ns               = longest;
    if constexpr (platform::on_device) {  // a CPU counts nanoseconds
      const auto ns     = static_cast<double>(platform::clock_ns() - of.began_ns);
      const auto cycles = static_cast<double>(platform::cycles() - of.began_cycles);
      of.longest_ns     = static_cast<std::uint64_t>(static_cast<double>(longest) * ns / cycles);
    }
  }

  /// \returns the slot in a record's `longest`.
  static constexpr std::uint32_t slot_of(std::uint64_t longest) {
    return static_cast<std::uint32_t>(longest & ((1u << slot_bits) - 1));
  }

 private:
  static constexpr std::uint32_t slot_bits = 16;

  std::uint64_t longest_ = 0;
};

}  // namespace cowarp::detail
