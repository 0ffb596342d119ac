// SPDX-License-Identifier: Apache-2.0
/// \file
/// Functions that tasks want to run on a resource, run one at a time by the task that owns it.
#pragma once

#include <cowarp/sync/detail/waiting.hpp>

#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>

namespace cowarp {

/// Runs the functions that tasks `call` on a resource that only its owner touches.
///
/// ```text
///            call 1              serve 2                 serve 3
///   ┌──────┐ ─────► ┌─────────┐ ───────► ┌─────────────┐ ──────► ┌──────┐
///   │ idle │        │ queued  │          │ running, fn │         │ done │
///   └──────┘        └────┬────┘          │ at the owner│         └──────┘
///       ▲      drop 4    │               └──────┬──────┘
///       └────────────────┴───────────── drop 5 ─┘
/// ```
///
/// 1  the caller's future joins the queue; function and result stand in that future
/// 2  the owner takes the function out of it and runs it
/// 3  the result goes into the future, and the caller is woken
/// 4  a caller that gives up before its turn takes its function with it
/// 5  one that gives up meanwhile loses the result; the function runs to its end
///
/// Invariant:     one owner serves at a time, and one function runs at a time.
/// Called by:     `call`: any lane within `Scope`, any number of tasks; `serve`: any number of
///                tasks, of which the first serves and the others take over in order. A function
///                may not wait.
/// Scope:         `Scope`; with `block` it lives in the block state.
/// Memory order:  what a caller wrote before `call` is visible to its function, and what the
///                function wrote is visible to the caller once it has the result.
/// Resumes on:    the executor's next poll of the waiting task.
/// Progress:      a short spin lock, twice per function; callers are served first come first.
/// Storage:       64 bytes; zero bytes are valid, empty and open. A call: 48 bytes, the function
///                and its result. A function runs on the owner's stack, through a function pointer.
/// Fails:         `call` yields nothing if the service was closed before its turn.
/// Cancelling either side is safe: queued calls wait for the next `serve`. After Embassy's
/// `RpcService`, with a queue and an end. There is no `try_call`: without the owner's next poll
/// nothing can be done.
template <class Resource, scope Scope = scope::device>
class rpc_service : public detail::closable<rpc_service<Resource, Scope>, Scope> {
  class ownership;
  struct own_operation;
  template <class Fn>
  using result_of = std::conditional_t<std::is_void_v<std::invoke_result_t<Fn&, Resource&>>, unit,
                                       std::invoke_result_t<Fn&, Resource&>>;

 public:
  class serve_future;
  template <class Fn>
  class call_future;

  /// \returns a future of what `fn(Resource&)` returns (`unit` for nothing); empty if the service
  /// was closed before its turn.
  template <class Fn>
  [[nodiscard]] COWARP_FN call_future<Fn> call(Fn fn) {
    return call_future<Fn>(*this, std::move(fn));
  }

  /// \returns a future that serves calls with `resource` until the service is closed.
  [[nodiscard]] COWARP_FN serve_future serve(Resource& resource) {
    return serve_future(*this, resource);
  }

 private:
  friend class detail::closable<rpc_service, Scope>;

  /// What the owner does next: runs a call, ends, or, if neither, waits for one.
  struct step {
    step (*run)(rpc_service&, Resource&, context&);
    bool is_end;
  };

  /// A call, as the owner sees it.
  struct job : detail::waiter {
    decltype(step::run) run = nullptr;
  };

  [[nodiscard]] COWARP_FN job* first() { return static_cast<job*>(jobs_.first()); }

  /// \returns the next step; if there is none, the owner will be woken for it.
  COWARP_FN step next_step(context& cx) {
    if (this->is_closed_) return {nullptr, true};
    if (first() != nullptr) return {first()->run, false};
    owner_         = cx.task();
    is_owner_idle_ = true;
    return {nullptr, false};
  }

  COWARP_FN void call(detail::wake_list& woken) {
    owners_.call(this->is_closed_ ? detail::line::everyone : is_owned_ ? 0 : 1, woken);
    if (is_owner_idle_ && (this->is_closed_ || !jobs_.is_empty()) && woken.has_room()) {
      woken.add(owner_);
      is_owner_idle_ = false;
    }
    while (this->is_closed_ && !jobs_.is_empty() && woken.has_room()) {
      woken.add(jobs_.first()->task);
      jobs_.remove(*jobs_.first());
    }
  }

  bool is_owned_;
  bool is_owner_idle_;  // `owner_` is to be woken for the next call
  task_id owner_;
  job* running_;  // null also if its caller gave up
  detail::line owners_;
  detail::owned_queue jobs_;
};

/// The right to serve, held by one task at a time.
template <class Resource, scope Scope>
class COWARP_TRIVIAL_ABI rpc_service<Resource, Scope>::ownership {
 public:
  ownership() = default;
  COWARP_FN explicit ownership(rpc_service& of) : of_(std::addressof(of)) {}
  COWARP_FN ownership(ownership&& other) noexcept : of_(std::exchange(other.of_, nullptr)) {}
  COWARP_FN ownership& operator=(ownership&& other) noexcept {
    std::swap(of_, other.of_);
    return *this;
  }
  COWARP_FN ~ownership() {
    if (of_ == nullptr) return;
    of_->change([&] { of_->is_owned_ = of_->is_owner_idle_ = false; });
  }

  [[nodiscard]] COWARP_FN explicit operator bool() const { return of_ != nullptr; }

 private:
  rpc_service* of_ = nullptr;
};

template <class Resource, scope Scope>
struct rpc_service<Resource, Scope>::own_operation {
  using output = ownership;

  rpc_service& of;

  COWARP_FN detail::line& line() { return of.owners_; }
  COWARP_FN polled<output> attempt(const detail::waiter& place) {
    if (of.is_closed_) return polled<output>(in_place);
    if (!of.owners_.may_go(place, of.is_owned_ ? 0 : 1)) return pending;
    of.is_owned_ = true;
    return polled<output>(in_place, of);
  }
};

/// Serves calls; ready once the service is closed.
template <class Resource, scope Scope>
class rpc_service<Resource, Scope>::serve_future {
 public:
  using output = unit;

  COWARP_FN serve_future(rpc_service& of, Resource& resource)
      : of_(of), resource_(resource), turn_({of}) {}

  COWARP_FN polled<unit> poll(context& cx) {
    if (!owned_) {
      auto owned = turn_.poll(cx);
      if (!owned) return pending;
      if (!*owned) return unit{};
      owned_ = std::move(*owned);
    }
    step next{};
    of_.change([&] { next = of_.next_step(cx); });
    for (std::uint32_t i = 0; next.run != nullptr && i < most_at_once; ++i) {
      next = next.run(of_, resource_, cx);
    }
    if (next.is_end) return unit{};
    if (next.run != nullptr) cx.wake_self();
    return pending;
  }

 private:
  // The other tasks of the worker, and the lanes beside this one, wait for as long.
  static constexpr std::uint32_t most_at_once = 8;

  rpc_service& of_;
  Resource& resource_;
  detail::waiting<own_operation> turn_;
  ownership owned_;
};

/// Waits for its function's turn and result.
template <class Resource, scope Scope>
template <class Fn>
class COWARP_TRIVIAL_ABI rpc_service<Resource, Scope>::call_future {
 public:
  using output = polled<result_of<Fn>>;

  COWARP_FN call_future(rpc_service& at, Fn&& fn) : at_(at), job_(std::move(fn)) {}
  call_future(call_future&&) = default;  // before the first poll only
  COWARP_FN ~call_future() {
    if (!has_waited_) return;
    at_.change([&] {
      if (job_.is == detail::waiter::state::queued) at_.jobs_.remove(job_);
      if (at_.running_ == &job_) at_.running_ = nullptr;
    });
  }

  COWARP_FN polled<output> poll(context& cx) {
    polled<output> result;
    at_.change([&] {
      using state = detail::waiter::state;
      job_.task   = cx.task();
      if (at_.running_ == &job_) return;
      if (job_.is == state::notified || at_.is_closed_) {
        if (job_.is == state::queued) at_.jobs_.remove(job_);
        result.emplace(std::move(job_.result));
      } else if (job_.is == state::idle) {
        at_.jobs_.push_back(job_);
      }
    });
    has_waited_ = !result.has_value();
    return result;
  }

 private:
  struct typed_job : job {
    COWARP_FN explicit typed_job(Fn&& function) : fn(std::move(function)) {
      this->run = &run_first;
    }

    Fn fn;
    output result;
  };

  /// Runs the first call, if it is still one of this type. \returns the next step.
  static COWARP_FN step run_first(rpc_service& of, Resource& resource, context& cx) {
    polled<Fn> fn;
    typed_job* job = nullptr;
    step next{};
    of.change([&] {
      if (of.first() == nullptr || of.first()->run != &run_first) {
        next = of.next_step(cx);
        return;
      }
      job = static_cast<typed_job*>(of.first());
      of.jobs_.remove(*job);
      of.running_ = job;
      fn.emplace(std::move(job->fn));
    });
    if (job == nullptr) return next;
    auto result = invoke(*fn, resource);
    task_id caller{task_id::none};
    of.change([&] {
      if (of.running_ == job) {
        job->result.emplace(std::move(result));
        job->is = detail::waiter::state::notified;
        caller  = job->task;
      }
      of.running_ = nullptr;
      next        = of.next_step(cx);
    });
    wake(caller);
    return next;
  }

  static COWARP_FN result_of<Fn> invoke(Fn& fn, Resource& resource) {
    if constexpr (std::is_void_v<std::invoke_result_t<Fn&, Resource&>>) {
      fn(resource);
      return {};
    } else {
      return fn(resource);
    }
  }

  rpc_service& at_;
  typed_job job_;
  bool has_waited_ = false;  // the job may be known to the service
};

}  // namespace cowarp
