// SPDX-License-Identifier: Apache-2.0
/// \file
/// How a user declares a task, in either dialect, and what the executor asks of one.
#pragma once

#include <cowarp/executor/async.hpp>
#include <cowarp/executor/coroutine_task.hpp>
#include <cowarp/executor/frame.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <tuple>
#include <utility>

namespace cowarp {

/// What the executor asks of a task type: how many may live at once, and where one lives.
///
/// `storage` holds one task: `construct(arguments...)`, `poll(context&)` returns true once the task
/// is done, `destroy()` ends a task that is done, `cancel()` one that is not.
template <class Task>
concept task = requires(typename Task::storage& storage, context& cx) {
  { Task::pool_size } -> std::convertible_to<std::uint32_t>;
  { storage.poll(cx) } -> std::same_as<bool>;
  storage.destroy();
  storage.cancel();
};

namespace detail {

/// Holds one task of the state-machine dialect.
template <class Task>
class frame_storage {
 public:
  /// What a spawn from another block leaves for the owner to build the task from.
  struct remote_arguments_of {
    using type = Task;
  };

  template <class... Arguments>
  static constexpr bool accepts = requires(Arguments&&... a) {
    Task{{}, static_cast<Arguments&&>(a)...};
  };

  /// Members are initialised as the compiler does it, which warns of references to temporaries.
  template <class... Arguments>
  static constexpr bool dangle = false;

  template <class... Arguments>
  static COWARP_FN void construct_remote(void* at, Arguments&&... arguments) {
    ::new (at) Task{{}, static_cast<Arguments&&>(arguments)...};
  }

  template <class... Arguments>
  COWARP_FN void construct(Arguments&&... arguments) {
    ::new (static_cast<void*>(bytes_)) Task{{}, static_cast<Arguments&&>(arguments)...};
  }
  COWARP_FN void construct_from(Task& remote) {
    ::new (static_cast<void*>(bytes_)) Task(std::move(remote));
  }
  COWARP_FN bool poll(context& cx) { return frame().poll(cx).has_value(); }
  COWARP_FN auto poll_for_output(context& cx) { return frame().poll(cx); }
  COWARP_FN void destroy() { frame().~Task(); }
  COWARP_FN void cancel() {
    context cx = context::cancel();
    static_cast<void>(frame().poll(cx));
    destroy();
  }
  /// Says where a copy of the task waits; the host only.
  COWARP_FN void describe(site_list& to) { static_cast<void>(frame().poll(to)); }

 private:
  COWARP_FN Task& frame() { return *std::launder(reinterpret_cast<Task*>(bytes_)); }

  alignas(Task) unsigned char bytes_[sizeof(Task)];
};

/// The base of a task of the state-machine dialect.
template <class Task, std::uint32_t PoolSize, std::size_t AwaitBytes = default_await_bytes>
struct frame_task : frame_base<unit, AwaitBytes> {
  static_assert(PoolSize > 0, "a task's pool holds at least one task");
  static constexpr std::uint32_t pool_size = PoolSize;
  using storage                            = frame_storage<Task>;
};

/// The same for a task with a result, which may be spawned with a handle.
template <class Task, class Output, std::uint32_t PoolSize,
          std::size_t AwaitBytes = default_await_bytes>
struct joinable_frame_task : frame_base<Output, AwaitBytes> {
  static_assert(PoolSize > 0, "a task's pool holds at least one task");
  static constexpr std::uint32_t pool_size = PoolSize;
  static constexpr bool is_joinable        = true;
  using storage                            = frame_storage<Task>;
};

}  // namespace detail
}  // namespace cowarp

/// Declares a task of the state-machine dialect: COWARP_TASK_FRAME(name, pool size[, await bytes])
/// { arguments and other members; COWARP_BODY_BEGIN statements COWARP_BODY_END };
#define COWARP_TASK_FRAME(name, ...) struct name : ::cowarp::detail::frame_task<name, __VA_ARGS__>

/// Declares a task that yields an `output` with COWARP_RETURN(value) and may be spawned with a
/// `task_handle<output>`: COWARP_JOINABLE_TASK_FRAME(name, output, pool size[, await bytes])
#define COWARP_JOINABLE_TASK_FRAME(name, ...) \
  struct name : ::cowarp::detail::joinable_frame_task<name, __VA_ARGS__>
