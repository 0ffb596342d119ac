// SPDX-License-Identifier: Apache-2.0
/// \file
/// The atomic operations of a simulation: before each, and after each write, the scheduler may switch.
#pragma once

#include <cowarp/platform/sim/schedule.hpp>

#include <atomic>
#include <cstdint>

namespace cowarp::sim {

/// What a read-modify-write does with the old value.
enum class change : std::uint8_t { exchange, add, subtract, set_bits, keep_bits, compare };

/// One atomic operation on a word of 4 or 8 bytes.
struct operation {
  void* at;
  std::uint32_t bytes;
  std::memory_order order;
  bool is_block_scope;
};

/// Carry out an operation for the running lane. They stand in a source of their own, so that a test
/// whose plain accesses are watched (race_hooks.cpp) does not watch these.
[[nodiscard]] std::uint64_t load(const operation& what);
void store(const operation& what, std::uint64_t value);
/// \returns the old value. \param wanted the value that `change::compare` replaces.
std::uint64_t modify(const operation& what, change how, std::uint64_t value,
                     std::uint64_t wanted = 0);

/// The same in memory, at once and for all to see. \returns the old value.
[[nodiscard]] std::uint64_t read_word(const operation& what);
std::uint64_t change_word(const operation& what, change how, std::uint64_t value,
                          std::uint64_t wanted = 0);

/// Stands in the place of `std::atomic_ref`.
template <class Value, bool IsBlockScope>
class atomic_ref {
 public:
  explicit atomic_ref(Value& value) : value_(&value) {}

  [[nodiscard]] Value load(std::memory_order o) const {
    return static_cast<Value>(sim::load(at(o)));
  }
  void store(Value value, std::memory_order o) const { sim::store(at(o), value); }
  Value exchange(Value value, std::memory_order o) const {
    return modify(change::exchange, value, o);
  }
  Value fetch_add(Value by, std::memory_order o) const { return modify(change::add, by, o); }
  Value fetch_sub(Value by, std::memory_order o) const { return modify(change::subtract, by, o); }
  Value fetch_or(Value bits, std::memory_order o) const {
    return modify(change::set_bits, bits, o);
  }
  Value fetch_and(Value bits, std::memory_order o) const {
    return modify(change::keep_bits, bits, o);
  }
  bool compare_exchange_strong(Value& expected, Value desired, std::memory_order o,
                               std::memory_order) const {
    const Value wanted = expected;
    expected           = static_cast<Value>(sim::modify(at(o), change::compare, desired, wanted));
    return expected == wanted;
  }

 private:
  operation at(std::memory_order o) const { return {value_, sizeof(Value), o, IsBlockScope}; }
  Value modify(change how, Value value, std::memory_order o) const {
    return static_cast<Value>(sim::modify(at(o), how, value));
  }

  Value* value_;
};

}  // namespace cowarp::sim
