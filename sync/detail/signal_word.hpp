// SPDX-License-Identifier: Apache-2.0
/// \file
/// The word of a signal whose values have 4 bytes or fewer: value, reservation and first waiter in one.
#pragma once

#include <cowarp/executor/waker.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace cowarp::detail {

/// True for values that stand in a signal's word.
template <class Value>
inline constexpr bool fits_signal_word = sizeof(Value) <= 4 && std::is_trivially_copyable_v<Value>;

/// One state of a signal's word.
///
/// ```text
///   bits 63 .. 32                31 .. 0
///   ┌───────────────────────────┬───────────────────────────────────────────────┐
///   │ 1: others stand in line   │ complement of the first waiter's task         │  somebody waits
///   ├───────────────────────────┼───────────────────────────────────────────────┤
///   │ the value, if there is one│ 1: a value  2: reserved  4: others in line    │  nobody does
///   └───────────────────────────┴───────────────────────────────────────────────┘
/// ```
///
/// No task has the block number whose complement is zero (`task_id::most_blocks`), so the flags are no
/// task. Zero bits: no value, and nobody.
class signal_word {
 public:
  constexpr signal_word() = default;
  COWARP_FN constexpr explicit signal_word(std::uint64_t bits) : bits_(bits) {}

  /// \returns the word in which a task waits first in line.
  [[nodiscard]] COWARP_FN static constexpr signal_word waiting(task_id first, bool has_line) {
    return signal_word(std::uint64_t{has_line} << 32 | ~first.value);
  }
  /// \returns the word in which nobody is known to wait.
  [[nodiscard]] COWARP_FN static constexpr signal_word idle(bool is_reserved, bool has_line) {
    return signal_word((is_reserved ? reserved : 0) | (has_line ? line : 0));
  }
  /// \returns the word that follows a send: the value is kept for whom it is reserved or who waits.
  template <class Value>
  [[nodiscard]] COWARP_FN signal_word with(const Value& value) const {
    const bool is_kept = is_waiting() || is_reserved();
    return signal_word(std::uint64_t{bits_of(value)} << 32 | filled |
                       idle(is_kept, has_line()).bits_);
  }
  /// \returns the same without its value.
  [[nodiscard]] COWARP_FN constexpr signal_word without_value() const {
    return idle(is_reserved(), has_line());
  }
  /// \returns what is left when who waits first, or has the reservation, goes. \pre there is no line
  [[nodiscard]] COWARP_FN constexpr signal_word without_first() const {
    return is_waiting() ? signal_word() : signal_word(bits_ & ~reserved);
  }
  /// \returns the same with a line or without.
  [[nodiscard]] COWARP_FN constexpr signal_word with_line(bool has) const {
    const std::uint64_t bit = is_waiting() ? std::uint64_t{1} << 32 : line;
    return signal_word(has ? bits_ | bit : bits_ & ~bit);
  }

  [[nodiscard]] COWARP_FN constexpr bool is_waiting() const { return low() >= first_task; }
  [[nodiscard]] COWARP_FN constexpr bool has_value() const { return has(filled); }
  [[nodiscard]] COWARP_FN constexpr bool is_reserved() const { return has(reserved); }
  /// \returns true if there is a value that anybody may take.
  [[nodiscard]] COWARP_FN constexpr bool is_free() const { return has_value() && !is_reserved(); }
  /// \returns true if tasks wait behind the first, or behind who has the reservation.
  [[nodiscard]] COWARP_FN constexpr bool has_line() const {
    return is_waiting() ? bits_ >> 32 != 0 : has(line);
  }
  /// \returns who waits first. \pre `is_waiting`
  [[nodiscard]] COWARP_FN constexpr task_id first() const { return {~low()}; }
  /// \pre `has_value`
  template <class Value>
  [[nodiscard]] COWARP_FN Value value() const {
    const auto all = static_cast<std::uint32_t>(bits_ >> 32);
    if constexpr (sizeof(Value) == 4) {
      return std::bit_cast<Value>(all);
    } else {
      bytes<sizeof(Value)> its{};
      for (std::uint32_t i = 0; i < sizeof(Value); ++i) {
        its.of[i] = static_cast<unsigned char>(all >> 8 * i);
      }
      return std::bit_cast<Value>(its);
    }
  }
  [[nodiscard]] COWARP_FN constexpr std::uint64_t bits() const { return bits_; }

 private:
  template <std::size_t Count>
  struct bytes {
    unsigned char of[Count];
  };

  static constexpr std::uint64_t filled   = 1u << 0;
  static constexpr std::uint64_t reserved = 1u << 1;
  static constexpr std::uint64_t line     = 1u << 2;
  // Complements of tasks are no smaller: see the class.
  static constexpr std::uint32_t first_task = 1u << task_id::slot_bits;
  static_assert(task_id::most_blocks == (1u << task_id::block_bits) - 1);

  template <class Value>
  [[nodiscard]] COWARP_FN static std::uint32_t bits_of(const Value& value) {
    if constexpr (sizeof(Value) == 4) {
      return std::bit_cast<std::uint32_t>(value);
    } else {
      const auto its    = std::bit_cast<bytes<sizeof(Value)>>(value);
      std::uint32_t all = 0;
      for (std::uint32_t i = 0; i < sizeof(Value); ++i) all |= std::uint32_t{its.of[i]} << 8 * i;
      return all;
    }
  }
  [[nodiscard]] COWARP_FN constexpr std::uint32_t low() const {
    return static_cast<std::uint32_t>(bits_);
  }
  [[nodiscard]] COWARP_FN constexpr bool has(std::uint64_t flag) const {
    return !is_waiting() && (bits_ & flag) != 0;
  }

  std::uint64_t bits_ = 0;
};

}  // namespace cowarp::detail
