// SPDX-License-Identifier: Apache-2.0
/// \file
/// Many values over time: what a stream is, how a task takes from one, and where streams come from.
#pragma once

#include <cowarp/executor/future.hpp>

#include <concepts>
#include <type_traits>
#include <utility>

namespace cowarp {

/// A stream's answer to a poll: `pending`, or an optional that holds an item, or is empty at the end.
template <class Item>
using polled_item = polled<optional<Item>>;

/// Something that yields items one after another and then ends, as futures-rs's `Stream`.
///
/// Lazy: nothing happens before the first poll. Pinned: it must not move after the first poll. To
/// destroy it is to cancel what it waits for. One task polls it. A stream that returns `pending` has
/// arranged for that task to be woken. After its end it is not polled any more.
template <class Stream>
concept stream = requires(Stream& s, context& cx) {
  typename Stream::item;
  { s.poll_next(cx) } -> std::same_as<polled_item<typename Stream::item>>;
};

namespace detail {

/// What an adaptor takes: a stream, to be moved into it.
template <class Upstream>
concept streaming = stream<std::remove_cvref_t<Upstream>>;

template <class Upstream>
struct owned {
  static_assert(!std::is_lvalue_reference_v<Upstream>,
                "an adaptor owns the stream it takes from: give it the stream with std::move");
  using type = std::remove_cvref_t<Upstream>;
};

template <class Upstream>
using owned_stream = typename owned<Upstream>::type;

template <class Type>
inline constexpr bool is_optional = false;
template <class Value>
inline constexpr bool is_optional<optional<Value>> = true;

}  // namespace detail

/// The next item of a stream, or nothing once it has ended. Made by `next(stream)`.
///
/// What the stream waits for stays with the stream: to drop this future loses no item.
///
/// Storage: one pointer. After futures-rs's `next`.
template <stream Stream>
class next_item {
 public:
  using output = optional<typename Stream::item>;

  COWARP_FN explicit next_item(Stream& of) : of_(of) {}

  COWARP_FN polled<output> poll(context& cx) { return of_.poll_next(cx); }

 private:
  Stream& of_;
};

/// \returns a future of the next item of a stream that stays where it is. \pre it has not ended
template <stream Stream>
[[nodiscard]] COWARP_FN next_item<Stream> next(Stream& of) {
  return next_item<Stream>(of);
}

/// The stream of what a function returns. Made by `from_fn(fn)`.
template <class Fn>
class generated_stream {
 public:
  using item = typename std::invoke_result_t<Fn&>::value_type;

  COWARP_FN explicit generated_stream(Fn&& fn) : fn_(static_cast<Fn&&>(fn)) {}

  COWARP_FN polled_item<item> poll_next(context&) { return polled_item<item>(in_place, fn_()); }

 private:
  Fn fn_;
};

/// The stream of the outputs of futures, each made when the one before it is done. Made by
/// `from_fn(fn)` and `from_channel(channel)`.
///
/// A future that was begun is kept between polls, as a place in a channel's line: what it was
/// notified of waits for the next poll, or goes to the next in line when the stream is destroyed.
///
/// Storage: the function and one future.
template <class Fn>
class asked_stream {
  using answer = detail::future_of<std::invoke_result_t<Fn&>>;
  static_assert(detail::is_optional<typename answer::output>,
                "from_fn: the function's future must yield a cowarp::optional, empty at the end");

 public:
  using item = typename answer::output::value_type;

  COWARP_FN explicit asked_stream(Fn&& fn) : fn_(static_cast<Fn&&>(fn)) {}
  COWARP_FN asked_stream(asked_stream&& other) noexcept  // before the first poll only
      : fn_(std::move(other.fn_)) {
    COWARP_ASSERT(!other.asked_, "a stream must not move while it waits");
  }

  COWARP_FN polled_item<item> poll_next(context& cx) {
    if (!asked_) asked_.emplace(into_future(fn_()));
    polled_item<item> next = asked_->poll(cx);
    if (next) asked_.reset();
    return next;
  }

 private:
  Fn fn_;
  optional<answer> asked_;
};

/// \returns a stream of what `fn()` returns, or of what the future that it returns yields: an optional
/// each time, the first empty one is the end.
template <class Fn>
[[nodiscard]] COWARP_FN auto from_fn(Fn fn) {
  using returned = std::invoke_result_t<Fn&>;
  if constexpr (detail::awaitable<returned>) {
    return asked_stream<Fn>(std::move(fn));
  } else {
    static_assert(detail::is_optional<returned>,
                  "from_fn: the function must return a cowarp::optional, empty at the end, or a "
                  "future of one");
    return generated_stream<Fn>(std::move(fn));
  }
}

namespace detail {

/// Receives from a channel.
template <class Channel>
struct receiving {
  Channel* from;
  COWARP_FN auto operator()() const { return from->receive(); }
};

}  // namespace detail

/// \returns a stream of the messages of a channel, or of whatever else has `receive()`; it ends when
/// the channel is closed and drained.
template <class Channel>
[[nodiscard]] COWARP_FN auto from_channel(Channel& from) {
  return asked_stream<detail::receiving<Channel>>(detail::receiving<Channel>{&from});
}

}  // namespace cowarp
