// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a benchmark prints: one short table, and the same as JSON if asked.
#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

/// The results of repeating one measurement.
class samples {
 public:
  void add(double value) { values_.push_back(value); }

  [[nodiscard]] bool is_empty() const { return values_.empty(); }
  [[nodiscard]] double median() const { return quantile(0.5); }
  [[nodiscard]] double min() const { return quantile(0); }
  [[nodiscard]] double max() const { return quantile(1); }
  /// \returns the value below which the fraction `at` of the results lies.
  [[nodiscard]] double quantile(double at) const;

 private:
  std::vector<double> values_;
};

/// What a row is compared with: a floor or a peer, measured in the same run and unit.
struct reference {
  std::string name;
  double value = 0;  // 0: nothing to compare with
};

/// A second number of the same run, in another unit.
struct aside {
  double value = 0;  // 0: none
  std::string unit;
};

/// \returns the pattern with its "{}" replaced by the numbers, in order. For names of rows: {fmt} itself
/// stays out of sources that a CUDA compiler reads.
[[nodiscard]] std::string numbered(std::string_view pattern,
                                   std::initializer_list<std::uint32_t> numbers);

/// The machine and the build, for the table's head.
struct machine {
  std::string backend;  // "cuda: NVIDIA H100 ..." or "host: 2 threads"
  std::string compiler;
  double clock_ghz = 0;  // cycles per ns, measured
};

/// One table of results, printed row by row.
///
/// A row is printed, and the JSON file written, as soon as it is there: whoever ends the program
/// early keeps what was measured. A watchdog ends the program by itself.
///
/// Called by: one thread.
class table {
 public:
  /// Reads `--json FILE` and `--help`. \returns through `finish` what `main` returns.
  table(std::string_view title, int argc, char** argv);

  /// Prints the head. Rows may follow.
  void describe(const machine& on);

  /// Adds one result; without samples the row says so.
  void row(std::string_view name, const samples& of, std::string_view unit,
           const reference& than = {}, const aside& also = {});

  /// Notes that a measurement was left out.
  void skip(std::string_view name, std::string_view why);

  /// Notes a wrong result unless `condition`; the program then fails.
  void require(bool condition, std::string_view what);

  /// \returns false once most of the program's time is spent; leave out what is left then.
  [[nodiscard]] bool has_time() const;

  /// Prints the end. \returns the exit status: 0, or 1 after a wrong result.
  [[nodiscard]] int finish();

 private:
  void note_json(const std::string& row);
  void write_json() const;

  // The watchdog strikes between the two limits that a runner may rely on.
  static constexpr std::chrono::seconds enough{7};
  static constexpr unsigned watchdog_seconds = 10;

  std::string title_;
  std::string json_file_;
  std::string json_head_;
  std::string json_rows_;
  std::chrono::steady_clock::time_point begin_;
  bool has_failed_ = false;
};

/// Adds rows of how many lines of code each side has. \param than what the other side is called
void add_lines_of_code(table& to, const std::string& than, std::uint32_t theirs,
                       std::uint32_t cowarps);

}  // namespace bench
