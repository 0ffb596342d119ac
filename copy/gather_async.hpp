// SPDX-License-Identifier: Apache-2.0
/// \file
/// Awaiting values from many places of global memory, side by side in shared memory.
#pragma once

#include <cowarp/copy/detail/copy_on_its_way.hpp>

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace cowarp {

namespace detail {

/// The function that says where values to gather stand: `from(i)` returns a pointer to value `i`.
template <class From>
struct gather_source {
  using value = std::remove_cvref_t<decltype(*std::declval<const From&>()(0u))>;

  static constexpr std::uint32_t bytes = sizeof(value);
  static_assert(std::is_trivially_copyable_v<value>, "gather: values are copied byte by byte");
  static_assert(bytes % platform::copy_unit == 0,
                "gather: a value's size is a multiple of 16 bytes: pad it");

  From from;
  std::uint32_t count;

  /// \returns the fastest way of all values to `to`.
  [[nodiscard]] COWARP_FN platform::copy_way way_to(const void* to) const {
    return count == 0 ? platform::copy_way::at_once : platform::way_of_copy(to, from(0u), bytes);
  }

  /// Begins the copies, or makes them if the way is `at_once`. \param ends where bulk loads end, all together
  COWARP_FN void begin(platform::copy_way by, void* to, bool is_constant,
                       platform::mbarrier_word* ends) const {
    using way = platform::copy_way;
    if (by == way::bulk_load) {
      platform::open_loads(is_constant, *ends);
      const std::uint32_t begun = copy_each(to, [&](void* there, const value* source) {
        platform::begin_bulk_load(there, source, bytes, *ends);
      });
      platform::close_loads(begun, *ends);
    } else if (by == way::lane_load) {
      static_cast<void>(copy_each(to, [&](void* there, const value* source) {
        platform::begin_lane_load(there, source, bytes);
      }));
    } else {
      static_cast<void>(copy_each(to, [&](void* there, const value* source) {
        platform::copy_at_once(there, source, bytes);
      }));
    }
  }

 private:
  // So many sources are asked for before the first is needed: what `from` reads is on its way together.
  using batch = std::make_integer_sequence<std::uint32_t, 8>;

  /// Copies all values; those that are not aligned with plain loads and stores. \returns the bytes of the others.
  template <class Copy>
  COWARP_FN std::uint32_t copy_each(void* to, Copy copy) const {
    std::uint32_t aligned = 0;
    const auto copy_one   = [&](void* there, const value* source) {
      COWARP_ASSERT(platform::is_copy_aligned(there, source, bytes),
                      "gather: the target and every source must be multiples of 16 bytes: align "
                        "the values, or copy them with lanes_for");
      if (platform::is_copy_aligned(there, source, bytes)) {
        copy(there, source);
        aligned += bytes;
      } else {
        platform::copy_at_once(there, source, bytes);
      }
    };
    for (std::uint32_t i = 0; i < count; i += batch::size()) {
      copy_batch(static_cast<unsigned char*>(to) + std::size_t{i} * bytes, i, copy_one, batch());
    }
    return aligned;
  }
  template <class Copy, std::uint32_t... J>
  COWARP_FN void copy_batch(unsigned char* to, std::uint32_t i, Copy copy,
                            std::integer_sequence<std::uint32_t, J...>) const {
    const value* const sources[] = {i + J < count ? from(i + J) : nullptr...};
    ((i + J < count ? copy(to + J * bytes, sources[J]) : void()), ...);
  }
};

}  // namespace detail

/// Copies values from many places to one while the worker polls other tasks; made by `gather_async` and by
/// `tile_pool::tile::gather`.
///
/// It is a `copy_future` in all but what it copies: states, memory order, progress, and where its mbarrier must
/// stand. The first poll begins all copies, one after the other.
///
/// Called by:     the lane that polls the task.
/// Storage:       40 bytes and the function object.
/// Fails:         never. Sources that are not aligned to 16 bytes are an assertion in Debug, else slow.
template <class From>
class gather_future : detail::copy_on_its_way {
 public:
  using output = unit;

  COWARP_FN gather_future(void* to, std::uint32_t count, From from, copy_option option,
                          platform::mbarrier_word* ends)
      : copy_on_its_way(option, ends), to_(to), source_{std::move(from), count} {}
  gather_future(gather_future&&) = default;  // before the first poll only

  COWARP_FN polled<unit> poll(context& cx) {
    return poll_copy(cx, [&] { begin(); });
  }

 private:
  COWARP_FN void begin() {
    const way by = begins_by(source_.way_to(to_));
    source_.begin(by, to_, is_constant(), ends());
  }

  void* to_;
  detail::gather_source<From> source_;
};

/// \returns a future that is ready once `count` values were copied to `to`, in shared memory, one behind the other:
/// value `i` from the place in global memory that `from(i)` returns. Values and places are multiples of 16 bytes.
template <class From>
[[nodiscard]] COWARP_FN gather_future<From> gather_async(void* to, std::uint32_t count, From from,
                                                         copy_option option = copy_option::none) {
  return {to, count, std::move(from), option, nullptr};
}

}  // namespace cowarp
