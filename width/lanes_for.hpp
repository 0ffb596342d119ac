// SPDX-License-Identifier: Apache-2.0
/// \file
/// A loop whose turns are spread over the lanes of the worker.
#pragma once

#include <cowarp/width/lanes.hpp>

#include <cstdint>
#include <utility>

namespace cowarp {

namespace detail {

/// Spreads indices over the lanes of a warp, or the threads of a block.
template <class Lane, class Fn>
struct for_each_index {
  std::uint32_t count;
  Fn fn;

  COWARP_FN void operator()(Lane l) const {
    for (std::uint32_t i = l.index; i < count; i += Lane::width()) fn(i);
  }
};

}  // namespace detail

/// \returns a future that is ready once `fn(i)` has run for every `i` below `count`, spread over the
/// lanes: neighbours have neighbouring `i`. No order is promised; no collectives inside, since the
/// last turn may lack lanes.
template <class Fn>
[[nodiscard]] COWARP_FN auto lanes_for(std::uint32_t count, Fn fn) {
  return lanes(detail::for_each_index<lane, Fn>{count, std::move(fn)});
}

}  // namespace cowarp
