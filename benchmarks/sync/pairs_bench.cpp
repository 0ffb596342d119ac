// SPDX-License-Identifier: Apache-2.0
/// \file
/// Items per second through many channels at once, each with one sender and one receiver in its block.
#include <cstdint>
#include <memory>
#include <string>
#include <sync/channel_traffic.hpp>

namespace {

using bench::kind;
using cowarp::scope;

constexpr std::uint32_t capacity = 16;

/// What the tasks are told, and what they add up.
struct totals {
  std::uint32_t items;  // of each pair
  bench::counter sent;
  bench::counter received;
};

template <kind Kind, std::uint32_t Pairs>
struct pair_of {
  using channel = bench::channel_of<Kind, std::uint32_t, capacity, scope::block>;

  COWARP_TASK_FRAME(sender, Pairs, 80) {
    using output = cowarp::unit;
    channel& to;
    totals& state;
    std::uint32_t first;
    std::uint32_t i = 0;
    COWARP_BODY_BEGIN
    for (; i < state.items; ++i) COWARP_AWAIT(to.send(first + i));
    // relaxed: read after the run.
    state.sent.fetch_add(bench::sum_of(first, state.items), cowarp::platform::relaxed);
    COWARP_BODY_END
  };

  COWARP_TASK_FRAME(receiver, Pairs, 80) {
    using output = cowarp::unit;
    channel& from;
    totals& state;
    cowarp::optional<std::uint32_t> got{};
    std::uint32_t i   = 0;
    std::uint64_t sum = 0;
    COWARP_BODY_BEGIN
    for (; i < state.items; ++i) {
      COWARP_AWAIT_INTO(got, from.receive());
      sum += *got;
    }
    // relaxed: read after the run.
    state.received.fetch_add(sum, cowarp::platform::relaxed);
    COWARP_BODY_END
  };
};

template <kind Kind, std::uint32_t Pairs>
struct board {
  typename pair_of<Kind, Pairs>::channel channels[Pairs];
};

template <kind Kind, std::uint32_t Pairs>
struct app : cowarp::program<typename pair_of<Kind, Pairs>::sender,
                             typename pair_of<Kind, Pairs>::receiver> {
  using tasks                  = pair_of<Kind, Pairs>;
  using block_state            = board<Kind, Pairs>;
  using grid_state             = totals;
  static constexpr auto frames = cowarp::memory::shared;
  COWARP_FN static void start(cowarp::spawner<app> s, block_state& b, totals& state) {
    for (std::uint32_t i = 0; i < Pairs; ++i) {
      static_cast<void>(s.template spawn<typename tasks::sender>(b.channels[i], state, i));
      static_cast<void>(s.template spawn<typename tasks::receiver>(b.channels[i], state));
    }
  }
};

/// The peer: a thread for each side of each pair, and rings in shared memory with a turn for each cell.
template <std::uint32_t Pairs>
struct ring_of_turns {
  using word = cowarp::platform::atomic_word<scope::block>;
  struct ring {
    word turns[capacity];  // 2 * lap: free in that lap; 2 * lap + 1: full
    std::uint32_t values[capacity];
  };
  using argument                             = totals*;
  static constexpr std::uint32_t max_threads = (Pairs + 31) / 32 * 64;

  /// \returns the cell of item `i` once its turn is `lap * 2 + is_full`.
  static COWARP_FN std::uint32_t await(const ring& of, std::uint32_t i, std::uint32_t is_full) {
    // acquire: shows the value, or that it is gone.
    while (of.turns[i % capacity].load(cowarp::platform::acquire) != i / capacity * 2 + is_full) {
    }
    return i % capacity;
  }
  static COWARP_FN void send(ring& to, totals& state, std::uint32_t first) {
    for (std::uint32_t i = 0; i < state.items; ++i) {
      const std::uint32_t cell = await(to, i, 0);
      to.values[cell]          = first + i;
      // release: publishes the value.
      to.turns[cell].store(i / capacity * 2 + 1, cowarp::platform::release);
    }
    // relaxed: read after the run.
    state.sent.fetch_add(bench::sum_of(first, state.items), cowarp::platform::relaxed);
  }
  static COWARP_FN void receive(ring& from, totals& state) {
    std::uint64_t sum = 0;
    for (std::uint32_t i = 0; i < state.items; ++i) {
      const std::uint32_t cell = await(from, i, 1);
      sum += from.values[cell];
      // release: the value is out.
      from.turns[cell].store(i / capacity * 2 + 2, cowarp::platform::release);
    }
    state.received.fetch_add(sum, cowarp::platform::relaxed);  // relaxed: as above
  }

  static COWARP_FN void run(totals* const& state, unsigned char* shared, std::uint32_t,
                            std::uint32_t thread, std::uint32_t threads) {
    auto* rings = reinterpret_cast<ring*>(shared);
    for (std::uint32_t i = thread; i < Pairs * capacity; i += threads) {
      // relaxed: the barrier below orders it.
      rings[i / capacity].turns[i % capacity].store(0, cowarp::platform::relaxed);
    }
    cowarp::platform::sync_block();
    // The two sides of a pair are in different warps, so that neither keeps the other from its turn.
    constexpr std::uint32_t side = max_threads / 2;
    const std::uint32_t i        = thread % side;
    if (i >= Pairs) return;
    if (thread < side) {
      send(rings[i], *state, i);
    } else {
      receive(rings[i], *state);
    }
  }
};

class measurement {
 public:
  explicit measurement(bench::table& to) : to_(to) {}

  /// The channels of `Pairs` pairs in each block, beside the same by hand.
  template <std::uint32_t Pairs>
  void rows(const std::string& name, std::uint32_t blocks) {
    const std::uint32_t workers = bench::has_workers ? (Pairs + 31) / 32 * 2 : 1;
    bench::reference peer{"by hand", 0};
    if constexpr (bench::has_workers) {
      using entry       = ring_of_turns<Pairs>;
      const auto shared = sizeof(typename entry::ring) * Pairs;
      peer.value        = row<Pairs>("by hand, " + name, blocks, {}, [&](totals& state) {
        return bench::run_kernel<entry>({blocks, workers, shared}, state);
      });
    }
    row<Pairs>("greedy, " + name, blocks, peer, [&](totals& state) {
      return run<app<kind::greedy, Pairs>>(blocks, workers, state);
    });
    row<Pairs>(name, blocks, peer,
               [&](totals& state) { return run<app<kind::fair, Pairs>>(blocks, workers, state); });
  }

 private:
  static constexpr double seconds_each = 6e-3;

  template <class App>
  double run(std::uint32_t blocks, std::uint32_t workers, totals& state) {
    const auto done = cowarp::run<App>({.blocks = blocks, .workers = workers}, state);
    to_.require(done.end == cowarp::end_reason::all_done, "a pair did not end");
    return done.seconds;
  }

  template <std::uint32_t Pairs, class Run>
  double row(const std::string& name, std::uint32_t blocks, const bench::reference& peer, Run run) {
    if (!to_.has_time()) return to_.skip(name, "out of time"), 0;
    const std::uint32_t all = blocks != 0 ? blocks : bench::default_blocks();
    const auto once         = [&](std::uint32_t items) {
      totals state{};
      state.items       = items;
      const double took = run(state);
      std::uint64_t sum = 0;
      for (std::uint32_t i = 0; i < Pairs; ++i) sum += bench::sum_of(i, items);
      // relaxed: the run has ended.
      const std::uint64_t sent = state.sent.load(cowarp::platform::relaxed);
      // relaxed: as above.
      const std::uint64_t received = state.received.load(cowarp::platform::relaxed);
      to_.require(sent == sum * all && received == sent, "a pair lost or doubled items");
      return took;
    };
    const auto pace    = bench::pace_of(seconds_each, 64, once);
    const double items = static_cast<double>(pace.count) * Pairs * all;
    const auto rate = bench::repeat(to_, [&] { return items / pace.net(once(pace.count)) * 1e-6; });
    to_.row(name, rate, "M items/s", peer);
    return rate.median();
  }

  bench::table& to_;
};

void measure(bench::table& to) {
  measurement of(to);
  of.rows<1>("one pair", 1);
  of.rows<32>("32 pairs, one block", 1);
  of.rows<256>("256 pairs, one block", 1);
  of.rows<256>("256 pairs a block, all blocks", 0);
}

}  // namespace

int main(int argc, char** argv) { return bench::run("pairs", argc, argv, measure); }
