// SPDX-License-Identifier: Apache-2.0
#include <cowarp/executor/report.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace cowarp {

std::string_view to_string(end_reason reason) {
  switch (reason) {
    case end_reason::none: return "running";
    case end_reason::all_done: return "all tasks done";
    case end_reason::stopped: return "stopped";
    case end_reason::failed: return "failed";
    case end_reason::stalled: return "stalled";
    case end_reason::timed_out: return "timed out";
    case end_reason::interrupted: return "interrupted";
  }
  return "unknown";
}

std::string to_string(const failure& of) {
  std::string text = fmt::format("block {}", of.block);
  auto out         = std::back_inserter(text);
  if (of.slot != failure::no_slot) fmt::format_to(out, " slot {}", of.slot);
  if (!of.task.empty()) fmt::format_to(out, " ({})", of.task);
  fmt::format_to(out, " at {}:{}: {}", of.file, of.line, of.message);
  return text;
}

namespace {

/// \returns a number of bytes as people write it.
std::string in_bytes(std::size_t bytes) {
  if (bytes < 10'000) return fmt::format("{} B", bytes);
  if (bytes < 10'000'000) return fmt::format("{:.1f} KiB", static_cast<double>(bytes) / 1024);
  return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / (1024 * 1024));
}

void print_row(std::string& to, const std::string& name, const block_report& row) {
  const double time = static_cast<double>(row.busy + row.idle);
  fmt::format_to(
      std::back_inserter(to), "{:>7} {:>10} {:>10} {:>8} {:>12} {:>12} {:>10} {:>7}\n", name,
      row.spawned, row.completed, row.pending, row.polls, row.wakes, row.remote_wakes,
      time == 0 ? "-" : fmt::format("{:.0f} %", 100 * static_cast<double>(row.busy) / time));
}

std::string in_words(const detail::await_place& place) {
  if (place.line == 0) return fmt::format("{}, not polled yet", place.file);
  return fmt::format("{}:{}", place.file, place.line);
}

/// \returns a type's name without what every name has, cut to what a line holds.
std::string short_name(std::string_view name) {
  constexpr std::string_view prefix = "cowarp::";
  constexpr std::size_t most        = 80;
  std::string text(name);
  for (auto at = text.find(prefix); at != std::string::npos; at = text.find(prefix, at)) {
    text.erase(at, prefix.size());
  }
  if (text.size() > most) text = text.substr(0, most - 3) + "...";
  return text;
}

/// Says which tasks are left; nothing if none are.
void print_waiting(std::string& to, const report& of) {
  constexpr std::size_t most_rows = 16;
  if (of.waiting.empty()) return;
  auto out = std::back_inserter(to);
  fmt::format_to(out, "{}\n",
                 of.end == end_reason::stalled
                     ? "stalled: nothing is ready, no timer runs, and these tasks wait:"
                     : "pending at the end:");
  for (std::size_t i = 0; i < of.waiting.size() && i < most_rows; ++i) {
    const auto& row = of.waiting[i];
    fmt::format_to(out, "  {} x {}, first in block {} slot {}{}\n", row.count, row.task, row.block,
                   row.slot, row.polls == 0 ? "" : fmt::format(", polled {} times", row.polls));
    std::string_view lead = "at ";
    for (const auto& place : row.where) {
      fmt::format_to(out, "      {}{}\n", lead, place);
      lead = "in ";
    }
    if (!row.awaited.empty()) fmt::format_to(out, "      for {}\n", row.awaited);
  }
  if (of.waiting.size() > most_rows) {
    fmt::format_to(out, "  and {} kinds more\n", of.waiting.size() - most_rows);
  }
}

/// Says who was polled how often, and whose poll took longest; nothing if nobody watched.
void print_polls(std::string& to, const report& of) {
  if (of.polls.empty()) return;
  auto out = std::back_inserter(to);
  if (!of.longest.task.empty()) {
    fmt::format_to(out, "{}longest poll: {:.3f} ms, {} in block {} slot {}\n",
                   of.longest.is_too_long ? "warning: too long: " : "", of.longest.seconds * 1e3,
                   of.longest.task, of.longest.block, of.longest.slot);
  }
  for (const auto& row : of.polls) {
    fmt::format_to(out, "  {:<24} {:>12} polls\n", row.task, row.polls);
  }
}

}  // namespace

std::string to_string(const report& of) {
  constexpr std::size_t most_rows = 8;
  std::string text;
  auto out = std::back_inserter(text);
  fmt::format_to(out, "{}, {} blocks x {} workers: {} after {:.3f} ms\n", of.backend, of.blocks,
                 of.workers, to_string(of.end), of.seconds * 1e3);
  if (!of.first_failure.message.empty()) {
    fmt::format_to(out, "failed in {}\n", to_string(of.first_failure));
    if (of.failures > 1) fmt::format_to(out, "failed {} times in all\n", of.failures);
  }
  print_waiting(text, of);
  print_polls(text, of);
  fmt::format_to(out, "{:>7} {:>10} {:>10} {:>8} {:>12} {:>12} {:>10} {:>7}\n", "block", "spawned",
                 "completed", "pending", "polls", "wakes", "remote", "busy");
  const bool is_long = of.per_block.size() > most_rows;
  for (std::size_t i = 0; i < of.per_block.size() && (!is_long || i + 1 < most_rows); ++i) {
    print_row(text, fmt::format("{}", i), of.per_block[i]);
  }
  if (is_long) fmt::format_to(out, "{:>7}\n", "...");
  print_row(text, "total", of.total);
  fmt::format_to(out, "memory of a block: {} for tasks, {} shared\n", in_bytes(of.arena_bytes),
                 in_bytes(of.shared_bytes));
  for (const auto& task : of.tasks) {
    fmt::format_to(out, "  {:<24} {:>6} x {:>6} B = {:>10}\n", task.name, task.pool_size,
                   task.frame_bytes, in_bytes(task.pool_bytes));
  }
  text.pop_back();
  return text;
}

namespace detail {

void add_waiting(report& to, waiting_tasks one, const site_list& sites) {
  for (std::uint32_t i = 0; i < sites.count; ++i) one.where.push_back(in_words(sites.places[i]));
  one.awaited     = short_name(sites.awaited);
  const auto same = std::find_if(to.waiting.begin(), to.waiting.end(), [&](const auto& known) {
    return known.task == one.task && known.where == one.where && known.awaited == one.awaited;
  });
  if (same == to.waiting.end()) {
    to.waiting.push_back(std::move(one));
  } else {
    same->count += one.count;
    same->polls += one.polls;
  }
}

std::optional<failure> read_failure(const failure_record& from) {
  // acquire: shows the text, also while the launch runs.
  if (from.is_written.load(platform::acquire) == 0) return {};
  return failure{from.block, from.slot, {}, from.file, from.line, from.message};
}

void complete_report(report& to, const grid_header& grid, const failure_record& failed) {
  // relaxed: the launch has ended.
  to.end = static_cast<end_reason>(grid.end.load(platform::relaxed));
  if (auto first = read_failure(failed)) to.first_failure = *std::move(first);
  to.failures = grid.failures.load(platform::relaxed);  // relaxed: as above
  // Those that a program survives end it only now.
  if (to.failures != 0 && to.end == end_reason::all_done) to.end = end_reason::failed;
  for (auto& block : to.per_block) {
    block.spawned = block.completed + block.pending;
    block.wakes   = block.polls > block.spawned ? block.polls - block.spawned : 0;
    to.total.spawned += block.spawned;
    to.total.completed += block.completed;
    to.total.pending += block.pending;
    to.total.polls += block.polls;
    to.total.wakes += block.wakes;
    to.total.self_wakes += block.self_wakes;
    to.total.remote_wakes += block.remote_wakes;
    to.total.busy += block.busy;
    to.total.idle += block.idle;
  }
}

}  // namespace detail
}  // namespace cowarp
