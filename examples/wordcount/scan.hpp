// SPDX-License-Identifier: Apache-2.0
/// \file
/// Where lines end and words begin, 64 bytes of text at a time.
#pragma once

#include <cowarp/platform/platform.hpp>

#include <bit>
#include <cstdint>

namespace wordcount {

static_assert(std::endian::native == std::endian::little, "bit i of a mask is byte i of the text");

/// The text is padded with white space to multiples of this, before the first file and behind each.
inline constexpr std::uint64_t group_bytes = 64;

/// \returns true for space, \t, \n, \v, \f and \r: `isspace` of the C locale.
[[nodiscard]] COWARP_FN constexpr bool is_space(unsigned char byte) {
  return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

/// 16 bytes of text, loaded at once.
struct alignas(16) block16 {
  std::uint32_t words[4];
};

/// What stands where in a group of text; bit i speaks for byte i.
struct group_masks {
  std::uint64_t space;
  std::uint64_t newline;
};

namespace detail {

inline constexpr std::uint32_t low_bits  = 0x7f7f7f7f;
inline constexpr std::uint32_t high_bits = 0x80808080;

/// \returns bit 7 of each byte that is zero; no byte disturbs another.
[[nodiscard]] COWARP_FN constexpr std::uint32_t zero_bytes(std::uint32_t four) {
  return ~(((four & low_bits) + low_bits) | four | low_bits);
}

/// \returns bit 7 of each byte that is at least `limit`, bit 7 of the byte left aside.
[[nodiscard]] COWARP_FN constexpr std::uint32_t at_least(std::uint32_t four, std::uint32_t limit) {
  return ((four & low_bits) + (0x80 - limit) * 0x01010101u) & high_bits;
}

[[nodiscard]] COWARP_FN constexpr std::uint32_t space_bytes(std::uint32_t four) {
  const std::uint32_t control = at_least(four, '\t') & ~at_least(four, '\r' + 1) & ~four;
  return control | zero_bytes(four ^ 0x20202020u);
}

/// Gathers bit 7 of the four bytes in bits 0 to 3.
[[nodiscard]] COWARP_FN constexpr std::uint32_t gather(std::uint32_t four) {
  return ((four & high_bits) >> 7) * 0x01020408u >> 24 & 0xfu;
}

static_assert(gather(space_bytes(0x41200d08)) == 0b0110);  // 08 0d 20 41: the first byte is lowest
static_assert(gather(space_bytes(0x8d09a00e)) == 0b0100);
static_assert(gather(zero_bytes(0x0a0b0a00 ^ 0x0a0a0a0a)) == 0b1010);

}  // namespace detail

/// \returns the masks of the 64 bytes at `text`. \pre `text` is a multiple of 16
[[nodiscard]] COWARP_FN inline group_masks masks_of(const unsigned char* text) {
  block16 blocks[4];
  for (int i = 0; i < 4; ++i) blocks[i] = reinterpret_cast<const block16*>(text)[i];
  group_masks masks{};
  for (int i = 0; i < 16; ++i) {
    const std::uint32_t four = blocks[i / 4].words[i % 4];
    const auto space         = std::uint64_t{detail::gather(detail::space_bytes(four))};
    const auto newline = std::uint64_t{detail::gather(detail::zero_bytes(four ^ 0x0a0a0a0au))};
    masks.space |= space << (4 * i);
    masks.newline |= newline << (4 * i);
  }
  return masks;
}

[[nodiscard]] COWARP_FN inline std::uint32_t count_bits(std::uint64_t bits) {
  return cowarp::platform::count_bits(static_cast<std::uint32_t>(bits)) +
         cowarp::platform::count_bits(static_cast<std::uint32_t>(bits >> 32));
}

/// \pre bits != 0
[[nodiscard]] COWARP_FN inline std::uint32_t lowest_bit(std::uint64_t bits) {
  const auto low = static_cast<std::uint32_t>(bits);
  return low != 0 ? cowarp::platform::lowest_bit(low)
                  : 32 + cowarp::platform::lowest_bit(static_cast<std::uint32_t>(bits >> 32));
}

/// \returns the length of the word that begins at `at`; it may end in a later group.
[[nodiscard]] COWARP_FN inline std::uint64_t word_length(const unsigned char* text,
                                                         std::uint64_t at, std::uint64_t space) {
  const std::uint32_t first = at % group_bytes;
  if (const std::uint64_t rest = space >> first; rest != 0) return lowest_bit(rest);
  std::uint64_t end = at - first + group_bytes;
  while (!is_space(text[end])) ++end;
  return end - at;
}

/// Lines that end and words that begin in a stretch of text.
struct line_and_word_counts {
  std::uint32_t lines;
  std::uint32_t words;

  friend COWARP_FN constexpr line_and_word_counts operator+(line_and_word_counts a,
                                                            line_and_word_counts b) {
    return {a.lines + b.lines, a.words + b.words};
  }
};

/// Counts in the group at `at`; calls `on_word(where, length)` for each word that begins there. The
/// word may go on past the group.
///
/// \pre `at` is a multiple of 64, and white space follows the text up to the next multiple.
template <class OnWord>
COWARP_FN line_and_word_counts scan_group(const unsigned char* text, std::uint64_t at,
                                          OnWord&& on_word) {
  const group_masks masks         = masks_of(text + at);
  const std::uint64_t after_space = is_space(text[at - 1]) ? 1 : 0;
  const std::uint64_t starts      = ~masks.space & (masks.space << 1 | after_space);
  for (std::uint64_t rest = starts; rest != 0; rest &= rest - 1) {
    const std::uint64_t word = at + lowest_bit(rest);
    on_word(word, word_length(text, word, masks.space));
  }
  return {count_bits(masks.newline), count_bits(starts)};
}

}  // namespace wordcount
