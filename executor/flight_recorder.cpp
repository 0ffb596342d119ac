// SPDX-License-Identifier: Apache-2.0
#include <cowarp/executor/flight_recorder.hpp>

#include <fmt/format.h>

#include <iterator>
#include <utility>

namespace cowarp {

namespace {

using enum worker_state::activity;

/// \returns the slots as "3, 7 and 9" are listed, ranges as "3-7".
std::string in_words(const worker_state& of) {
  std::string text;
  for (std::uint32_t i = 0; i < 32; ++i) {
    if ((of.slots >> i & 1u) == 0) continue;
    const std::uint32_t first = i;
    while (i + 1 < 32 && (of.slots >> (i + 1) & 1u) != 0) ++i;
    fmt::format_to(std::back_inserter(text), "{}{}", text.empty() ? "" : ",",
                   of.first_slot + first);
    if (i != first) fmt::format_to(std::back_inserter(text), "-{}", of.first_slot + i);
  }
  return text;
}

}  // namespace

std::string to_string(const std::vector<worker_state>& workers) {
  constexpr std::uint32_t most_rows = 32;
  std::uint32_t of_kind[4]          = {};
  std::string text                  = "what each worker did last, as far as it reached the host:\n";
  auto out                          = std::back_inserter(text);
  for (const auto& one : workers) {
    const std::uint32_t nth = of_kind[static_cast<std::uint32_t>(one.is)]++;
    if (one.is != polling || nth >= most_rows) continue;
    fmt::format_to(out,
                   "  block {} worker {}: polls {} in slot {}; pass {}, {} tasks in the block\n",
                   one.block, one.worker, one.task, in_words(one), one.passes, one.live);
  }
  const auto count = [&](worker_state::activity is) {
    return of_kind[static_cast<std::uint32_t>(is)];
  };
  if (count(polling) > most_rows) {
    fmt::format_to(out, "  and {} workers more that polled\n", count(polling) - most_rows);
  }
  fmt::format_to(
      out, "  of {} workers {} polled, {} were between polls, {} had ended, {} had not polled",
      workers.size(), count(polling), count(between_polls), count(ended), count(not_begun));
  return text;
}

}  // namespace cowarp
