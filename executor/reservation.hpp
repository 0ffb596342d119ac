// SPDX-License-Identifier: Apache-2.0
/// \file
/// Spawning in two steps: first make sure that there is room, then say with what.
#pragma once

#include <cowarp/executor/place_line.hpp>
#include <cowarp/executor/task_handle.hpp>
#include <cowarp/executor/waker.hpp>

#include <cstdint>
#include <utility>

namespace cowarp {

template <class Program>
class spawner;
template <class Program, class Task>
class reservation;
template <class Program, class Task>
class remote_reservation;

namespace detail {

/// The slots of a task's pool in this block, as places that tasks wait for.
template <class Program, class Task>
struct slots_of {
  using output                      = reservation<Program, Task>;
  static constexpr scope line_scope = scope::block;

  COWARP_FN place_line<scope::block>& line() const {
    return spawner<Program>::template slot_line_of<Task>();
  }
  COWARP_FN std::uint32_t claim() const { return spawner<Program>::template claim<Task>(); }
  COWARP_FN void free(std::uint32_t slot) const {
    // release: whoever claims it comes after what was done with it before.
    platform::this_block()->word(slot >> 5).claimed.fetch_and(~(1u << (slot & 31u)),
                                                              platform::release);
  }
  COWARP_FN output made(std::uint32_t slot) const {
    return output(task_id::of(platform::this_block()->block, slot));
  }
};

/// The cells of a block's inbox for the task, likewise.
template <class Program, class Task>
struct cells_of {
  using output                      = remote_reservation<Program, Task>;
  static constexpr scope line_scope = scope::device;

  std::uint32_t block;

  COWARP_FN place_line<scope::device>& line() const {
    return spawner<Program>::template inbox_line_of<Task>(block);
  }
  COWARP_FN std::uint32_t claim() const {
    return spawner<Program>::template inbox_of<Task>(block).claim();
  }
  COWARP_FN void free(std::uint32_t cell) const {
    // release: as above.
    spawner<Program>::template inbox_of<Task>(block).claimed.fetch_and(~(1u << cell),
                                                                       platform::release);
  }
  COWARP_FN output made(std::uint32_t cell) const { return output(block, cell); }
};

}  // namespace detail

/// A slot of a task's pool in this block, kept for a task that is spawned later. Made by
/// `spawner::try_reserve` and `reserve`; gives the slot back when destroyed.
///
/// Invariant:     a slot that is reserved is nobody else's, and no task lives in it.
/// Called by:     one task of the block that made it at a time.
/// Scope:         block.
/// Memory order:  writes before `spawn` are visible to the task's first poll.
/// Progress:      wait-free, but to give it back takes a lock if the program has `awaits_slots`; `spawn`
///                cannot fail.
/// Storage:       4 bytes; zero bytes are valid and hold nothing.
/// Fails:         in Debug builds, if it spawns without a slot, or in another block.
/// It keeps no program alive: if all tasks are done the program ends. After Embassy's `AvailableTask`,
/// which leaks the slot when dropped.
template <class Program, class Task>
class COWARP_TRIVIAL_ABI reservation {
 public:
  reservation() = default;
  COWARP_FN explicit reservation(task_id at) : place_(at.value + 1) {}
  COWARP_FN reservation(reservation&& other) noexcept : place_(std::exchange(other.place_, 0u)) {}
  COWARP_FN reservation& operator=(reservation&& other) noexcept {
    if (this == &other) return *this;
    give_back();
    place_ = std::exchange(other.place_, 0u);
    return *this;
  }
  COWARP_FN ~reservation() { give_back(); }

  [[nodiscard]] COWARP_FN bool has_slot() const { return place_ != 0; }

  /// \returns the id that the task will have. \pre there is a slot.
  [[nodiscard]] COWARP_FN task_id id() const { return {place_ - 1}; }

  /// Starts the task; holds nothing after that.
  template <class... Arguments>
  COWARP_FN void spawn(Arguments&&... arguments) {
    spawner<Program>().template fill<Task>(take(), static_cast<Arguments&&>(arguments)...);
  }
  /// Starts the task with a handle; holds nothing after that.
  template <class... Arguments>
  COWARP_FN void spawn_with(task_handle<typename Task::output>& handle, Arguments&&... arguments) {
    spawner<Program>().template fill_with<Task>(take(), handle,
                                                static_cast<Arguments&&>(arguments)...);
  }

  /// Frees the slot, if there is one; holds nothing after that.
  COWARP_FN void give_back() {
    // On the host side a copy of the state may come back with a slot of a run that is over.
    if (place_ != 0 && platform::has_block()) spawner<Program>().template give_back<Task>(take());
  }

 private:
  COWARP_FN std::uint32_t take() {
    COWARP_ASSERT(place_ != 0, "a reservation without a slot cannot spawn: look at has_slot()");
    const task_id at = id();
    COWARP_ASSERT(at.block() == platform::this_block()->block,
                  "a reservation is for the block that made it: use try_reserve_on for others");
    place_ = 0;
    return at.slot();
  }

  std::uint32_t place_ = 0;  // the slot's task id plus one; 0: none
};

/// Room for one task's arguments on the way to another block. Made by `spawner::try_reserve_on`
/// and `reserve_on`; gives the room back when destroyed.
///
/// The task itself begins as soon as its pool there has a free slot.
///
/// Called by:     one task at a time, of any block.
/// Scope:         device.
/// Memory order:  writes before `spawn` are visible to the task's first poll.
/// Progress:      as `reservation`.
/// Storage:       8 bytes; zero bytes are valid and hold nothing.
/// Fails:         in Debug builds, if it spawns without room.
template <class Program, class Task>
class COWARP_TRIVIAL_ABI remote_reservation {
 public:
  remote_reservation() = default;
  COWARP_FN remote_reservation(std::uint32_t block, std::uint32_t cell)
      : block_(block), place_(cell + 1) {}
  COWARP_FN remote_reservation(remote_reservation&& other) noexcept
      : block_(other.block_), place_(std::exchange(other.place_, 0u)) {}
  COWARP_FN remote_reservation& operator=(remote_reservation&& other) noexcept {
    if (this == &other) return *this;
    give_back();
    block_ = other.block_;
    place_ = std::exchange(other.place_, 0u);
    return *this;
  }
  COWARP_FN ~remote_reservation() { give_back(); }

  [[nodiscard]] COWARP_FN bool has_room() const { return place_ != 0; }
  /// \returns the block that the task will live in.
  [[nodiscard]] COWARP_FN std::uint32_t block() const { return block_; }

  /// Sends the task on its way; holds nothing after that.
  template <class... Arguments>
  COWARP_FN void spawn(Arguments&&... arguments) {
    spawner<Program>().template fill_cell<Task>(block_, take(),
                                                static_cast<Arguments&&>(arguments)...);
  }

  /// Sends it with a handle, which must stand where the tasks of that block reach it.
  template <class... Arguments>
  COWARP_FN void spawn_with(task_handle<typename Task::output>& handle, Arguments&&... arguments) {
    spawner<Program>().template fill_cell_with<Task>(block_, take(), handle,
                                                     static_cast<Arguments&&>(arguments)...);
  }

  /// Frees the room, if there is any; holds nothing after that.
  COWARP_FN void give_back() {
    if (place_ == 0 || !platform::has_block()) return;
    spawner<Program>().template give_back_cell<Task>(block_, take());
  }

 private:
  COWARP_FN std::uint32_t take() {
    COWARP_ASSERT(place_ != 0, "a reservation without room cannot spawn: look at has_room()");
    return std::exchange(place_, 0u) - 1;
  }

  std::uint32_t block_ = 0;
  std::uint32_t place_ = 0;  // the inbox cell plus one; 0: none
};

}  // namespace cowarp
