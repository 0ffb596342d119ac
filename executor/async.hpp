// SPDX-License-Identifier: Apache-2.0
/// \file
/// The coroutine dialect: async functions and task bodies as C++20 coroutines, without a heap.
#pragma once

#include <cowarp/platform/coroutine.hpp>

#if COWARP_HAS_COROUTINES

#  include <cowarp/executor/await_site.hpp>
#  include <cowarp/executor/frame_stack.hpp>
#  include <cowarp/executor/future.hpp>

#  include <cstddef>
#  include <source_location>
#  include <type_traits>
#  include <utility>

namespace cowarp {

template <class Value>
class async;

namespace detail {

/// A future that a coroutine waits for, as its executor sees it.
struct leaf_wait {
  bool (*poll)(leaf_wait&, context&);  // true once ready
};

/// Where a `co_await` stands, known to the compiler.
struct call_site {
  std::uint32_t value = 0;

  COWARP_FN COWARP_CALL_SITE_CONSTEVAL call_site(std::source_location where) {
    if constexpr (platform::notes_await_lines) {
      value = short_site(where.file_name(), static_cast<std::uint32_t>(where.line()));
    }
  }
};

/// One chain of coroutines that await each other: what to poll, and what to resume then.
///
/// Whoever drives the chain polls the leaf's future first and resumes the leaf only if that is
/// ready. A coroutine that ends names its caller as the next to resume; the driver's loop does it,
/// since tail calls between coroutines do not exist on a GPU.
///
/// Called by:     the lane that polls the task.
/// Storage:       32 bytes, in the task's slot or in the `async_future`.
struct coroutine_root {
  void* leaf;             // the coroutine to resume next
  leaf_wait* waiting;     // what it waits for; null: resume it at the next poll
  context cx;             // the poll under way, and what it noted
  std::uint32_t ascends;  // set by a coroutine that ended: `leaf` is its caller, resume it now
  std::uint32_t site;     // `short_site` of the innermost await, where those are noted

  COWARP_FN void start(void* coroutine, context at) {
    leaf    = coroutine;
    waiting = nullptr;
    cx      = at;
    ascends = 0;
    if constexpr (platform::notes_await_lines) site = 0;
  }

  COWARP_FN void note([[maybe_unused]] call_site where) {
    if constexpr (platform::notes_await_lines) site = where.value;
  }

  /// Polls once; afterwards the first coroutine of the chain may be done.
  COWARP_FN void poll(context& outer) {
    cx.renew(outer);
    if (waiting == nullptr || waiting->poll(*waiting, cx)) {
      do {  // whoever suspends next sets `waiting`
        set(ascends, 0u);
        std::coroutine_handle<>::from_address(leaf).resume();
      } while (ascends != 0);
    }
    outer.merge(cx);
  }

  /// Says that a coroutine of the chain waits. \param future what for; null: resume it at the next poll
  COWARP_FN void suspend(std::coroutine_handle<> coroutine, leaf_wait* future) {
    set(leaf, coroutine.address());
    set(waiting, future);
  }

  /// Stores what changes only: to a frame in global memory a store goes to L2, while a load stays in L1.
  template <class Member>
  static COWARP_FN void set(Member& member, std::type_identity_t<Member> value) {
    if (member != value) member = value;
  }
};

/// Awaits a future inside a coroutine; lives in the coroutine's frame during the await.
template <class Future>
class future_awaiter : leaf_wait {
 public:
  COWARP_FN future_awaiter(Future&& awaited, coroutine_root* root)
      : leaf_wait{&poll_awaited}, root_(root), awaited_(static_cast<Future&&>(awaited)) {}

  COWARP_FN bool await_ready() { return poll_awaited(*this, root_->cx); }
  COWARP_FN void await_suspend(std::coroutine_handle<> coroutine) {
    root_->suspend(coroutine, this);
  }
  COWARP_FN auto await_resume() { return std::move(*result_); }

 private:
  static COWARP_FN bool poll_awaited(leaf_wait& wait, context& cx) {
    auto& self = static_cast<future_awaiter&>(wait);
    if (auto ready = self.awaited_.poll(cx)) self.result_.emplace(std::move(*ready));
    return self.result_.has_value();
  }

  coroutine_root* root_;
  Future awaited_;  // an lvalue is awaited in place
  polled<typename std::remove_cvref_t<Future>::output> result_;
};

/// Awaits a future that is ready when resumed: needs no poll and no result; and no storage, which a
/// coroutine would fill anew at each await.
template <class Output>
class resumed_awaiter {
 public:
  COWARP_FN bool await_ready() const { return false; }
  template <class Promise>
  COWARP_FN void await_suspend(std::coroutine_handle<Promise> coroutine) const {
    coroutine_root& root = *coroutine.promise().root();
    root.suspend(coroutine, nullptr);
    root.cx.wake_self();
  }
  COWARP_FN Output await_resume() const { return {}; }
};

/// What the promises of tasks and of async functions share: how `co_await` finds the context.
class promise_base {
 public:
  COWARP_FN std::suspend_always initial_suspend() const noexcept { return {}; }
  COWARP_FN void unhandled_exception() const noexcept {
    platform::assertion_failed("no exception", "tasks and async functions may not throw", __FILE__,
                               __LINE__);
  }

  [[nodiscard]] COWARP_FN coroutine_root* root() const { return root_; }

  template <class Value>
  COWARP_FN async<Value>&& await_transform(
      async<Value>&& child, call_site where = call_site(std::source_location::current())) const {
    root_->note(where);
    child.join(root_);
    return static_cast<async<Value>&&>(child);
  }
  template <class Awaited>
  requires(requires(Awaited&& a) { into_future(static_cast<Awaited&&>(a)); }) COWARP_FN
      auto await_transform(Awaited&& awaited,
                           call_site where = call_site(std::source_location::current())) const {
    root_->note(where);
    using awaited_type = std::remove_cvref_t<Awaited>;
    if constexpr (resumes_ready<awaited_type>) {
      return resumed_awaiter<typename awaited_type::output>();
    } else if constexpr (std::is_lvalue_reference_v<Awaited>) {
      return future_awaiter<Awaited>(static_cast<Awaited&&>(awaited), root_);
    } else {
      return future_awaiter<future_of<Awaited>>(into_future(static_cast<Awaited&&>(awaited)),
                                                root_);
    }
  }

 protected:
  coroutine_root* root_;
};

COWARP_FN COWARP_COMPILE_ERROR(
    "cowarp: an async function's frame is not inside its caller's. co_await the call itself, "
    "declare the function inline or static, and compile with "
    "optimisation") void frame_not_embedded();

/// Storage of an async function's frame where it is not embedded in its caller's.
class awaited_frame {
 public:
  static COWARP_FN void* operator new(std::size_t bytes) {
    if constexpr (platform::embeds_awaited_frames && platform::on_device) {
      frame_not_embedded();
      return reinterpret_cast<void*>(bytes);
    } else {
      frame_stack* stack = platform::current_frame_stack();
      void* frame =
          stack != nullptr ? stack->allocate(bytes) : platform::allocate_outside_task(bytes);
      if (frame == nullptr) {
        platform::assertion_failed("the frame fits",
                                   "an awaited async function does not fit its "
                                   "task's frame stack: raise the task's frame bytes",
                                   __FILE__, __LINE__);
      }
      return frame;
    }
  }
  static COWARP_FN void operator delete(void* frame, std::size_t) {
    if constexpr (!platform::embeds_awaited_frames || !platform::on_device) {
      frame_stack* stack = platform::current_frame_stack();
      if (stack != nullptr && stack->owns(frame)) {
        stack->release(frame);
      } else {
        platform::release_outside_task(frame);
      }
    }
  }
};

template <class Value>
class async_result {
 public:
  template <class From>
  COWARP_FN void return_value(From&& value) {
    value_.emplace(static_cast<From&&>(value));
  }
  COWARP_FN Value take() { return std::move(*value_); }

 private:
  optional<Value> value_;
};

template <>
class async_result<unit> {
 public:
  COWARP_FN void return_void() const {}
  COWARP_FN unit take() const { return {}; }
};

}  // namespace detail

/// The return type of an async function: a coroutine that starts when it is awaited.
///
/// `co_await function(arguments)` inside a task or another async function runs it, and yields what
/// it returned with `co_return`; `async<>` returns nothing. With clang CUDA its frame stands inside
/// its caller's: declare such functions `inline` or `static` and await the call itself.
///
/// Called by:     the lane that polls the task.
/// Resumes on:    the executor's next poll of its task.
/// Storage:       one pointer; the frame is its caller's.
template <class Value = unit>
class COWARP_AWAIT_ELIDABLE async {
 public:
  using output = Value;

  class promise_type : public detail::promise_base,
                       public detail::async_result<Value>,
                       public detail::awaited_frame {
   public:
    COWARP_FN async get_return_object() {
      return async(std::coroutine_handle<promise_type>::from_promise(*this));
    }

    struct final_awaiter {
      COWARP_FN bool await_ready() const noexcept { return false; }
      COWARP_FN void await_suspend(std::coroutine_handle<promise_type> ended) const noexcept {
        ended.promise().ascend();
      }
      COWARP_FN void await_resume() const noexcept {}
    };
    COWARP_FN final_awaiter final_suspend() const noexcept { return {}; }

   private:
    friend class async;

    COWARP_FN void ascend() const {
      if (caller_ == nullptr) return;  // it ended inside its caller's `await_ready`
      this->root_->leaf    = caller_;
      this->root_->ascends = 1;
    }

    void* caller_ = nullptr;  // the coroutine that waits for this one, once it does
  };

  COWARP_FN async(async&& other) noexcept : coroutine_(other.coroutine_) {
    other.coroutine_ = nullptr;
  }
  COWARP_FN ~async() {
    if (coroutine_) coroutine_.destroy();
  }

  // As an awaiter. `await_transform` joined it to its caller's chain before.
  COWARP_FN bool await_ready() {
    coroutine_.resume();
    return coroutine_.done();
  }
  COWARP_FN void await_suspend(std::coroutine_handle<> caller) {
    coroutine_.promise().caller_ = caller.address();
  }
  COWARP_FN Value await_resume() { return coroutine_.promise().take(); }

  // For whoever drives it as a chain of its own: `async_future`.
  COWARP_FN void join(detail::coroutine_root* root) { coroutine_.promise().root_ = root; }
  [[nodiscard]] COWARP_FN void* address() const { return coroutine_.address(); }
  [[nodiscard]] COWARP_FN bool is_done() const { return coroutine_.done(); }
  COWARP_FN Value take() { return coroutine_.promise().take(); }

 private:
  COWARP_FN explicit async(std::coroutine_handle<promise_type> coroutine) : coroutine_(coroutine) {}

  std::coroutine_handle<promise_type> coroutine_;
};

/// An async function as a future, so that combinators can poll it beside others.
template <class Value>
class COWARP_AWAIT_ELIDABLE async_future {
 public:
  using output = Value;

  COWARP_FN explicit async_future(async<Value>&& coroutine)
      : coroutine_(static_cast<async<Value>&&>(coroutine)) {}

  COWARP_FN polled<Value> poll(context& cx) {
    if (!is_started_) {
      is_started_ = true;
      root_.start(coroutine_.address(), cx);
      coroutine_.join(&root_);
    }
    root_.poll(cx);
    if (!coroutine_.is_done()) return pending;
    return coroutine_.take();
  }

 private:
  async<Value> coroutine_;
  bool is_started_ = false;
  detail::coroutine_root root_;
};

/// \returns the async function as a future.
template <class Value>
[[nodiscard]] COWARP_FN async_future<Value> into_future(async<Value>&& coroutine) {
  return async_future<Value>(static_cast<async<Value>&&>(coroutine));
}

}  // namespace cowarp

/// The same as without, but for a look at the parameters.
template <class Value, class... Parameters>
struct std::coroutine_traits<cowarp::async<Value>, Parameters...> {
  static_assert((cowarp::platform::passes_by_value<Parameters> && ...),
                "async: clang passes classes to functions of a GPU as bytes, so a parameter with a "
                "destructor would be destroyed twice: write [[clang::trivial_abi]] in front of the "
                "name of its "
                "class, or pass a reference");
  using promise_type = typename cowarp::async<Value>::promise_type;
};

#endif  // COWARP_HAS_COROUTINES
