// SPDX-License-Identifier: Apache-2.0
/// \file
/// The time from a wake to the poll it leads to: two tasks answer each other through signals.
#include <support/measure.hpp>

#include <chrono>
#include <cstdint>
#include <executor/host_game.hpp>
#include <executor/wake_floor.hpp>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace {

using cowarp::scope;
using namespace cowarp::platform;

struct game {
  std::uint32_t rounds;
  std::uint32_t wrong;
  bench::span time;
  cowarp::signal<std::uint32_t, scope::device> there;  // two blocks
  cowarp::signal<std::uint32_t, scope::device> back;
};

/// \tparam Looks polls in which a player looks for the value before it sleeps
template <scope Scope, std::uint8_t Looks>
struct played {
  using signal = cowarp::signal<std::uint32_t, Scope>;

  /// One of the two players; the one that serves measures.
  COWARP_TASK_FRAME(player, 1) {
    using output = cowarp::unit;
    signal& out;
    signal& in;
    game& state;
    bool serves;
    std::uint32_t got = 0;
    std::uint32_t i   = 1;
    COWARP_BODY_BEGIN
    if (serves) state.time.begin();
    for (; i <= state.rounds; ++i) {
      if (serves) out.send(i);
      COWARP_AWAIT_INTO(got, in.wait_awake(Looks));
      if (got != i) ++state.wrong;
      if (!serves) out.send(got);
    }
    if (serves) state.time.end();
    COWARP_BODY_END
  };
};

struct board {
  cowarp::signal<std::uint32_t, scope::block> there;
  cowarp::signal<std::uint32_t, scope::block> back;
};

/// Both players in one block: in one word, or in two words of one worker or of two.
template <std::uint32_t Slots, std::uint8_t Looks = 0>
struct in_block
    : cowarp::program<bench::in_pool<typename played<scope::block, Looks>::player, Slots>> {
  using player      = bench::in_pool<typename played<scope::block, Looks>::player, Slots>;
  using block_state = board;
  using grid_state  = game;
  static constexpr auto frames = cowarp::memory::shared;
  COWARP_FN static void start(cowarp::spawner<in_block> s, board& b, game& state) {
    // Spawns go to the pool's words in turn, so with two words each player has its own.
    static_cast<void>(s.template spawn<player>(b.back, b.there, state, false));
    static_cast<void>(s.template spawn<player>(b.there, b.back, state, true));
  }
};

/// One player in each of two blocks.
template <std::uint8_t Looks = 0>
struct across_blocks : cowarp::program<typename played<scope::device, Looks>::player> {
  using player     = typename played<scope::device, Looks>::player;
  using grid_state = game;
  COWARP_FN static void start(cowarp::spawner<across_blocks> s, cowarp::no_state&, game& state) {
    if (s.block() == 0) {
      static_cast<void>(s.template spawn<player>(state.there, state.back, state, true));
    } else {
      static_cast<void>(s.template spawn<player>(state.back, state.there, state, false));
    }
  }
};

/// Measures games of a fixed length, in nanoseconds per round trip.
class rounds {
 public:
  explicit rounds(bench::table& to) : to_(to) {}

  template <class App>
  void row(std::string_view name, const cowarp::launch_options& options, const char* floor) {
    if (!to_.has_time()) return to_.skip(name, "out of time");
    const auto time = bench::repeat(to_, [&] {
      game state{};
      state.rounds    = count;
      const auto done = cowarp::run<App>(options, state);
      to_.require(done.end == cowarp::end_reason::all_done, "a game did not end");
      to_.require(state.wrong == 0, "a signal's value is wrong");
      return per_round(state.time);
    });
    add(name, time, floor);
  }

  template <class Entry>
  void by_hand(std::string_view name, const bench::shape& shape, const char* floor) {
    if (!to_.has_time()) return to_.skip(name, "out of time");
    const auto time = bench::repeat(to_, [&] {
      typename Entry::state state{};
      state.rounds = count;
      bench::run_kernel<Entry>(shape, state);
      to_.require(state.seen == count, "a hand-written game lost rounds");
      return per_round(state.time);
    });
    add(name, time, floor);
  }

  /// The host plays against what `start(game)` starts, which returns what is to be waited for.
  template <class Start>
  void host_row(std::string_view name, const char* floor, Start start) {
    if (!to_.has_time()) return to_.skip(name, "out of time");
    const auto time            = bench::repeat(to_, [&] {
      cowarp::platform::entry_launch<bench::nothing_entry> memory({1, 1, 1, 1, 16, nullptr});
      const auto words = memory.allocate_visible(sizeof(bench::mapped_words));
      auto& on_host    = *reinterpret_cast<bench::mapped_words*>(words.on_host);
      // The first round waits for the launch.
      bench::host_game game{reinterpret_cast<bench::mapped_words*>(words.on_device), count + 1};
      const auto running = start(game);
      on_host.play(1, 1);
      const double each = on_host.play(2, count + 1);
      running->wait_for(std::chrono::nanoseconds::max());
      return each;
    });
    median_[std::string(name)] = time.median();
    to_.row(name, time, "ns", {floor, median_[floor]});
  }

  template <class App>
  void host_row(std::string_view name, const char* floor) {
    host_row(name, floor, [&](bench::host_game& game) {
      return std::make_unique<cowarp::execution<App>>(
          cowarp::launch_options{.blocks = 1, .workers = bench::has_workers ? 2u : 1u}, &game);
    });
  }

 private:
  static constexpr std::uint32_t count = bench::has_workers ? 5000 : 500;

  double per_round(const bench::span& time) {
    cycles_ = static_cast<double>(time.cycles) / count;
    return static_cast<double>(time.ns) / count;
  }
  void add(std::string_view name, const bench::samples& time, const char* floor) {
    median_[std::string(name)] = time.median();
    to_.row(name, time, "ns", {floor, median_[floor]}, {cycles_, "cycles"});
  }

  bench::table& to_;
  std::map<std::string, double> median_;
  double cycles_ = 0;  // of the last round trip measured
};

void measure_clusters(rounds& of) {
  if (!peers::has_clusters()) return;
  const char* floor = "word in shared memory, two blocks of a cluster";
  of.by_hand<bench::cluster_game>(floor, {.blocks = 2, .workers = 1, .cluster = 2}, "");
  const cowarp::launch_options cluster{.blocks = 2, .workers = 1, .cluster_blocks = 2};
  of.row<across_blocks<>>("signal, two blocks of a cluster", cluster, "signal, two blocks");
  of.row<across_blocks<16>>("signal awake, two blocks of a cluster", cluster,
                            "signal awake, two blocks");
}

void measure_host(rounds& of) {
  const char* floor = "mapped words, host and a thread";
  of.host_row(floor, "", [](const bench::host_game& game) {
    using launch = cowarp::platform::entry_launch<bench::host_game_floor>;
    auto running = std::make_unique<launch>(cowarp::platform::launch_plan{1, 1, 1, 1, 16, nullptr});
    running->start(game);
    return running;
  });
  of.host_row<bench::against_host>("mapped words, host and a task that looks", floor);
  of.host_row<bench::woken_for_host>("mapped words, host and a task that is woken", floor);
}

void measure(bench::table& to) {
  rounds of(to);
  const bench::shape two_warps{.blocks = 1, .workers = 2, .shared_bytes = 1024};
  const bench::shape two_blocks{.blocks = 2, .workers = 1};
  const char* in_shared = "flag, two warps";
  const char* in_global = "flag release/acquire, two blocks";
  if constexpr (bench::has_workers) {
    of.by_hand<bench::flag_game<scope::block, relaxed, relaxed>>(in_shared, two_warps, "");
    of.by_hand<bench::flag_game<scope::block, release, acquire>>("flag release/acquire, two warps",
                                                                 two_warps, in_shared);
  }
  if constexpr (peers::has_barrier) {
    of.by_hand<bench::barrier_game>(std::string(peers::barrier_name) + ", two warps", two_warps,
                                    in_shared);
  }
  of.by_hand<bench::flag_game<scope::device, relaxed, relaxed>>("flag relaxed, two blocks",
                                                                two_blocks, "");
  of.by_hand<bench::flag_game<scope::device, release, acquire>>(in_global, two_blocks, "");
  of.by_hand<bench::semaphore_game>(std::string(peers::semaphore_name) + ", two blocks", two_blocks,
                                    in_global);
  if constexpr (bench::has_workers) {
    of.by_hand<bench::waiting_game<scope::block>>(std::string(peers::wait_name) + ", two warps",
                                                  two_warps, in_shared);
  }
  of.by_hand<bench::waiting_game<scope::device>>(std::string(peers::wait_name) + ", two blocks",
                                                 two_blocks, in_global);
  of.row<in_block<32>>("signal, same word", {.blocks = 1, .workers = 1}, in_shared);
  of.row<in_block<64>>("signal, two words of a worker", {.blocks = 1, .workers = 1}, in_shared);
  if constexpr (bench::has_workers) {
    of.row<in_block<64>>("signal, two workers", {.blocks = 1, .workers = 2}, in_shared);
    of.row<in_block<64, 16>>("signal awake, two workers", {.blocks = 1, .workers = 2}, in_shared);
  }
  of.row<across_blocks<>>("signal, two blocks", {.blocks = 2, .workers = 1}, in_global);
  of.row<across_blocks<16>>("signal awake, two blocks", {.blocks = 2, .workers = 1}, in_global);
  measure_clusters(of);
  measure_host(of);
}

}  // namespace

int main(int argc, char** argv) { return bench::run("wake", argc, argv, measure); }
