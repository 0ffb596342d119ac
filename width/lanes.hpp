// SPDX-License-Identifier: Apache-2.0
/// \file
/// Awaiting a function that all lanes of the worker run.
#pragma once

#include <cowarp/executor/fail.hpp>
#include <cowarp/executor/future.hpp>
#include <cowarp/executor/lane.hpp>
#include <cowarp/executor/width_request.hpp>

#include <concepts>
#include <source_location>
#include <type_traits>
#include <utility>

namespace cowarp {

/// \returns the pointer itself, for use inside `lanes`: a pointer into shared memory that came out of a
/// frame. The compiler then uses the instructions made for it, not those that ask where it points.
template <class Value>
[[nodiscard]] COWARP_FN Value* in_shared(Value* pointer) {
  return platform::in_shared(pointer);
}

namespace detail {

/// Keeps what the leader's call returned until the task is polled. A base, so that without a result it takes no
/// room; as an empty [[no_unique_address]] member it makes nvcc 13.0 copy the class twice as far as it reaches.
template <class Value>
class leader_result {
 public:
  template <class Call>
  COWARP_FN void keep(bool is_leader, Call call) {
    Value value = call();
    if (is_leader) value_.emplace(std::move(value));
  }
  COWARP_FN Value take() { return std::move(*value_); }

 private:
  optional<Value> value_;
};

template <>
class leader_result<void> {
 public:
  template <class Call>
  COWARP_FN void keep(bool, Call call) {
    call();
  }
  COWARP_FN unit take() const { return {}; }
};

}  // namespace detail

/// Waits until all lanes of the worker have run a function; made by `lanes(fn)`.
///
/// The task is scalar, polled by one lane. `fn(lane)` runs on all lanes of the worker, converged,
/// once the polls of the task's word are through, so the collectives of a warp are legal in it. What
/// it captures by reference stands in the task's frame, which all lanes reach, and the task is not
/// polled meanwhile; lanes that write the same place race, as in any kernel. Its output is what the
/// leading lane's call returned.
///
/// Invariant:     the function has run once on each lane when the future is ready, or on none if it
///                was destroyed in the poll that asked.
/// Called by:     any task of a program with `uses_width`. On a host thread, outside a task, it runs
///                at the first poll.
/// Scope:         block.
/// Memory order:  what the task wrote before is visible to all lanes; what they wrote, to the task
///                after the await.
/// Resumes on:    at once, up to seven times in a pass; else the next pass of the worker.
/// Progress:      requests of a word are served one after the other, each to its end; `fn` must not
///                wait for a task of its own worker.
/// Storage:       4 bytes, the function object, and the output.
/// Fails:         without `uses_width` the program ends as failed, and says so.
template <class Fn, class Lane = lane>
class COWARP_TRIVIAL_ABI lanes_future
    : detail::width_request,
      detail::leader_result<std::invoke_result_t<const Fn&, Lane>> {
  static_assert(
      std::invocable<const Fn&, Lane>,
      "lanes: the function takes a cowarp::lane, and all lanes call it at once, so it must be "
      "callable as const");
  using result      = std::invoke_result_t<const Fn&, Lane>;
  using result_base = detail::leader_result<result>;

 public:
  using output = std::conditional_t<std::is_void_v<result>, unit, result>;

  static constexpr bool is_spent_when_ready =
      std::is_trivially_destructible_v<Fn> && std::is_trivially_destructible_v<result_base>;

  COWARP_FN explicit lanes_future(Fn&& fn) : fn_(std::move(fn)) {}
  // Before the first poll only, so nothing else moves: no copy of padding, for which nvcc takes a stack.
  COWARP_FN lanes_future(lanes_future&& other) noexcept : fn_(std::move(other.fn_)) {}
  COWARP_FN ~lanes_future() {
    if (now == stage::asked) detail::withdraw(*this);
  }

  COWARP_FN polled<output> poll(context& cx) {
    if (is_ready()) return take();
    if (now == stage::unseen && !begin_poll(cx)) return take();
    return pending;
  }

  // A poll in parts: see `detail::polled_in_parts`.
  COWARP_FN bool begin_poll(context& cx) {
    if constexpr (!platform::on_device) {
      if (cx.task().is_none()) {
        run_on_lane(*this, 0);
        now = stage::served;
        return false;
      }
    }
    ask(cx);
    return true;
  }
  [[nodiscard]] COWARP_FN bool is_ready() const { return now == stage::served; }
  [[nodiscard]] COWARP_FN output take() { return result_base::take(); }

 private:
  using stage = detail::width_request::stage;

  COWARP_FN void ask(context& cx) {
    COWARP_ASSERT(
        !platform::is_on_stack(this),
        "lanes: the future stands on one lane's stack, where others cannot reach it: await it "
        "in a task, whose frame is in memory");
    if (!cx.serves_width() || (Lane::is_of_block && !detail::can_ask_block())) {
      return refuse(cx.task());
    }
    const bool is_free = !cx.has_asked_for_width();
    is_for_block       = Lane::is_of_block;
    slot               = static_cast<std::uint16_t>(cx.task().slot());
    now                = is_free ? stage::asked : stage::unseen;
    // Else another future of this task is before us.
    if (is_free) cx.ask_for_width() = {this, &run_on_lane};
    // It is served before the next poll, in which whoever polls children must poll this one.
    if (!is_free || cx.task().child() != 0) cx.wake_self();
  }

  static COWARP_FN void refuse(task_id task) {
    if (task.is_none()) return;
    constexpr auto here = std::source_location::current();
    detail::record_failure(
        task,
        Lane::is_of_block ? "block: the program does not serve it: give it `static constexpr bool "
                            "uses_block = true;`"
                          : "lanes: the program does not serve width: give it `static constexpr "
                            "bool uses_width = true;`",
        here.file_name(), here.line());
  }

  static COWARP_FN void run_on_lane(detail::width_request& request, std::uint32_t index) {
    auto& self = static_cast<lanes_future&>(request);
    const Lane l{index};
    if constexpr (std::is_trivially_copyable_v<Fn>) {
      // Each lane's own copy: what it captured need not be read again after every write to memory.
      const Fn fn = self.fn_;
      self.keep(l.is_leader(), [&]() -> result { return fn(l); });
    } else {
      self.keep(l.is_leader(), [&]() -> result { return std::as_const(self.fn_)(l); });
    }
  }

  Fn fn_;
};

/// \returns a future of what `fn(lane)` returned in the leading lane, once all lanes of the worker
/// have run it.
template <class Fn>
[[nodiscard]] COWARP_FN lanes_future<Fn> lanes(Fn fn) {
  return lanes_future<Fn>(std::move(fn));
}

}  // namespace cowarp
