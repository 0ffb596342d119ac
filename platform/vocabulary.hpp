// SPDX-License-Identifier: Apache-2.0
/// \file
/// `array`, `optional`, `tuple` and `variant` as device code can call them: libcu++'s where CUDA is compiled,
/// else the C++ library's.
///
/// With nvcc, members of `std::optional` and its kin are device code only as far as they are
/// constexpr, which they are not for a type whose constructors are not; and since they stand in a
/// system header, nvcc leaves such a call out without a word.
#pragma once

#include <cowarp/platform/platform.hpp>

#if COWARP_HAS_CUDA
#  include <cuda/std/array>
#  include <cuda/std/optional>
#  include <cuda/std/tuple>
#  include <cuda/std/utility>
#  include <cuda/std/variant>
namespace cowarp::platform {
namespace standard = ::cuda::std;
}
#else
#  include <array>
#  include <optional>
#  include <tuple>
#  include <utility>
#  include <variant>
namespace cowarp::platform {
namespace standard = ::std;
}
#endif

namespace cowarp {

using platform::standard::array;
using platform::standard::get;
using platform::standard::get_if;
using platform::standard::in_place;
using platform::standard::in_place_index_t;
using platform::standard::in_place_t;
using platform::standard::nullopt;
using platform::standard::nullopt_t;
using platform::standard::optional;
using platform::standard::tuple;
using platform::standard::variant;

}  // namespace cowarp
