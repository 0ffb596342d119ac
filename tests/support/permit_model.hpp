// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a semaphore or a lock has to do, in plain words: the reference of the property tests.
#pragma once

#include <cowarp/platform/platform.hpp>

#include <cstdint>

namespace test {

/// Permits and the requests for them; each of `Requests` is made, let in or refused, and ended.
template <std::uint32_t Requests>
class permit_model {
 public:
  COWARP_FN permit_model(std::int64_t permits, bool is_greedy)
      : free_(permits), is_greedy_(is_greedy) {}

  COWARP_FN void begin(std::uint32_t i, std::uint32_t wanted, bool takes_all = false) {
    requests_[i] = {wanted, takes_all, ++turns_, state::waits, 0};
    settle();
  }
  /// Cancels the request, or gives back what it got.
  COWARP_FN void end(std::uint32_t i) {
    if (requests_[i].is == state::has) free_ += requests_[i].granted;
    requests_[i].is = state::none;
    settle();
  }
  /// Ends the request, whose permits are lost.
  COWARP_FN void forget(std::uint32_t i) { requests_[i].is = state::none; }
  COWARP_FN void give(std::uint32_t count) {
    free_ += count;
    settle();
  }
  COWARP_FN void set(std::uint32_t count) {
    free_ = count;
    settle();
  }
  COWARP_FN void close() {
    is_closed_ = true;
    settle();
  }

  [[nodiscard]] COWARP_FN bool is_idle(std::uint32_t i) const {
    return requests_[i].is == state::none;
  }
  [[nodiscard]] COWARP_FN bool is_settled(std::uint32_t i) const {
    return requests_[i].is == state::has || requests_[i].is == state::refused;
  }
  [[nodiscard]] COWARP_FN bool has(std::uint32_t i) const { return requests_[i].is == state::has; }
  [[nodiscard]] COWARP_FN std::uint32_t granted(std::uint32_t i) const {
    return requests_[i].granted;
  }
  [[nodiscard]] COWARP_FN std::int64_t free() const { return free_; }

 private:
  enum class state : std::uint8_t { none, waits, has, refused };
  struct request {
    std::uint32_t wanted;
    bool takes_all;
    std::uint32_t turn;
    state is;
    std::uint32_t granted;
  };

  /// \returns the waiting request whose turn is the next after `turn`, or `Requests`.
  COWARP_FN std::uint32_t next_after(std::uint32_t turn) const {
    std::uint32_t best = Requests;
    for (std::uint32_t i = 0; i < Requests; ++i) {
      if (requests_[i].is != state::waits || requests_[i].turn <= turn) continue;
      if (best == Requests || requests_[i].turn < requests_[best].turn) best = i;
    }
    return best;
  }

  COWARP_FN void settle() {
    for (std::uint32_t i = next_after(0); i != Requests; i = next_after(requests_[i].turn)) {
      request& r = requests_[i];
      if (is_closed_) {
        r.is = state::refused;
      } else if (r.wanted <= free_) {
        r.is      = state::has;
        r.granted = r.takes_all ? static_cast<std::uint32_t>(free_) : r.wanted;
        free_ -= r.granted;
      } else if (!is_greedy_) {
        return;
      }
    }
  }

  request requests_[Requests] = {};
  std::int64_t free_;
  std::uint32_t turns_ = 0;
  bool is_greedy_;
  bool is_closed_ = false;
};

}  // namespace test
