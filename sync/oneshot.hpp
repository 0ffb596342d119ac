// SPDX-License-Identifier: Apache-2.0
/// \file
/// One value, once, from one task to another.
#pragma once

#include <cowarp/sync/channel.hpp>
#include <cowarp/sync/detail/waiting.hpp>

#include <concepts>
#include <cstdint>
#include <memory>
#include <utility>

namespace cowarp {

/// Hands over one value; each side learns if the other one has gone.
///
/// ```text
///                  send 1           receive 2
///   ┌──────┐ ───────────► ┌──────┐ ─────────► ┌───────┐
///   │ open │              │ sent │            │ ended │
///   └──┬───┘              └──┬───┘            └───────┘
///      └─────────────────────┴── close 3 ─────────▲
/// ```
///
/// 1  the sender is done
/// 2  the receiver has the value; nothing will follow
/// 3  sender gone without a value: `receive` yields nothing. Receiver gone: `send` gives the value
///    back, and `cancellation` is ready; a value that was sent before can still be received.
///
/// `close` is the receiver's, `abandon` the sender's. They and the other verbs may be called on the
/// oneshot itself, or through a `sender` and a `receiver`, which close
/// their side when destroyed.
///
/// Invariant:     the value is stored exactly in the state `sent`.
/// Called by:     any lane within `Scope`; one sending and one receiving task are meant, more are
///                safe.
/// Scope:         `Scope`; with `block` it lives in the block state.
/// Memory order:  what the sender wrote before `send` is visible to who received the value.
/// Resumes on:    the executor's next poll of the waiting task.
/// Progress:      a short spin lock; `send` never waits.
/// Storage:       56 bytes and an optional value; zero bytes are valid, empty and open.
/// Fails:         `send` with `closed`, or with `full` if one value was sent before; it comes back.
/// Cancelling a receive loses nothing. A task that has the value may destroy the oneshot: `send` does
/// not touch it any more (a `sender` does, when it ends). After futures-rs's `oneshot`, without a heap.
template <class Value, scope Scope = scope::device>
class oneshot : public detail::closable<oneshot<Value, Scope>, Scope> {
  struct receive_operation;
  struct cancellation_operation;

 public:
  class sender;
  class receiver;
  using receive_future      = detail::waiting<receive_operation>;
  using cancellation_future = detail::waiting<cancellation_operation>;

  /// Hands the value over, at once.
  COWARP_FN send_result<Value> send(Value&& value) {
    send_result<Value> result{send_status::ok, pending};
    this->change([&] {
      if (is_over() || is_abandoned_) {
        result.status = send_status::closed;
      } else if (value_) {
        result.status = send_status::full;
      } else {
        value_.emplace(std::move(value));
      }
    });
    if (!result) result.value.emplace(std::move(value));
    return result;
  }
  COWARP_FN send_result<Value> send(const Value& value) requires std::copy_constructible<Value> {
    return send(Value(value));
  }

  /// Says that no value will come; the receiver sees it, unless one was sent before.
  COWARP_FN void abandon() {
    this->change([&] { is_abandoned_ = true; });
  }
  /// \returns a future that is ready once the receiver has closed.
  [[nodiscard]] COWARP_FN cancellation_future cancellation() {
    return cancellation_future({*this});
  }
  /// \returns true if the receiver has closed.
  [[nodiscard]] COWARP_FN bool is_canceled() { return this->is_closed(); }

  /// \returns a future of the value; of nothing once there can be none any more.
  [[nodiscard]] COWARP_FN receive_future receive() { return receive_future({*this}); }
  /// \returns the value if it is there and no waiting task was called for it.
  [[nodiscard]] COWARP_FN polled<Value> try_receive() {
    receive_operation operation{*this};
    auto result = detail::attempt_now(operation);
    return result ? std::move(*result) : polled<Value>();
  }
  /// \returns true if there is no value and there will be none.
  [[nodiscard]] COWARP_FN bool is_terminated() {
    return this->look([&] { return receivable() == detail::line::everyone; });
  }

 private:
  friend class detail::closable<oneshot, Scope>;

  [[nodiscard]] COWARP_FN bool is_over() const { return this->is_closed_ || was_received_; }
  COWARP_FN std::uint32_t receivable() const {
    if (value_) return 1;
    return is_over() || is_abandoned_ ? detail::line::everyone : 0;
  }
  COWARP_FN std::uint32_t cancelable() const {
    return this->is_closed_ ? detail::line::everyone : 0;
  }
  COWARP_FN void call(detail::wake_list& woken) {
    receivers_.call(receivable(), woken);
    cancelled_.call(cancelable(), woken);
  }

  bool is_abandoned_;  // the sender has gone
  bool was_received_;  // the value has
  detail::line receivers_;
  detail::line cancelled_;  // tasks that await cancellation
  polled<Value> value_;
};

/// The sending side, which abandons the oneshot when destroyed. Storage: 8 bytes.
template <class Value, scope Scope>
class COWARP_TRIVIAL_ABI oneshot<Value, Scope>::sender {
 public:
  static constexpr scope primitive_scope = Scope;

  sender() = default;
  COWARP_FN explicit sender(oneshot& of) : of_(std::addressof(of)) {}
  COWARP_FN sender(sender&& other) noexcept : of_(std::exchange(other.of_, nullptr)) {}
  COWARP_FN sender& operator=(sender&& other) noexcept {
    sender old(std::move(*this));
    of_ = std::exchange(other.of_, nullptr);
    return *this;
  }
  COWARP_FN ~sender() {
    if (of_ != nullptr) of_->abandon();
  }

  COWARP_FN send_result<Value> send(Value&& value) { return of_->send(std::move(value)); }
  COWARP_FN send_result<Value> send(const Value& value) requires std::copy_constructible<Value> {
    return send(Value(value));
  }
  [[nodiscard]] COWARP_FN cancellation_future cancellation() { return of_->cancellation(); }
  [[nodiscard]] COWARP_FN bool is_canceled() { return of_->is_canceled(); }

 private:
  oneshot* of_ = nullptr;
};

/// The receiving side, which closes the oneshot when destroyed, and drops a value that it did not
/// take. Storage: 8 bytes.
template <class Value, scope Scope>
class COWARP_TRIVIAL_ABI oneshot<Value, Scope>::receiver {
 public:
  static constexpr scope primitive_scope = Scope;

  receiver() = default;
  COWARP_FN explicit receiver(oneshot& of) : of_(std::addressof(of)) {}
  COWARP_FN receiver(receiver&& other) noexcept : of_(std::exchange(other.of_, nullptr)) {}
  COWARP_FN receiver& operator=(receiver&& other) noexcept {
    receiver old(std::move(*this));
    of_ = std::exchange(other.of_, nullptr);
    return *this;
  }
  COWARP_FN ~receiver() {
    if (of_ == nullptr) return;
    of_->close();
    static_cast<void>(of_->try_receive());
  }

  [[nodiscard]] COWARP_FN receive_future receive() { return of_->receive(); }
  [[nodiscard]] COWARP_FN polled<Value> try_receive() { return of_->try_receive(); }
  COWARP_FN void close() { of_->close(); }
  [[nodiscard]] COWARP_FN bool is_terminated() { return of_->is_terminated(); }

 private:
  oneshot* of_ = nullptr;
};

template <class Value, scope Scope>
struct oneshot<Value, Scope>::receive_operation {
  using output = polled<Value>;

  oneshot& of;

  COWARP_FN detail::line& line() { return of.receivers_; }
  COWARP_FN polled<output> attempt(const detail::waiter& place) {
    if (!of.receivers_.may_go(place, of.receivable())) return pending;
    polled<output> result(in_place, std::move(of.value_));
    if (*result) of.was_received_ = true;
    of.value_.reset();
    return result;
  }
};

template <class Value, scope Scope>
struct oneshot<Value, Scope>::cancellation_operation {
  using output = unit;

  oneshot& of;

  COWARP_FN detail::line& line() { return of.cancelled_; }
  COWARP_FN polled<output> attempt(const detail::waiter&) {
    if (!of.is_closed_) return pending;
    return unit{};
  }
};

}  // namespace cowarp
