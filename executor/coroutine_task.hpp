// SPDX-License-Identifier: Apache-2.0
/// \file
/// A task whose body is a coroutine, in a slot of fixed size.
#pragma once

#include <cowarp/executor/async.hpp>

#if COWARP_HAS_COROUTINES

#  include <cstddef>
#  include <cstdint>
#  include <tuple>
#  include <utility>

namespace cowarp {

/// Room for the frame of a coroutine task that does not say how much it needs.
inline constexpr std::size_t default_frame_bytes = 248;

namespace detail {

template <class Task>
class coroutine_storage;

/// Called, and so reported by the compiler, if a task's frame does not fit its slot.
template <class Task, std::size_t FrameBytes>
COWARP_FN COWARP_COMPILE_ERROR(
    "cowarp: a task's frame does not fit its slot: give COWARP_TASK more frame bytes (its fourth "
    "argument; the function named here shows the task and what it has "
    "now)") void task_frame_too_large();

/// The return type of a coroutine task's body.
template <class Task>
class COWARP_AWAIT_ELIDABLE task_coroutine {
 public:
  class promise_type : public promise_base, public async_result<typename Task::output> {
   public:
    template <class... Arguments>
    COWARP_FN explicit promise_type(coroutine_storage<Task>& storage, Arguments&&...) noexcept {
      root_ = storage.root();
    }
    COWARP_FN task_coroutine get_return_object() noexcept {
      // A compiler takes a frame for memory that only its handle reaches: were the handle dropped, it
      // would drop what it writes into the frame as well.
      root_->start(std::coroutine_handle<promise_type>::from_promise(*this).address());
      return {};
    }
    COWARP_FN std::suspend_always final_suspend() const noexcept {
      root_->next = {chain_step::end, nullptr};
      return {};
    }

    template <class... Arguments>
    static COWARP_FN void* operator new(std::size_t bytes, coroutine_storage<Task>& storage,
                                        Arguments&&...) {
      if constexpr (platform::embeds_awaited_frames && platform::on_device) {
        if (bytes > Task::frame_bytes) task_frame_too_large<Task, Task::frame_bytes>();
      }
      return storage.allocate(bytes);
    }
    static COWARP_FN void operator delete(void*, std::size_t) {}
  };
};

/// Holds one task of the coroutine dialect.
///
/// Where awaited frames are embedded the slot is the root and the frame. Elsewhere frames are larger
/// and the functions that the body awaits need room of their own, so the slot is that much larger.
template <class Task>
class coroutine_storage {
 public:
  template <class... Arguments>
  static constexpr bool accepts = requires(coroutine_storage& s, Arguments&&... a) {
    Task::body(s, static_cast<Arguments&&>(a)...);
  };

  template <class... Arguments>
  COWARP_FN void construct(Arguments&&... arguments) {
    static_cast<void>(Task::body(*this, static_cast<Arguments&&>(arguments)...));
    if constexpr (!platform::embeds_awaited_frames) {
      check_frame_begins(root_.next.at() == frame_);
    }
  }
  COWARP_FN bool poll(context& cx) {
    if constexpr (!platform::embeds_awaited_frames) {
      frame_stack*& current = platform::current_frame_stack();
      frame_stack* outer    = current;
      current               = &extra_.stack;
      const bool has_ended  = root_.poll(cx);
      current               = outer;
      return has_ended;
    } else {
      return root_.poll(cx);
    }
  }
  COWARP_FN polled<typename Task::output> poll_for_output(context& cx) {
    if (!poll(cx)) return pending;
    using promise = typename task_coroutine<Task>::promise_type;
    return std::coroutine_handle<promise>::from_address(coroutine().address()).promise().take();
  }
  COWARP_FN void destroy() { cancel(); }
  COWARP_FN void cancel() {
    if constexpr (!platform::embeds_awaited_frames) {
      frame_stack*& current = platform::current_frame_stack();
      frame_stack* outer    = current;
      current               = &extra_.stack;
      coroutine().destroy();
      current = outer;
    } else {
      coroutine().destroy();
    }
  }

  /// Says where a copy of the task waits; the host only.
  COWARP_FN void describe(site_list& to) const {
    if constexpr (platform::notes_await_lines) {
      constexpr const char* file = Task::cowarp_file();
      const std::uint32_t line   = root_.site & 0xfffffu;
      // The innermost await may stand in a function of another file.
      to.add({line == 0 || root_.site == short_site(file, line) ? file : "(another file)", line});
    }
  }

  [[nodiscard]] COWARP_FN coroutine_root* root() { return &root_; }
  [[nodiscard]] COWARP_FN void* allocate(std::size_t bytes) {
    if constexpr (!platform::embeds_awaited_frames) {
      extra_.stack = frame_stack(extra_.bytes, sizeof extra_.bytes);
      if (bytes > sizeof frame_) {
        platform::assertion_failed("the frame fits",
                                   "a task's frame does not fit its slot: give "
                                   "COWARP_TASK more frame bytes (its fourth argument)",
                                   __FILE__, __LINE__);
      }
    }
    return frame_;
  }

  template <class Body>
  struct parameters_of;
  template <class... Parameters>
  struct parameters_of<task_coroutine<Task> (*)(coroutine_storage&, Parameters...)> {
    static_assert(
        (platform::passes_by_value<Parameters> && ...),
        "COWARP_TASK: clang passes classes to functions of a GPU as bytes, so a parameter with a "
        "destructor would be destroyed twice: write [[clang::trivial_abi]] in front of "
        "the name of its class, or pass a reference to one that stands elsewhere");
    using type = std::tuple<Parameters...>;
    /// True if a reference parameter would refer to a temporary argument.
    template <class... Arguments>
    static constexpr bool dangle =
        ((std::is_reference_v<Parameters> && !std::is_lvalue_reference_v<Arguments>) || ...);
  };
  template <class... Arguments>
  static constexpr bool dangle =
      parameters_of<decltype(&Task::body)>::template dangle<Arguments...>;

  /// What a spawn from another block leaves for the owner to build the task from.
  struct remote_arguments_of {
    using type = typename parameters_of<decltype(&Task::body)>::type;
  };

  template <class... Arguments>
  static COWARP_FN void construct_remote(void* at, Arguments&&... arguments) {
    using parameters = typename parameters_of<decltype(&Task::body)>::type;
    ::new (at) parameters(static_cast<Arguments&&>(arguments)...);
  }
  template <class Parameters>
  COWARP_FN void construct_from(Parameters& remote) {
    std::apply(
        [this](auto&&... parameters) {
          this->construct(static_cast<decltype(parameters)>(parameters)...);
        },
        std::move(remote));
  }

 private:
  struct nothing {};
  struct more_room {
    frame_stack stack{nullptr, 0};
    alignas(16) unsigned char bytes[Task::frame_bytes * 8 + 2048];
  };
  static constexpr std::size_t frame_bytes =
      platform::embeds_awaited_frames ? Task::frame_bytes : Task::frame_bytes * 4 + 1024;

  COWARP_FN std::coroutine_handle<> coroutine() {
    return std::coroutine_handle<>::from_address(platform::hide_origin(frame_));
  }

  coroutine_root root_;
  alignas(platform::embeds_awaited_frames ? 8 : 16) unsigned char frame_[frame_bytes];
  [[no_unique_address]] std::conditional_t<platform::embeds_awaited_frames, nothing, more_room>
      extra_;
};

/// The base of a task of the coroutine dialect.
template <class Task, std::uint32_t PoolSize, std::size_t FrameBytes = default_frame_bytes>
struct coroutine_task {
  static_assert(PoolSize > 0, "a task's pool holds at least one task");
  static constexpr std::uint32_t pool_size = PoolSize;
  static constexpr std::size_t frame_bytes = (FrameBytes + 7) / 8 * 8;
  using output                             = unit;
  using storage                            = coroutine_storage<Task>;
};

/// The same for a task with a result, which may be spawned with a handle.
template <class Task, class Output, std::uint32_t PoolSize,
          std::size_t FrameBytes = default_frame_bytes>
struct joinable_coroutine_task : coroutine_task<Task, PoolSize, FrameBytes> {
  static constexpr bool is_joinable = true;
  using output                      = Output;
};

}  // namespace detail
}  // namespace cowarp

#  define COWARP_DETAIL_PARAMETERS(...) __VA_OPT__(, ) __VA_ARGS__

#  define COWARP_DETAIL_TASK(name, parameters, ...)                                          \
    struct name : __VA_ARGS__ {                                                              \
      static constexpr const char* cowarp_file() { return __FILE__; }                        \
      static COWARP_FN ::cowarp::detail::task_coroutine<name> body(                          \
          ::cowarp::detail::coroutine_storage<name>& COWARP_DETAIL_PARAMETERS parameters);   \
    };                                                                                       \
    inline COWARP_FN ::cowarp::detail::task_coroutine<name> name::body(                      \
        [[maybe_unused]] ::cowarp::detail::coroutine_storage<name>& COWARP_DETAIL_PARAMETERS \
            parameters)

/// Declares a task of the coroutine dialect:
/// COWARP_TASK(name, pool size, (parameters)[, frame bytes]) { body with co_await and co_return }
#  define COWARP_TASK(name, pool, parameters, ...) \
    COWARP_DETAIL_TASK(name, parameters,           \
                       ::cowarp::detail::coroutine_task<name, pool __VA_OPT__(, ) __VA_ARGS__>)

/// Declares a task that yields an `output` with `co_return value` and may be spawned with a
/// `task_handle<output>`: COWARP_JOINABLE_TASK(name, output, pool size, (parameters)[, frame bytes])
#  define COWARP_JOINABLE_TASK(name, output, pool, parameters, ...) \
    COWARP_DETAIL_TASK(                                             \
        name, parameters,                                           \
        ::cowarp::detail::joinable_coroutine_task<name, output, pool __VA_OPT__(, ) __VA_ARGS__>)

#endif  // COWARP_HAS_COROUTINES
