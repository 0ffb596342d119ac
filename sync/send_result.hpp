// SPDX-License-Identifier: Apache-2.0
/// \file
/// The answer to a send.
#pragma once

#include <cowarp/executor/future.hpp>

#include <cstdint>

namespace cowarp {

/// What became of a message that was to be sent.
enum class [[nodiscard]] send_status : std::uint8_t{ok, full, closed};

/// The answer to a send: after `full` or `closed` the message comes back in `value`.
template <class Value>
struct send_result {
  send_status status;
  polled<Value> value;

  [[nodiscard]] COWARP_FN bool is_ok() const { return status == send_status::ok; }
  COWARP_FN explicit operator bool() const { return is_ok(); }
};

}  // namespace cowarp
