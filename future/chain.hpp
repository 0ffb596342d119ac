// SPDX-License-Identifier: Apache-2.0
/// \file
/// Futures that go on with another one, depending on their output; and a look at an output.
#pragma once

#include <cowarp/future/detail/success.hpp>
#include <cowarp/future/detail/succession.hpp>
#include <cowarp/platform/coroutine.hpp>

#include <concepts>
#include <type_traits>
#include <utility>

namespace cowarp {

namespace detail {

/// After a success of type `Output`: the future that `fn(success)` returns.
template <class Output, class Fn>
struct after_success {
  using next_future = future_of<std::invoke_result_t<Fn&, success_of<Output>>>;
  using output      = typename next_future::output;
  static_assert(std::same_as<Output, output> || std::is_constructible_v<output, nullopt_t>,
                "and_then: the function's future must have the type of the output before it, or an "
                "optional, so that a failure can pass");

  Fn fn;

  /// \returns what the chain ends with, if it does not go on.
  COWARP_FN polled<output> end_with(Output& result) {
    if (static_cast<bool>(result)) return pending;
    if constexpr (std::same_as<Output, output>) {
      return polled<output>(in_place, std::move(result));
    } else {
      return polled<output>(in_place, nullopt);
    }
  }
  COWARP_FN decltype(auto) next(Output& result) { return fn(success<Output>::take(result)); }
};

/// \returns `fn(failure)`, or `fn()` if it does not take that.
template <class Output, class Fn>
COWARP_FN decltype(auto) call_after_failure(Fn& fn, [[maybe_unused]] Output& failure) {
  if constexpr (std::is_invocable_v<Fn&, Output>) {
    return fn(std::move(failure));
  } else {
    return fn();
  }
}

/// After a failure of type `Output`: the future that `fn(failure)` or `fn()` returns.
template <class Output, class Fn>
struct after_failure {
  using next_future =
      future_of<decltype(call_after_failure(std::declval<Fn&>(), std::declval<Output&>()))>;
  using output = typename next_future::output;
  static_assert(std::same_as<Output, output> || std::is_constructible_v<output, success_of<Output>>,
                "or_else: the function's future must have the type of the output before it, or one "
                "that can be made of a success");

  Fn fn;

  COWARP_FN polled<output> end_with(Output& result) {
    if (!static_cast<bool>(result)) return pending;
    if constexpr (std::same_as<Output, output>) {
      return polled<output>(in_place, std::move(result));
    } else {
      return polled<output>(in_place, success<Output>::take(result));
    }
  }
  COWARP_FN decltype(auto) next(Output& result) { return call_after_failure(fn, result); }
};

/// After any output: the future that `fn(output)` returns.
template <class Output, class Fn>
struct after_output {
  using next_future = future_of<std::invoke_result_t<Fn&, Output>>;
  using output      = typename next_future::output;

  Fn fn;

  COWARP_FN polled<output> end_with(Output&) { return pending; }
  COWARP_FN decltype(auto) next(Output& result) { return fn(std::move(result)); }
};

/// Returns what it gets.
struct as_it_is {
  template <class Output>
  COWARP_FN Output&& operator()(Output&& output) const {
    return static_cast<Output&&>(output);
  }
};

}  // namespace detail

/// One future, and then perhaps another. Made by `then`, `and_then`, `or_else` and `flatten`.
///
/// The first future is destroyed when it is ready, before the second is made; whichever there is is
/// cancelled with this one.
///
/// Storage: the larger of the two futures, and the function.
template <class Future, class Step>
class COWARP_AWAIT_ELIDABLE continued {
 public:
  using output = typename Step::output;

  COWARP_FN continued(Future&& awaited, Step&& step)
      : parts_(static_cast<Future&&>(awaited)), step_(static_cast<Step&&>(step)) {}

  COWARP_FN polled<output> poll(context& cx) {
    if (parts_.is_first()) {
      auto result = parts_.first().poll(cx);
      if (!result) return pending;
      parts_.clear();
      if (auto ended = step_.end_with(*result)) return ended;
      parts_.follow(into_future(step_.next(*result)));
    }
    return parts_.second().poll(cx);
  }

 private:
  detail::succession<Future, typename Step::next_future> parts_;
  Step step_;
};

/// \returns a future of the output of the future that `fn(output)` returns.
template <class Awaited, class Fn>
[[nodiscard]] COWARP_FN auto then(Awaited&& awaited COWARP_AWAIT_ELIDABLE_ARGUMENT, Fn fn) {
  using step = detail::after_output<output_of<Awaited>, Fn>;
  return continued<detail::future_of<Awaited>, step>(into_future(static_cast<Awaited&&>(awaited)),
                                                     step{std::move(fn)});
}

/// Goes on only after a success. \returns a future of what the future `fn(success)` yields; a failure
/// passes, as it is if the types are equal, else as an empty optional. `fn` gets the value of an
/// optional, any other output itself.
template <class Awaited, class Fn>
[[nodiscard]] COWARP_FN auto and_then(Awaited&& awaited COWARP_AWAIT_ELIDABLE_ARGUMENT, Fn fn) {
  static_assert(detail::fallible<output_of<Awaited>>,
                "and_then: the output must say in a boolean context whether it is a success, as "
                "cowarp::optional does; for others there is then");
  using step = detail::after_success<output_of<Awaited>, Fn>;
  return continued<detail::future_of<Awaited>, step>(into_future(static_cast<Awaited&&>(awaited)),
                                                     step{std::move(fn)});
}

/// Goes on only after a failure. \returns a future of what the future `fn(failure)` or `fn()` yields;
/// a success passes, as it is if the types are equal, else the value of the optional.
template <class Awaited, class Fn>
[[nodiscard]] COWARP_FN auto or_else(Awaited&& awaited COWARP_AWAIT_ELIDABLE_ARGUMENT, Fn fn) {
  static_assert(detail::fallible<output_of<Awaited>>,
                "or_else: the output must say in a boolean context whether it is a success, as "
                "cowarp::optional does");
  using step = detail::after_failure<output_of<Awaited>, Fn>;
  return continued<detail::future_of<Awaited>, step>(into_future(static_cast<Awaited&&>(awaited)),
                                                     step{std::move(fn)});
}

/// \returns a future of the output of the future that `awaited` yields.
template <class Awaited>
[[nodiscard]] COWARP_FN auto flatten(Awaited&& awaited COWARP_AWAIT_ELIDABLE_ARGUMENT) {
  static_assert(detail::awaitable<output_of<Awaited>>, "flatten: the output must be a future");
  using step = detail::after_output<output_of<Awaited>, detail::as_it_is>;
  return continued<detail::future_of<Awaited>, step>(into_future(static_cast<Awaited&&>(awaited)),
                                                     step{});
}

/// A future whose output is shown to a function on its way. Made by `inspect(awaited, fn)`.
template <class Future, class Fn>
class COWARP_AWAIT_ELIDABLE inspected {
 public:
  using output = typename Future::output;

  COWARP_FN inspected(Future&& awaited, Fn&& fn)
      : awaited_(static_cast<Future&&>(awaited)), fn_(static_cast<Fn&&>(fn)) {}

  COWARP_FN polled<output> poll(context& cx) {
    auto result = awaited_.poll(cx);
    if (result) fn_(std::as_const(*result));
    return result;
  }

 private:
  Future awaited_;
  Fn fn_;
};

/// \returns a future of the same output, which `fn(const output&)` sees first.
template <class Awaited, class Fn>
[[nodiscard]] COWARP_FN auto inspect(Awaited&& awaited COWARP_AWAIT_ELIDABLE_ARGUMENT, Fn fn) {
  return inspected<detail::future_of<Awaited>, Fn>(into_future(static_cast<Awaited&&>(awaited)),
                                                   std::move(fn));
}

}  // namespace cowarp
