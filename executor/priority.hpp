// SPDX-License-Identifier: Apache-2.0
/// \file
/// Which task types go first, and how long the others put up with it.
#pragma once

#include <cowarp/executor/program.hpp>

#include <cstdint>
#include <type_traits>

namespace cowarp {

namespace detail {

/// \returns a task type's constant `priority`, or 0; a frame may have a member of that name.
template <class Task>
constexpr std::uint8_t declared_priority() {
  if constexpr (requires { requires std::is_pointer_v<decltype(&Task::priority)>; }) {
    return Task::priority;
  } else {
    return 0;
  }
}

}  // namespace detail

/// The level of a task type: 0, the lowest, to 7. Say it in the frame, or in front of the program:
///
/// ```cpp
/// COWARP_TASK_FRAME(steer, 1) { static constexpr std::uint8_t priority = 2; ... };
/// template <> inline constexpr std::uint8_t cowarp::task_priority<steer> = 2;
/// ```
template <class Task>
inline constexpr std::uint8_t task_priority = detail::declared_priority<Task>();

namespace detail {

inline constexpr std::uint32_t priority_levels = 8;

/// True if the program has tasks of that level.
template <class Program, std::uint32_t Level>
constexpr bool has_level() {
  bool result = false;
  Program::for_each_task(
      [&]<class Task>(task_type<Task>) { result |= task_priority<Task> == Level; });
  return result;
}

/// True if the tasks of the program are not all of one level. Without that nothing here costs a
/// thing.
template <class Program>
constexpr bool uses_priorities() {
  std::uint32_t levels = 0;
  Program::for_each_task([&]<class Task>(task_type<Task>) {
    static_assert(task_priority<Task> < priority_levels,
                  "a task's priority is a level from 0 to 7");
    levels |= 1u << task_priority<Task>;
  });
  return (levels & (levels - 1)) != 0;
}

/// Whose turn it is among the levels of one worker's tasks.
///
/// In each pass the levels are asked from the highest down. A level is passed over while one above it
/// had something to poll, but at most `patience` passes in a row.
///
/// Invariant:     of `patience` + 1 passes in a row every level is polled in at least one.
/// Called by:     all lanes of the worker, converged, with the same arguments.
/// Storage:       one register.
class level_turns {
 public:
  static constexpr std::uint32_t patience = 8;

  /// \param has_polled says whether a level above had something to poll in this pass.
  /// \returns whether the level is polled in this pass.
  template <std::uint32_t Level>
  [[nodiscard]] COWARP_FN bool is_up(bool has_polled) {
    constexpr std::uint32_t one = 1u << bits * Level;
    if (has_polled && passed_over_ / one % (1u << bits) < patience) {
      passed_over_ += one;
      return false;
    }
    passed_over_ &= ~(one * ((1u << bits) - 1));
    return true;
  }

 private:
  static constexpr std::uint32_t bits = 4;  // for each level
  static_assert(bits * priority_levels <= 32 && patience < 1u << bits);

  std::uint32_t passed_over_ = 0;  // passes in a row
};

}  // namespace detail
}  // namespace cowarp
