// SPDX-License-Identifier: Apache-2.0
/// \file
/// What it costs to arm, cancel and expire a timer while few or many other tasks sleep.
#include <support/measure.hpp>

#include <chrono>
#include <cstdint>
#include <memory>

namespace {

constexpr std::uint64_t unit_ns = 1000;  // of the manual clock

struct bedroom {
  std::uint32_t sleepers;
  std::uint32_t rounds;
  cowarp::platform::atomic_word<cowarp::scope::device> asleep;
  cowarp::platform::atomic_word<cowarp::scope::device> woken;
  cowarp::platform::atomic_word<cowarp::scope::device> is_over;
  bench::span yields;  // rounds of the probe that only yields
  bench::span arms;    // ... that arms a timer and cancels it before
  bench::span single;  // ... that lets one sleeper's time come, and waits for it
  bench::span all;     // the time of all sleepers comes at once
};

COWARP_FN std::uint32_t read(const cowarp::platform::atomic_word<cowarp::scope::device>& what) {
  return what.load(cowarp::platform::relaxed);  // relaxed: a count.
}

/// Wakes once in every `sleepers` units, in a unit of its own.
COWARP_TASK_FRAME(sleeper, 32) {
  bedroom& all;
  std::uint32_t index;
  std::uint64_t deadline_ns = 0;
  COWARP_BODY_BEGIN
  deadline_ns = cowarp::clock::now_ns() + (index + 1) * unit_ns;
  all.asleep.fetch_add(1, cowarp::platform::relaxed);  // relaxed: a count.
  while (read(all.is_over) == 0) {
    COWARP_AWAIT(cowarp::timer(deadline_ns));
    deadline_ns += all.sleepers * unit_ns;
    all.woken.fetch_add(1, cowarp::platform::relaxed);  // relaxed: a count.
  }
  COWARP_BODY_END
};

/// Arms a timer that never comes, and cancels it.
struct arm_and_cancel {
  using output = cowarp::unit;
  COWARP_FN cowarp::polled<cowarp::unit> poll(cowarp::context& cx) const {
    cowarp::timer never(~std::uint64_t{1});
    static_cast<void>(never.poll(cx));
    return cowarp::unit{};
  }
};

COWARP_TASK_FRAME(probe, 1) {
  bedroom& all;
  std::uint32_t i = 0;
  COWARP_BODY_BEGIN
  while (read(all.asleep) != all.sleepers) COWARP_AWAIT(cowarp::yield_now());
  for (i = 0; i < 4; ++i) COWARP_AWAIT(cowarp::yield_now());  // they are armed now

  all.yields.begin();
  for (i = 0; i < all.rounds; ++i) COWARP_AWAIT(cowarp::yield_now());
  all.yields.end();

  all.arms.begin();
  for (i = 0; i < all.rounds; ++i) {
    COWARP_AWAIT(arm_and_cancel());
    COWARP_AWAIT(cowarp::yield_now());
  }
  all.arms.end();

  all.single.begin();
  for (i = 0; i < all.rounds; ++i) {
    cowarp::advance_clock(std::chrono::nanoseconds(unit_ns));
    while (read(all.woken) != i + 1) COWARP_AWAIT(cowarp::yield_now());
  }
  all.single.end();

  all.all.begin();
  cowarp::advance_clock(std::chrono::nanoseconds(all.sleepers * unit_ns));
  while (read(all.woken) != all.rounds + all.sleepers) COWARP_AWAIT(cowarp::yield_now());
  all.all.end();

  all.is_over.store(1, cowarp::platform::relaxed);  // relaxed: the clock brings the sleepers here.
  cowarp::advance_clock(std::chrono::nanoseconds(2 * all.sleepers * unit_ns));
  COWARP_BODY_END
};

template <std::uint32_t Sleepers>
struct app : cowarp::program<probe, bench::in_pool<sleeper, Sleepers>> {
  using grid_state = bedroom;
  COWARP_FN static void start(cowarp::spawner<app> s, cowarp::no_state&, bedroom& all) {
    s.template must_spawn<probe>(all);
    for (std::uint32_t i = 0; i < all.sleepers; ++i) {
      s.template must_spawn<bench::in_pool<sleeper, Sleepers>>(all, i);
    }
  }
};

// ---- peer: a binary heap by hand -----------------------------------------------------------------

constexpr std::uint32_t most_asleep = 16384;
constexpr std::uint32_t heap_rounds = 512;

struct heap {
  std::uint32_t size;
  bench::span time;
  std::uint64_t deadlines[most_asleep + 1];
};

/// Arms one more and expires the earliest, time and again, with no lock: one thread has the heap for
/// itself.
struct heap_entry {
  using argument                             = heap*;
  static constexpr std::uint32_t max_threads = 32;
  static COWARP_FN void run(heap* const& of, unsigned char*, std::uint32_t, std::uint32_t thread,
                            std::uint32_t) {
    if (thread != 0) return;
    std::uint32_t seed = 1;
    for (std::uint32_t i = 0; i < of->size; ++i) of->deadlines[i] = std::uint64_t{i} << 12;
    of->time.begin();
    for (std::uint32_t i = 0; i < heap_rounds; ++i) {
      seed = seed * 1664525u + 1013904223u;
      push(*of, of->deadlines[0] + seed % (of->size << 12));
      pop(*of);
    }
    of->time.end();
  }

 private:
  static COWARP_FN void push(heap& of, std::uint64_t deadline) {
    std::uint32_t i = of.size++;
    for (; i != 0 && of.deadlines[(i - 1) / 2] > deadline; i = (i - 1) / 2) {
      of.deadlines[i] = of.deadlines[(i - 1) / 2];
    }
    of.deadlines[i] = deadline;
  }
  static COWARP_FN void pop(heap& of) {
    const std::uint64_t last = of.deadlines[--of.size];
    std::uint32_t i          = 0;
    for (std::uint32_t child = 1; child < of.size; child = 2 * i + 1) {
      if (child + 1 < of.size && of.deadlines[child + 1] < of.deadlines[child]) ++child;
      if (of.deadlines[child] >= last) break;
      of.deadlines[i] = of.deadlines[child];
      i               = child;
    }
    of.deadlines[i] = last;
  }
};

template <std::uint32_t Sleepers>
bench::samples heap_times(const bench::table& to) {
  const auto state = std::make_unique<heap>();
  return bench::repeat(to, [&] {
    state->size = Sleepers;
    bench::run_kernel<heap_entry>({.blocks = 1}, *state);
    return static_cast<double>(state->time.ns) / heap_rounds;
  });
}

// ---- rows ----------------------------------------------------------------------------------------

template <std::uint32_t Sleepers>
void rows(bench::table& to, std::uint32_t workers) {
  constexpr std::uint32_t rounds = 512;
  bench::samples pass, arm, single, all;
  for (int i = 0; i < 6; ++i) {
    if (i > 1 && !to.has_time()) break;
    bedroom state{};
    state.sleepers = Sleepers;
    state.rounds   = rounds;
    const auto done =
        cowarp::run<app<Sleepers>>({.blocks = 1, .workers = workers, .manual_clock = true}, state);
    to.require(done.end == cowarp::end_reason::all_done, "sleepers did not end");
    if (i == 0) continue;  // warms up
    const double of_pass = static_cast<double>(state.yields.ns) / rounds;
    pass.add(of_pass);
    arm.add(static_cast<double>(state.arms.ns) / rounds - of_pass);
    single.add(static_cast<double>(state.single.ns) / rounds);
    all.add(static_cast<double>(state.all.ns) / Sleepers);
  }
  const bench::samples by_heap = heap_times<Sleepers>(to);
  const auto name = [](std::string_view what) { return bench::numbered(what, {Sleepers}); };
  to.row(name("{} asleep: a pass without timers"), pass, "ns");
  to.row(name("{} in a heap by hand: arm and expire one"), by_heap, "ns");
  to.row(name("{} asleep: arm and cancel, more than a pass"), arm, "ns",
         {"heap", by_heap.median()});
  to.row(name("{} asleep: one expires, until it runs"), single, "ns", {"pass", pass.median()});
  to.row(name("{} asleep: all expire, for each"), all, "ns");
}

void measure(bench::table& to) {
  rows<32>(to, 1);
  rows<1024>(to, 4);
  rows<16384>(to, bench::has_workers ? 32 : 4);
}

}  // namespace

int main(int argc, char** argv) { return bench::run("arming", argc, argv, measure); }
