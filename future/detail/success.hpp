// SPDX-License-Identifier: Apache-2.0
/// \file
/// Outputs that can be failures: false in a boolean context.
#pragma once

#include <cowarp/executor/future.hpp>

#include <utility>

namespace cowarp::detail {

/// An output that says in a boolean context whether it is a success, as `optional`, `send_result`
/// and `bool` do.
template <class Output>
concept fallible = requires(Output& output) {
  static_cast<bool>(output);
};

/// What a successful output stands for: the value in an optional, any other output itself.
template <class Output>
struct success {
  using type = Output;
  static COWARP_FN Output&& take(Output& output) { return std::move(output); }
};

template <class Value>
struct success<optional<Value>> {
  using type = Value;
  static COWARP_FN Value&& take(optional<Value>& output) { return std::move(*output); }
};

template <class Output>
using success_of = typename success<Output>::type;

}  // namespace cowarp::detail
