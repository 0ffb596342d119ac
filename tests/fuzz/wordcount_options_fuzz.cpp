// SPDX-License-Identifier: Apache-2.0
/// \file
/// No command line does harm: it is refused by a `usage_error`, or what it asks for can be planned.
///
/// The input's lines are the arguments; a line of one byte below 32 is one of the words that matter.
#include "law.hpp"
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>
#include <wordcount/count.hpp>

namespace {

constexpr const char* known[] = {
    "--top",
    "-n",
    "--blocks",
    "--workers",
    "--piece-bytes",
    "--slots",
    "--report",
    "64",
    "128",
    "4294967295",
    "18446744073709551615",
    "--compare-wc",
    "-1",
    "--",
    "0x40",
    "--progress",
    "--no-frequencies",
    "auto",
    "always",
    "1e3",
    "1048576",
    "--top=5",
    "--slots=-3",
    "--piece-bytes=64",
    "never",
    "a.c",
    "-n7",
    "--blocks=0x",
    "--unknown",
    "",
};

std::vector<std::string> arguments_of(const std::uint8_t* data, std::size_t size) {
  std::vector<std::string> arguments{"wordcount", ""};
  for (std::size_t i = 0; i < size; ++i) {
    if (data[i] == '\n') {
      arguments.emplace_back();
    } else if (data[i] < std::size(known) && arguments.back().empty()) {
      arguments.back() = known[data[i]];
    } else if (data[i] != '\0') {
      arguments.back() += static_cast<char>(data[i]);
    }
  }
  return arguments;
}

void require_plan(const wordcount::options& o) {
  wordcount::corpus text;
  text.add("file", std::vector<unsigned char>(1000, 'x'));
  wordcount::job j{};
  wordcount::detail::plan(j, text, o);
  fuzz::require(j.piece_bytes != 0 && j.piece_bytes % wordcount::group_bytes == 0,
                "a piece is a multiple of 64 bytes");
  fuzz::require(j.chunk_bytes >= j.piece_bytes && j.chunk_bytes % j.piece_bytes == 0,
                "a chunk is made of whole pieces");
  fuzz::require(j.chunk_count * j.chunk_bytes >= 1000, "the chunks hold all bytes");
  fuzz::require(std::has_single_bit(wordcount::detail::first_slots(text, o)),
                "the table has a power of two of slots");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto arguments = arguments_of(data, size);
  std::vector<char*> pointers;
  for (auto& argument : arguments) pointers.push_back(argument.data());
  try {
    const auto options = wordcount::parse(static_cast<int>(pointers.size()), pointers.data());
    if (!options) return 0;
    fuzz::require(!options->files.empty(), "there is a file to count");
    require_plan(*options);
  } catch (const wordcount::usage_error& refused) {
    fuzz::require(refused.what()[0] != '\0', "what is refused is told why");
  }
  return 0;
}
