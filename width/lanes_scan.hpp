// SPDX-License-Identifier: Apache-2.0
/// \file
/// Running sums, found by all lanes of the worker.
#pragma once

#include <cowarp/width/lanes_reduce.hpp>

#include <cstdint>
#include <utility>

namespace cowarp {

namespace detail {

template <class Value, class Fn, class Store, class Op>
struct scan_indices {
  std::uint32_t count;
  Value initial;
  Fn fn;
  Store store;
  Op op;

  COWARP_FN Value operator()(lane l) const {
    Value before = initial;  // the sum of all earlier rounds; the same in all lanes
    for (std::uint32_t first = 0; first < count; first += lane::width()) {
      const std::uint32_t i = first + l.index;
      Value sum             = i < count ? static_cast<Value>(fn(i)) : initial;
      for (std::uint32_t distance = 1; distance < lane::width(); distance *= 2) {
        const Value below = platform::from_lane_below(sum, distance);
        if (l.index >= distance) sum = op(below, sum);
      }
      sum = op(before, sum);
      if (i < count) store(i, sum);
      const std::uint32_t rest = count - first;
      before = platform::from_lane(sum, (rest < lane::width() ? rest : lane::width()) - 1);
    }
    return before;
  }
};

}  // namespace detail

/// Calls `store(i, initial op fn(0) op ... op fn(i))` for every `i` below `count`, with all lanes.
///
/// \returns a future of the last of these values, or `initial`. \param op must be associative; `fn`
/// and `store` are called once for each `i`, all `fn` of a round of lanes before its `store`s. On a
/// GPU `Value` is trivially copyable.
template <class Value, class Fn, class Store, class Op = plus>
[[nodiscard]] COWARP_FN auto lanes_scan(std::uint32_t count, Value initial, Fn fn, Store store,
                                        Op op = {}) {
  return lanes(detail::scan_indices<Value, Fn, Store, Op>{count, std::move(initial), std::move(fn),
                                                          std::move(store), std::move(op)});
}

}  // namespace cowarp
