// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a combinator keeps of a future: the future, and in its place what comes after it.
#pragma once

#include <cowarp/executor/future.hpp>

#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>

namespace cowarp::detail {

/// Room for one object and then for another in its place.
///
/// A future that is done is destroyed at once, not with its combinator: what it was notified of
/// would be stuck there meanwhile.
///
/// Invariant:     holds the first, or the second, or nothing.
/// Called by:     the lane that polls the task.
/// Storage:       the larger of the two and a byte, at the stricter alignment.
template <class First, class Second>
class COWARP_TRIVIAL_ABI succession {
 public:
  COWARP_FN explicit succession(First&& first) {
    ::new (static_cast<void*>(bytes_)) First(static_cast<First&&>(first));
  }
  COWARP_FN succession(succession&& other) noexcept  // before the first poll only
      : succession(std::move(other.first())) {}
  COWARP_FN ~succession() { clear(); }

  [[nodiscard]] COWARP_FN bool is_first() const { return holds_ == part::first; }
  [[nodiscard]] COWARP_FN bool is_second() const { return holds_ == part::second; }
  COWARP_FN First& first() {
    COWARP_ASSERT(is_first(), "a future must not move or be polled after it was ready");
    return *std::launder(reinterpret_cast<First*>(bytes_));
  }
  COWARP_FN Second& second() {
    COWARP_ASSERT(is_second(), "a future must not be polled after it was ready");
    return *std::launder(reinterpret_cast<Second*>(bytes_));
  }

  /// Destroys what it holds.
  COWARP_FN void clear() {
    if (is_first()) first().~First();
    if (is_second()) second().~Second();
    holds_ = part::nothing;
  }
  /// Puts the second in the place of what it holds.
  template <class From>
  COWARP_FN void follow(From&& from) {
    clear();
    ::new (static_cast<void*>(bytes_)) Second(static_cast<From&&>(from));
    holds_ = part::second;
  }

 private:
  enum class part : std::uint8_t { first, second, nothing };
  static constexpr std::size_t size = sizeof(First) > sizeof(Second) ? sizeof(First)
                                                                     : sizeof(Second);

  alignas(First) alignas(Second) unsigned char bytes_[size];
  part holds_ = part::first;
};

/// A future, and then its output.
template <class Future>
using future_then_output = succession<Future, typename Future::output>;

/// Polls a future that is a child, if it is due and was not ready before. \returns true if its output is
/// there.
template <class Future, class Output, class Children>
COWARP_FN bool poll_to_output(context& cx, succession<Future, Output>& one, Children& children,
                              std::uint32_t i) {
  if (one.is_second()) return true;
  if (!children.is_due(i)) return false;
  auto ready = children.poll(cx, i, [&](context& its) { return one.first().poll(its); });
  if (!ready) return false;
  one.follow(std::move(*ready));
  return true;
}

}  // namespace cowarp::detail
