// SPDX-License-Identifier: Apache-2.0
// Counts lines, words, bytes and the most frequent words of text files, by tasks in one kernel.
//
// You will see:  a splitter, hundreds of tokenizers on every block, and an adder, joined by channels;
//                a hash table that all blocks fill; a counter that the host reads meanwhile.
// Run:           wordcount README.md docs/*.md       wordcount --help
// Try:           --no-frequencies --compare-wc --report on a large file; Ctrl-C meanwhile.
#include "output.hpp"
#include <cstdio>
#include <exception>
#include <new>
#include <stdexcept>

namespace wordcount {

findings count_and_show(const corpus& text, const options& o) {
  if (!o.shows_progress()) return count(text, o, {});
  const progress_line line(text.bytes());
  return count(text, o, [&](std::uint64_t done) { line.show(done); });
}

void run(const options& o) {
  corpus text;
  for (const std::string& name : o.files) text.add(name);
  const findings found = count_and_show(text, o);

  print_counts(text, found);
  if (!o.no_frequencies) print_words(found);
  if (o.report) fmt::print("\n{}\n", found.report);
  if (std::fflush(stdout) != 0) throw std::runtime_error("cannot write the output");
  print_rate(text, found);
  if (o.compare_wc) print_rate_of_wc(text);
}

/// Says on one line why nothing came of it. \returns the exit status.
int give_up(const char* why, int status) {
  fmt::print(stderr, "wordcount: {}\n", why);
  return status;
}

}  // namespace wordcount

int main(int argc, char** argv) {
  constexpr int failed = 1, wrong_usage = 2, was_interrupted = 130;
  try {
    if (const auto options = wordcount::parse(argc, argv)) wordcount::run(*options);
    return 0;
  } catch (const wordcount::usage_error& error) {
    return wordcount::give_up(error.what(), wrong_usage);
  } catch (const cowarp::configuration_error& error) {
    return wordcount::give_up(error.what(), wrong_usage);
  } catch (const wordcount::interrupted& by_user) {
    fmt::print(stderr, "{}\n", by_user.report);
    return wordcount::give_up("interrupted", was_interrupted);
  } catch (const std::bad_alloc&) {
    return wordcount::give_up("there is not enough memory for this text and its words", failed);
  } catch (const std::exception& error) {
    return wordcount::give_up(error.what(), failed);
  }
}
