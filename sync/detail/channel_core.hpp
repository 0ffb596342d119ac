// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a channel consists of under its lock: messages, who waits, and who is owed what.
#pragma once

#include <cowarp/executor/future.hpp>
#include <cowarp/platform/spin_lock.hpp>
#include <cowarp/sync/detail/line.hpp>
#include <cowarp/sync/detail/message_ring.hpp>
#include <cowarp/sync/detail/waiter.hpp>
#include <cowarp/sync/send_result.hpp>

#include <cstdint>
#include <utility>

namespace cowarp::detail {

/// Who waits for room, or for a message.
struct claimant : waiter {
  bool only_looks = false;  // claims nothing, and is let go whenever there is something
};

/// Claimants, first come first served.
///
/// Nobody waits behind one that only looks: two that look and then take, as soon as they are let go, would put each
/// other back in line for ever.
///
/// Called by:     whoever holds the channel's lock.
/// Storage:       24 bytes, zero is empty.
class claim_line : public owned_queue {
 public:
  /// \returns true if somebody in line is to get what there is next.
  [[nodiscard]] COWARP_FN bool has_claims() const { return claims_ != 0; }

  COWARP_FN void push_back(claimant& w) {
    if (!w.only_looks) ++claims_;
    owned_queue::push_back(w);
  }
  /// \pre its state is `queued`.
  COWARP_FN void remove(claimant& w) {
    if (!w.only_looks) --claims_;
    owned_queue::remove(w);
  }
  /// \pre the first does not only look.
  [[nodiscard]] COWARP_FN task_id notify_first() {
    --claims_;
    return owned_queue::notify_first();
  }

  std::uint32_t reserved;  // receivers that were notified and not polled since

 private:
  std::uint32_t claims_;
};

/// The state of a channel. Whoever calls one of its functions holds `lock`, except for
/// `wake_and_go_on`. What it promises, and to whom, stands with `channel`.
template <class Value, std::uint32_t Capacity, scope Scope>
struct channel_core {
  using waiter_state = waiter::state;

  /// A blocked sender, and the room that it was promised once it is notified. One that only looks is let go
  /// without a promise: it has no message yet.
  struct blocked_sender : claimant {
    promised_room room;
  };
  /// A blocked receiver; one that only looks is let go without a reservation, since two of them would
  /// hand it to each other for ever.
  using blocked_receiver = claimant;

  /// Tasks to wake once the lock is free, and whether there are more.
  struct notified {
    task_id sender{task_id::none};
    task_id receiver{task_id::none};
    bool has_more = false;
  };

  // ---- under the lock ----

  COWARP_FN send_status put(Value& value, notified& woken) {
    if (!ring.has_room() || senders.has_claims()) return send_status::full;
    ring.put(std::move(value));
    woken = notify();
    return send_status::ok;
  }

  [[nodiscard]] COWARP_FN bool has_free_message() const {
    return ring.ready() > receivers.reserved && !receivers.has_claims();
  }

  COWARP_FN bool take(polled<Value>& to, notified& woken) {
    if (!has_free_message()) return false;
    ring.take(to);
    woken = notify();
    return true;
  }

  /// Gives free room to the first blocked sender and a free message to the first blocked receiver;
  /// after `close`, lets them go without.
  COWARP_FN notified notify() {
    notified woken;
    if (can_notify_sender()) {
      auto& first = static_cast<blocked_sender&>(*senders.first());
      if (is_closed || first.only_looks) {
        woken.sender = first.task;
        senders.remove(first);
      } else {
        ring.promise(first.room);
        woken.sender = senders.notify_first();
      }
    }
    if (can_notify_receiver()) {
      auto& first = static_cast<blocked_receiver&>(*receivers.first());
      if (ring.ready() > receivers.reserved && !first.only_looks) {
        ++receivers.reserved;
        woken.receiver = receivers.notify_first();
      } else {
        woken.receiver = first.task;
        receivers.remove(first);
      }
    }
    woken.has_more = can_notify_sender() || can_notify_receiver();
    return woken;
  }
  [[nodiscard]] COWARP_FN bool can_notify_sender() const {
    return !senders.is_empty() && (is_closed || ring.has_room());
  }
  [[nodiscard]] COWARP_FN bool can_notify_receiver() const {
    return !receivers.is_empty() &&
           (ring.ready() > receivers.reserved || (is_closed && ring.is_empty()));
  }

  // ---- without the lock ----

  COWARP_FN void wake_and_go_on(notified woken) {
    for (;;) {
      wake(woken.sender);
      wake(woken.receiver);
      if (!woken.has_more) return;
      lock.with([&] { woken = notify(); });
    }
  }

  platform::spin_lock<Scope> lock;
  bool is_closed;
  claim_line senders;
  claim_line receivers;
  message_ring<Value, Capacity> ring;
};

/// A base that makes the size of what holds a `Core` an odd multiple of 8, where 8 is its alignment.
template <class Core, bool IsNeeded = alignof(Core) == 8 &&
                                      platform::to_odd_multiple_of_8(sizeof(Core)) != sizeof(Core)>
class to_odd_size {};
template <class Core>
class to_odd_size<Core, true> {
  [[maybe_unused]] std::uint64_t unused_;
};

/// A receiver's place in line; it leaves the line, and hands on, when it is destroyed.
template <class Core>
class COWARP_TRIVIAL_ABI receiving_place {
 public:
  enum class turn : std::uint8_t { waits, has_message, has_ended };

  COWARP_FN receiving_place(Core& from, bool only_looks) : from_(from) {
    receiver_.only_looks = only_looks;
  }
  receiving_place(receiving_place&&) = default;  // before the first poll only
  COWARP_FN ~receiving_place() {
    if (!has_waited_) return;
    typename Core::notified woken;
    from_.lock.with([&] {
      if (receiver_.is == waiter::state::queued) from_.receivers.remove(receiver_);
      if (receiver_.is != waiter::state::notified) return;
      --from_.receivers.reserved;
      woken = from_.notify();
    });
    from_.wake_and_go_on(woken);
  }

  /// Calls `serve(ring)` under the lock once there is a message for this receiver.
  template <class Serve>
  COWARP_FN turn poll(context& cx, Serve serve) {
    turn is = turn::waits;
    typename Core::notified woken;
    from_.lock.with([&] {
      is = poll_locked(cx);
      if (is != turn::has_message) return;
      serve(from_.ring);
      woken = from_.notify();
    });
    from_.wake_and_go_on(woken);
    has_waited_ = is == turn::waits;
    return is;
  }

 private:
  using waiter_state = waiter::state;

  COWARP_FN turn poll_locked(context& cx) {
    if (receiver_.is == waiter_state::queued) {
      receiver_.task = cx.task();  // maybe another child of its task
      return turn::waits;
    }
    if (receiver_.is == waiter_state::notified) {
      receiver_.is = waiter_state::idle;
      --from_.receivers.reserved;
      return turn::has_message;
    }
    if (from_.has_free_message()) return turn::has_message;
    if (from_.is_closed && from_.ring.is_empty()) return turn::has_ended;
    receiver_.task = cx.task();
    from_.receivers.push_back(receiver_);
    return turn::waits;
  }

  Core& from_;
  typename Core::blocked_receiver receiver_;
  bool has_waited_ = false;  // the receiver may be known to the channel
};

}  // namespace cowarp::detail
