// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a task can ask about itself: its id, and the name of its type.
#pragma once

#include <cowarp/executor/future.hpp>
#include <cowarp/executor/type_name.hpp>

#include <string_view>

namespace cowarp {

/// \returns the name of a task's type with its namespaces, or the one that you gave it:
///
/// ```cpp
/// template <>
/// COWARP_FN constexpr std::string_view cowarp::task_name<produce>() { return "producer"sv; }
/// ```
///
/// Called by:     host thread or any lane. It looks through a text, so do not call it all the time.
/// Storage:       the text lives as long as the program.
template <class Task>
[[nodiscard]] COWARP_FN constexpr std::string_view task_name() {
  return detail::type_name<Task>();
}

/// The id of the task that awaits it, at once. `spawner::name_of` tells whose id it is.
///
/// An id names a slot, so it is unique among the tasks that live at the same time.
class this_task {
 public:
  using output = task_id;

  COWARP_FN polled<task_id> poll(context& cx) const {
    return cx.task().is_none() ? cx.task() : cx.task().whole();
  }
};

}  // namespace cowarp
