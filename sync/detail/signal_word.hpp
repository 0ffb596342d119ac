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
///   │ 1: others in line         │ complement of the first waiter's task         │  somebody waits
///   │ 2: the first looks itself │                                               │
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

  /// \returns the word in which a task waits first in line, asleep.
  [[nodiscard]] COWARP_FN static constexpr signal_word waiting(task_id first, bool has_line) {
    return of(has_line ? others : 0, ~first.value);
  }
  /// \returns the word in which a task waits alone, and looks by itself.
  [[nodiscard]] COWARP_FN static constexpr signal_word looking(task_id first) {
    return of(looks, ~first.value);
  }
  /// \returns the word that follows a send: the value is kept for whom it is reserved or who waits.
  template <class Value>
  [[nodiscard]] COWARP_FN signal_word with(const Value& value) const {
    return of(bits_of(value), flags_when_called() | filled);
  }
  /// \returns the same without its value.
  [[nodiscard]] COWARP_FN constexpr signal_word without_value() const {
    return is_waiting() ? *this : of(0, low() & ~filled);
  }
  /// \returns what is left when who waits first, or has the reservation, goes. \pre there is no line
  [[nodiscard]] COWARP_FN constexpr signal_word without_first() const {
    return is_waiting() ? signal_word() : of(high(), low() & ~reserved);
  }
  /// \returns the same with a line or without.
  [[nodiscard]] COWARP_FN constexpr signal_word with_line(bool has) const {
    if (is_waiting()) return of((high() & looks) | (has ? others : 0), low());
    return of(high(), has ? low() | line : low() & ~line);
  }

  [[nodiscard]] COWARP_FN constexpr bool is_waiting() const { return low() >= first_task; }
  /// \returns true if who waits first looks by itself, and need not be woken.
  [[nodiscard]] COWARP_FN constexpr bool is_looking() const {
    return is_waiting() && (high() & looks) != 0;
  }
  [[nodiscard]] COWARP_FN constexpr bool has_value() const { return has(filled); }
  [[nodiscard]] COWARP_FN constexpr bool is_reserved() const { return has(reserved); }
  /// \returns true if there is a value that anybody may take.
  [[nodiscard]] COWARP_FN constexpr bool is_free() const { return has_value() && !is_reserved(); }
  /// \returns true if there is a value that anybody may take, and no line.
  [[nodiscard]] COWARP_FN constexpr bool is_free_alone() const { return low() == filled; }
  /// \returns true if there is a value, which is reserved, and no line.
  [[nodiscard]] COWARP_FN constexpr bool is_reserved_alone() const {
    return low() == (filled | reserved);
  }
  /// \returns true if tasks wait behind the first, or behind who has the reservation.
  [[nodiscard]] COWARP_FN constexpr bool has_line() const {
    return (flags_when_called() & line) != 0;
  }
  /// \returns who waits first. \pre `is_waiting`
  [[nodiscard]] COWARP_FN constexpr task_id first() const { return {~low()}; }
  /// \pre `has_value`
  template <class Value>
  [[nodiscard]] COWARP_FN Value value() const {
    if constexpr (sizeof(Value) == 4) {
      return std::bit_cast<Value>(high());
    } else {
      bytes<sizeof(Value)> its{};
      for (std::uint32_t i = 0; i < sizeof(Value); ++i) {
        its.of[i] = static_cast<unsigned char>(high() >> 8 * i);
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

  static constexpr std::uint32_t filled   = 1u << 0;
  static constexpr std::uint32_t reserved = 1u << 1;
  static constexpr std::uint32_t line     = 1u << 2;
  // In the upper half, while somebody waits.
  static constexpr std::uint32_t others = 1u << 0;
  static constexpr std::uint32_t looks  = 1u << 1;
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
  // In halves: a GPU's registers have 32 bits.
  [[nodiscard]] COWARP_FN static constexpr signal_word of(std::uint32_t high, std::uint32_t low) {
    return signal_word(std::uint64_t{high} << 32 | low);
  }
  [[nodiscard]] COWARP_FN constexpr std::uint32_t high() const {
    return static_cast<std::uint32_t>(bits_ >> 32);
  }
  [[nodiscard]] COWARP_FN constexpr std::uint32_t low() const {
    return static_cast<std::uint32_t>(bits_);
  }
  [[nodiscard]] COWARP_FN constexpr bool has(std::uint32_t flag) const {
    return !is_waiting() && (low() & flag) != 0;
  }
  /// \returns the flags once who waits first is called, and so has the reservation.
  [[nodiscard]] COWARP_FN constexpr std::uint32_t flags_when_called() const {
    if (!is_waiting()) return low();
    return (high() & others) == 0 ? reserved : reserved | line;
  }

  std::uint64_t bits_ = 0;
};

}  // namespace cowarp::detail
