// SPDX-License-Identifier: Apache-2.0
/// \file
/// Counts and frequencies of any bytes are those of a plain loop, whatever blocks, pieces and slots.
#include "law.hpp"
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>
#include <wordcount/count.hpp>

namespace {

bool is_space(unsigned char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\v' || c == '\f' || c == '\r';
}

/// What a loop finds that looks at one byte at a time.
struct plain_counts {
  std::vector<wordcount::file_counts> files;
  std::map<std::string, std::uint64_t> words;

  void add(std::span<const unsigned char> file) {
    wordcount::file_counts counts{};
    std::string word;
    const auto end_word = [&] {
      if (word.empty()) return;
      ++counts.words;
      ++words[word];
      word.clear();
    };
    for (const unsigned char c : file) {
      if (c == '\n') ++counts.lines;
      if (is_space(c)) {
        end_word();
      } else {
        word += static_cast<char>(c);
      }
    }
    end_word();
    files.push_back(counts);
  }
};

void require_words(const wordcount::findings& found, const plain_counts& plain,
                   const wordcount::options& o) {
  fuzz::require(found.different == plain.words.size(), "all different words are found");
  fuzz::require(found.top.size() == std::min<std::size_t>(o.top, plain.words.size()),
                "as many are shown as were asked for");
  for (std::size_t i = 0; i < found.top.size(); ++i) {
    const auto known = plain.words.find(std::string(found.top[i].word));
    fuzz::require(known != plain.words.end(), "a word that is shown was in the text");
    fuzz::require(known->second == found.top[i].count, "a word was seen as often as is said");
    fuzz::require(i == 0 || found.top[i - 1] < found.top[i], "words are shown in their order");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::input in(data, size);
  wordcount::options o;
  o.blocks         = 1 + in.byte() % 3;
  o.piece_bytes    = in.byte() % 4 * 64;
  o.slots          = in.byte() % 8 * 8;
  o.top            = in.byte();
  const auto kinds = in.byte();
  o.no_frequencies = kinds % 8 == 7;

  wordcount::corpus text;
  plain_counts plain;
  for (int i = kinds / 8 % 3; i >= 0; --i) {
    const auto file = i == 0 ? in.rest() : in.bytes(in.byte());
    text.add("file", file);
    plain.add(file);
  }
  const wordcount::findings found = wordcount::count(text, o, {});

  fuzz::require(found.files.size() == plain.files.size(), "there is a row for each file");
  for (std::size_t i = 0; i < plain.files.size(); ++i) {
    fuzz::require(found.files[i].lines == plain.files[i].lines, "lines are counted as by a loop");
    fuzz::require(found.files[i].words == plain.files[i].words, "words are counted as by a loop");
  }
  if (!o.no_frequencies) require_words(found, plain, o);
  return 0;
}
