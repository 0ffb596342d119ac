// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a task found wrong, or in which order things happened, for the host to judge.
#pragma once

#include <cowarp/cowarp.hpp>

#include "catch.hpp"
#include <cstdint>
#include <source_location>
#include <vector>

namespace test {

/// Failed checks of tasks, in the grid state; zero bytes are "none".
///
/// Called by: `equal`, `that`: any task; `require_none`: the host, after the run.
class checks {
 public:
  /// Notes a failure unless `left == right`.
  template <class Left, class Right>
  COWARP_FN void equal(const Left& left, const Right& right,
                       std::source_location where = std::source_location::current()) {
    // relaxed: counted for the report only.
    done_.fetch_add(1, cowarp::platform::relaxed);
    if (left == right) return;
    note(where.line(), static_cast<std::int64_t>(left), static_cast<std::int64_t>(right));
  }

  /// Notes a failure unless `condition`.
  COWARP_FN void that(bool condition,
                      std::source_location where = std::source_location::current()) {
    equal(condition, true, where);
  }

  /// Turns what tasks noted into Catch2 failures, and fails if fewer than `at_least` checks ran.
  void require_none(std::uint32_t at_least = 1) const {
    // relaxed: the run has ended.
    const std::uint32_t failed = failed_.load(cowarp::platform::relaxed);
    for (std::uint32_t i = 0; i < failed && i < most; ++i) {
      UNSCOPED_INFO("a task's check failed at line " << line_[i] << ": " << left_[i]
                                                     << " == " << right_[i]);
    }
    CHECK(failed == 0);
    CHECK(done_.load(cowarp::platform::relaxed) >= at_least);  // relaxed: as above
  }

 private:
  static constexpr std::uint32_t most = 16;

  COWARP_FN void note(std::uint32_t line, std::int64_t left, std::int64_t right) {
    // relaxed: read after the run.
    const std::uint32_t i = failed_.fetch_add(1, cowarp::platform::relaxed);
    if (i >= most) return;
    line_[i]  = line;
    left_[i]  = left;
    right_[i] = right;
  }

  cowarp::platform::atomic_word<cowarp::scope::device> done_;
  cowarp::platform::atomic_word<cowarp::scope::device> failed_;
  std::uint32_t line_[most];
  std::int64_t left_[most];
  std::int64_t right_[most];
};

/// What happened, in order; in the grid state; zero bytes are empty.
template <std::uint32_t Capacity = 64>
class trace {
 public:
  COWARP_FN void add(std::int32_t what) {
    // relaxed: entries are read after the run.
    const std::uint32_t i = count_.fetch_add(1, cowarp::platform::relaxed);
    if (i < Capacity) what_[i] = what;
  }

  [[nodiscard]] std::vector<std::int32_t> entries() const {
    // relaxed: the run has ended.
    const std::uint32_t count = count_.load(cowarp::platform::relaxed);
    REQUIRE(count <= Capacity);
    return {what_, what_ + count};
  }

 private:
  cowarp::platform::atomic_word<cowarp::scope::device> count_;
  std::int32_t what_[Capacity];
};

/// Runs a program on one block (or as many as asked) and requires that all its tasks are done.
template <class Program>
cowarp::report run_to_end(typename Program::grid_state& state,
                          cowarp::launch_options options = {.blocks = 1}) {
  auto report = cowarp::run<Program>(options, state);
  CHECK(report.end == cowarp::end_reason::all_done);
  CHECK(report.total.pending == 0);
  return report;
}

}  // namespace test
