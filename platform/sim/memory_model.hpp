// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a lane may see of what others wrote: happens-before, stale reads and data races.
#pragma once

#include <cowarp/platform/sim/atomic_ref.hpp>
#include <cowarp/platform/sim/random.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace cowarp::sim {

/// For each lane, how much of its past is known. Entry i is the newest epoch of lane i that is.
using vector_clock = std::vector<std::uint32_t>;

/// The memory of one launch, after the C++ memory model without load buffering.
///
/// A lane begins a new epoch whenever it publishes its past: with a release, or in a meeting that
/// orders memory. Release stores and the read-modify-writes after them carry the publisher's clock;
/// an acquire that reads from them takes it over. Of the stores to a word a load may see the newest,
/// or an older one that no newer store known to the reader has replaced, for some steps. A plain
/// access must know of every earlier conflicting access to the same bytes.
///
/// Called by:     the one OS thread of the simulation.
/// Fails:         every call returns what is wrong, or nothing.
class memory_model {
 public:
  memory_model(std::uint32_t lanes, random_source& random);

  /// Watches the plain accesses to these bytes.
  void watch(const void* begin, std::size_t bytes);

  /// \param lane the running one. \param block its block. \param step the time.
  [[nodiscard]] std::uint64_t load(std::uint32_t lane, std::uint64_t step, const operation& what);
  void store(std::uint32_t lane, std::uint64_t step, const operation& what, std::uint64_t value);
  std::uint64_t modify(std::uint32_t lane, std::uint64_t step, const operation& what, change how,
                       std::uint64_t value, std::uint64_t wanted);
  [[nodiscard]] std::string check_scope(std::uint32_t block, const operation& what);

  /// \param where the code address of the access.
  [[nodiscard]] std::string plain_access(std::uint32_t lane, const void* at, std::size_t bytes,
                                         bool is_write, const void* where);

  /// Orders what some lanes did before a meeting before what they do after it.
  void meet(std::uint32_t first, std::uint32_t count);

 private:
  // A store is seen by all after so many steps.
  static constexpr std::uint64_t longest_delay = 3000;
  static constexpr std::size_t longest_history = 4;

  struct written {
    std::uint64_t value;
    std::uint64_t step;
    std::uint32_t lane;
    std::uint32_t epoch;
    vector_clock published;  // what an acquire of this value learns; empty: nothing
  };
  /// Which entry a lane has read. Whoever knows of that read may not read an older one.
  struct reading {
    std::uint32_t lane;
    std::uint32_t epoch;
    std::uint64_t entry;
  };
  struct word {
    std::vector<written> history;   // the newest last
    std::vector<reading> readings;  // of entries younger than the oldest in `history`
    std::uint64_t dropped = 0;      // entries that are no longer in `history`
    std::uint32_t block   = ~0u;    // of block scope: whose
  };
  struct access {
    std::uint32_t lane;
    std::uint32_t epoch;
    std::uint8_t bytes;  // bit i: byte i of the cell
    const void* where;
  };
  /// Eight bytes that are watched.
  struct cell {
    access write{0, 0, 0, nullptr};
    std::vector<access> reads;
  };
  struct region {
    std::uintptr_t begin;
    std::uintptr_t end;
    std::vector<cell> cells;
  };

  [[nodiscard]] std::uint32_t* clock_of(std::uint32_t lane) {
    return &clocks_[std::size_t{lane} * lanes_];
  }
  void learn(std::uint32_t lane, const vector_clock& published);
  void publish(std::uint32_t lane, vector_clock& to);
  [[nodiscard]] bool knows(std::uint32_t lane, std::uint32_t other, std::uint32_t epoch) {
    return clock_of(lane)[other] >= epoch;
  }
  void note_reading(std::uint32_t lane, word& of, std::uint64_t entry);
  [[nodiscard]] std::size_t choose(std::uint32_t lane, std::uint64_t step, word& from);
  word& word_at(const operation& what);
  void append(std::uint32_t lane, std::uint64_t step, word& to, std::uint64_t value,
              vector_clock&& published);
  [[nodiscard]] region* region_of(std::uintptr_t at);
  [[nodiscard]] std::string check_cell(std::uint32_t lane, cell& at, const access& now,
                                       bool is_write);

  std::uint32_t lanes_;
  random_source& random_;
  vector_clock clocks_;  // of lane 0, of lane 1, ...
  vector_clock joined_;
  std::unordered_map<const void*, word> words_;
  std::vector<region> regions_;
};

}  // namespace cowarp::sim
