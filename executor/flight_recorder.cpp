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
  constexpr std::uint32_t most_rows = 32;  // of each kind
  std::uint32_t of_kind[4]          = {};
  std::string text                  = "what each worker did last, as far as it reached the host:\n";
  auto out                          = std::back_inserter(text);
  const auto print                  = [&](const worker_state& one, const std::string& did) {
    fmt::format_to(out, "  block {} worker {}: {}; pass {}, {} tasks in the block\n", one.block,
                                    one.worker, did, one.passes, one.live);
  };
  for (const auto& one : workers) {
    const std::uint32_t nth = of_kind[static_cast<std::uint32_t>(one.is)]++;
    if (one.is != polling || nth >= most_rows) continue;
    print(one, fmt::format("polls {} in slot {}", one.task, in_words(one)));
  }
  const auto count = [&](worker_state::activity is) {
    return of_kind[static_cast<std::uint32_t>(is)];
  };
  // A store to a wrong address may be found when its poll is over.
  std::uint32_t rows = 0;
  for (const auto& one : workers) {
    if (one.is != between_polls || rows++ >= most_rows) continue;
    print(one, fmt::format("had polled {} in slots {}-{}", one.task, one.first_slot,
                           one.first_slot + 31));
  }
  for (const auto& [is, what] :
       {std::pair(polling, "polled"), std::pair(between_polls, "had polled")}) {
    if (count(is) > most_rows) {
      fmt::format_to(out, "  and {} workers more that {}\n", count(is) - most_rows, what);
    }
  }
  fmt::format_to(
      out, "  of {} workers {} polled, {} were between polls, {} had ended, {} had not polled",
      workers.size(), count(polling), count(between_polls), count(ended), count(not_begun));
  return text;
}

}  // namespace cowarp
