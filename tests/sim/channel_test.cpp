// SPDX-License-Identifier: Apache-2.0
#include "explore.hpp"

using namespace std::chrono_literals;
using cowarp::scope;
namespace platform = cowarp::platform;

namespace {

using count = platform::atomic_word<scope::device>;

constexpr std::uint32_t most_senders = 6;
constexpr std::uint32_t receivers    = 6;
constexpr std::uint32_t messages     = 8;  // of each sender
constexpr std::uint32_t most_blocks  = 3;

/// What happened to the messages of up to `most_blocks` groups of senders.
struct ledger {
  count sent[most_blocks][most_senders][messages];
  count received[most_blocks][most_senders][messages];
  count refused;
  count out_of_order;
  count senders_left;
};

void note(count& what) { what.fetch_add(1, platform::relaxed); }  // relaxed: read after the run.
std::uint32_t read(const count& what) { return what.load(platform::relaxed); }  // relaxed: ended.

/// The order in which one receiver sees the messages of each sender.
class order_check {
 public:
  void see(ledger& l, std::uint32_t message) {
    std::uint32_t& next = next_[message / 1000][message / 100 % 10];
    if (message % 100 < next) note(l.out_of_order);
    next = message % 100 + 1;
    note(l.received[message / 1000][message / 100 % 10][message % 100]);
  }

 private:
  std::uint32_t next_[most_blocks][most_senders]{};
};

/// Every message that was sent is received once, in order, and no other: one whose sender gave up was
/// not sent.
void conserved(const ledger& l, sim_test::verdict& found) {
  for (std::uint32_t i = 0; i < most_blocks * most_senders * messages; ++i) {
    const std::uint32_t group = i / (most_senders * messages);
    const std::uint32_t by    = i / messages % most_senders;
    found.equal(read(l.received[group][by][i % messages]), read(l.sent[group][by][i % messages]),
                "times that a message was received");
  }
  found.equal(read(l.out_of_order), 0u, "messages that overtook another of their sender");
}

std::uint32_t total_sent(const ledger& l) {
  std::uint32_t total = 0;
  for (auto& group : l.sent)
    for (auto& by : group)
      for (auto& message : by) total += read(message);
  return total;
}

// ---- block scope: every block has its own channel ------------------------------------------------

struct board {
  cowarp::channel<std::uint32_t, 2, scope::block> numbers;
  platform::atomic_word<scope::block> senders_left;
};

COWARP_TASK_FRAME(block_sender, most_senders, 96) {
  board& b;
  ledger& l;
  std::uint32_t block, id;
  std::uint32_t i = 0;
  COWARP_BODY_BEGIN
  for (; i < messages; ++i) {
    COWARP_AWAIT(b.numbers.send(block * 1000 + id * 100 + i));
    note(l.sent[block][id][i]);
  }
  // relaxed: closing publishes nothing.
  if (b.senders_left.fetch_sub(1, platform::relaxed) == 1) b.numbers.close();
  COWARP_BODY_END
};

COWARP_TASK_FRAME(block_receiver, receivers) {
  board& b;
  ledger& l;
  cowarp::polled<std::uint32_t> got{};
  order_check order{};
  COWARP_BODY_BEGIN
  for (;;) {
    COWARP_AWAIT_INTO(got, b.numbers.receive());
    if (!got) COWARP_RETURN();
    order.see(l, *got);
  }
  COWARP_BODY_END
};

struct in_a_block : cowarp::program<block_sender, block_receiver> {
  using block_state = board;
  using grid_state  = ledger;
  COWARP_FN static void start(cowarp::spawner<in_a_block> s, board& b, ledger& l) {
    b.senders_left.store(most_senders, platform::relaxed);  // relaxed: no task runs yet.
    for (std::uint32_t i = 0; i < most_senders; ++i) s.must_spawn<block_sender>(b, l, s.block(), i);
    for (std::uint32_t i = 0; i < receivers; ++i) s.must_spawn<block_receiver>(b, l);
  }
};

// ---- device scope: one channel of all blocks -----------------------------------------------------

template <std::uint32_t Capacity>
struct hall {
  ledger l;
  cowarp::channel<std::uint32_t, Capacity> numbers;
};

COWARP_TASK_FRAME(device_sender, most_senders, 96) {
  hall<1>& h;
  std::uint32_t block, id;
  std::uint32_t i = 0;
  COWARP_BODY_BEGIN
  for (; i < messages; ++i) {
    COWARP_AWAIT(h.numbers.send(block * 1000 + id * 100 + i));
    note(h.l.sent[block][id][i]);
  }
  // relaxed: closing publishes nothing.
  if (h.l.senders_left.fetch_sub(1, platform::relaxed) == 1) h.numbers.close();
  COWARP_BODY_END
};

COWARP_TASK_FRAME(device_receiver, receivers) {
  hall<1>& h;
  cowarp::polled<std::uint32_t> got{};
  order_check order{};
  COWARP_BODY_BEGIN
  for (;;) {
    COWARP_AWAIT_INTO(got, h.numbers.receive());
    if (!got) COWARP_RETURN();
    order.see(h.l, *got);
  }
  COWARP_BODY_END
};

struct across_blocks : cowarp::program<device_sender, device_receiver> {
  using grid_state = hall<1>;
  COWARP_FN static void start(cowarp::spawner<across_blocks> s, cowarp::no_state&, hall<1>& h) {
    for (std::uint32_t i = 0; i < most_senders; ++i) {
      s.must_spawn<device_sender>(h, s.block(), i);
    }
    if (s.block() != 0 && s.block() + 1 != s.blocks()) return;
    for (std::uint32_t i = 0; i < receivers; ++i) s.must_spawn<device_receiver>(h);
  }
};

// ---- senders and receivers that give up, and an early end ----------------------------------------

COWARP_TASK_FRAME(hasty_sender, most_senders, 160) {
  hall<2>& h;
  std::uint32_t block, id;
  std::uint32_t i = 0;
  cowarp::polled<cowarp::send_result<std::uint32_t>> sent{};
  COWARP_BODY_BEGIN
  for (; i < messages; ++i) {
    COWARP_AWAIT_INTO(
        sent, cowarp::with_timeout(300ns * (id + i), h.numbers.send(block * 1000 + id * 100 + i)));
    if (sent && sent->is_ok()) note(h.l.sent[block][id][i]);
    if (sent && sent->status == cowarp::send_status::closed) note(h.l.refused);
  }
  // relaxed: closing publishes nothing.
  if (h.l.senders_left.fetch_sub(1, platform::relaxed) == 1) h.numbers.close();
  COWARP_BODY_END
};

COWARP_TASK_FRAME(hasty_receiver, receivers, 160) {
  hall<2>& h;
  std::uint32_t id;
  cowarp::optional<cowarp::polled<std::uint32_t>> got{};
  order_check order{};
  COWARP_BODY_BEGIN
  for (;;) {
    COWARP_AWAIT_INTO(got, cowarp::with_timeout(500ns * (id + 1), h.numbers.receive()));
    // The next deadline may pass before the next poll; others must get their turn all the same.
    COWARP_AWAIT(cowarp::yield_now());
    if (!got) continue;
    if (!*got) COWARP_RETURN();
    order.see(h.l, **got);
  }
  COWARP_BODY_END
};

COWARP_TASK_FRAME(closer, 1) {
  hall<2>& h;
  COWARP_BODY_BEGIN
  COWARP_AWAIT(cowarp::sleep_for(3us));
  h.numbers.close();
  COWARP_BODY_END
};

template <class App>
void start_hasty(cowarp::spawner<App> s, hall<2>& h) {
  for (std::uint32_t i = 0; i < most_senders; ++i) {
    s.template must_spawn<hasty_sender>(h, s.block(), i);
  }
  for (std::uint32_t i = 0; i < receivers; ++i) s.template must_spawn<hasty_receiver>(h, i);
}

struct giving_up : cowarp::program<hasty_sender, hasty_receiver> {
  using grid_state = hall<2>;
  COWARP_FN static void start(cowarp::spawner<giving_up> s, cowarp::no_state&, hall<2>& h) {
    start_hasty(s, h);
  }
};

struct closed_early : cowarp::program<closer, hasty_sender, hasty_receiver> {
  using grid_state = hall<2>;
  COWARP_FN static void start(cowarp::spawner<closed_early> s, cowarp::no_state&, hall<2>& h) {
    start_hasty(s, h);
    if (s.block() == 0) s.must_spawn<closer>(h);
  }
};

// ---- receivers that give up beside some that do not ----------------------------------------------

COWARP_TASK_FRAME(waiting_sender, 1, 96) {
  hall<2>& h;
  std::uint32_t i = 0;
  COWARP_BODY_BEGIN
  for (; i < messages; ++i) {
    COWARP_AWAIT(h.numbers.send(i));
    note(h.l.sent[0][0][i]);
    while (read(h.l.received[0][0][i]) == 0) COWARP_AWAIT(cowarp::sleep_for(300ns));
  }
  h.numbers.close();
  COWARP_BODY_END
};

COWARP_TASK_FRAME(patient_receiver, 2) {
  hall<2>& h;
  cowarp::polled<std::uint32_t> got{};
  order_check order{};
  COWARP_BODY_BEGIN
  for (;;) {
    COWARP_AWAIT_INTO(got, h.numbers.receive());
    if (!got) COWARP_RETURN();
    order.see(h.l, *got);
  }
  COWARP_BODY_END
};

COWARP_TASK_FRAME(leaving_receiver, receivers, 160) {
  hall<2>& h;
  std::uint32_t id;
  cowarp::optional<cowarp::polled<std::uint32_t>> got{};
  order_check order{};
  COWARP_BODY_BEGIN
  COWARP_AWAIT_INTO(got, cowarp::with_timeout(200ns * (id + 1), h.numbers.receive()));
  if (got && *got) order.see(h.l, **got);
  COWARP_BODY_END
};

struct leaving : cowarp::program<waiting_sender, leaving_receiver, patient_receiver> {
  using grid_state = hall<2>;
  COWARP_FN static void start(cowarp::spawner<leaving> s, cowarp::no_state&, hall<2>& h) {
    if (s.block() == 0) s.must_spawn<waiting_sender>(h);
    if (s.block() != s.blocks() - 1) return;
    for (std::uint32_t i = 0; i < receivers; ++i) s.must_spawn<leaving_receiver>(h, i);
    for (std::uint32_t i = 0; i < 2; ++i) s.must_spawn<patient_receiver>(h);
  }
};

template <class State>
State with_senders(std::uint32_t blocks) {
  State state{};
  state.l.senders_left.store(most_senders * blocks, platform::relaxed);  // relaxed: no run yet.
  return state;
}

// ---- those who look ------------------------------------------------------------------------------

constexpr std::uint32_t lookers = 3;
constexpr std::uint32_t looks   = 4;  // of each, once there is something

struct looked_at {
  cowarp::channel<std::uint32_t, 2> numbers;
  count polls;
  count seen;
};

using seen_message = decltype(looked_at::numbers.ready_to_receive());
using seen_room    = decltype(looked_at::numbers.ready_to_send());

COWARP_TASK_FRAME(looker, lookers, 128) {
  looked_at& l;
  bool for_room;
  std::uint32_t i = 0;
  COWARP_BODY_BEGIN
  for (; i < looks; ++i) {
    if (for_room) {
      COWARP_AWAIT(sim_test::counted<seen_room>{l.numbers.ready_to_send(), l.polls});
    } else {
      COWARP_AWAIT(sim_test::counted<seen_message>{l.numbers.ready_to_receive(), l.polls});
    }
    note(l.seen);
  }
  COWARP_BODY_END
};

/// Lets all wait, and then gives them something to see.
COWARP_TASK_FRAME(shown, 1, 64) {
  looked_at& l;
  bool for_room;
  COWARP_BODY_BEGIN
  while (read(l.polls) != lookers) COWARP_AWAIT(cowarp::yield_now());
  if (for_room) {
    static_cast<void>(l.numbers.try_receive());
  } else {
    static_cast<void>(l.numbers.try_send(7));
  }
  COWARP_BODY_END
};

template <bool ForRoom>
struct looking : cowarp::program<shown, looker> {
  using grid_state = looked_at;
  COWARP_FN static void start(cowarp::spawner<looking> s, cowarp::no_state&, looked_at& l) {
    s.template must_spawn<shown>(l, ForRoom);
    for (std::uint32_t i = 0; ForRoom && i < 2; ++i) static_cast<void>(l.numbers.try_send(+i));
    for (std::uint32_t i = 0; i < lookers; ++i) s.template must_spawn<looker>(l, ForRoom);
  }
};

/// Those who look claim nothing: none waits for another, so each is polled once in vain, at first.
template <bool ForRoom>
void require_looks() {
  sim_test::explore<looking<ForRoom>>(
      100, {.blocks = 1, .workers = 2}, [] { return looked_at{}; },
      [](const cowarp::report& report, const looked_at& l, sim_test::verdict& found) {
        sim_test::all_done(report, found);
        found.equal(read(l.seen), lookers * looks, "looks");
        found.equal(read(l.polls), lookers * (1 + looks), "polls");
      });
}

}  // namespace

TEST_CASE("channel: those who look for a message do not wait for each other",
          "[sim][sync][channel]") {
  require_looks<false>();
}

TEST_CASE("channel: those who look for room do not wait for each other", "[sim][sync][channel]") {
  require_looks<true>();
}

TEST_CASE("channel: every message of a block arrives once, in order", "[sim][sync][channel]") {
  sim_test::explore<in_a_block>(
      150, {}, [] { return ledger{}; },
      [](const cowarp::report& report, const ledger& l, sim_test::verdict& found) {
        sim_test::all_done(report, found);
        conserved(l, found);
        found.equal(total_sent(l), report.blocks * most_senders * messages, "sent messages");
      });
}

TEST_CASE("channel: every message across blocks arrives once, in order", "[sim][sync][channel]") {
  sim_test::explore<across_blocks>(
      100, {.blocks = 2}, [] { return with_senders<hall<1>>(2); },
      [](const cowarp::report& report, const hall<1>& h, sim_test::verdict& found) {
        sim_test::all_done(report, found);
        conserved(h.l, found);
        found.equal(total_sent(h.l), 2 * most_senders * messages, "sent messages");
      });
}

TEST_CASE("channel: nothing is lost when both sides give up", "[sim][sync][channel]") {
  sim_test::explore<giving_up>(
      150, {.blocks = 2}, [] { return with_senders<hall<2>>(2); },
      [](const cowarp::report& report, const hall<2>& h, sim_test::verdict& found) {
        sim_test::all_done(report, found);
        conserved(h.l, found);
        found.equal(read(h.l.refused), 0u, "messages that were refused");
      });
}

TEST_CASE("channel: a receiver that leaves hands on its message", "[sim][sync][channel]") {
  sim_test::explore<leaving>(
      200, {}, [] { return hall<2>{}; },
      [](const cowarp::report& report, const hall<2>& h, sim_test::verdict& found) {
        sim_test::all_done(report, found);
        conserved(h.l, found);
        found.equal(total_sent(h.l), messages, "sent messages");
      });
}

TEST_CASE("channel: a close ends all senders and receivers", "[sim][sync][channel]") {
  sim_test::explore<closed_early>(
      150, {.blocks = 2}, [] { return with_senders<hall<2>>(2); },
      [](const cowarp::report& report, const hall<2>& h, sim_test::verdict& found) {
        sim_test::all_done(report, found);
        conserved(h.l, found);
      });
}
