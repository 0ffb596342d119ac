// SPDX-License-Identifier: Apache-2.0
/// \file
/// The latest value, for any number of tasks that want to know when it changes.
#pragma once

#include <cowarp/sync/channel.hpp>
#include <cowarp/sync/detail/waiting.hpp>

#include <concepts>
#include <cstdint>
#include <memory>
#include <utility>

namespace cowarp {

/// Keeps the latest value and its version; every receiver sees each version at most once, and the
/// latest for sure.
///
/// ```text
///   send ──► [ value, version n ] ──► receiver: changed() once n is newer than what it has seen
///                                 ──► receiver: get() at once
/// ```
///
/// Invariant:     a receiver waits in `changed` only while it has seen the latest version, or what
///                it waits for does not hold, or there is no value.
/// Called by:     any lane within `Scope`; any number of senders and receivers. The functions given
///                to `send_modify`, `send_if_modified` and the `_and` verbs run under a lock and
///                must not wait.
/// Scope:         `Scope`; with `block` it lives in the block state.
/// Memory order:  what a sender wrote before `send` is visible to whoever sees that version or a
///                later one.
/// Resumes on:    the executor's next poll of the waiting task.
/// Progress:      a short spin lock, under which the value is copied; a send wakes all who wait.
/// Storage:       32 bytes and an optional value; zero bytes are valid, without a value and open.
/// Fails:         once closed, sends give their value back, and receivers that have seen the latest
///                version get nothing.
/// Cancelling loses nothing: the version stays unseen. After Embassy's `Watch`, with an end and
/// without a limit to the receivers.
template <class Value, scope Scope = scope::device>
class watch : public detail::closable<watch<Value, Scope>, Scope> {
 public:
  class receiver;

  // Public because nvcc spells out the types of awaited futures.
  struct always {
    COWARP_FN bool operator()(const Value&) const { return true; }
  };
  template <class Predicate, bool OnlyNew>
  struct look_operation;

  /// Replaces the value.
  COWARP_FN send_result<Value> send(Value&& value) {
    const auto replace = [&](polled<Value>& latest) { latest.emplace(std::move(value)); };
    if (send_modify(replace)) return {send_status::ok, pending};
    return {send_status::closed, std::move(value)};
  }
  COWARP_FN send_result<Value> send(const Value& value) requires std::copy_constructible<Value> {
    return send(Value(value));
  }

  /// Lets `modify(polled<Value>&)` change the value in place. \returns false if the watch is
  /// closed.
  template <class Modify>
  COWARP_FN bool send_modify(Modify&& modify) {
    return send_if_modified([&](polled<Value>& latest) {
      modify(latest);
      return true;
    });
  }

  /// The same, but it is news only if `modify` returns true. \returns whether it was.
  template <class Modify>
  COWARP_FN bool send_if_modified(Modify&& modify) {
    bool is_news = false;
    this->change([&] {
      is_news = !this->is_closed_ && modify(value_);
      if (is_news) receivers_.advance();
    });
    return is_news;
  }

  /// Takes the value away until the next send; nobody is woken.
  COWARP_FN void clear() {
    this->change([&] { value_.reset(); });
  }

  /// \returns a copy of the value.
  [[nodiscard]] COWARP_FN polled<Value> try_get() {
    return this->look([&] { return value_; });
  }

  /// \returns a receiver that has seen nothing yet: a value that is there is news to it.
  [[nodiscard]] COWARP_FN receiver subscribe() { return receiver(*this); }

  [[nodiscard]] COWARP_FN bool has_value() {
    return this->look([&] { return value_.has_value(); });
  }
  /// \returns how often the value was sent.
  [[nodiscard]] COWARP_FN std::uint64_t version() {
    return this->look([&] { return receivers_.now(); });
  }

 private:
  friend class detail::closable<watch, Scope>;

  COWARP_FN void call(detail::wake_list& woken) { receivers_.call(this->is_closed_, woken); }

  detail::audience receivers_;  // counts the versions
  polled<Value> value_;
};

/// Sees versions of a watch. A copy goes on from what the original has seen.
///
/// Every verb yields a copy of the value and marks its version as seen.
/// Called by:     one task at a time.
/// Storage:       16 bytes; the watch, and during an await the receiver, must live on.
template <class Value, scope Scope>
class watch<Value, Scope>::receiver {
 public:
  static constexpr scope primitive_scope = Scope;

  template <class Predicate, bool OnlyNew>
  using future = detail::waiting<look_operation<Predicate, OnlyNew>>;

  COWARP_FN explicit receiver(watch& of) : of_(std::addressof(of)) {}

  /// \returns a future of the first version not seen yet; of nothing once the watch is closed.
  [[nodiscard]] COWARP_FN future<always, true> changed() { return changed_and(always{}); }
  /// The same for the first one for which `is_wanted(value)` holds.
  template <class Predicate>
  [[nodiscard]] COWARP_FN future<Predicate, true> changed_and(Predicate is_wanted) {
    return future<Predicate, true>({*of_, seen_, std::move(is_wanted)});
  }
  /// \returns a future of the value, seen or not, as soon as there is one.
  [[nodiscard]] COWARP_FN future<always, false> get() { return get_and(always{}); }
  /// The same as soon as there is one for which `is_wanted(value)` holds.
  template <class Predicate>
  [[nodiscard]] COWARP_FN future<Predicate, false> get_and(Predicate is_wanted) {
    return future<Predicate, false>({*of_, seen_, std::move(is_wanted)});
  }

  /// \returns the value if its version was not seen yet.
  [[nodiscard]] COWARP_FN polled<Value> try_changed() { return try_changed_and(always{}); }
  /// The same if `is_wanted(value)` holds.
  template <class Predicate>
  [[nodiscard]] COWARP_FN polled<Value> try_changed_and(Predicate is_wanted) {
    return now<true>(std::move(is_wanted));
  }
  /// \returns the value if there is one.
  [[nodiscard]] COWARP_FN polled<Value> try_get() { return now<false>(always{}); }

  /// \returns true if there is a version not seen yet.
  [[nodiscard]] COWARP_FN bool has_changed() { return of_->version() != seen_; }

 private:
  template <bool OnlyNew, class Predicate>
  COWARP_FN polled<Value> now(Predicate is_wanted) {
    look_operation<Predicate, OnlyNew> operation{*of_, seen_, std::move(is_wanted)};
    auto result = detail::attempt_now(operation);
    return result ? std::move(*result) : polled<Value>();
  }

  watch* of_;
  std::uint64_t seen_ = 0;  // a version
};

template <class Value, scope Scope>
template <class Predicate, bool OnlyNew>
struct watch<Value, Scope>::look_operation {
  using output = polled<Value>;

  watch& of;
  std::uint64_t& seen;
  Predicate is_wanted;

  COWARP_FN detail::audience& line() { return of.receivers_; }
  COWARP_FN polled<output> attempt(const detail::audience::place&) {
    const std::uint64_t version = of.receivers_.now();
    if (of.value_ && (!OnlyNew || seen != version) && is_wanted(std::as_const(*of.value_))) {
      seen = version;
      return polled<output>(in_place, *of.value_);
    }
    if (of.is_closed_) return polled<output>(in_place);
    return pending;
  }
};

}  // namespace cowarp
