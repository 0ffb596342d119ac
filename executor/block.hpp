// SPDX-License-Identifier: Apache-2.0
/// \file
/// What every waker, timer and spawner must find: the state of the running block and of the grid.
#pragma once

#include <cowarp/executor/run_queue.hpp>
#include <cowarp/platform/atomic.hpp>
#include <cowarp/platform/this_block.hpp>

#include <cstdint>

namespace cowarp {

struct child_wakes;

/// Why an executor ended.
enum class end_reason : std::uint32_t {
  none,
  all_done,
  stopped,
  failed,
  stalled,
  timed_out,    // `run_for`'s time was over
  interrupted,  // Ctrl-C, under a `stop_on_interrupt`
};

/// The first failure of a run; the text is cut to what fits. It stands where the host can read it while the
/// blocks run, and also after the device was lost.
struct failure_record {
  static constexpr std::uint32_t text_bytes = 192;

  platform::atomic_word<scope::system> is_written;  // not 0 once all that follows is
  std::uint32_t block;
  std::uint32_t slot;
  std::uint32_t line;
  char file[text_bytes];
  char message[text_bytes];
};

struct flight_record;

/// Words that the host writes while the kernel runs, in mapped memory.
struct host_line {
  platform::atomic_word<scope::system> stop_requested;  // 0, or the `end_reason` asked for
};

/// State that all blocks share, in global memory; zero bytes are valid.
struct grid_header {
  /// Blocks that still start or have live tasks, plus remote spawns on their way. At zero nothing
  /// can come any more, so the executor ends.
  platform::atomic_word<scope::device> active;
  /// Not `none` once all blocks are to end.
  platform::atomic_word<scope::device> end;
  /// The manual clock's time.
  platform::atomic<std::uint64_t, scope::device> manual_now_ns;
  std::uint32_t has_manual_clock;
  std::uint32_t survives_failures;  // a task's failure ends nobody else
  std::uint32_t blocks;
  host_line* host;        // null if nobody can ask for a stop
  run_queue* queues;      // one for each block
  child_wakes* children;  // one for each slot, block after block
  void* state;            // the program's grid state
  // What executor/stall.hpp keeps.
  platform::atomic<std::uint64_t, scope::device> quiet;  // blocks without work; above, an epoch
  platform::atomic_word<scope::device> outside;          // tasks that wait for what no task sends
  std::uint64_t stall_after_ns;                          // 0: stalls are not looked for
  std::uint64_t quiet_seen;                              // block 0 only
  std::uint64_t quiet_since_ns;                          // block 0 only
  // What executor/assertion.hpp keeps.
  platform::atomic_word<scope::device>
      failures;  // of tasks, and one for each thread that an assertion stopped
  platform::atomic_word<scope::device> stopped;  // threads that assertions stopped
  failure_record* failure;
  flight_record* flight_records;  // one for each worker; null if the program keeps none

  /// Asks all blocks to end; the first reason stays.
  COWARP_FN void request_end(end_reason reason) {
    std::uint32_t none = 0;
    // release: what the caller wrote before is visible to whoever sees the end.
    if (!end.compare_exchange(none, static_cast<std::uint32_t>(reason), platform::release)) return;
    // GPU workers look by themselves; a host worker may be asleep.
    if constexpr (!platform::on_device) {
      for (std::uint32_t i = 0; i < blocks; ++i) queues[i].rouse();
    }
  }
};

/// 32 slots of one task type; all are polled by one worker, slot i by lane i.
///
/// A slot is claimed, filled, alive, retired and free again, in this order. `claimed` is set first
/// and cleared last, so that nobody fills a slot that is still in use; `alive` is set after the
/// frame was built and cleared by the one worker that polls it, so that a late wake finds nothing to
/// poll.
struct slot_word {
  platform::atomic_word<scope::block> ready;    // wants a poll
  platform::atomic_word<scope::block> alive;    // holds a task
  platform::atomic_word<scope::block> claimed;  // is not free
  std::uint32_t again;                          // woke themselves in the last pass; worker only
  std::uint64_t not_soonest;  // complement of the earliest deadline of these slots; worker only
};

/// One armed timer; stands in the future that waits for it.
struct timer_item {
  std::uint64_t deadline_ns;
  timer_item* next;
  std::uint32_t task;  // the value of the `task_id` that waits for it
};

/// The armed timers of one task. Only the lane that polls the task touches them.
struct slot_timers {
  std::uint64_t not_soonest;  // complement of the earliest deadline that is not due; 0: none
  timer_item* first;

  COWARP_FN void wait_until(std::uint64_t deadline_ns) {
    if (~deadline_ns > not_soonest) not_soonest = ~deadline_ns;
  }
};

namespace detail {

struct width_request;

/// Where a task leaves a request for width: the request, which stands in its frame, and what to run for it.
struct alignas(16) width_place {
  width_request* request;
  void (*run)(width_request&, std::uint32_t lane);
};

}  // namespace detail

/// State of one block: shared memory on a GPU, followed by its `slot_word`s.
struct block_header {
  grid_header* grid;
  run_queue* queue;     // this block's own
  run_item* items;      // of the queue, one for each slot
  slot_timers* timers;  // one for each slot
  void* state;          // the program's block state
  std::uint32_t block;
  std::uint32_t words;
  std::uint32_t workers;
  platform::atomic_word<scope::block> live;        // tasks in this block
  platform::atomic_word<scope::block> end;         // not 0 once the workers are to leave
  platform::atomic_word<scope::block> spawn_hint;  // spreads spawns over a pool's words
  std::uint32_t has_manual_clock;
  // What executor/stall.hpp keeps.
  std::uint32_t finds_stalls;
  platform::atomic_word<scope::block> quiet;  // workers without work; above, an epoch
  std::uint32_t quiet_seen;                   // worker 0 only
  std::uint32_t is_counted;                   // worker 0 only: the block is in `grid_header::quiet`
  std::uint32_t width_places_at;              // bytes from here; 0: the program does not use width
  std::uint32_t width_places_bytes;           // of a worker
  platform::atomic_word<scope::block> block_turn;  // who may ask the whole block: block_request.hpp
  platform::atomic_word<scope::block> block_tickets;  // workers that ever waited for a turn
  std::uint32_t block_served;                         // ... that had it; changes while all meet
  std::uint32_t deadlines_at;       // bytes from here; 0: the program does not poll by deadlines
  detail::width_place block_place;  // what the block is asked for
  platform::atomic_word<scope::block> stopped;    // threads of this block that assertions stopped
  platform::atomic_word<scope::block> roll_call;  // numbers those that are left

  [[nodiscard]] COWARP_FN slot_word& word(std::uint32_t i) {
    return reinterpret_cast<slot_word*>(this + 1)[i];
  }

  /// Makes a slot of this block ready.
  COWARP_FN void wake(std::uint32_t slot) {
    // release: hands the waker's writes to the poll.
    word(slot >> 5).ready.fetch_or(1u << (slot & 31u), platform::release);
  }
};
namespace detail {

/// A task's deadline before its first poll, and of one that has none.
inline constexpr std::uint64_t deadline_unknown = 0;
inline constexpr std::uint64_t deadline_never   = ~std::uint64_t{0};

/// \returns the deadline of a slot, which only the lane that polls it touches. \pre the program has them
[[nodiscard]] COWARP_FN inline std::uint64_t& deadline_of(block_header& block, std::uint32_t slot) {
  return reinterpret_cast<std::uint64_t*>(reinterpret_cast<unsigned char*>(&block) +
                                          block.deadlines_at)[slot];
}

}  // namespace detail

/// What one worker has counted so far; in shared memory, where it costs no registers. Only the
/// worker's leading lane touches it.
struct worker_counts {
  std::uint64_t polls;
  std::uint64_t completed;
  std::uint64_t self_wakes;
  std::uint64_t remote_wakes;
  std::uint64_t busy;   // cycles (GPU) or ns (CPU) in passes that polled
  std::uint64_t idle;   // ... in passes that found nothing
  std::uint64_t since;  // when the time was added to one of the two
  // The slot that is polled now, plus 1; in a poll of a warp that of its first lane. 0: none. Only where
  // assertions are checked.
  std::uint32_t polled;
  static constexpr std::uint32_t serves = 1u
                                          << 31;  // in `polled`: all lanes work for that one slot
};

/// \returns the counts of a worker, which stand behind the words.
[[nodiscard]] COWARP_FN inline worker_counts& worker_counts_of(block_header& block,
                                                               std::uint32_t worker) {
  return reinterpret_cast<worker_counts*>(&block.word(block.words))[worker];
}

static_assert(sizeof(block_header) % alignof(slot_word) == 0);
static_assert(sizeof(slot_word) == 24);

}  // namespace cowarp

// COWARP_ASSERT stands in what uses a block, and needs this.
#include <cowarp/executor/assertion.hpp>
