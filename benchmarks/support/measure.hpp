// SPDX-License-Identifier: Apache-2.0
/// \file
/// How a benchmark measures: hand-written kernels as floors, repetition, and the clock.
#pragma once

#include <cowarp/cowarp.hpp>

#include <support/table.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <string>
#include <type_traits>
#include <utility>

namespace bench {

/// True where the rows about several workers of a block mean something.
inline constexpr bool has_workers = COWARP_HAS_CUDA != 0;

/// A task type with a pool of another size: what one program is measured with at many sizes.
template <class Task, std::uint32_t Words>
struct in_words : Task {
  static constexpr std::uint32_t pool_size = Words * 32;
};
template <class Task, std::uint32_t Tasks>
struct in_pool : Task {
  static constexpr std::uint32_t pool_size = Tasks;
};

/// Calls `fn(i)` for each `i` below `Count`, each call in its own code: compilers keep an array in registers
/// only if they know the indices, and clang does not unroll every short loop.
template <std::uint32_t Count, class Fn>
COWARP_FN void unrolled(Fn fn) {
  [&]<std::uint32_t... I>(std::integer_sequence<std::uint32_t, I...>) {
    (fn(std::integral_constant<std::uint32_t, I>{}), ...);
  }
  (std::make_integer_sequence<std::uint32_t, Count>{});
}

/// Cycles (GPU) or nanoseconds (CPU), and nanoseconds, between two points of a task or kernel.
struct span {
  std::uint64_t cycles;
  std::uint64_t ns;

  COWARP_FN void begin() {
    ns     = cowarp::platform::clock_ns();
    cycles = cowarp::platform::cycles();
  }
  COWARP_FN void end() {
    cycles = cowarp::platform::cycles() - cycles;
    ns     = cowarp::platform::clock_ns() - ns;
  }
};

/// How many blocks and workers a hand-written kernel runs with.
struct shape {
  std::uint32_t blocks     = 0;  // 0: one for each SM or core
  std::uint32_t workers    = 1;
  std::size_t shared_bytes = 16;
  std::uint32_t cluster    = 1;  // blocks of a cluster
};

/// Runs a kernel written by hand, without an executor, on the same backend as cowarp's programs.
///
/// `Entry::run(State* const&, shared, block, thread, threads)` runs in every thread; the state is
/// copied bitwise in and out. Shared memory holds anything at first. \returns seconds.
template <class Entry, class State>
double run_kernel(const shape& of, State& state) {
  cowarp::platform::entry_launch<Entry> launch({of.blocks, of.workers, Entry::max_threads / 32,
                                                of.workers, of.shared_bytes, nullptr, of.cluster});
  auto* on_device = reinterpret_cast<State*>(launch.allocate(sizeof(State)));
  launch.upload(on_device, &state, sizeof state);
  launch.start(on_device);
  launch.wait_for(std::chrono::nanoseconds::max());
  launch.download(&state, on_device, sizeof state);
  return launch.seconds();
}

/// \returns how many SMs or cores cowarp's default launch uses.
struct nothing_entry {
  using argument                             = std::uint32_t*;
  static constexpr std::uint32_t max_threads = 32;
  static COWARP_FN void run(std::uint32_t* const&, unsigned char*, std::uint32_t, std::uint32_t,
                            std::uint32_t) {}
};
inline std::uint32_t default_blocks() {
  return cowarp::platform::entry_launch<nothing_entry>({0, 1, 1, 1, 16, nullptr}).blocks();
}

namespace detail {

/// Measures cycles per nanosecond of a busy processor for a few milliseconds.
struct clock_entry {
  using argument                             = span*;
  static constexpr std::uint32_t max_threads = 32;
  static COWARP_FN void run(span* const& result, unsigned char*, std::uint32_t,
                            std::uint32_t thread, std::uint32_t) {
    constexpr std::uint64_t long_enough_ns = 4'000'000;
    if (thread != 0) return;
    const std::uint64_t until = cowarp::platform::clock_ns() + long_enough_ns;
    span time;
    time.begin();
    while (cowarp::platform::clock_ns() < until) {
    }
    time.end();
    *result = time;
  }
};

inline machine this_machine() {
  machine result;
  result.backend = cowarp::platform::entry_launch<nothing_entry>({0, 1, 1, 1, 16, nullptr}).name();
  span time{};
  run_kernel<clock_entry>({.blocks = 1}, time);
  result.clock_ghz = static_cast<double>(time.cycles) / static_cast<double>(time.ns);
  result.compiler  = __VERSION__;
  return result;
}

}  // namespace detail

/// \returns the results of calling `measure`, after one call that only warms up.
template <class Measure>
samples repeat(const table& within, Measure measure, int times = 5) {
  samples result;
  static_cast<void>(measure());
  for (int i = 0; i < times && (i == 0 || within.has_time()); ++i) result.add(measure());
  return result;
}

/// How long to measure something: how often to do it, and what starting and ending cost.
struct pace {
  std::uint32_t count;
  double overhead;  // seconds

  /// \returns seconds without the overhead, unless noise has made that the larger part.
  [[nodiscard]] double net(double took) const {
    return took > 2 * overhead ? took - overhead : took;
  }
};

/// \returns how often to do something so that it takes about `seconds`; `run(n)` does it n times and
/// returns the seconds that it took.
template <class Run>
pace pace_of(double seconds, std::uint32_t first, Run run) {
  constexpr std::uint32_t most = 1u << 22;
  const double overhead        = std::min({run(1), run(1), run(1)});
  for (std::uint32_t n = first;; n *= 8) {
    const double took = std::max(std::min(run(n), run(n)) - overhead, 1e-6);
    if (took < seconds / 8 && n < most) continue;
    const double wanted = std::clamp(static_cast<double>(n) * seconds / took,
                                     static_cast<double>(first), static_cast<double>(most));
    return {static_cast<std::uint32_t>(wanted), overhead};
  }
}

/// What `main` of a benchmark calls: `body(table)` measures and adds the rows.
/// \returns the exit status: 0, 1 for a wrong result or a failed call.
template <class Body>
int run(std::string_view title, int argc, char** argv, Body body) {
  table results(title, argc, argv);
  try {
    results.describe(detail::this_machine());
    body(results);
  } catch (const std::exception& error) {
    results.require(false, error.what());
  }
  return results.finish();
}

}  // namespace bench
