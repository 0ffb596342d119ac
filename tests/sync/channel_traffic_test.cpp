// SPDX-License-Identifier: Apache-2.0
/// \file
/// Many senders and receivers, in one block and over several: every message arrives once.
#include <support/checks.hpp>
#include <support/steps.hpp>

#include <chrono>

namespace channel_traffic_test {

using cowarp::scope;

constexpr std::uint32_t senders   = 3;  // in each block
constexpr std::uint32_t receivers = 2;
constexpr std::uint32_t messages  = 200;  // of each sender
constexpr std::uint32_t blocks    = 4;

struct message {
  std::uint32_t sender;
  std::uint32_t number;
};

struct tally {
  test::counter count;
  test::counter sum;
  test::counter done_senders;
};

struct state {
  test::checks checks;
  tally all;
  cowarp::channel<message, 4> narrow;
  cowarp::channel<message, 64> wide;
};

/// Sends its numbers in order; the last of all senders closes the channel.
template <class Channel, std::uint32_t PoolSize>
struct sending : cowarp::detail::frame_task<sending<Channel, PoolSize>, PoolSize> {
  Channel& to;
  tally& t;
  std::uint32_t me;
  std::uint32_t all_senders;
  std::uint32_t i = 0;
  cowarp::optional<typename Channel::send_future> send{};

  COWARP_FN cowarp::polled<cowarp::unit> poll(cowarp::context& cx) {
    for (; i < messages; ++i) {
      if (!send) send.emplace(to.send(message{me, i}));
      if (!send->poll(cx)) return cowarp::pending;
      send.reset();
    }
    if (t.done_senders.add() + 1 == all_senders) to.close();
    return cowarp::unit{};
  }
};

/// Receives until the end. Of one sender it never sees an older message after a younger. Now and
/// then it cancels a receive that waits and begins again.
template <class Channel>
struct receiving : cowarp::detail::frame_task<receiving<Channel>, receivers> {
  Channel& from;
  tally& t;
  test::checks& checks;
  std::uint32_t polls = 0;
  std::uint32_t next[senders * blocks]{};
  cowarp::optional<typename Channel::receive_future> receive{};

  COWARP_FN cowarp::polled<cowarp::unit> poll(cowarp::context& cx) {
    for (;;) {
      if (++polls % 3 == 0) receive.reset();
      if (!receive) receive.emplace(from.receive());
      auto result = receive->poll(cx);
      if (!result) return cowarp::pending;
      receive.reset();
      if (!*result) return cowarp::unit{};
      const message got = **result;
      checks.that(got.number >= next[got.sender]);
      next[got.sender] = got.number + 1;
      t.count.add();
      t.sum.add(got.number);
    }
  }
};

using narrow_type = cowarp::channel<message, 4>;
using wide_type   = cowarp::channel<message, 64>;

template <class Channel>
struct device_app : cowarp::program<sending<Channel, senders>, receiving<Channel>> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<device_app> s, cowarp::no_state&, state& g) {
    auto& channel = of(g, static_cast<Channel*>(nullptr));
    for (std::uint32_t i = 0; i < senders; ++i) {
      (void)s.template spawn<sending<Channel, senders>>(channel, g.all, s.block() * senders + i,
                                                        s.blocks() * senders);
    }
    for (std::uint32_t i = 0; i < receivers; ++i) {
      (void)s.template spawn<receiving<Channel>>(channel, g.all, g.checks);
    }
  }
  COWARP_FN static narrow_type& of(state& g, narrow_type*) { return g.narrow; }
  COWARP_FN static wide_type& of(state& g, wide_type*) { return g.wide; }
};

using block_type = cowarp::channel<message, 2, scope::block>;

struct board {
  block_type channel;
  tally t;
};

template <cowarp::memory Frames>
struct block_app : cowarp::program<sending<block_type, 32>, receiving<block_type>> {
  using block_state            = board;
  using grid_state             = state;
  static constexpr auto frames = Frames;
  COWARP_FN static void start(cowarp::spawner<block_app> s, board& b, state& g) {
    for (std::uint32_t i = 0; i < senders; ++i) {
      (void)s.template spawn<sending<block_type, 32>>(b.channel, b.t, +i, +senders);
    }
    for (std::uint32_t i = 0; i < receivers; ++i) {
      // Counts go to the grid, the end belongs to the block.
      (void)s.template spawn<receiving<block_type>>(b.channel, g.all, g.checks);
    }
  }
};

void all_arrived(const state& s, std::uint32_t blocks_run) {
  const std::uint32_t all = blocks_run * senders;
  s.checks.require_none(all * messages);
  CHECK(s.all.count.value() == all * messages);
  CHECK(s.all.sum.value() == all * (messages * (messages - 1) / 2));
}

}  // namespace channel_traffic_test

TEST_CASE("channel: between blocks every message arrives once", "[sync][channel]") {
  channel_traffic_test::state narrow{};
  test::run_to_end<channel_traffic_test::device_app<channel_traffic_test::narrow_type>>(
      narrow, {.blocks = channel_traffic_test::blocks});
  channel_traffic_test::all_arrived(narrow, channel_traffic_test::blocks);

  channel_traffic_test::state wide{};
  test::run_to_end<channel_traffic_test::device_app<channel_traffic_test::wide_type>>(
      wide, {.blocks = channel_traffic_test::blocks});
  channel_traffic_test::all_arrived(wide, channel_traffic_test::blocks);
}

TEST_CASE("channel: within a block every message arrives once", "[sync][channel]") {
  channel_traffic_test::state global{};
  test::run_to_end<channel_traffic_test::block_app<cowarp::memory::global>>(global, {.blocks = 2});
  channel_traffic_test::all_arrived(global, 2);

  channel_traffic_test::state shared{};
  test::run_to_end<channel_traffic_test::block_app<cowarp::memory::shared>>(shared, {.blocks = 2});
  channel_traffic_test::all_arrived(shared, 2);
}
