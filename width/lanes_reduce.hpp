// SPDX-License-Identifier: Apache-2.0
/// \file
/// One value out of many, found by all lanes of the worker.
#pragma once

#include <cowarp/width/lanes.hpp>

#include <cstdint>
#include <type_traits>
#include <utility>

namespace cowarp {

/// Adds; what `lanes_reduce` and `lanes_scan` do if nothing else is said.
struct plus {
  template <class Value>
  COWARP_FN constexpr Value operator()(const Value& a, const Value& b) const {
    return a + b;
  }
};

namespace detail {

template <class Value, class Fn, class Op>
struct reduce_indices {
  std::uint32_t count;
  Value initial;
  Fn fn;
  Op op;

  COWARP_FN Value operator()(lane l) const {
    if (count == 0) return initial;
    Value sum = l.index < count ? static_cast<Value>(fn(l.index)) : initial;
    for (std::uint32_t i = l.index + lane::width(); i < count; i += lane::width()) {
      sum = op(sum, static_cast<Value>(fn(i)));
    }
    return op(initial, across(sum, l));
  }

  /// \returns the sum over the lanes that have one; they are the first `count`. All lanes come here.
  COWARP_FN Value across(Value sum, lane l) const {
    for (std::uint32_t group = 1; group < lane::width(); group *= 2) {
      // Groups of lanes, side by side, become one; a group has a sum if its first lane had an item.
      const Value other         = platform::from_lane_across(sum, group);
      const std::uint32_t lower = l.index & ~(2 * group - 1);
      if (lower + group >= count) {  // the upper group has none
        if ((l.index & group) != 0) sum = other;
      } else {
        sum = (l.index & group) == 0 ? op(sum, other) : op(other, sum);
      }
    }
    return sum;
  }
};

}  // namespace detail

/// \returns a future of `initial op fn(0) op ... op fn(count - 1)`, found by all lanes. \param op
/// must not mind the order; on a GPU `Value` is trivially copyable.
template <class Value, class Fn, class Op = plus>
[[nodiscard]] COWARP_FN auto lanes_reduce(std::uint32_t count, Value initial, Fn fn, Op op = {}) {
  return lanes(detail::reduce_indices<Value, Fn, Op>{count, std::move(initial), std::move(fn),
                                                     std::move(op)});
}

}  // namespace cowarp
