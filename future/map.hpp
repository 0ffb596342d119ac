// SPDX-License-Identifier: Apache-2.0
/// \file
/// An output that is changed on its way.
#pragma once

#include <cowarp/executor/future.hpp>
#include <cowarp/platform/coroutine.hpp>

#include <utility>

namespace cowarp {

/// The output of a future, changed by a function. Made by `map(awaited, fn)`.
template <class Future, class Fn>
class COWARP_AWAIT_ELIDABLE mapped {
 public:
  using output = std::invoke_result_t<Fn&, typename Future::output>;

  COWARP_FN mapped(Future&& awaited, Fn&& fn)
      : awaited_(static_cast<Future&&>(awaited)), fn_(static_cast<Fn&&>(fn)) {}

  COWARP_FN polled<output> poll(context& cx) {
    auto result = awaited_.poll(cx);
    if (!result) return pending;
    return polled<output>(fn_(std::move(*result)));
  }

 private:
  Future awaited_;
  Fn fn_;
};

/// \returns a future of `fn(output)`.
template <class Awaited, class Fn>
[[nodiscard]] COWARP_FN auto map(Awaited&& awaited COWARP_AWAIT_ELIDABLE_ARGUMENT, Fn fn) {
  return mapped<detail::future_of<Awaited>, Fn>(into_future(static_cast<Awaited&&>(awaited)),
                                                std::move(fn));
}

}  // namespace cowarp
