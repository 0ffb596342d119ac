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

/// A future that a coroutine waits for, as whoever drives the coroutine sees it.
struct leaf_wait {
  bool (*poll)(leaf_wait&, context&);  // true once ready
  void* coroutine;                     // to resume then; known once it has suspended
};

/// What whoever drives a chain of coroutines does next: a pointer, and in its low bits what to do with it.
class chain_step {
 public:
  enum kind : std::uint32_t {
    later = 0,  // resume a coroutine at the next poll: it has yielded
    wait  = 1,  // poll a `leaf_wait`, and resume its coroutine once that is ready
    now   = 2,  // resume a coroutine: it begins, or what it awaited has ended
    end   = 4,  // nothing: the first coroutine of the chain has ended
  };

  chain_step() = default;  // unknown
  COWARP_FN chain_step(kind what, void* at)
      : word_(reinterpret_cast<std::uintptr_t>(at) | std::uintptr_t{what}) {}

  [[nodiscard]] COWARP_FN bool is(kind what) const {
    const auto bits = static_cast<std::uint32_t>(word_);
    return what == later ? (bits & kinds) == 0 : (bits & what) != 0;
  }
  [[nodiscard]] COWARP_FN void* at() const {
    return reinterpret_cast<void*>(word_ & ~std::uintptr_t{kinds});
  }
  /// The same for a step that is `later`, and of no use for another.
  [[nodiscard]] COWARP_FN void* at_later() const { return reinterpret_cast<void*>(word_); }

 private:
  static constexpr std::uint32_t kinds = wait | now | end;
  static_assert(alignof(leaf_wait) > kinds &&
                alignof(void*) > kinds);  // frames begin with pointers

  std::uintptr_t word_;
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

/// One chain of coroutines that await each other: what to do next.
///
/// Whoever drives the chain polls the future that its last coroutine waits for, and resumes that only if
/// it is ready. A coroutine that waits or ends says what is next; the driver's loop does it, since tail
/// calls between coroutines do not exist on a GPU.
///
/// Invariant:     while a coroutine runs, `next` says to resume it at the next poll, unless it says more: so
///                a coroutine that yields has nothing to store, and in global memory a store goes to L2.
/// Called by:     the lane that polls the task.
/// Storage:       40 bytes, in the task's slot or in the `async_future`.
struct coroutine_root {
  chain_step next;
  context cx;          // the poll under way, and what it noted
  std::uint32_t site;  // `short_site` of the innermost await, where those are noted

  COWARP_FN void start(void* coroutine) {
    next = {chain_step::now, coroutine};
    cx   = context();
    if constexpr (platform::notes_await_lines) site = 0;
  }

  COWARP_FN void note([[maybe_unused]] call_site where) {
    if constexpr (platform::notes_await_lines) site = where.value;
  }

  /// Polls once. \param outer takes over what was noted; once a chain has begun, of the same task
  /// \returns true once the first coroutine of the chain has ended
  COWARP_FN bool poll(context& outer) {
    chain_step step = next;
    void* coroutine = step.at_later();
    if (!step.is(chain_step::later)) {
      cx.renew(outer);
      coroutine = step.at();
      if (step.is(chain_step::wait)) {
        auto& awaited = *static_cast<leaf_wait*>(coroutine);
        if (!awaited.poll(awaited, cx)) {
          cx.hand_over(outer);
          return false;
        }
        coroutine = awaited.coroutine;
      }
      next = {chain_step::later, coroutine};
    }
    for (;;) {
      std::coroutine_handle<>::from_address(coroutine).resume();
      step = next;
      if (!step.is(chain_step::now)) break;
      coroutine = step.at();
      next      = {chain_step::later, coroutine};
    }
    if (cx.notes() != 0) cx.hand_over(outer);
    if (step.is(chain_step::later)) outer.wake_self();
    return step.is(chain_step::end);
  }
};

/// Awaits a future inside a coroutine; lives in the coroutine's frame during the await.
template <class Future>
class future_awaiter : leaf_wait {
 public:
  COWARP_FN future_awaiter(Future&& awaited, coroutine_root* root)
      : root_(root), awaited_(static_cast<Future&&>(awaited)) {
    this->poll = &poll_awaited;
  }

  COWARP_FN bool await_ready() { return poll_awaited(*this, root_->cx); }
  COWARP_FN void await_suspend(std::coroutine_handle<> suspended) {
    this->coroutine = suspended.address();
    root_->next     = {chain_step::wait, static_cast<leaf_wait*>(this)};
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
  COWARP_FN void await_suspend(std::coroutine_handle<>) const {}  // see `coroutine_root`
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

/// Stops a coroutine whose handle does not say where its frame begins.
COWARP_FN inline void check_frame_begins(bool does) {
  if (does) return;
  platform::assertion_failed(
      "a coroutine's handle says where its frame begins",
      "g++ 12 gets it wrong for a coroutine with `if (co_await ...)` outside of "
      "any loop or block: give the awaited value a name, and ask that",
      __FILE__, __LINE__);
}

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
      const auto coroutine = std::coroutine_handle<promise_type>::from_promise(*this);
      if constexpr (platform::allocates_all_frames) {
        const frame_stack* stack = platform::current_frame_stack();
        if (stack != nullptr) detail::check_frame_begins(stack->is_last(coroutine.address()));
      }
      return async(coroutine);
    }

    COWARP_FN std::suspend_always final_suspend() const noexcept {
      if (is_awaited_) this->root_->next = then_;
      return {};
    }

   private:
    friend class async;

    COWARP_FN void end_with(detail::chain_step then) {
      then_       = then;
      is_awaited_ = true;
    }

    detail::chain_step then_;
    bool is_awaited_ =
        false;  // else it ended inside its caller's `await_ready`, which goes on by itself
  };

  COWARP_FN async(async&& other) noexcept : coroutine_(other.coroutine_) {
    other.coroutine_ = nullptr;
  }
  COWARP_FN ~async() {
    if (coroutine_) coroutine_.destroy();
  }

  // As an awaiter. `await_transform` joined it to its caller's chain before.
  COWARP_FN bool await_ready() {
    detail::coroutine_root& root    = *coroutine_.promise().root();
    const detail::chain_step caller = root.next;
    root.next                       = {detail::chain_step::later, coroutine_.address()};
    coroutine_.resume();
    if (!coroutine_.done()) return false;
    root.next = caller;
    return true;
  }
  COWARP_FN void await_suspend(std::coroutine_handle<> caller) {
    coroutine_.promise().end_with({detail::chain_step::now, caller.address()});
  }
  COWARP_FN Value await_resume() { return coroutine_.promise().take(); }

  COWARP_FN void join(detail::coroutine_root* root) { coroutine_.promise().root_ = root; }

  // For whoever drives it as a chain of its own: `async_future`.
  COWARP_FN void begin_chain(detail::coroutine_root& root) {
    root.start(coroutine_.address());
    join(&root);
    coroutine_.promise().end_with({detail::chain_step::end, nullptr});
  }
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
      coroutine_.begin_chain(root_);
    }
    root_.cx.renew(cx);  // other than a task's, it may have become another's child
    if (!root_.poll(cx)) return pending;
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
