// SPDX-License-Identifier: Apache-2.0
/// \file
/// The two ends of a channel as values: what may only send, and what may only receive.
#pragma once

#include <cowarp/platform/platform.hpp>

#include <cstdint>
#include <utility>

namespace cowarp {

/// The end of a channel through which a task can only send; copied wherever it is needed.
///
/// Called by:     as the channel; copies count nothing and close nothing.
/// Scope:         the channel's, which must outlive it.
/// Storage:       one pointer; zero bytes are an end of no channel, which must not be used.
/// After Embassy's `Sender`. `Channel` is a `channel`, a `priority_channel` or what looks like them.
template <class Channel>
class channel_sender {
 public:
  using value_type = typename Channel::value_type;

  channel_sender() = default;
  COWARP_FN constexpr explicit channel_sender(Channel& to) : to_(&to) {}

  [[nodiscard]] COWARP_FN auto send(value_type value) const { return to_->send(std::move(value)); }
  [[nodiscard]] COWARP_FN auto try_send(value_type value) const {
    return to_->try_send(std::move(value));
  }
  [[nodiscard]] COWARP_FN auto ready_to_send() const { return to_->ready_to_send(); }
  COWARP_FN void close() const { to_->close(); }

  [[nodiscard]] static COWARP_FN constexpr std::uint32_t capacity() { return Channel::capacity(); }
  [[nodiscard]] COWARP_FN std::uint32_t size() const { return to_->size(); }
  [[nodiscard]] COWARP_FN bool is_full() const { return to_->is_full(); }
  [[nodiscard]] COWARP_FN bool is_closed() const { return to_->is_closed(); }

 private:
  Channel* to_ = nullptr;
};

/// The end of a channel through which a task can only receive; copied wherever it is needed.
///
/// Called by:     as the channel; copies count nothing and close nothing.
/// Scope:         the channel's, which must outlive it.
/// Storage:       one pointer; zero bytes are an end of no channel, which must not be used.
/// After Embassy's `Receiver`. It may close the channel too: who stops listening says so.
template <class Channel>
class channel_receiver {
 public:
  using value_type = typename Channel::value_type;

  channel_receiver() = default;
  COWARP_FN constexpr explicit channel_receiver(Channel& from) : from_(&from) {}

  [[nodiscard]] COWARP_FN auto receive() const { return from_->receive(); }
  [[nodiscard]] COWARP_FN auto ready_to_receive() const { return from_->ready_to_receive(); }
  [[nodiscard]] COWARP_FN auto try_receive() const { return from_->try_receive(); }
  [[nodiscard]] COWARP_FN auto try_peek() const { return from_->try_peek(); }
  COWARP_FN void clear() const { from_->clear(); }
  COWARP_FN void close() const { from_->close(); }

  [[nodiscard]] COWARP_FN std::uint32_t size() const { return from_->size(); }
  [[nodiscard]] COWARP_FN bool is_empty() const { return from_->is_empty(); }
  [[nodiscard]] COWARP_FN bool is_closed() const { return from_->is_closed(); }

 private:
  Channel* from_ = nullptr;
};

}  // namespace cowarp
