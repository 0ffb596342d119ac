// SPDX-License-Identifier: Apache-2.0
/// \file
/// How often each word was seen: a hash table in global memory that all tasks fill at once.
#pragma once

#include <cowarp/platform/atomic.hpp>

#include "scan.hpp"
#include <cstdint>

namespace wordcount {

/// One word of the table.
struct table_slot {
  /// 0: free. Else where in the text the word stands (low 40 bits), and a tag of its hash (high 24).
  cowarp::platform::atomic<std::uint64_t, cowarp::scope::device> word;
  cowarp::platform::atomic<std::uint64_t, cowarp::scope::device> count;
};

/// An open-addressing table of the words of one text, which does not change meanwhile.
///
/// A slot's word names the bytes of its first finder by their place in the text. The text is there
/// before the tasks are, so a slot has no half-written state: one compare-and-swap takes it, and
/// nobody ever waits for anybody. Words with equal tags are told apart by their bytes.
///
/// Invariant:     a slot's word is written once; the slots of a probe sequence fill from its start.
/// Called by:     any task of the grid.
/// Scope:         device.
/// Memory order:  relaxed throughout: what a slot says refers to nothing that was written meanwhile.
///                The host reads the table after the run.
/// Progress:      lock-free.
/// Storage:       16 bytes a slot, a power of two of them, zeroed.
/// Fails:         `add` returns false when it found no slot in `most_probes`: the table is too small.
struct word_table {
  static constexpr std::uint32_t place_bits  = 40;
  static constexpr std::uint64_t place_mask  = (std::uint64_t{1} << place_bits) - 1;
  static constexpr std::uint64_t most_probes = 256;

  table_slot* slots;
  std::uint64_t mask;  // slots - 1

  /// Counts the word that stands in the text at [at, at + length).
  [[nodiscard]] COWARP_FN bool add(const unsigned char* text, std::uint64_t at,
                                   std::uint64_t length) const {
    const std::uint64_t hash = hash_of(text + at, length);
    const std::uint64_t mine = (hash & ~place_mask) | at;
    for (std::uint64_t probe = 0; probe <= mask && probe < most_probes; ++probe) {
      table_slot& slot = slots[(hash + probe) & mask];
      // relaxed: it names bytes of the text, which were there before.
      std::uint64_t word = slot.word.load(cowarp::platform::relaxed);
      // relaxed: as above. On failure `word` becomes what another task put there.
      if (word == 0 && slot.word.compare_exchange(word, mine, cowarp::platform::relaxed)) {
        word = mine;
      }
      if (!is_same(text, word, mine, length)) continue;
      // relaxed: a sum, read after the run.
      slot.count.fetch_add(1, cowarp::platform::relaxed);
      return true;
    }
    return false;
  }

 private:
  /// FNV-1a, and a last mixing for the bits that choose the slot.
  [[nodiscard]] COWARP_FN static std::uint64_t hash_of(const unsigned char* word,
                                                       std::uint64_t length) {
    std::uint64_t hash = 0xcbf29ce484222325;
    for (std::uint64_t i = 0; i < length; ++i) hash = (hash ^ word[i]) * 0x100000001b3;
    hash = (hash ^ hash >> 32) * 0x9e3779b97f4a7c15;
    return hash ^ hash >> 32;
  }

  [[nodiscard]] COWARP_FN static bool is_same(const unsigned char* text, std::uint64_t word,
                                              std::uint64_t mine, std::uint64_t length) {
    if (word == mine) return true;
    if ((word ^ mine) >> place_bits != 0) return false;
    const unsigned char* a = text + (word & place_mask);
    const unsigned char* b = text + (mine & place_mask);
    for (std::uint64_t i = 0; i < length; ++i) {
      if (a[i] != b[i]) return false;
    }
    return is_space(a[length]);
  }
};

}  // namespace wordcount
