// SPDX-License-Identifier: Apache-2.0
/// \file
/// How the tasks of a test wait for each other without the primitives that other tests judge.
#pragma once

#include <cowarp/cowarp.hpp>

#include <cstdint>

namespace test {

/// A number that tasks of any block and the host share; zero bytes are zero.
class counter {
 public:
  COWARP_FN std::uint32_t add(std::uint32_t by = 1) {
    // acq_rel: whoever sees the sum sees what came before each of its parts.
    return word_.fetch_add(by, cowarp::platform::acq_rel);
  }
  COWARP_FN void set(std::uint32_t to) {
    // release: publishes what the setter wrote before.
    word_.store(to, cowarp::platform::release);
  }
  [[nodiscard]] COWARP_FN std::uint32_t value() const {
    // acquire: shows what came before `set` and `add`.
    return word_.load(cowarp::platform::acquire);
  }

 private:
  cowarp::platform::atomic_word<cowarp::scope::device> word_;
};

/// Something to wait for by hand: only a waker brings the next poll, and every poll is counted.
///
/// One task may pass; it leaves its waker at its first poll. Who opens waits for `is_waiting` first.
struct gate {
  counter polls;
  counter is_open;
  counter has_waker;
  cowarp::waker waker;

  class passing {
   public:
    using output = cowarp::unit;

    COWARP_FN explicit passing(gate& through) : through_(through) {}
    COWARP_FN cowarp::polled<cowarp::unit> poll(cowarp::context& cx) {
      // Looked at before the waker is shown: whoever saw the waker causes one more poll.
      const bool was_open = through_.is_open.value() != 0;
      if (through_.polls.add() == 0) {
        through_.waker = cx.waker();
        through_.has_waker.set(1);
      }
      if (was_open) return cowarp::unit{};
      return cowarp::pending;
    }

   private:
    gate& through_;
  };

  [[nodiscard]] COWARP_FN passing pass() { return passing(*this); }
  [[nodiscard]] COWARP_FN bool is_waiting() const { return has_waker.value() != 0; }
  COWARP_FN void open() {
    is_open.set(1);
    waker.wake();
  }
};

/// A value that can be moved but not copied, and knows whether it was moved from.
class only_moves {
 public:
  only_moves() = default;
  COWARP_FN explicit only_moves(std::int32_t value) : value_(value) {}
  COWARP_FN only_moves(only_moves&& other) noexcept : value_(other.value_) { other.value_ = gone; }
  COWARP_FN only_moves& operator=(only_moves&& other) noexcept {
    value_ = other.value_;
    if (&other != this) other.value_ = gone;
    return *this;
  }

  [[nodiscard]] COWARP_FN std::int32_t value() const { return value_; }
  [[nodiscard]] COWARP_FN bool is_moved_from() const { return value_ == gone; }

 private:
  static constexpr std::int32_t gone = -1;
  std::int32_t value_                = 0;
};

/// Counts how many of its kind were built, and how many of them are gone.
class counted_life {
 public:
  struct counts {
    counter built;
    counter destroyed;
  };

  COWARP_FN explicit counted_life(counts& in) : in_(&in) { in_->built.add(); }
  COWARP_FN counted_life(counted_life&& other) noexcept : in_(other.in_) { in_->built.add(); }
  counted_life& operator=(counted_life&&) = default;  // lives stay as they are
  COWARP_FN ~counted_life() { in_->destroyed.add(); }

 private:
  counts* in_;
};

}  // namespace test
