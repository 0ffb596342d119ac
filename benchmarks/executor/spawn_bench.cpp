// SPDX-License-Identifier: Apache-2.0
/// \file
/// Tasks spawned and completed per second, and the time of a chain in which each spawns the next.
#include <support/measure.hpp>

#include <cstdint>
#include <peers/dynamic_launches.hpp>
#include <peers/launches.hpp>
#include <string>
#include <string_view>

namespace {

using counter = cowarp::platform::atomic<std::uint64_t, cowarp::scope::device>;

struct spawn_state {
  std::uint32_t spawners;  // in each block
  std::uint32_t children;  // of each spawner
  bench::span chain;
  std::uint32_t links;  // of the chain, once it has ended
  counter done;
};

struct many;
struct chain;

COWARP_TASK_FRAME(child, 1024, 8) {
  spawn_state& state;
  COWARP_BODY_BEGIN
  COWARP_RETURN();
  COWARP_BODY_END
};

/// Spawns children as fast as their pool lets it.
COWARP_TASK_FRAME(parent, 32, 8) {
  spawn_state& state;
  std::uint32_t left;
  COWARP_BODY_BEGIN
  while (left != 0) {
    while (left != 0 && spawn_child()) --left;
    COWARP_AWAIT(cowarp::yield_now());
  }
  // relaxed: read after the run.
  state.done.fetch_add(state.children, cowarp::platform::relaxed);
  COWARP_BODY_END

  COWARP_FN bool spawn_child();
};

struct many : cowarp::program<child, parent> {
  using grid_state             = spawn_state;
  static constexpr auto frames = cowarp::memory::shared;
  COWARP_FN static void start(cowarp::spawner<many> s, cowarp::no_state&, spawn_state& state) {
    for (std::uint32_t i = 0; i < state.spawners; ++i) {
      static_cast<void>(s.spawn<parent>(state, state.children));
    }
  }
};

COWARP_FN bool parent::spawn_child() {
  return cowarp::spawner<many>().spawn<child>(state) == cowarp::spawn_result::ok;
}

/// Spawns its successor and ends; one is alive at any time, or two. It touches no global memory, as an empty kernel.
COWARP_TASK_FRAME(link, 2, 8) {
  spawn_state& state;
  std::uint32_t left, done;
  COWARP_BODY_BEGIN
  if (done == 0) state.chain.begin();
  if (left == 0) {
    state.chain.end();
    state.links = done;
  } else {
    while (!spawn_next()) COWARP_AWAIT(cowarp::yield_now());
  }
  COWARP_BODY_END

  COWARP_FN bool spawn_next();
};

struct chain : cowarp::program<link> {
  using grid_state             = spawn_state;
  static constexpr auto frames = cowarp::memory::shared;
  COWARP_FN static void start(cowarp::spawner<chain> s, cowarp::no_state&, spawn_state& state) {
    static_cast<void>(s.spawn<link>(state, state.children, 0u));
  }
};

COWARP_FN bool link::spawn_next() {
  return cowarp::spawner<chain>().spawn<link>(state, left - 1, done + 1) ==
         cowarp::spawn_result::ok;
}

/// The same between two blocks: each successor starts on the other one.
COWARP_TASK_FRAME(far_link, 2, 8) {
  spawn_state& state;
  std::uint32_t left, done;
  COWARP_BODY_BEGIN
  if (done == 0) state.chain.begin();
  if (left == 0) {
    state.chain.end();
    state.links = done;
  } else {
    while (!spawn_next()) COWARP_AWAIT(cowarp::yield_now());
  }
  COWARP_BODY_END

  COWARP_FN bool spawn_next();
};

struct far_chain : cowarp::program<far_link> {
  using grid_state = spawn_state;
  COWARP_FN static void start(cowarp::spawner<far_chain> s, cowarp::no_state&, spawn_state& state) {
    if (s.block() == 0) static_cast<void>(s.spawn<far_link>(state, state.children, 0u));
  }
};

COWARP_FN bool far_link::spawn_next() {
  const cowarp::spawner<far_chain> s;
  return s.spawn_on<far_link>(1 - s.block(), state, left - 1, done + 1) == cowarp::spawn_result::ok;
}

constexpr double seconds_each = 10e-3;

/// Runs `many`. \returns seconds.
double run_many(bench::table& to, const cowarp::launch_options& options, std::uint32_t spawners,
                std::uint32_t children) {
  spawn_state state{};
  state.spawners       = spawners;
  state.children       = children;
  const auto done      = cowarp::run<many>(options, state);
  const auto parents   = std::uint64_t{spawners} * done.blocks;
  const auto completed = parents * (std::uint64_t{children} + 1);
  // relaxed: the run has ended.
  const std::uint64_t counted = state.done.load(cowarp::platform::relaxed);
  to.require(done.end == cowarp::end_reason::all_done, "spawned tasks did not end");
  to.require(done.total.completed == completed && counted == parents * children,
             "spawned tasks were lost or ran twice");
  return done.seconds;
}

void measure_rate(bench::table& to, const std::string& name, const cowarp::launch_options& options,
                  std::uint32_t spawners, const bench::reference& peer) {
  if (!to.has_time()) return to.skip(name, "out of time");
  const std::uint32_t blocks = options.blocks != 0 ? options.blocks : bench::default_blocks();
  const auto pace            = bench::pace_of(seconds_each, 64, [&](std::uint32_t children) {
    return run_many(to, options, spawners, children);
  });
  const double tasks         = static_cast<double>(pace.count) * spawners * blocks;
  to.row(
      name,
      bench::repeat(
          to, [&] { return tasks / pace.net(run_many(to, options, spawners, pace.count)) * 1e-6; }),
      "M tasks/s", peer);
}

template <class App>
void measure_chain(bench::table& to, const char* name, std::uint32_t blocks, std::uint32_t links,
                   const bench::reference& peer) {
  const auto time = bench::repeat(to, [&] {
    spawn_state state{};
    state.children  = links;
    const auto done = cowarp::run<App>({.blocks = blocks, .workers = 1}, state);
    to.require(done.end == cowarp::end_reason::all_done && state.links == links &&
                   done.total.completed == std::uint64_t{links} + 1,
               "a chain broke");
    return static_cast<double>(state.chain.ns) / links;
  });
  to.row(name, time, "ns", peer);
}

bench::samples rate_of(bench::table& to, double (*seconds)(std::uint32_t), std::uint32_t count) {
  return bench::repeat(to, [&] { return count / seconds(count) * 1e-6; });
}

void measure(bench::table& to) {
  constexpr std::uint32_t count = bench::has_workers ? 2048 : 512;
  const auto launches           = rate_of(to, peers::launch_seconds, count);
  to.row(peers::launch_name, launches, "M tasks/s");
  const auto batch = rate_of(to, peers::batch_seconds, count);
  to.row(peers::batch_name, batch, "M tasks/s");
  const auto link = bench::repeat(to, [&] { return peers::chain_seconds(count) / count * 1e9; });
  to.row(std::string(peers::chain_name) + ", per link", link, "ns");

  if constexpr (peers::has_dynamic_launches) {
    to.row(peers::dynamic_batch_name, rate_of(to, peers::dynamic_batch_seconds, count),
           "M tasks/s");
    const auto each =
        bench::repeat(to, [&] { return peers::dynamic_chain_seconds(count) / count * 1e9; });
    to.row(std::string(peers::dynamic_chain_name) + ", per link", each, "ns",
           {peers::chain_name, link.median()});
  }

  const bench::reference peer{peers::batch_name, batch.median()};
  const bench::reference graph_link{peers::chain_name, link.median()};
  measure_chain<chain>(to, "dependent chain, per link", 1, bench::has_workers ? 5000 : 50000,
                       graph_link);
  // An even number of links: the last one stops the clock where the first started it.
  measure_chain<far_chain>(to, "dependent chain across two blocks, per link", 2,
                           bench::has_workers ? 5000 : 500, graph_link);
  measure_rate(to, "one spawner, one worker", {.blocks = 1, .workers = 1}, 1, peer);
  measure_rate(to, "all blocks, one spawner, one worker", {.blocks = 0, .workers = 1}, 1, peer);
  if constexpr (bench::has_workers) {
    measure_rate(to, "all blocks, one spawner, 4 workers", {.blocks = 0, .workers = 4}, 1, peer);
    measure_rate(to, "all blocks, 32 spawners, 4 workers", {.blocks = 0, .workers = 4}, 32, peer);
    measure_rate(to, "all blocks, 32 spawners, 16 workers", {.blocks = 0, .workers = 16}, 32, peer);
    measure_rate(to, "all blocks, 32 spawners, 32 workers", {.blocks = 0, .workers = 32}, 32, peer);
  } else {
    measure_rate(to, "all blocks, 32 spawners", {.blocks = 0, .workers = 1}, 32, peer);
  }
}

}  // namespace

int main(int argc, char** argv) { return bench::run("spawn", argc, argv, measure); }
