// SPDX-License-Identifier: Apache-2.0
/// \file
/// Guards: what a task holds while it holds a lock, and the futures that yield them.
#pragma once

#include <cowarp/sync/detail/permit_pool.hpp>

#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>

namespace cowarp::detail {

/// Access to a locked value; unlocks when destroyed. An empty one holds nothing.
///
/// It may be kept across awaits, moved, and handed to another task within the lock's scope.
///
/// Called by:     one task at a time.
/// Storage:       16 bytes; the lock must outlive it.
template <class Value, class Pool, std::uint32_t Permits>
class COWARP_TRIVIAL_ABI held {
 public:
  held() = default;
  COWARP_FN held(Pool& pool, Value& value) : pool_(&pool), value_(std::addressof(value)) {}
  COWARP_FN held(held&& other) noexcept
      : pool_(std::exchange(other.pool_, nullptr)), value_(other.value_) {}
  COWARP_FN held& operator=(held&& other) noexcept {
    if (this == &other) return *this;
    unlock();
    pool_  = std::exchange(other.pool_, nullptr);
    value_ = other.value_;
    return *this;
  }
  COWARP_FN ~held() { unlock(); }

  /// Unlocks now; the guard is empty then.
  COWARP_FN void unlock() {
    if (pool_ != nullptr) std::exchange(pool_, nullptr)->give(Permits);
  }

  /// Keeps the lock and shows only a part of the value. \param part takes the value and returns a
  /// reference into it.
  template <class Part>
  [[nodiscard]] COWARP_FN auto map(Part part) && {
    using part_type = std::remove_reference_t<decltype(part(*value_))>;
    held<part_type, Pool, Permits> result(*pool_, part(**this));
    pool_ = nullptr;
    return result;
  }

  /// Keeps `Fewer` permits, to read, and gives back the rest.
  template <std::uint32_t Fewer>
  [[nodiscard]] COWARP_FN held<const Value, Pool, Fewer> keep() && {
    held<const Value, Pool, Fewer> result(*pool_, **this);
    std::exchange(pool_, nullptr)->give(Permits - Fewer);
    return result;
  }

  [[nodiscard]] COWARP_FN bool has_lock() const { return pool_ != nullptr; }
  [[nodiscard]] COWARP_FN Value& operator*() const {
    COWARP_ASSERT(pool_ != nullptr, "an empty guard shows nothing: lock first");
    return *value_;
  }
  [[nodiscard]] COWARP_FN Value* operator->() const { return std::addressof(**this); }

 private:
  Pool* pool_   = nullptr;  // null: holds nothing
  Value* value_ = nullptr;
};

/// Waits for a lock; its output is the guard. Dropped after it was given the lock, it hands it on.
template <class Value, class Pool, std::uint32_t Permits>
class held_future {
 public:
  using output = held<Value, Pool, Permits>;

  COWARP_FN held_future(Pool& pool, Value& value) : wait_(pool, Permits), value_(value) {}

  COWARP_FN polled<output> poll(context& cx) {
    if (!wait_.poll(cx)) return pending;
    return polled<output>(in_place, wait_.source(), value_);
  }

 private:
  queued_wait<Pool> wait_;
  Value& value_;
};

/// Locks without waiting.
template <std::uint32_t Permits, class Value, class Pool>
[[nodiscard]] COWARP_FN polled<held<Value, Pool, Permits>> try_hold(Pool& pool, Value& value) {
  permit_waiter request(Permits);
  if (!pool.try_take(request)) return pending;
  return polled<held<Value, Pool, Permits>>(in_place, pool, value);
}

}  // namespace cowarp::detail
