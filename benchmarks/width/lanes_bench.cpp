// SPDX-License-Identifier: Apache-2.0
/// \file
/// What it costs a task to have all lanes of its worker run something, beside a plain call.
#include <cowarp/platform/lanes.hpp>

#include <support/measure.hpp>

#include <cstdint>

namespace {

using total = cowarp::platform::atomic<std::uint64_t, cowarp::scope::device>;

struct state {
  std::uint32_t calls;  // of each task or warp
  std::uint32_t tasks;
  total ran;     // calls by lanes
  total cycles;  // of each task or warp, added up
};

/// A call so short that what is around it shows.
struct tick {
  std::uint32_t* counts;  // one for each lane, in shared memory
  COWARP_FN void operator()(cowarp::lane l) const { ++counts[l.index]; }
};

/// The function of 32 lanes, called by a warp in a loop, through a pointer as the executor does.
struct plain_call {
  using argument                             = state*;
  static constexpr std::uint32_t max_threads = 32;

  static COWARP_FN void call(const tick& fn, std::uint32_t lane) { fn(cowarp::lane{lane}); }

  static COWARP_FN void run(state* const& s, unsigned char* shared, std::uint32_t,
                            std::uint32_t thread, std::uint32_t) {
    namespace platform = cowarp::platform;
    auto* counts       = reinterpret_cast<std::uint32_t*>(shared);
    counts[thread]     = 0;
    void (*volatile function)(const tick&, std::uint32_t) = &call;
    const tick fn{counts};
    const std::uint32_t calls = s->calls;
    platform::sync_warp();
    const std::uint64_t begin = platform::cycles();
    for (std::uint32_t i = 0; i < calls; ++i) {
      function(fn, thread);
      platform::sync_warp();
    }
    const std::uint64_t took = platform::cycles() - begin;
    // relaxed: read after the kernel.
    s->ran.fetch_add(counts[thread], platform::relaxed);
    if (thread == 0) s->cycles.fetch_add(took, platform::relaxed);  // relaxed: as above
  }
};

struct counts {
  std::uint32_t of[32][32];  // of each task, for each lane
};

COWARP_TASK_FRAME(asking, 32) {
  counts& c;
  state& s;
  std::uint32_t me;
  std::uint32_t calls;
  std::uint32_t i     = 0;
  std::uint64_t begin = 0;
  COWARP_FN std::uint32_t all_ticks() const {
    std::uint32_t sum = 0;
    for (const std::uint32_t each : c.of[me]) sum += each;
    return sum;
  }
  COWARP_BODY_BEGIN
  begin = cowarp::platform::cycles();
  for (; i < calls; ++i) COWARP_AWAIT(cowarp::lanes(tick{c.of[me]}));
  begin = cowarp::platform::cycles() - begin;
  // relaxed: read after the run.
  s.ran.fetch_add(all_ticks(), cowarp::platform::relaxed);
  s.cycles.fetch_add(begin, cowarp::platform::relaxed);  // relaxed: as above
  COWARP_BODY_END
};

struct app : cowarp::program<asking> {
  using block_state                          = counts;
  using grid_state                           = state;
  static constexpr bool uses_width           = true;
  static constexpr auto frames               = cowarp::memory::shared;
  static constexpr std::uint32_t max_workers = 4;
  COWARP_FN static void start(cowarp::spawner<app> s, counts& c, state& g) {
    for (std::uint32_t i = 0; i < g.tasks; ++i) (void)s.spawn<asking>(c, g, i, g.calls);
  }
};

void measure_all(bench::table& to) {
  constexpr std::uint32_t calls = 20'000;
  constexpr std::uint32_t width = bench::has_workers ? 32 : 1;
  const auto per_call           = [&](const state& s, std::uint32_t callers) {
    // relaxed: the run has ended.
    to.require(s.ran.load(cowarp::platform::relaxed) == std::uint64_t{calls} * width * callers,
                         "a lane was left out");
    return static_cast<double>(s.cycles.load(cowarp::platform::relaxed)) /  // relaxed: as above
           callers / calls;
  };
  const auto plain = bench::repeat(to, [&] {
    state s{calls, 0, {}, {}};
    bench::run_kernel<plain_call>({.blocks = 1, .workers = 1, .shared_bytes = 128}, s);
    return per_call(s, 1);
  });
  to.row("call by all lanes of a warp", plain, "cycles");
  for (const std::uint32_t tasks : {1u, 2u, 8u, 32u}) {
    const auto each = bench::repeat(to, [&] {
      state s{calls, tasks, {}, {}};
      static_cast<void>(cowarp::run<app>({.blocks = 1, .workers = 1}, s));
      return per_call(s, tasks);
    });
    to.row(bench::numbered("lanes(fn), {} tasks of one worker", {tasks}), each, "cycles",
           {"plain call", plain.median()},
           {each.median() / tasks - plain.median(), "cycles over the plain call, each"});
  }
}

}  // namespace

int main(int argc, char** argv) { return bench::run("lanes", argc, argv, measure_all); }
