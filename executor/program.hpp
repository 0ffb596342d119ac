// SPDX-License-Identifier: Apache-2.0
/// \file
/// The compile-time list of tasks, and where every byte of them lives.
#pragma once

#include <cowarp/executor/block.hpp>
#include <cowarp/executor/context.hpp>
#include <cowarp/executor/place_line.hpp>
#include <cowarp/executor/task.hpp>
#include <cowarp/executor/task_handle.hpp>
#include <cowarp/executor/width_request.hpp>

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace cowarp {

/// Names a task type in a function's argument.
template <class Task>
struct task_type {};

/// State that a program does not have.
struct no_state {};

namespace detail {

/// \returns a task type's constant `tasks_per_word`, or 32; a frame may have a member of that name.
template <class Task>
constexpr std::uint32_t declared_tasks_per_word() {
  if constexpr (requires { requires std::is_pointer_v<decltype(&Task::tasks_per_word)>; }) {
    return Task::tasks_per_word;
  } else {
    return 32;
  }
}

}  // namespace detail

/// How many tasks of a type share a word, 1 to 32. A worker polls the tasks of a word together, a lane each, so
/// many small tasks share one; a few large ones are spread over the workers, without memory for slots that nobody
/// needs. Say it in the frame, or in front of the program:
///
/// ```cpp
/// COWARP_TASK_FRAME(multiply, 8) { static constexpr std::uint32_t tasks_per_word = 1; ... };  // eight workers
/// template <> inline constexpr std::uint32_t cowarp::tasks_per_word<multiply> = 1;
/// ```
template <class Task>
inline constexpr std::uint32_t tasks_per_word = detail::declared_tasks_per_word<Task>();

/// The base of a program: lists its tasks and gives defaults that the program may hide.
///
/// ```cpp
/// struct app : cowarp::program<produce, consume> {
///   using block_state = board;    // one for each block, in shared memory
///   using grid_state  = totals;   // one for the grid, in global memory
///   static constexpr auto frames = cowarp::memory::shared;
///   COWARP_FN static void start(cowarp::spawner<app> s) { s.spawn<produce>(s.block_state(), 10); }
/// };
/// ```
///
/// Both states are zero bytes at first (the grid's may be given to `run`). `start` runs once in each
/// block, by one thread, before any task. One that takes a lane, `start(cowarp::spawner<app> s, cowarp::lane l)`, is
/// called by all lanes of one worker, which spread the spawns among them.
template <class... Tasks>
struct program {
  static_assert((task<Tasks> && ...),
                "a program lists tasks declared with COWARP_TASK or COWARP_TASK_FRAME");

  using block_state = no_state;
  using grid_state  = no_state;

  /// Where task frames live: `global`, or `shared` if they fit there (faster; frames in shared memory
  /// may wait for block-scope primitives and timers only).
  static constexpr memory frames = memory::global;
  /// The most workers a block may be launched with; bounds the registers a worker may use.
  static constexpr std::uint32_t max_workers = 32;
  /// Whether tasks may await work by all lanes of their worker (width/lanes.hpp). Costs 528 bytes of
  /// shared memory a worker, and a look after each pass that polled.
  static constexpr bool uses_width = false;
  /// Whether tasks may await work by all threads of their block (width/block.hpp). Costs as much again,
  /// and a look in every pass.
  static constexpr bool uses_block = false;
  /// Whether a worker polls the word first in which a task is due first (`due_at`, timer/deadline.hpp), in place of
  /// all in turn. Costs 8 bytes of shared memory a slot, and a look at all words for each that is polled.
  static constexpr bool earliest_deadline_first = false;
  /// The most bytes that the tasks of one block may take, frames, links and timers together.
  static constexpr std::size_t arena_limit_bytes = std::size_t{1} << 30;
  /// Whether a launch on a GPU can end as `stalled`; on a CPU every program's can. The price is paid by
  /// workers that find nothing to poll, and by their next wake.
  static constexpr bool finds_stalls = false;
  /// Whether the report says how often each task was polled, and which poll took longest. Costs each poll
  /// two reads of a clock and an addition in global memory.
  static constexpr bool watches_polls = false;
  /// Whether the others go on after a task's `fail`, which then ends that task alone. The launch ends when they
  /// are done, as `failed`. (An assertion that fails always ends all: its task cannot be taken apart.) Costs a
  /// look after each poll.
  static constexpr bool survives_failures = false;
  /// Whether tasks may await a free slot (`spawner::reserve`, `reserve_on`). Costs a lock for every task that
  /// ends and every spawn that comes from another block, and 24 bytes of shared and of global memory for each
  /// task type.
  static constexpr bool awaits_slots = false;
  /// Whether each worker notes what it polls where the host can read it at any time: in a `cuda_error`, which
  /// then says what each block did last, and by `execution::last_known`. Costs a fence of system scope for
  /// each word of 32 slots that is polled.
  static constexpr bool has_flight_recorder = false;

  /// Calls `fn(task_type<Task>{})` for each task in the order of the list.
  template <class Fn>
  [[gnu::always_inline]] COWARP_FN static constexpr void for_each_task(Fn&& fn) {
    (fn(task_type<Tasks>{}), ...);
  }

  template <class Task>
  static constexpr bool has_task = (std::is_same_v<Task, Tasks> || ...);

  static constexpr std::uint32_t task_count = sizeof...(Tasks);
};

namespace detail {

/// True if launches of the program can end as `stalled`; the same in every pass of a compiler.
template <class Program>
inline constexpr bool finds_stalls = Program::finds_stalls || !platform::launches_on_gpu;

/// Where the handles of tasks are tied that are on their way; nothing if they can have none.
template <class Task, std::uint32_t Cells, bool = is_joinable<Task>>
struct inbox_links {};
template <class Task, std::uint32_t Cells>
struct inbox_links<Task, Cells, true> {
  join_link links[Cells];
};

/// A spawn inbox holds the arguments of up to 32 tasks that other blocks want to start here.
template <class Task>
    struct alignas(16) spawn_inbox : inbox_links < Task,
    Task::pool_size<32 ? Task::pool_size : 32> {
  using arguments = typename Task::storage::remote_arguments_of::type;

  static constexpr std::uint32_t cells = Task::pool_size < 32 ? Task::pool_size : 32;

  platform::atomic_word<scope::device> claimed;  // cells that a spawner fills or has filled
  platform::atomic_word<scope::device> filled;   // cells that the owner has not looked at
  std::uint32_t waiting;                         // cells that wait for a free slot; owner only
  alignas(alignof(arguments)) unsigned char bytes[cells][sizeof(arguments)];

  COWARP_FN void* cell(std::uint32_t i) { return bytes[i]; }

  /// Takes a free cell. \returns ~0u if there is none.
  COWARP_FN std::uint32_t claim() {
    constexpr std::uint32_t all = cells == 32 ? ~0u : (1u << cells) - 1;
    // relaxed: only finds a candidate.
    std::uint32_t free = ~claimed.load(platform::relaxed) & all;
    while (free != 0) {
      const std::uint32_t i = platform::lowest_bit(free);
      // acquire: the owner took the last arguments out before it cleared the bit.
      const std::uint32_t taken = claimed.fetch_or(1u << i, platform::acquire);
      if ((taken >> i & 1u) == 0) return i;
      free = ~taken & all;
    }
    return ~0u;
  }
};

constexpr std::size_t round_up(std::size_t bytes, std::size_t to) {
  return (bytes + to - 1) / to * to;
}

/// The words that a task's pool takes: 32 slots each, all of one task type, of which the first
/// `tasks_per_word` exist.
template <class Task>
inline constexpr std::uint32_t words_of =
    (Task::pool_size + tasks_per_word<Task> - 1) / tasks_per_word<Task>;

/// \returns which task of its pool lives in a slot, counted from the pool's first slot.
template <class Task>
COWARP_FN constexpr std::uint32_t place_in_pool(std::uint32_t slot) {
  constexpr std::uint32_t each = tasks_per_word<Task>;
  static_assert(each > 0 && each <= 32, "a word holds 1 to 32 tasks: mend `tasks_per_word`");
  if constexpr (each == 32) {
    return slot;
  } else {
    return slot / 32 * each + slot % 32;
  }
}

/// The same the other way round.
template <class Task>
COWARP_FN constexpr std::uint32_t slot_of_place(std::uint32_t place) {
  constexpr std::uint32_t each = tasks_per_word<Task>;
  return place / each * 32 + place % each;
}

/// \returns of how many tasks the fullest word of a program is.
template <class Program>
constexpr std::uint32_t most_in_word() {
  std::uint32_t most = 0;
  Program::for_each_task([&]<class Task>(task_type<Task>) {
    constexpr std::uint32_t its =
        Task::pool_size < tasks_per_word<Task> ? Task::pool_size : tasks_per_word<Task>;
    most = its > most ? its : most;
  });
  return most;
}

/// The sum of `size<Task>()` over the program's tasks, or over those listed before `Before`.
template <class Program, class Before = void, class Size>
constexpr std::size_t sum_over_tasks(Size size) {
  std::size_t total = 0;
  bool is_before    = true;
  Program::for_each_task([&]<class Task>(task_type<Task>) {
    is_before = is_before && !std::is_same_v<Task, Before>;
    if (is_before) total += size(task_type<Task>{});
  });
  return total;
}

/// Distance of two frames of a pool. In shared memory an odd multiple of 8 bytes: a warp's lanes use one each.
template <class Program, class Task>
constexpr std::size_t stride_of() {
  using storage = typename Task::storage;
  static_assert(alignof(storage) <= 16,
                "a task's arguments and members may not be aligned to more than 16 bytes");
  const std::size_t align = alignof(storage) < 8 ? 8 : alignof(storage);
  const std::size_t bytes = round_up(sizeof(storage), align);
  if (Program::frames == memory::global || align > 8) return bytes;
  return platform::to_odd_multiple_of_8(bytes);
}

template <class Program, class Task>
constexpr std::size_t frames_bytes_of() {
  return round_up(stride_of<Program, Task>() * Task::pool_size, 16);
}

/// What the slots of a task type need to be joined: a link each, if its tasks can be.
template <class Task>
inline constexpr std::size_t joins_bytes_of = is_joinable<Task>
                                                  ? sizeof(join_link) * Task::pool_size
                                                  : 0;

/// Bytes of a block's `poll_records`, before the counts that follow.
inline constexpr std::size_t poll_records_bytes = 32;

/// Where everything of one program stands: constant offsets into its shared and global memory.
template <class Program>
struct layout {
  static constexpr std::uint32_t words = static_cast<std::uint32_t>(sum_over_tasks<Program>(
      []<class Task>(task_type<Task>) { return std::size_t{words_of<Task>}; }));
  static constexpr std::uint32_t slots = words * 32;
  static_assert(words > 0, "a program lists at least one task");
  static_assert(slots <= task_id::most_slots,
                "a block holds at most 32768 task slots: make the pools smaller");

  static constexpr std::size_t frames_bytes = sum_over_tasks<Program>(
      []<class Task>(task_type<Task>) { return frames_bytes_of<Program, Task>(); });
  static constexpr std::size_t inboxes_bytes = sum_over_tasks<Program>(
      []<class Task>(task_type<Task>) { return sizeof(spawn_inbox<Task>); });

  static constexpr std::size_t joins_bytes =
      sum_over_tasks<Program>([]<class Task>(task_type<Task>) { return joins_bytes_of<Task>; });

  // Global memory of one block: links, timers, inboxes, joinable tasks' links, lines, then frames.
  static constexpr std::size_t timers_at =
      round_up(sizeof(run_item) * (slots + Program::task_count), 16);
  static constexpr std::size_t inboxes_at = timers_at + sizeof(slot_timers) * slots;
  static constexpr std::size_t joins_at   = inboxes_at + inboxes_bytes;
  // Which slots still held a task at the end: a mask for each word.
  static constexpr std::size_t pending_at = round_up(joins_at + joins_bytes, 16);
  static constexpr std::size_t pending_bytes =
      finds_stalls<Program> ? sizeof(std::uint32_t) * words : 0;
  // Who was polled how often: executor/poll_watch.hpp.
  static constexpr std::size_t polls_at = round_up(pending_at + pending_bytes, 8);
  static constexpr std::size_t polls_bytes =
      Program::watches_polls ? poll_records_bytes + 8 * (Program::task_count + slots) : 0;
  // Who waits for room in each inbox.
  static constexpr std::size_t inbox_lines_at = round_up(polls_at + polls_bytes, 8);
  static constexpr std::size_t inbox_lines_bytes =
      Program::awaits_slots ? sizeof(place_line<scope::device>) * Program::task_count : 0;
  static constexpr std::size_t global_frames_at = round_up(inbox_lines_at + inbox_lines_bytes, 128);
  // Frames in shared memory are copied here at the end, for the host to see where they wait.
  static constexpr bool has_global_frames = Program::frames == memory::global || pending_bytes != 0;
  static constexpr std::size_t block_global_bytes =
      round_up(global_frames_at + (has_global_frames ? frames_bytes : 0), 128);

  // Shared memory of one block: header, words, workers' counts, width requests, lines, deadlines, frames,
  // block state.
  static constexpr std::size_t counts_at = sizeof(block_header) + sizeof(slot_word) * words;
  static constexpr std::size_t width_places_at =
      round_up(counts_at + sizeof(worker_counts) * Program::max_workers, 16);
  // Workers without words poll nothing, so nobody asks them for width.
  static constexpr bool serves_width = Program::uses_width || Program::uses_block;
  static constexpr std::size_t width_places_bytes =
      sizeof(width_places) + sizeof(width_place) * most_in_word<Program>();  // of a worker
  static constexpr std::size_t all_width_places_bytes =
      serves_width
          ? width_places_bytes * (words < Program::max_workers ? words : Program::max_workers)
          : 0;
  // Who waits for a slot of each pool.
  static constexpr std::size_t slot_lines_at = width_places_at + all_width_places_bytes;
  static constexpr std::size_t slot_lines_bytes =
      Program::awaits_slots ? sizeof(place_line<scope::block>) * Program::task_count : 0;
  // By when the task of each slot wants to be polled.
  static constexpr std::size_t deadlines_at = slot_lines_at + slot_lines_bytes;
  static constexpr std::size_t deadlines_bytes =
      Program::earliest_deadline_first ? sizeof(std::uint64_t) * slots : 0;
  static constexpr std::size_t shared_frames_at = round_up(deadlines_at + deadlines_bytes, 16);
  static constexpr std::size_t block_state_at =
      round_up(shared_frames_at + (Program::frames == memory::shared ? frames_bytes : 0), 128);
  static constexpr std::size_t shared_bytes =
      round_up(block_state_at + sizeof(typename Program::block_state), 16);

  // Global memory of the grid: header, run queues, reports, state, then the blocks.
  static constexpr std::size_t arena_bytes =
      block_global_bytes + (has_global_frames ? 0 : frames_bytes);
  static_assert(arena_bytes <= Program::arena_limit_bytes,
                "the program's tasks take more than its arena_limit_bytes: make pools or frames "
                "smaller, or raise the limit");

  template <class Task>
  static constexpr std::uint32_t first_word_of =
      static_cast<std::uint32_t>(sum_over_tasks<Program, Task>([]<class Other>(task_type<Other>) {
        return std::size_t{words_of<Other>};
      }));
  template <class Task>
  static constexpr std::uint32_t index_of = static_cast<std::uint32_t>(
      sum_over_tasks<Program, Task>([]<class Other>(task_type<Other>) { return std::size_t{1}; }));
  template <class Task>
  static constexpr std::size_t frames_at = sum_over_tasks<Program, Task>(
      []<class Other>(task_type<Other>) { return frames_bytes_of<Program, Other>(); });
  template <class Task>
  static constexpr std::size_t inbox_at =
      inboxes_at + sum_over_tasks<Program, Task>([]<class Other>(task_type<Other>) {
        return sizeof(spawn_inbox<Other>);
      });
  template <class Task>
  static constexpr std::size_t join_at =
      joins_at + sum_over_tasks<Program, Task>([]<class Other>(task_type<Other>) {
        return joins_bytes_of<Other>;
      });

  /// \returns the mask of the slots of the pool's word `i` that exist.
  template <class Task>
  COWARP_FN static constexpr std::uint32_t slots_in_word(std::uint32_t i) {
    constexpr std::uint32_t each = tasks_per_word<Task>;
    constexpr std::uint32_t rest = Task::pool_size % each;
    constexpr std::uint32_t all  = each == 32 ? ~0u : (1u << each % 32) - 1;
    return rest != 0 && i + 1 == words_of<Task> ? (1u << rest) - 1 : all;
  }
};

/// \returns where a block's part of global memory begins, to which `layout`'s offsets are added.
template <class Program>
[[nodiscard]] COWARP_FN unsigned char* memory_of(const block_header& block) {
  return reinterpret_cast<unsigned char*>(block.timers) - layout<Program>::timers_at;
}

/// \returns where the tasks of the word that the worker polls ask for width. \pre the program serves it
template <class Program>
[[nodiscard]] COWARP_FN width_places& width_places_of(block_header& block, std::uint32_t worker) {
  using layout = detail::layout<Program>;
  return width_places_of(block, layout::width_places_at, layout::width_places_bytes, worker);
}

/// \returns the context of a slot's next poll.
template <class Program>
[[nodiscard]] COWARP_FN context context_of(block_header& block, std::uint32_t worker,
                                           std::uint32_t slot) {
  const task_id task = task_id::of(block.block, slot);
  if constexpr (layout<Program>::serves_width) {
    return {task, width_places_of<Program>(block, worker).of(slot & 31u)};
  } else {
    return context(task);
  }
}

}  // namespace detail
}  // namespace cowarp
