// SPDX-License-Identifier: Apache-2.0
/// \file
/// Tasks that send and receive through one channel, and the measurement of their rates.
#pragma once

#include <support/measure.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <sync/channel_peer.hpp>
#include <type_traits>

namespace bench {

using cowarp::scope;
using counter = cowarp::platform::atomic<std::uint64_t, scope::device>;

/// \returns the sum of `count` numbers from `first` on.
COWARP_FN constexpr std::uint64_t sum_of(std::uint64_t first, std::uint64_t count) {
  return count * first + count * (count - 1) / 2;
}

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

/// A message of `Bytes`, made from a number.
template <std::uint32_t Bytes>
struct message {
  static_assert(Bytes % 4 == 0);
  std::uint32_t words[Bytes / 4];

  message() = default;
  COWARP_FN explicit message(std::uint32_t number) {
    for (auto& word : words) word = number++;
  }
  /// \returns the number; its words add up to nothing else.
  [[nodiscard]] COWARP_FN std::uint32_t number() const {
    std::uint32_t sum = 0;
    for (std::uint32_t i = 0; i < Bytes / 4; ++i) sum += words[i] - i;
    return sum / (Bytes / 4);
  }
};

template <kind Kind, class Value, std::uint32_t Capacity, scope Scope>
using channel_of = std::conditional_t<Kind == kind::fair, cowarp::channel<Value, Capacity, Scope>,
                                      cowarp::greedy_channel<Value, Capacity, Scope>>;

template <kind Kind, std::uint32_t Bytes, std::uint32_t Capacity, scope Scope>
struct traffic {
  using value   = message<Bytes>;
  using channel = channel_of<Kind, value, Capacity, Scope>;

  COWARP_TASK_FRAME(sender, 32, 80 + Bytes) {
    using output = cowarp::unit;
    channel& to;
    totals& state;
    std::uint32_t i   = 0;
    std::uint64_t sum = 0;
    COWARP_BODY_BEGIN
    for (; i < state.items; ++i) {
      sum += i * 7u;
      COWARP_AWAIT(to.send(value(i * 7u)));
    }
    // relaxed: read after the run.
    state.sent.fetch_add(sum, cowarp::platform::relaxed);
    // acq_rel: the last sender closes after all others have sent.
    if (state.open.fetch_sub(1, cowarp::platform::acq_rel) == 1) to.close();
    COWARP_BODY_END
  };

  COWARP_TASK_FRAME(receiver, 32, 80) {
    using output = cowarp::unit;
    channel& from;
    totals& state;
    cowarp::optional<value> got{};
    std::uint64_t sum   = 0;
    std::uint32_t count = 0;
    COWARP_BODY_BEGIN
    for (;;) {
      COWARP_AWAIT_INTO(got, from.receive());
      if (!got) break;
      sum += got->number();
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
template <kind Kind, std::uint32_t Bytes, std::uint32_t Capacity>
struct in_block : cowarp::program<typename traffic<Kind, Bytes, Capacity, scope::block>::sender,
                                  typename traffic<Kind, Bytes, Capacity, scope::block>::receiver> {
  using tasks                  = traffic<Kind, Bytes, Capacity, scope::block>;
  using block_state            = typename tasks::channel;
  using grid_state             = totals;
  static constexpr auto frames = cowarp::memory::shared;
  COWARP_FN static void start(cowarp::spawner<in_block> s, block_state& with, totals& state) {
    start_tasks<tasks>(s, with, state, true, true);
  }
};

template <kind Kind, std::uint32_t Bytes, std::uint32_t Capacity>
struct shared_totals : totals {
  typename traffic<Kind, Bytes, Capacity, scope::device>::channel with;
};

/// Even blocks send, odd ones receive.
template <kind Kind, std::uint32_t Bytes, std::uint32_t Capacity>
struct across_blocks
    : cowarp::program<typename traffic<Kind, Bytes, Capacity, scope::device>::sender,
                      typename traffic<Kind, Bytes, Capacity, scope::device>::receiver> {
  using tasks      = traffic<Kind, Bytes, Capacity, scope::device>;
  using grid_state = shared_totals<Kind, Bytes, Capacity>;
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

/// Measures channels and rings.
class rates {
 public:
  explicit rates(table& to) : to_(to) {}

  /// The ring by hand, with semaphores or with tickets only. \param what how the row is called
  template <class Ring>
  void peer(const std::string& name, std::uint32_t blocks, std::uint32_t workers) {
    if (!to_.has_time()) return to_.skip(name, "out of time");
    auto run = [&](std::uint32_t items) {
      auto ring         = std::make_unique<typename Ring::state>();
      ring->items_each  = items;
      const double took = run_kernel<Ring>({blocks, workers}, *ring);
      // relaxed: the kernel has ended.
      to_.require(ring->sent.load(cowarp::platform::relaxed) ==
                      ring->received.load(cowarp::platform::relaxed),  // relaxed: as above
                  "the ring lost items");
      return took;
    };
    const auto pace    = pace_of(seconds_each, 64, run);
    const double items = pace.count * (blocks * workers / 2.0);
    const auto rate    = repeat(to_, [&] { return items / pace.net(run(pace.count)) * 1e-6; });
    peers_[name]       = rate.median();
    to_.row(name, rate, "M items/s");
  }

  /// One row, compared with a peer.
  template <class App>
  void row(const std::string& name, const crowd& who, const std::string& peer) {
    if (!to_.has_time()) return to_.skip(name, "out of time");
    const auto pace = pace_of(seconds_each, 16, [&](std::uint32_t n) { return run<App>(who, n); });
    const std::uint32_t n = pace.count;
    const double items    = (who.blocks > 1 ? who.blocks / 2.0 : 1) * who.senders * n;
    to_.row(name, repeat(to_, [&] { return items / pace.net(run<App>(who, n)) * 1e-6; }),
            "M items/s", {"ring by hand", peers_[peer]});
  }

 private:
  static constexpr double seconds_each = 4e-3;

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

  table& to_;
  std::map<std::string, double> peers_;
};

}  // namespace bench
