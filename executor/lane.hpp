// SPDX-License-Identifier: Apache-2.0
/// \file
/// One of the lanes that work together for a task, or start a program.
#pragma once

#include <cowarp/platform/lanes.hpp>
#include <cowarp/platform/width.hpp>

#include <concepts>
#include <cstdint>
#include <type_traits>

namespace cowarp {

namespace detail {
template <class Value>
concept fits_register = std::integral<Value> && sizeof(Value) <= 4;
}

/// One of the lanes that together run what a task awaits: 32 on a GPU, one on a CPU.
struct lane {
  std::uint32_t index;

  static constexpr bool is_of_block = false;
  [[nodiscard]] COWARP_FN static constexpr std::uint32_t width() { return platform::width; }
  [[nodiscard]] COWARP_FN constexpr bool is_leader() const { return index == 0; }

  /// The leading lane calls `fn` once all lanes have come here, and none goes on before it has. All lanes of the
  /// worker call it. \returns to each what `fn` did: nothing, or an integer of 4 bytes or fewer.
  template <class Fn>
  COWARP_FN auto once(Fn fn) const {
    using result = decltype(fn());
    static_assert(std::is_void_v<result> || detail::fits_register<result>,
                  "lane::once: the function returns nothing, or an integer of 4 bytes or fewer, "
                  "which is what lanes hand to each other: leave the rest in memory");
    if constexpr (width() == 1) {
      return fn();
    } else {
      platform::sync_warp();
      if constexpr (std::is_void_v<result>) {
        if (is_leader()) fn();
        platform::sync_warp();
      } else {
        result value{};
        if (is_leader()) value = fn();
        value = static_cast<result>(platform::from_leader(static_cast<std::uint32_t>(value)));
        platform::sync_warp();  // shows all lanes what the leader wrote
        return value;
      }
    }
  }
};

}  // namespace cowarp
