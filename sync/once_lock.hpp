// SPDX-License-Identifier: Apache-2.0
/// \file
/// A value that is set once and read by many.
#pragma once

#include <cowarp/platform/atomic.hpp>
#include <cowarp/sync/detail/permit_pool.hpp>

#include <concepts>
#include <cstdint>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace cowarp {

/// Holds a value that somebody sets once; until then readers wait in a queue, without polling.
///
/// ```text
///             init, get_or_init 1                 done 2
///   ┌───────┐ ─────────────────► ┌──────────────┐ ──────► ┌─────┐
///   │ empty │                    │ initialising │         │ set │
///   └───────┘ ◄───────────────── └──────────────┘         └──┬──┘
///       ▲     dropped, failed 3                      take 4  │
///       └────────────────────────────────────────────────────┘
/// ```
///
/// 1  one task gets the right to initialise; others who want it wait
/// 2  all who wait are let in
/// 3  the initialiser was cancelled, or failed: the right goes to the next who wants it
/// 4  the value is moved out; those who come from now on wait for the next
///
/// Invariant:     at most one task initialises; a value that is set does not change.
/// Called by:     any lane within `Scope`; any number of tasks.
/// Scope:         `Scope`; with `block` it lives in the block state.
/// Memory order:  the value, and what its initialiser wrote before, is visible to all who get it.
/// Resumes on:    the executor's next poll of the waiting task; at once if the value is set.
/// Progress:      one plain read if the value is set; a short spin lock otherwise. Initialisers run
///                outside of it and may await.
/// Storage:       40 bytes and the value; zero bytes are valid and empty. Waiting with `get`: 56
///                bytes. It must outlive the call that sets the value.
/// Fails:         `init` gives its value back if there is one already, or one on its way.
/// After Embassy's `OnceLock`, which waits by waking itself over and over.
template <class Value, scope Scope = scope::device>
class once_lock {
  using pool = detail::permit_pool<1, detail::service::greedy, Scope>;

  // Who asks for one permit wants to initialise; two are never there, only the closing of the pool.
  static constexpr std::uint32_t wants_right = 1;
  static constexpr std::uint32_t wants_value = 2;

 public:
  static constexpr scope primitive_scope = Scope;

  class get_future;
  template <class Init, bool MayFail = false>
  class init_future;

  COWARP_FN ~once_lock() {
    if (is_set()) slot().~Value();
  }

  /// Sets the value. \returns nothing; the value, if it was refused.
  [[nodiscard]] COWARP_FN polled<Value> init(Value&& value) {
    detail::permit_waiter request(wants_right);
    if (!pool_.try_take(request)) return polled<Value>(std::move(value));
    finish(std::move(value));
    return pending;
  }
  [[nodiscard]] COWARP_FN polled<Value> init(
      const Value& value) requires std::copy_constructible<Value> {
    return init(Value(value));
  }

  /// \returns a future of a pointer to the value.
  [[nodiscard]] COWARP_FN get_future get() { return get_future(*this); }

  /// \returns a future of a pointer to the value, which is `make()` if nobody has set it. \param make
  /// returns the value, or a future of it.
  template <class Init>
  [[nodiscard]] COWARP_FN init_future<Init> get_or_init(Init make) {
    return init_future<Init>(*this, std::move(make));
  }

  /// The same where making it may fail. \param make returns an optional, or a future of one; if that is empty the
  /// pointer is null, and the next who wants to make the value tries.
  template <class Init>
  [[nodiscard]] COWARP_FN init_future<Init, true> get_or_try_init(Init make) {
    return init_future<Init, true>(*this, std::move(make));
  }

  /// \returns a pointer to the value, or null.
  [[nodiscard]] COWARP_FN const Value* try_get() const {
    return is_set() ? std::addressof(slot()) : nullptr;
  }

  /// Takes the value out, and lets it be set anew. \pre nobody uses a pointer to it any more.
  [[nodiscard]] COWARP_FN polled<Value> take() {
    polled<Value> result;
    pool_.reopen_if([&] {
      if (!is_set()) return false;
      result.emplace(std::move(slot()));
      slot().~Value();
      // relaxed: whoever sees it looks again under the lock.
      is_set_.store(0, platform::relaxed);
      return true;
    });
    return result;
  }

  [[nodiscard]] COWARP_FN bool is_set() const {
    // acquire: shows the value.
    return is_set_.load(platform::acquire) != 0;
  }

 private:
  COWARP_FN Value& slot() const {
    return *std::launder(reinterpret_cast<Value*>(const_cast<unsigned char*>(bytes_)));
  }

  /// \pre the caller has the right to initialise, which ends here.
  COWARP_FN void finish(Value&& value) {
    ::new (static_cast<void*>(bytes_)) Value(std::move(value));
    pool_.close([&] {
      // release: publishes the value to those who do not look under the lock.
      is_set_.store(1, platform::release);
    });
  }

  pool pool_;  // one permit: the right to initialise; closed while the value is set
  platform::atomic_word<Scope> is_set_;
  alignas(Value) unsigned char bytes_[sizeof(Value)];
};

/// Waits until somebody has set the value.
template <class Value, scope Scope>
class once_lock<Value, Scope>::get_future {
 public:
  using output = const Value*;

  COWARP_FN explicit get_future(once_lock& from) : from_(from), wait_(from.pool_, wants_value) {}

  COWARP_FN polled<output> poll(context& cx) {
    for (;;) {
      if (const Value* value = from_.try_get()) return value;
      if (!wait_.poll(cx)) return pending;
      // It was set, and maybe taken since; then this waits for the next.
    }
  }

 private:
  once_lock& from_;
  detail::queued_wait<pool> wait_;
};

/// Waits for the value or for the right to make it, and makes it. Dropped while it makes the value,
/// it leaves that to the next.
template <class Value, scope Scope>
template <class Init, bool MayFail>
class COWARP_TRIVIAL_ABI once_lock<Value, Scope>::init_future {
 public:
  using output = const Value*;

  COWARP_FN init_future(once_lock& of, Init&& make)
      : of_(of), wait_(of.pool_, wants_right), make_(std::move(make)) {}
  init_future(init_future&&) = default;  // before the first poll only
  COWARP_FN ~init_future() {
    if (has_right_) give_up();
  }

  COWARP_FN polled<output> poll(context& cx) {
    while (!has_right_) {
      if (const Value* value = of_.try_get()) return value;
      if (!wait_.poll(cx)) return pending;
      has_right_ = !wait_.waiter().is_refused;
    }
    polled<made_value> made = make(cx);
    if (!made) return pending;
    if constexpr (MayFail) {
      if (!*made) {
        give_up();
        return polled<output>(in_place, nullptr);
      }
      has_right_ = false;
      of_.finish(std::move(**made));
    } else {
      has_right_ = false;
      of_.finish(std::move(*made));
    }
    return of_.try_get();
  }

 private:
  using made_type  = std::invoke_result_t<Init&>;
  using made_value = std::conditional_t<MayFail, polled<Value>, Value>;

  template <class Made>
  struct awaited_of {
    using type = optional<unit>;
  };
  template <class Made>
  requires(requires(Made&& made) {
    into_future(static_cast<Made&&>(made));
  }) struct awaited_of<Made> {
    using type = optional<detail::future_of<Made>>;
  };
  using awaited_type = typename awaited_of<made_type>::type;

  COWARP_FN void give_up() {
    has_right_ = false;
    awaited_.reset();
    of_.pool_.give(1);
  }

  COWARP_FN polled<made_value> make(context& cx) {
    if constexpr (std::is_same_v<awaited_type, optional<unit>>) {
      return polled<made_value>(in_place, make_());
    } else {
      if (!awaited_) awaited_.emplace(into_future(make_()));
      return awaited_->poll(cx);
    }
  }

  once_lock& of_;
  detail::queued_wait<pool> wait_;
  bool has_right_ = false;  // to initialise
  Init make_;
  awaited_type awaited_;  // what `make_` returned, if that is a future
};

}  // namespace cowarp
