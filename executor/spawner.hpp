// SPDX-License-Identifier: Apache-2.0
/// \file
/// How tasks come to life: from `start`, from a task of the block, and from another block.
#pragma once

#include <cowarp/executor/fail.hpp>
#include <cowarp/executor/program.hpp>
#include <cowarp/executor/reservation.hpp>
#include <cowarp/executor/this_task.hpp>
#include <cowarp/executor/type_name.hpp>

#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>

namespace cowarp {

/// Whether a task was spawned. After `busy` the arguments are as they were: nothing was moved.
enum class [[nodiscard]] spawn_result : std::uint8_t{ok, busy};

namespace detail {

/// True for primitives and states that only one block can reach.
template <class Type>
inline constexpr bool is_block_scope = false;
template <class Type>
requires requires { Type::primitive_scope; }
inline constexpr bool is_block_scope<Type> = Type::primitive_scope == scope::block;

}  // namespace detail

/// Spawns tasks of one program in the block that calls, or on another block.
///
/// A task may make one for itself: `cowarp::spawner<app>()`; `app` need only be declared before the
/// task and be complete at the end of the file.
///
/// Called by:     `start` and any task of the program.
/// Scope:         `spawn`: block; `spawn_on`: device.
/// Memory order:  writes before a spawn are visible to the task's first poll.
/// Progress:      lock-free.
/// Storage:       none; it finds its block by itself.
/// Fails:         `busy` if the task's pool (`spawn_on`: the other block's inbox for it) is full.
template <class Program>
class spawner {
 public:
  /// Starts a task in this block.
  template <class Task, class... Arguments>
  COWARP_FN spawn_result spawn(Arguments&&... arguments) const {
    check<Task, Arguments...>();
    const std::uint32_t slot = claim<Task>();
    if (slot == no_slot) return spawn_result::busy;
    fill<Task>(slot, static_cast<Arguments&&>(arguments)...);
    return spawn_result::ok;
  }

  /// Starts a task in this block, and lets the handle await, abort or leave it. After `busy` the handle
  /// is as it was. \pre the handle has no task, or one that is finished.
  template <class Task, class... Arguments>
  COWARP_FN spawn_result spawn_with(task_handle<typename Task::output>& handle,
                                    Arguments&&... arguments) const {
    check<Task, Arguments...>();
    const std::uint32_t slot = claim<Task>();
    if (slot == no_slot) return spawn_result::busy;
    fill_with<Task>(slot, handle, static_cast<Arguments&&>(arguments)...);
    return spawn_result::ok;
  }

  /// Starts a task in the given block; it begins as soon as its pool there has a free slot.
  template <class Task, class... Arguments>
  COWARP_FN spawn_result spawn_on(std::uint32_t block, Arguments&&... arguments) const {
    if (block == this->block()) return spawn<Task>(static_cast<Arguments&&>(arguments)...);
    check_remote<Task, Arguments...>();
    COWARP_ASSERT(block < blocks(), "spawn_on: there is no such block");
    const std::uint32_t cell = inbox_of<Task>(block).claim();
    if (cell == no_slot) return spawn_result::busy;
    fill_cell<Task>(block, cell, static_cast<Arguments&&>(arguments)...);
    return spawn_result::ok;
  }

  /// The same with a handle, which must stand where the tasks of that block reach it.
  template <class Task, class... Arguments>
  COWARP_FN spawn_result spawn_on_with(std::uint32_t block,
                                       task_handle<typename Task::output>& handle,
                                       Arguments&&... arguments) const {
    if (block == this->block()) {
      return spawn_with<Task>(handle, static_cast<Arguments&&>(arguments)...);
    }
    COWARP_ASSERT(block < blocks(), "spawn_on_with: there is no such block");
    const std::uint32_t cell = inbox_of<Task>(block).claim();
    if (cell == no_slot) return spawn_result::busy;
    fill_cell_with<Task>(block, cell, handle, static_cast<Arguments&&>(arguments)...);
    return spawn_result::ok;
  }

  /// Takes a slot in this block now, for a task that is spawned later. \returns nothing if the pool is
  /// full.
  template <class Task>
  [[nodiscard]] COWARP_FN polled<reservation<Program, Task>> try_reserve() const {
    check_listed<Task>();
    const std::uint32_t slot = claim<Task>();
    if (slot == no_slot) return pending;
    return polled<reservation<Program, Task>>(in_place, task_id::of(block(), slot));
  }

  /// \returns a future of a slot in this block, once there is one; who waits is served first come first, and
  /// before spawns that do not. \pre the program has `awaits_slots`.
  template <class Task>
  [[nodiscard]] COWARP_FN detail::place_wait<detail::slots_of<Program, Task>> reserve() const {
    check_awaits<Task>();
    return detail::place_wait<detail::slots_of<Program, Task>>({});
  }

  /// \returns a future of room for a task that is sent to the given block later, once there is some.
  template <class Task>
  [[nodiscard]] COWARP_FN detail::place_wait<detail::cells_of<Program, Task>> reserve_on(
      std::uint32_t block) const {
    check_awaits<Task>();
    COWARP_ASSERT(block < blocks(), "reserve_on: there is no such block");
    return detail::place_wait<detail::cells_of<Program, Task>>({block});
  }

  /// Takes room now for a task that is sent to the given block later. \returns nothing if that block's
  /// inbox for it is full.
  template <class Task>
  [[nodiscard]] COWARP_FN polled<remote_reservation<Program, Task>> try_reserve_on(
      std::uint32_t block) const {
    check_listed<Task>();
    COWARP_ASSERT(block < blocks(), "try_reserve_on: there is no such block");
    const std::uint32_t cell = inbox_of<Task>(block).claim();
    if (cell == no_slot) return pending;
    return polled<remote_reservation<Program, Task>>(in_place, block, cell);
  }

  /// Starts a task in this block, or ends the program as failed if its pool is full.
  template <class Task, class... Arguments>
  COWARP_FN void must_spawn(Arguments&&... arguments) const {
    require<Task>(spawn<Task>(static_cast<Arguments&&>(arguments)...));
  }

  /// The same for a task with a handle.
  template <class Task, class... Arguments>
  COWARP_FN void must_spawn_with(task_handle<typename Task::output>& handle,
                                 Arguments&&... arguments) const {
    require<Task>(spawn_with<Task>(handle, static_cast<Arguments&&>(arguments)...));
  }

  /// Asks all blocks to end; tasks that are not done stay pending in the report.
  COWARP_FN void stop() const { here().grid->request_end(end_reason::stopped); }

  [[nodiscard]] COWARP_FN std::uint32_t block() const { return here().block; }
  [[nodiscard]] COWARP_FN std::uint32_t blocks() const { return here().grid->blocks; }
  [[nodiscard]] COWARP_FN auto& block_state() const {
    return *static_cast<typename Program::block_state*>(here().state);
  }
  [[nodiscard]] COWARP_FN auto& grid_state() const {
    return *static_cast<typename Program::grid_state*>(here().grid->state);
  }

  /// \returns the name of the task type that lives in that slot; empty if no type does.
  [[nodiscard]] COWARP_FN static std::string_view name_of(task_id task) {
    using layout = detail::layout<Program>;
    std::string_view name;
    Program::for_each_task([&]<class Task>(task_type<Task>) {
      const std::uint32_t i = task.slot() - layout::template first_word_of<Task> * 32;
      if (i >= detail::words_of<Task> * 32) return;
      if ((layout::template slots_in_word<Task>(i / 32) >> i % 32 & 1u) != 0) {
        name = task_name<Task>();
      }
    });
    return name;
  }

  // ---- for the executor and for reservations ----

  static constexpr std::uint32_t no_slot = ~0u;  // or no cell

  /// Takes a free slot of the task's pool, from different words in turn.
  /// \returns `no_slot` if there is none.
  template <class Task>
  [[nodiscard]] static COWARP_FN std::uint32_t claim() {
    using layout                  = detail::layout<Program>;
    constexpr std::uint32_t words = detail::words_of<Task>;
    constexpr std::uint32_t first = layout::template first_word_of<Task>;
    std::uint32_t i               = 0;
    if constexpr (words > 1) {
      // relaxed: any value will do.
      i = here().spawn_hint.fetch_add(1, platform::relaxed) % words;
    }
    for (std::uint32_t tried = 0; tried < words; ++tried, i = i + 1 == words ? 0 : i + 1) {
      auto& claimed = here().word(first + i).claimed;
      // relaxed: only finds a candidate.
      std::uint32_t taken = claimed.load(platform::relaxed);
      std::uint32_t free  = ~taken & layout::template slots_in_word<Task>(i);
      while (free != 0) {
        const std::uint32_t lane = platform::lowest_bit(free);
        const std::uint32_t bit  = 1u << lane;
        // acquire: the last task of this slot was destroyed before its bit was cleared.
        taken = claimed.fetch_or(bit, platform::acquire);
        if ((taken & bit) == 0) return (first + i) * 32 + lane;
        free = ~taken & ~bit & layout::template slots_in_word<Task>(i);
      }
    }
    return no_slot;
  }

  /// Makes a task of a slot that was claimed.
  template <class Task, class... Arguments>
  COWARP_FN void fill(std::uint32_t slot, Arguments&&... arguments) const {
    check<Task, Arguments...>();
    storage_of<Task>(here(), slot).construct(static_cast<Arguments&&>(arguments)...);
    begin(slot);
  }
  template <class Task, class... Arguments>
  COWARP_FN void fill_with(std::uint32_t slot, task_handle<typename Task::output>& handle,
                           Arguments&&... arguments) const {
    check_joinable<Task>();
    check<Task, Arguments...>();
    storage_of<Task>(here(), slot).construct(static_cast<Arguments&&>(arguments)...);
    handle.attach(link_of<Task>(here(), slot), waker_of(slot));
    begin(slot);
  }

  /// Leaves the arguments in a cell of another block's inbox, which was claimed, and rouses the block.
  template <class Task, class... Arguments>
  COWARP_FN void fill_cell(std::uint32_t block, std::uint32_t cell,
                           Arguments&&... arguments) const {
    check_remote<Task, Arguments...>();
    using layout = detail::layout<Program>;
    auto& inbox  = inbox_of<Task>(block);
    Task::storage::construct_remote(inbox.cell(cell), static_cast<Arguments&&>(arguments)...);
    // relaxed: this task is alive, so the count is not zero; the grid stays up for the spawn.
    here().grid->active.fetch_add(1, platform::relaxed);
    // release: publishes the arguments to the owner.
    inbox.filled.fetch_or(1u << cell, platform::release);
    here().grid->queues[block].wake(layout::slots + layout::template index_of<Task>);
  }

  template <class Task, class... Arguments>
  COWARP_FN void fill_cell_with(std::uint32_t block, std::uint32_t cell,
                                task_handle<typename Task::output>& handle,
                                Arguments&&... arguments) const {
    check_joinable<Task>();
    COWARP_ASSERT(
        !platform::is_shared(&handle),
        "spawn_on_with: the handle stands in shared memory, which no other block reaches");
    handle.attach(inbox_of<Task>(block).links[cell], waker());
    fill_cell<Task>(block, cell, static_cast<Arguments&&>(arguments)...);
  }

  /// Frees a slot, or a cell, that is not in use any more, or hands it to who waits for one.
  template <class Task>
  COWARP_FN void give_back(std::uint32_t slot) const {
    const detail::slots_of<Program, Task> slots;
    if constexpr (Program::awaits_slots) {
      slots.line().give(slot, [&](std::uint32_t place) { slots.free(place); });
    } else {
      slots.free(slot);
    }
  }
  template <class Task>
  COWARP_FN void give_back_cell(std::uint32_t block, std::uint32_t cell) const {
    const detail::cells_of<Program, Task> cells{block};
    if constexpr (Program::awaits_slots) {
      cells.line().give(cell, [&](std::uint32_t place) { cells.free(place); });
    } else {
      cells.free(cell);
    }
  }

  /// \returns who waits for a slot of this block. \pre the program has `awaits_slots`
  template <class Task>
  [[nodiscard]] COWARP_FN static detail::place_line<scope::block>& slot_line_of() {
    using layout = detail::layout<Program>;
    using line   = detail::place_line<scope::block>;
    auto* lines  = reinterpret_cast<unsigned char*>(&here()) + layout::slot_lines_at;
    return reinterpret_cast<line*>(lines)[layout::template index_of<Task>];
  }
  /// \returns who waits for room in a block's inbox. \pre the program has `awaits_slots`
  template <class Task>
  [[nodiscard]] COWARP_FN static detail::place_line<scope::device>& inbox_line_of(
      std::uint32_t block) {
    using layout = detail::layout<Program>;
    using line   = detail::place_line<scope::device>;
    auto* lines  = memory_of_block(block) + layout::inbox_lines_at;
    return reinterpret_cast<line*>(lines)[layout::template index_of<Task>];
  }

  /// Builds a task from what another block left. \returns `busy` if the pool is full.
  template <class Task, class RemoteArguments>
  COWARP_FN spawn_result spawn_from(RemoteArguments& arguments, std::uint32_t cell) const {
    const std::uint32_t slot = claim<Task>();
    if (slot == no_slot) return spawn_result::busy;
    storage_of<Task>(here(), slot).construct_from(arguments);
    if constexpr (detail::is_joinable<Task>) {
      inbox_of<Task>(block()).links[cell].template hand_over<typename Task::output>(
          link_of<Task>(here(), slot), waker_of(slot));
    }
    begin(slot);
    return spawn_result::ok;
  }

  /// \returns the storage of a slot of this block. \pre the slot belongs to `Task`.
  template <class Task>
  [[nodiscard]] COWARP_FN static typename Task::storage& storage_of(block_header& block,
                                                                    std::uint32_t slot) {
    using layout = detail::layout<Program>;
    auto* bytes  = Program::frames == memory::shared
                       ? reinterpret_cast<unsigned char*>(&block) + layout::shared_frames_at
                       : detail::memory_of<Program>(block) + layout::global_frames_at;
    return *reinterpret_cast<typename Task::storage*>(
        bytes + layout::template frames_at<Task> +
        detail::place_in_pool<Task>(slot - layout::template first_word_of<Task> * 32) *
            detail::stride_of<Program, Task>());
  }

  /// \returns what ties a slot of this block to its task's handle. \pre the slot belongs to `Task`.
  template <class Task>
  [[nodiscard]] COWARP_FN static detail::join_link& link_of(block_header& block,
                                                            std::uint32_t slot) {
    using layout = detail::layout<Program>;
    return reinterpret_cast<detail::join_link*>(
        detail::memory_of<Program>(block) +
        layout::template join_at<Task>)[detail::place_in_pool<Task>(
        slot - layout::template first_word_of<Task> * 32)];
  }

  /// \returns a block's inbox for spawns of `Task` from elsewhere.
  template <class Task>
  [[nodiscard]] COWARP_FN static detail::spawn_inbox<Task>& inbox_of(std::uint32_t block) {
    using layout = detail::layout<Program>;
    return *reinterpret_cast<detail::spawn_inbox<Task>*>(memory_of_block(block) +
                                                         layout::template inbox_at<Task>);
  }

 private:
  static COWARP_FN block_header& here() { return *platform::this_block(); }

  /// \returns where a block's part of global memory begins.
  static COWARP_FN unsigned char* memory_of_block(std::uint32_t block) {
    const auto at = static_cast<std::ptrdiff_t>(detail::layout<Program>::block_global_bytes) *
                    (static_cast<std::ptrdiff_t>(block) - here().block);
    return detail::memory_of<Program>(here()) + at;
  }

  /// \returns what wakes the task that is about to live in a slot of this block.
  static COWARP_FN waker waker_of(std::uint32_t slot) {
    return context(task_id::of(here().block, slot)).waker();
  }

  /// Ends the program as failed if the pool was full.
  template <class Task>
  static COWARP_FN void require(spawn_result result) {
    if (result == spawn_result::ok) return;
    detail::record_failure({task_id::none},
                           "must_spawn: the task's pool is full: declare it with a larger pool",
                           detail::pretty_name<Task>(), 0);
  }

  template <class Task>
  static COWARP_FN void check_listed() {
    static_assert(Program::template has_task<Task>,
                  "spawn: this task is not in the program's list: add it to cowarp::program<...>");
  }

  template <class Task>
  static COWARP_FN void check_awaits() {
    check_listed<Task>();
    static_assert(Program::awaits_slots,
                  "reserve: the program does not let tasks await slots: add `static constexpr bool "
                  "awaits_slots = true;` to it, or use try_reserve");
  }

  template <class Task>
  static COWARP_FN void check_joinable() {
    static_assert(detail::is_joinable<Task>,
                  "spawn_with: only a task declared with COWARP_JOINABLE_TASK or "
                  "COWARP_JOINABLE_TASK_FRAME can have a handle");
  }

  template <class Task, class... Arguments>
  static COWARP_FN void check() {
    check_listed<Task>();
    using storage = typename Task::storage;
    static_assert(storage::template accepts<Arguments...>,
                  "spawn: the arguments do not match the task's parameters");
    if constexpr (storage::template accepts<Arguments...>) {
      static_assert(!storage::template dangle<Arguments...>,
                    "spawn: a reference parameter of the task would refer to a temporary, which is "
                    "gone when the task runs: make the parameter a value, or pass an object that "
                    "outlives the task");
    }
  }

  template <class Task, class... Arguments>
  static COWARP_FN void check_remote() {
    check<Task, Arguments...>();
    static_assert((!detail::is_block_scope<std::remove_cvref_t<Arguments>> && ...),
                  "spawn_on: a block-scope primitive cannot be used by a task of another block; "
                  "give it device scope");
    static_assert(
        (!std::is_same_v<std::remove_cvref_t<Arguments>, typename Program::block_state> && ...),
        "spawn_on: the block state of this block cannot be used by a task of another block; the "
        "task can ask spawner::block_state() for its own");
  }

  /// Makes a filled slot a live task.
  static COWARP_FN void begin(std::uint32_t slot) {
    // relaxed: counted before the task can be polled, so before it can be done.
    here().live.fetch_add(1, platform::relaxed);
    // release: publishes the frame to the worker that sees the bit.
    here().word(slot >> 5).alive.fetch_or(1u << (slot & 31u), platform::release);
    here().wake(slot);
  }
};

}  // namespace cowarp
