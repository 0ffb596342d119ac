// SPDX-License-Identifier: Apache-2.0
/// \file
/// One run of the tasks over a corpus, and what they found.
#pragma once

#include "options.hpp"
#include <algorithm>
#include <bit>
#include <chrono>
#include <cstdint>
#include <functional>
#include <numeric>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

namespace wordcount {

/// A word of the corpus and how often it stands there.
struct frequency {
  std::string_view word;
  std::uint64_t count;

  /// The order of `sort -rn` on the lines of `uniq -c`.
  friend bool operator<(const frequency& a, const frequency& b) {
    return a.count != b.count ? a.count > b.count : a.word > b.word;
  }
};

/// What a run found.
struct findings {
  std::vector<file_counts> files;
  std::vector<frequency> top;
  std::uint64_t different = 0;  // words
  double transfer_seconds = 0;  // to the tasks' memory and back
  cowarp::report report;
};

/// Ctrl-C came before all was counted.
struct interrupted {
  cowarp::report report;
};

/// Called now and then with the bytes done so far.
using on_progress = std::function<void(std::uint64_t)>;

namespace detail {

[[nodiscard]] inline std::string_view word_at(const std::vector<unsigned char>& text,
                                              std::uint64_t at) {
  std::uint64_t end = at;
  while (!is_space(text[end])) ++end;
  return {reinterpret_cast<const char*>(text.data()) + at, end - at};
}

/// Chooses the sizes of pieces and chunks, and counts the chunks.
inline void plan(job& j, const corpus& text, const options& o) {
  // Some pieces for each tokenizer of 132 blocks, and some chunks for each block, but none so small
  // that handing it over costs more than counting it.
  const std::uint64_t share =
      text.bytes() / (132 * 2 * app::tokenizers) / group_bytes * group_bytes;
  const std::uint64_t piece = std::clamp<std::uint64_t>(share, 1024, 65536);
  j.piece_bytes = o.piece_bytes != 0 ? o.piece_bytes : static_cast<std::uint32_t>(piece);
  const std::uint64_t pieces = text.bytes() / (132 * 6) / j.piece_bytes;  // of a chunk
  j.chunk_bytes =
      j.piece_bytes * static_cast<std::uint32_t>(std::clamp<std::uint64_t>(pieces, 1, 256));
  j.chunk_count = 0;
  for (const file_place& file : text.places()) {
    j.chunk_count += (file.bytes + j.chunk_bytes - 1) / j.chunk_bytes;
  }
}

[[nodiscard]] inline std::uint64_t first_slots(const corpus& text, const options& o) {
  const std::uint64_t wanted = o.slots != 0 ? o.slots : std::max(text.bytes() / 16, 4096ul);
  return std::bit_ceil(std::clamp<std::uint64_t>(wanted, 2, std::uint64_t{1} << 36));
}

/// Finds the most frequent words in a filled table.
inline void collect(findings& to, const std::vector<table_slot>& table, const corpus& text,
                    std::uint32_t top) {
  std::vector<frequency> all;
  std::uint64_t sum = 0;
  for (const table_slot& slot : table) {
    // relaxed: the run has ended, here and below.
    const std::uint64_t word = slot.word.load(cowarp::platform::relaxed);
    if (word == 0) continue;
    const std::uint64_t count = slot.count.load(cowarp::platform::relaxed);
    all.push_back({word_at(text.text(), word & word_table::place_mask), count});
    sum += count;
  }
  const std::uint64_t words =
      std::accumulate(to.files.begin(), to.files.end(), std::uint64_t{0},
                      [](std::uint64_t n, const file_counts& f) { return n + f.words; });
  if (sum != words) {
    throw std::logic_error("the table holds " + std::to_string(sum) + " words, but there are " +
                           std::to_string(words) + ": this is a bug");
  }
  to.different     = all.size();
  const auto shown = static_cast<std::ptrdiff_t>(std::min<std::size_t>(top, all.size()));
  std::partial_sort(all.begin(), all.begin() + shown, all.end());
  all.resize(static_cast<std::size_t>(shown));
  to.top = std::move(all);
}

/// Adds the seconds that `fn` takes.
template <class Fn>
void timed(double& sum, Fn&& fn) {
  const auto begin = std::chrono::steady_clock::now();
  fn();
  sum += std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

}  // namespace detail

/// Counts the corpus with a table of so many slots. \returns false if the table was too small.
[[nodiscard]] inline bool count_with(findings& to, job& j, std::uint64_t slots, const corpus& text,
                                     const options& o, const on_progress& progress) {
  const std::size_t files = text.places().size();
  text_buffer<table_slot> table(slots);
  text_buffer<file_counts> counts(files);
  mapped_counter done;
  j.table         = {slots != 0 ? table.for_tasks() : nullptr, slots - 1};
  j.counts        = counts.for_tasks();
  j.bytes_done    = done.for_tasks();
  j.is_table_full = {};
  const cowarp::stop_on_interrupt ctrl_c;
  {
    auto run = cowarp::run_async<app>({.blocks = o.blocks, .workers = o.workers}, j);
    while (!run.wait_for(std::chrono::milliseconds(progress ? 50 : 1000))) {
      if (progress) progress(done.value());
    }
    to.report = run.wait();
  }
  if (ctrl_c.has_come() && to.report.end != cowarp::end_reason::all_done) {
    throw interrupted{std::move(to.report)};
  }
  // relaxed: the run has ended.
  if (j.is_table_full.load(cowarp::platform::relaxed) != 0) return false;
  if (to.report.end != cowarp::end_reason::all_done) {
    throw std::runtime_error("the run did not end: " + to.report.first_failure.message);
  }
  to.files.resize(files);
  std::vector<table_slot> words(slots);
  detail::timed(to.transfer_seconds, [&] {
    counts.download(to.files.data());
    if (slots != 0) table.download(words.data());
  });
  if (slots != 0) detail::collect(to, words, text, o.top);
  return true;
}

/// Counts the corpus; doubles the table thrice and begins again as often as it is full.
[[nodiscard]] inline findings count(const corpus& text, const options& o,
                                    const on_progress& progress) {
  findings result;
  text_buffer<unsigned char> bytes(text.text().size());
  text_buffer<file_place> places(text.places().size());
  detail::timed(result.transfer_seconds, [&] {
    bytes.upload(text.text().data());
    places.upload(text.places().data());
  });
  for (std::uint64_t slots = o.no_frequencies ? 0 : detail::first_slots(text, o);; slots *= 8) {
    job j{};
    j.text       = bytes.for_tasks();
    j.files      = places.for_tasks();
    j.file_count = static_cast<std::uint32_t>(text.places().size());
    detail::plan(j, text, o);
    if (count_with(result, j, slots, text, o, progress)) return result;
  }
}

}  // namespace wordcount
