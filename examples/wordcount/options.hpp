// SPDX-License-Identifier: Apache-2.0
/// \file
/// What the user asks for on the command line.
#pragma once

#include "corpus.hpp"
#include <CLI/CLI.hpp>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <unistd.h>
#include <vector>

namespace wordcount {

struct options {
  std::vector<std::string> files;
  std::uint32_t top         = 10;
  std::uint32_t blocks      = 0;
  std::uint32_t workers     = 0;
  std::uint32_t piece_bytes = 0;
  std::uint64_t slots       = 0;
  bool no_frequencies       = false;
  bool report               = false;
  bool compare_wc           = false;
  std::string progress      = "auto";

  [[nodiscard]] bool shows_progress() const {
    return progress == "always" || (progress == "auto" && isatty(STDERR_FILENO) != 0);
  }
};

namespace detail {

inline constexpr const char* purpose =
    "Counts lines, words and bytes as wc does, and the most frequent words as\n"
    "  tr -s '[:space:]' '\\n' < FILE | sort | uniq -c | sort -rn\n"
    "does, in the C locale. A word is a longest run of bytes other than space, \\t, \\n, \\v,\n"
    "\\f and \\r. Upper and lower case differ. The end of a file ends a word. Of words seen\n"
    "equally often the one with the greater bytes comes first. (Some versions of GNU wc, 9.1\n"
    "among them, do not count words without a printable ASCII character.)";

inline constexpr const char* footer =
    "Counts and words go to stdout, rates and progress to stderr.\n"
    "exit status: 0 done; 1 the GPU, memory or output failed; 2 a file cannot be read or an\n"
    "option is wrong; 130 interrupted by Ctrl-C: what the executor did goes to stderr. A second\n"
    "Ctrl-C ends it at once.";

inline void declare(CLI::App& to, options& o) {
  to.add_option("FILE", o.files, "files to count")->required();
  to.add_option("-n,--top", o.top, "how many words to show (default 10)")->type_name("N");
  to.add_option("--blocks", o.blocks, "blocks (default: one for each SM, or core)")->type_name("N");
  to.add_option("--workers", o.workers, "warps in a block, at most 20 (default: 19; on a CPU: 1)")
      ->type_name("N");
  to.add_option("--piece-bytes", o.piece_bytes,
                "bytes for one task at a time, a multiple of 64 (default: by the size)")
      ->type_name("N")
      ->check(CLI::Range(0, 1 << 20).description(""));
  to.add_option("--slots", o.slots,
                "first size of the table of words (default: by the size; it grows when it is full)")
      ->type_name("N");
  to.add_flag("--no-frequencies", o.no_frequencies, "only lines, words and bytes");
  to.add_flag("--report", o.report, "print what the executor did");
  to.add_flag("--compare-wc", o.compare_wc, "run wc on the same files and print its rate as well");
  to.add_option("--progress", o.progress,
                "show how far it is, on stderr (default auto: if that is a terminal)")
      ->type_name("auto|always|never")
      ->check(CLI::IsMember({"auto", "always", "never"}).description(""));
}

}  // namespace detail

/// \returns the options; nothing after --help, which it answers. Throws `usage_error`.
[[nodiscard]] inline std::optional<options> parse(int argc, char** argv) {
  options result;
  CLI::App app(detail::purpose, "wordcount");
  app.footer(detail::footer);
  detail::declare(app, result);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    std::fputs(app.help().c_str(), stdout);
    return std::nullopt;
  } catch (const CLI::ParseError& error) {
    throw usage_error(std::string(error.what()) + " (see --help)");
  }
  if (result.piece_bytes % group_bytes != 0) {
    throw usage_error("--piece-bytes must be a multiple of 64 (see --help)");
  }
  return result;
}

}  // namespace wordcount
