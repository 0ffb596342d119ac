// SPDX-License-Identifier: Apache-2.0
/// \file
/// A value that the first task to need it makes.
#pragma once

#include <cowarp/sync/once_lock.hpp>

#include <type_traits>

namespace cowarp {

/// A value made by `Init()()` on first use; tasks that come meanwhile wait in a queue.
///
/// `Init` is a type without members whose call returns the value, or a future of it.
///
/// Invariant:     `Init` runs to its end once; a task cancelled while it runs it leaves that to the
///                next.
/// Called by:     any lane within `Scope`; any number of tasks.
/// Scope:         `Scope`; with `block` it lives in the block state.
/// Memory order:  the value, and what `Init` wrote, is visible to all who get it.
/// Resumes on:    the executor's next poll of the waiting task; at once once the value is there.
/// Progress:      one plain read once the value is there; a short spin lock before. `Init` runs
///                outside of it and may await.
/// Storage:       40 bytes and the value; zero bytes are valid, not made yet.
/// After Embassy's `LazyLock`, which holds all others up while the value is made.
template <class Value, class Init, scope Scope = scope::device>
class lazy_lock {
  static_assert(std::is_empty_v<Init>,
                "lazy_lock: Init is a type without members: a call of it "
                "makes the value");

 public:
  static constexpr scope primitive_scope = Scope;

  using get_future = typename once_lock<Value, Scope>::template init_future<Init>;

  /// \returns a future of a pointer to the value, which it makes if nobody has.
  [[nodiscard]] COWARP_FN get_future get() { return value_.get_or_init(Init()); }

  /// \returns a pointer to the value, or null if it is not made yet.
  [[nodiscard]] COWARP_FN const Value* try_get() const { return value_.try_get(); }

 private:
  once_lock<Value, Scope> value_;
};

}  // namespace cowarp
