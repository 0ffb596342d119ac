// SPDX-License-Identifier: Apache-2.0
/// \file
/// What the program prints, in the layouts of wc and uniq, and what wc itself takes.
#pragma once

#include <cowarp/fmt.hpp>

#include <fmt/format.h>

#include "count.hpp"
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <fcntl.h>
#include <optional>
#include <spawn.h>
#include <string>
#include <sys/wait.h>
#include <vector>

namespace wordcount {

/// Prints a table as `wc FILE...` does for regular files.
inline void print_counts(const corpus& text, const findings& found) {
  const std::size_t width = fmt::formatted_size("{}", text.bytes());
  const auto row = [&](const file_counts& counts, std::uint64_t bytes, const std::string& name) {
    fmt::print("{:>{}} {:>{}} {:>{}} {}\n", counts.lines, width, counts.words, width, bytes, width,
               name);
  };
  file_counts total{};
  for (std::size_t i = 0; i < found.files.size(); ++i) {
    row(found.files[i], text.places()[i].bytes, text.names()[i]);
    total.lines += found.files[i].lines;
    total.words += found.files[i].words;
  }
  if (found.files.size() > 1) row(total, text.bytes(), "total");
}

/// Prints the most frequent words as `uniq -c` does.
inline void print_words(const findings& found) {
  fmt::print("\nmost frequent of {} different words:\n", found.different);
  for (const frequency& each : found.top) {
    fmt::print("{:>7} ", each.count);
    std::fwrite(each.word.data(), 1, each.word.size(), stdout);
    std::fputc('\n', stdout);
  }
}

/// Prints how fast the tasks counted text that was in their memory.
inline void print_rate(const corpus& text, const findings& found) {
  const double gigabytes = static_cast<double>(text.bytes()) * 1e-9;
  fmt::print(stderr,
             "{}: {:.3f} GB/s, {:.3f} ms for {} bytes (copying them and the results: {:.3f} ms)\n",
             found.report.backend, gigabytes / found.report.seconds, found.report.seconds * 1e3,
             text.bytes(), found.transfer_seconds * 1e3);
}

/// Shows how far the tasks are, on one line of the terminal, which it clears at the end.
class progress_line {
 public:
  explicit progress_line(std::uint64_t bytes) : bytes_(bytes) { show(0); }
  ~progress_line() {
    std::fputs("\r\033[K", stderr);
    std::fflush(stderr);
  }
  progress_line(const progress_line&)            = delete;
  progress_line& operator=(const progress_line&) = delete;

  void show(std::uint64_t done) const {
    const auto share = static_cast<double>(done) / static_cast<double>(bytes_);
    fmt::print(stderr, "\r{:.1f} of {:.1f} MB, {:.0f} %\033[K", static_cast<double>(done) * 1e-6,
               static_cast<double>(bytes_) * 1e-6, bytes_ == 0 ? 100.0 : 100 * share);
    std::fflush(stderr);
  }

 private:
  std::uint64_t bytes_;
};

/// Runs wc on the files, in the C locale. \returns the seconds it took; nothing if it failed.
[[nodiscard]] inline std::optional<double> seconds_of_wc(const std::vector<std::string>& files) {
  std::vector<std::string> words{"env", "LC_ALL=C", "wc", "--"};
  words.insert(words.end(), files.begin(), files.end());
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t child      = 0;
  int status       = 0;
  const auto begin = std::chrono::steady_clock::now();
  const int error  = posix_spawnp(&child, "env", &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0 || waitpid(child, &status, 0) != child || status != 0) return std::nullopt;
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// Prints the rate of wc on the same files, which are in the system's cache by now.
inline void print_rate_of_wc(const corpus& text) {
  if (const auto seconds = seconds_of_wc(text.names())) {
    fmt::print(stderr, "wc: {:.3f} GB/s, {:.3f} ms, with the start of a process and reading\n",
               static_cast<double>(text.bytes()) * 1e-9 / *seconds, *seconds * 1e3);
  } else {
    fmt::print(stderr, "wc: could not be run\n");
  }
}

}  // namespace wordcount
