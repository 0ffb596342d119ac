// SPDX-License-Identifier: Apache-2.0
/// \file
/// The state-machine dialect: a future whose body is a resumable `switch`, for every compiler.
#pragma once

#include <cowarp/executor/await_site.hpp>
#include <cowarp/executor/future.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace cowarp {

/// Room for the awaited future of a frame that does not say how much it needs.
inline constexpr std::size_t default_await_bytes = 64;

/// What COWARP_TASK_FRAME and COWARP_ASYNC_FRAME put in front of the members that the user writes:
/// where the body goes on, and room for the one future it is awaiting.
///
/// Members have a prefix, since the user's share their scope.
///
/// Invariant:     `awaited_` holds a future exactly while the body is suspended.
/// Called by:     the lane that polls the task.
/// Storage:       8 + `AwaitBytes` bytes inside the frame.
template <class Output, std::size_t AwaitBytes = default_await_bytes>
class COWARP_TRIVIAL_ABI frame_base {
 public:
  using output = Output;

  // Neither touches the room for awaited futures: a frame is built and moved before its first poll.
  COWARP_FN frame_base() {}
  COWARP_FN frame_base(frame_base&&) noexcept {}

 protected:
  /// Begins an await. \returns true if the body must suspend before the first `poll` of the future.
  template <class Future, class Awaited>
  COWARP_FN bool cowarp_begin_await([[maybe_unused]] context& cx,
                                    [[maybe_unused]] Awaited&& awaited) {
    if constexpr (detail::resumes_ready<Future>) {
      cx.wake_self();
      return true;
    } else {
      static_assert(sizeof(Future) <= AwaitBytes,
                    "this await needs more room than its frame keeps for one: give the frame a "
                    "larger last argument (await bytes)");
      static_assert(alignof(Future) <= alignof(std::max_align_t),
                    "an awaited future may not be over-aligned");
      [[maybe_unused]] auto* const placed =
          ::new (static_cast<void*>(awaited_)) Future(static_cast<Awaited&&>(awaited));
      if constexpr (detail::polled_in_parts<Future>) {
        return placed->begin_poll(cx);
      } else {
        return false;
      }
    }
  }

  /// Polls the awaited future and ends the await if it is ready or the frame is taken apart. \returns true if it is ready;
  /// else `cowarp_stay` follows. \param result for `cowarp_take`
  template <class Future>
  COWARP_FN bool cowarp_step(context& cx, polled<typename Future::output>& result) {
    if constexpr (detail::polled_in_parts<Future>) {
      return !cx.is_cancelling() && cowarp_awaited<Future>().is_ready();
    } else if constexpr (detail::resumes_ready<Future>) {
      if (cx.is_cancelling()) {
        detail::describe<Future>(cx, nullptr);
        return false;
      }
      result.emplace();
      return true;
    } else {
      Future& awaited = cowarp_awaited<Future>();
      if (cx.is_cancelling()) {
        if (!detail::describe(cx, &awaited)) awaited.~Future();
        return false;
      }
      result = awaited.poll(cx);
      if constexpr (!detail::spent_when_ready<Future>) {
        if (result) awaited.~Future();
      }
      return result.has_value();
    }
  }
  /// What is left to do where `cowarp_step` returned false.
  template <class Future>
  COWARP_FN void cowarp_stay([[maybe_unused]] context& cx) {
    if constexpr (detail::polled_in_parts<Future>) {
      Future& awaited = cowarp_awaited<Future>();
      if (!cx.is_cancelling()) {
        static_cast<void>(awaited.poll(cx));
      } else if (!detail::describe(cx, &awaited)) {
        awaited.~Future();
      }
    }
  }
  /// \returns the output where `cowarp_step` returned true.
  template <class Future>
  COWARP_FN typename Future::output cowarp_take(polled<typename Future::output>& result) {
    if constexpr (detail::polled_in_parts<Future>) {
      Future& awaited = cowarp_awaited<Future>();
      if constexpr (detail::spent_when_ready<Future>) {
        return awaited.take();
      } else {
        typename Future::output output = awaited.take();
        awaited.~Future();
        return output;
      }
    } else {
      return std::move(*result);
    }
  }

  /// Begins to take the frame apart, or says where it is. \returns true if there is nothing below.
  COWARP_FN bool cowarp_take_apart([[maybe_unused]] context& cx,
                                   [[maybe_unused]] const char* file) {
    if constexpr (!platform::on_device) {
      if (cx.is_describing()) static_cast<detail::site_list&>(cx).add({file, cowarp_resume_point_});
    }
    return cowarp_resume_point_ == 0;
  }

  /// The answer of a body that ends, with or without a value.
  COWARP_FN static polled<Output> cowarp_finish() {
    static_assert(std::is_same_v<Output, unit>,
                  "this body must end with COWARP_RETURN(value) on every path");
    return Output{};
  }
  template <class Value>
  COWARP_FN static polled<Output> cowarp_finish(Value&& value) {
    return polled<Output>(static_cast<Value&&>(value));
  }
  /// Where a body with an output ends without COWARP_RETURN.
  COWARP_FN static polled<Output> cowarp_fall_off() {
    if constexpr (std::is_same_v<Output, unit>) {
      return Output{};
    } else {
      COWARP_ASSERT(false, "a body with an output must end with COWARP_RETURN(value)");
      return pending;
    }
  }

  std::uint32_t cowarp_resume_point_ = 0;  // line of the await to go on at; 0 before the first poll

 private:
  template <class Future>
  COWARP_FN Future& cowarp_awaited() {
    return *std::launder(reinterpret_cast<Future*>(awaited_));
  }

  alignas(8) unsigned char awaited_[AwaitBytes];
};

/// A call of an async frame: builds the frame, polls it, and takes it apart if dropped early.
///
/// Made by `call<Frame>(arguments...)`.
template <class Frame>
class COWARP_TRIVIAL_ABI frame_call {
 public:
  using output = typename Frame::output;

  template <class... Arguments>
  COWARP_FN explicit frame_call(in_place_t, Arguments&&... arguments)
      : frame_{{}, static_cast<Arguments&&>(arguments)...} {}
  frame_call(frame_call&&) = default;  // before the first poll only
  COWARP_FN ~frame_call() {
    if (!is_running_) return;
    context cx = context::cancel();
    static_cast<void>(frame_.poll(cx));
  }

  /// Says where the frame waits, if it does.
  COWARP_FN void cowarp_describe(context& cx) {
    if (is_running_) static_cast<void>(frame_.poll(cx));
  }

  COWARP_FN polled<output> poll(context& cx) {
    is_running_           = true;
    polled<output> result = frame_.poll(cx);
    if (result) is_running_ = false;
    return result;
  }

 private:
  Frame frame_;
  bool is_running_ = false;
};

/// \returns the future of the async frame `Frame` with these values for its first members.
template <class Frame, class... Arguments>
[[nodiscard]] COWARP_FN frame_call<Frame> call(Arguments&&... arguments) {
  static_assert(
      requires {
        Frame{{}, std::declval<Arguments>()...};
      },
      "call: the arguments do not match the frame's first members");
  return frame_call<Frame>(in_place, static_cast<Arguments&&>(arguments)...);
}

}  // namespace cowarp

// ---- the macros of the state-machine dialect -----------------------------------------------------

/// Declares an async function with an output: COWARP_ASYNC_FRAME(name, output[, await bytes]) {
/// members; COWARP_BODY_BEGIN statements COWARP_BODY_END };
#define COWARP_ASYNC_FRAME(name, ...) struct name : ::cowarp::frame_base<__VA_ARGS__>

/// Begins the body of a frame. Inside, `return` is spelled COWARP_RETURN.
#define COWARP_BODY_BEGIN                                                                \
  COWARP_FN ::cowarp::polled<output> poll(::cowarp::context& cowarp_cx) {                \
    if (cowarp_cx.is_cancelling() && this->cowarp_take_apart(cowarp_cx, __FILE__)) {     \
      return ::cowarp::pending;                                                          \
    }                                                                                    \
    ::std::uint32_t cowarp_at = this->cowarp_resume_point_;                              \
    switch (cowarp_at) {                                                                 \
      default:                                                                           \
        COWARP_ASSERT(false, "an await may not stand inside a switch: use if and else"); \
        ::cowarp::platform::unreachable();                                               \
      case 0:;

/// Ends the body of a frame.
#define COWARP_BODY_END           \
  }                               \
  return this->cowarp_fall_off(); \
  }

/// Ends the task or async function early, with the value of its output if it has one.
#define COWARP_RETURN(...) return this->cowarp_finish(__VA_ARGS__)

#define COWARP_DETAIL_AWAIT(take, ...)                                                            \
  do {                                                                                            \
    static_assert(::cowarp::detail::awaitable<decltype((__VA_ARGS__))>,                           \
                  "this expression cannot be awaited: it must be a future, a type with `output` " \
                  "and `poll(context&)`");                                                        \
    static_assert(::std::is_same_v<decltype(::cowarp::into_future(__VA_ARGS__)),                  \
                                   decltype(::cowarp::into_future(__VA_ARGS__))>,                 \
                  "an awaited expression may not contain a lambda: use a function object");       \
    if (cowarp_at != __LINE__) this->cowarp_resume_point_ = cowarp_at = __LINE__;                 \
    if (this->template cowarp_begin_await<::cowarp::detail::future_of<decltype((__VA_ARGS__))>>(  \
            cowarp_cx, ::cowarp::into_future(__VA_ARGS__))) {                                     \
      return ::cowarp::pending;                                                                   \
    }                                                                                             \
    [[fallthrough]];                                                                              \
    case __LINE__: {                                                                              \
      using cowarp_future = ::cowarp::detail::future_of<decltype((__VA_ARGS__))>;                 \
      ::cowarp::polled<typename cowarp_future::output> cowarp_result;                             \
      if (!this->template cowarp_step<cowarp_future>(cowarp_cx, cowarp_result)) {                 \
        this->template cowarp_stay<cowarp_future>(cowarp_cx);                                     \
        return ::cowarp::pending;                                                                 \
      }                                                                                           \
      take(this->template cowarp_take<cowarp_future>(cowarp_result));                             \
    }                                                                                             \
  } while (false)

/// Awaits a future inside a body and drops its value. One await per source line.
#define COWARP_AWAIT(...) COWARP_DETAIL_AWAIT(static_cast<void>, __VA_ARGS__)

/// Awaits a future inside a body and assigns its value to `target`, a member of the frame.
#define COWARP_AWAIT_INTO(target, ...) COWARP_DETAIL_AWAIT(target =, __VA_ARGS__)
