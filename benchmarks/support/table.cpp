// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <support/table.hpp>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <unistd.h>

namespace bench {
namespace {

constexpr int name_width = 44;

void on_alarm(int) {
  constexpr char text[] = "\nWATCHDOG: the benchmark hangs or is too slow\n";
  static_cast<void>(!write(STDERR_FILENO, text, sizeof text - 1));
  _exit(124);
}

/// \returns a number as people write it: three or four digits that mean something.
std::string short_number(double value) {
  const double size = std::fabs(value);
  if (size >= 1e7 || (size < 1e-3 && size > 0)) return fmt::format("{:.3g}", value);
  return fmt::format("{:.{}f}", value, size >= 1000 ? 0 : size >= 100 ? 1 : size >= 1 ? 2 : 4);
}

std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += c < ' ' && c >= 0 ? ' ' : c;
  }
  return result + '"';
}

}  // namespace

double samples::quantile(double at) const {
  if (values_.empty()) return 0;
  std::vector<double> sorted = values_;
  std::sort(sorted.begin(), sorted.end());
  const double place    = at * static_cast<double>(sorted.size() - 1);
  const auto below      = static_cast<std::size_t>(place);
  const std::size_t top = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (sorted[top] - sorted[below]) * (place - static_cast<double>(below));
}

std::string numbered(std::string_view pattern, std::initializer_list<std::uint32_t> numbers) {
  std::string result;
  for (const std::uint32_t number : numbers) {
    const auto at = pattern.find("{}");
    if (at == std::string_view::npos) break;
    result += pattern.substr(0, at);
    result += std::to_string(number);
    pattern.remove_prefix(at + 2);
  }
  return result += pattern;
}

table::table(std::string_view title, int argc, char** argv)
    : title_(title), begin_(std::chrono::steady_clock::now()) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view option = argv[i];
    if (option == "--json" && i + 1 < argc) {
      json_file_ = argv[++i];
    } else {
      const bool asked = option == "--help";
      fmt::print(asked ? stdout : stderr, "usage: {} [--json FILE]\n", argv[0]);
      std::exit(asked ? 0 : 2);
    }
  }
  std::signal(SIGALRM, on_alarm);
  alarm(watchdog_seconds);
}

void table::describe(const machine& on) {
  fmt::print("# {}\n# {} | {} | {:.3f} cycles per ns\n", title_, on.backend, on.compiler,
             on.clock_ghz);
  fmt::print("{:<{}} {:>10} {:>23} {:<12} {:>7}  {}\n", "name", name_width, "median", "min .. max",
             "unit", "ratio", "to (floor or peer of this run) | also");
  json_head_ =
      fmt::format("\"title\": {}, \"backend\": {}, \"compiler\": {}, \"clock_ghz\": {:.4f}",
                  quoted(title_), quoted(on.backend), quoted(on.compiler), on.clock_ghz);
  write_json();
}

void table::row(std::string_view name, const samples& of, std::string_view unit,
                const reference& than, const aside& also) {
  if (of.is_empty()) return skip(name, "no sample");
  const double ratio = than.value > 0 ? of.median() / than.value : 0;
  const std::string spread =
      fmt::format("{} .. {}", short_number(of.min()), short_number(of.max()));
  fmt::print("{:<{}} {:>10} {:>23} {:<12} {:>7}  {}{}\n", name, name_width,
             short_number(of.median()), spread, unit, ratio > 0 ? fmt::format("{:.2f}", ratio) : "",
             ratio > 0 ? fmt::format("{} {}", than.name, short_number(than.value)) : "",
             also.unit.empty() ? "" : fmt::format(" | {} {}", short_number(also.value), also.unit));
  std::fflush(stdout);
  std::string json = fmt::format(
      "{{\"name\": {}, \"median\": {:.6g}, \"min\": {:.6g}, \"max\": {:.6g}, \"unit\": {}",
      quoted(name), of.median(), of.min(), of.max(), quoted(unit));
  if (ratio > 0) {
    json += fmt::format(", \"reference\": {}, \"reference_value\": {:.6g}, \"ratio\": {:.4g}",
                        quoted(than.name), than.value, ratio);
  }
  if (!also.unit.empty()) {
    json += fmt::format(", \"also\": {:.6g}, \"also_unit\": {}", also.value, quoted(also.unit));
  }
  note_json(json + "}");
}

void table::skip(std::string_view name, std::string_view why) {
  fmt::print("{:<{}} {}\n", name, name_width, why);
  std::fflush(stdout);
  note_json(fmt::format("{{\"name\": {}, \"skipped\": {}}}", quoted(name), quoted(why)));
}

void table::require(bool condition, std::string_view what) {
  if (condition) return;
  has_failed_ = true;
  fmt::print("WRONG RESULT: {}\n", what);
  std::fflush(stdout);
  note_json(fmt::format("{{\"wrong\": {}}}", quoted(what)));
}

bool table::has_time() const { return std::chrono::steady_clock::now() - begin_ < enough; }

int table::finish() {
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin_;
  fmt::print("# {:.1f} s, {}\n", took.count(),
             has_failed_ ? "WRONG RESULTS above" : "all results verified");
  write_json();
  return has_failed_ ? 1 : 0;
}

void table::note_json(const std::string& row) {
  json_rows_ += (json_rows_.empty() ? "\n  " : ",\n  ") + row;
  write_json();
}

void table::write_json() const {
  if (json_file_.empty()) return;
  std::ofstream file(json_file_, std::ios::trunc);
  file << "{" << json_head_ << ", \"ok\": " << (has_failed_ ? "false" : "true") << ", \"rows\": ["
       << json_rows_ << "\n]}\n";
}

void add_lines_of_code(table& to, const std::string& than, std::uint32_t theirs,
                       std::uint32_t cowarps) {
  samples lines_of_theirs;
  lines_of_theirs.add(theirs);
  samples lines;
  lines.add(cowarps);
  to.row("lines of code, " + than, lines_of_theirs, "lines");
  to.row("lines of code, cowarp", lines, "lines", {than, lines_of_theirs.median()});
}

}  // namespace bench
