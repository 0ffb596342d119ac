// SPDX-License-Identifier: Apache-2.0
/// \file
/// Items per second through one channel: one or many senders and receivers, in a block and across.
#include <support/measure.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <sync/channel_peer.hpp>
#include <type_traits>

namespace {

using cowarp::scope;
using counter = cowarp::platform::atomic<std::uint64_t, scope::device>;

/// What a program is told, and what its tasks add up.
struct totals {
  std::uint32_t senders;    // in each block that sends
  std::uint32_t receivers;  // in each block that receives
  std::uint32_t items;      // of each sender
  counter sent;
  counter received;
  counter count;
  cowarp::platform::atomic_word<scope::device> open;  // senders that are not done
};

/// Which channel: the fair one, or the one without a line.
enum class kind : std::uint8_t { fair, greedy };

template <kind Kind, std::uint32_t Capacity, scope Scope>
struct traffic {
  using channel =
      std::conditional_t<Kind == kind::fair, cowarp::channel<std::uint32_t, Capacity, Scope>,
                         cowarp::greedy_channel<std::uint32_t, Capacity, Scope>>;

  COWARP_TASK_FRAME(sender, 32) {
    using output = cowarp::unit;
    channel& to;
    totals& state;
    std::uint32_t i   = 0;
    std::uint64_t sum = 0;
    COWARP_BODY_BEGIN
    for (; i < state.items; ++i) {
      sum += i * 7u;
      COWARP_AWAIT(to.send(i * 7u));
    }
    // relaxed: read after the run.
    state.sent.fetch_add(sum, cowarp::platform::relaxed);
    // acq_rel: the last sender closes after all others have sent.
    if (state.open.fetch_sub(1, cowarp::platform::acq_rel) == 1) to.close();
    COWARP_BODY_END
  };

  COWARP_TASK_FRAME(receiver, 32) {
    using output = cowarp::unit;
    channel& from;
    totals& state;
    cowarp::optional<std::uint32_t> got{};
    std::uint64_t sum   = 0;
    std::uint32_t count = 0;
    COWARP_BODY_BEGIN
    for (;;) {
      COWARP_AWAIT_INTO(got, from.receive());
      if (!got) break;
      sum += *got;
      ++count;
    }
    // relaxed: read after the run.
    state.received.fetch_add(sum, cowarp::platform::relaxed);
    state.count.fetch_add(count, cowarp::platform::relaxed);  // relaxed: as above
    COWARP_BODY_END
  };
};

/// The tasks that both programs start.
template <class Traffic, class App>
COWARP_FN void start_tasks(cowarp::spawner<App> s, typename Traffic::channel& with, totals& state,
                           bool sends, bool receives) {
  for (std::uint32_t i = 0; receives && i < state.receivers; ++i) {
    static_cast<void>(s.template spawn<typename Traffic::receiver>(with, state));
  }
  for (std::uint32_t i = 0; sends && i < state.senders; ++i) {
    static_cast<void>(s.template spawn<typename Traffic::sender>(with, state));
  }
}

/// Senders and receivers share a block, each sort with a worker of its own on a GPU.
template <kind Kind, std::uint32_t Capacity>
struct in_block : cowarp::program<typename traffic<Kind, Capacity, scope::block>::sender,
                                  typename traffic<Kind, Capacity, scope::block>::receiver> {
  using tasks                  = traffic<Kind, Capacity, scope::block>;
  using block_state            = typename tasks::channel;
  using grid_state             = totals;
  static constexpr auto frames = cowarp::memory::shared;
  COWARP_FN static void start(cowarp::spawner<in_block> s, block_state& with, totals& state) {
    start_tasks<tasks>(s, with, state, true, true);
  }
};

template <kind Kind, std::uint32_t Capacity>
struct shared_totals : totals {
  typename traffic<Kind, Capacity, scope::device>::channel with;
};

/// Even blocks send, odd ones receive.
template <kind Kind, std::uint32_t Capacity>
struct across_blocks : cowarp::program<typename traffic<Kind, Capacity, scope::device>::sender,
                                       typename traffic<Kind, Capacity, scope::device>::receiver> {
  using tasks      = traffic<Kind, Capacity, scope::device>;
  using grid_state = shared_totals<Kind, Capacity>;
  COWARP_FN static void start(cowarp::spawner<across_blocks> s, cowarp::no_state&,
                              grid_state& state) {
    start_tasks<tasks>(s, state.with, state, s.block() % 2 == 0, s.block() % 2 == 1);
  }
};

/// Who takes part.
struct crowd {
  const char* name;
  std::uint32_t blocks, senders, receivers;  // tasks of each block
};

class rates {
 public:
  explicit rates(bench::table& to) : to_(to) {}

  template <std::uint32_t Capacity>
  void peer(const char* place, std::uint32_t blocks, std::uint32_t workers) {
    const auto name = peer_name(place, Capacity);
    if (!to_.has_time()) return to_.skip(name, "out of time");
    auto run = [&](std::uint32_t items) {
      typename bench::semaphore_ring<Capacity>::state ring;
      ring.items_each = items;
      const double took =
          bench::run_kernel<bench::semaphore_ring<Capacity>>({blocks, workers}, ring);
      // relaxed: the kernel has ended.
      to_.require(ring.sent.load(cowarp::platform::relaxed) ==
                      ring.received.load(cowarp::platform::relaxed),  // relaxed: as above
                  "the semaphore ring lost items");
      return took;
    };
    const auto pace    = bench::pace_of(seconds_each, 64, run);
    const double items = pace.count * (blocks * workers / 2.0);
    const auto rate = bench::repeat(to_, [&] { return items / pace.net(run(pace.count)) * 1e-6; });
    peers_[name]    = rate.median();
    to_.row(name, rate, "M items/s");
  }

  /// One row, compared with the ring of the same capacity.
  template <class App>
  void row(std::uint32_t capacity, const crowd& who, const char* kind, const char* place) {
    const auto name =
        bench::numbered(std::string(kind) + place + ", " + who.name + ", capacity {}", {capacity});
    if (!to_.has_time()) return to_.skip(name, "out of time");
    const auto pace =
        bench::pace_of(seconds_each, 16, [&](std::uint32_t n) { return run<App>(who, n); });
    const std::uint32_t n = pace.count;
    const double items    = (who.blocks > 1 ? who.blocks / 2.0 : 1) * who.senders * n;
    const auto than       = peer_name(who.blocks > 2 ? "all blocks" : place, capacity);
    to_.row(name, bench::repeat(to_, [&] { return items / pace.net(run<App>(who, n)) * 1e-6; }),
            "M items/s", {"semaphore ring", peers_[than]});
  }

 private:
  static constexpr double seconds_each = 4e-3;

  static std::string peer_name(const char* place, std::uint32_t capacity) {
    return bench::numbered(
        std::string("ring of ") + peers::semaphore_name + ", " + place + ", capacity {}",
        {capacity});
  }

  template <class App>
  double run(const crowd& who, std::uint32_t items) {
    auto state                  = std::make_unique<typename App::grid_state>();
    const std::uint32_t sending = (who.blocks > 1 ? who.blocks / 2 : 1) * who.senders;
    state->senders              = who.senders;
    state->receivers            = who.receivers;
    state->items                = items;
    // relaxed: nobody runs yet.
    state->open.store(sending, cowarp::platform::relaxed);
    const auto done =
        cowarp::run<App>({.blocks = who.blocks, .workers = who.blocks > 1 ? 1u : 2u}, *state);
    // relaxed: the run has ended.
    const bool is_same = state->sent.load(cowarp::platform::relaxed) ==
                         state->received.load(cowarp::platform::relaxed);  // relaxed: as above
    to_.require(done.end == cowarp::end_reason::all_done, "a channel's tasks did not end");
    to_.require(is_same && state->count.load(cowarp::platform::relaxed) ==  // relaxed: as above
                               std::uint64_t{sending} * items,
                "a channel lost or doubled items");
    return done.seconds;
  }

  bench::table& to_;
  std::map<std::string, double> peers_;
};

template <kind Kind, std::uint32_t... Capacity>
void measure_kind(rates& of, const char* name, std::uint32_t all) {
  for (const crowd& who :
       {crowd{"1 to 1", 1, 1, 1}, crowd{"32 to 1", 1, 32, 1}, crowd{"32 to 32", 1, 32, 32}}) {
    (of.row<in_block<Kind, Capacity>>(Capacity, who, name, "in a block"), ...);
  }
  for (const crowd& who :
       {crowd{"1 to 1", 2, 1, 1}, crowd{"32 to 1", 2, 32, 1}, crowd{"32 to 32", 2, 32, 32}}) {
    (of.row<across_blocks<Kind, Capacity>>(Capacity, who, name, "two blocks"), ...);
  }
  if (all <= 2) return;
  for (const crowd& who :
       {crowd{"1 and 1 each", all, 1, 1}, crowd{"32 and 32 each", all, 32, 32}}) {
    if (Kind == kind::fair && who.senders > 1) continue;  // minutes: one lock for 4224 tasks
    (of.row<across_blocks<Kind, Capacity>>(Capacity, who, name, "all blocks"), ...);
  }
}

template <std::uint32_t... Capacity>
void measure_all(bench::table& to) {
  const std::uint32_t all = bench::default_blocks() & ~1u;
  rates of(to);
  if constexpr (bench::has_workers) (of.peer<Capacity>("in a block", 1, 2), ...);
  (of.peer<Capacity>("two blocks", 2, 1), ...);
  if (all > 2) (of.peer<Capacity>("all blocks", all, 1), ...);
  measure_kind<kind::greedy, Capacity...>(of, "greedy, ", all);
  measure_kind<kind::fair, Capacity...>(of, "", all);
}

}  // namespace

int main(int argc, char** argv) {
  return bench::run("channel", argc, argv, measure_all<1, 16, 64, 1024>);
}
