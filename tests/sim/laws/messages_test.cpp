// SPDX-License-Identifier: Apache-2.0
/// \file
/// Whatever carries messages: nothing is lost, nothing comes twice, order, close and cancel.
#include "law.hpp"

using namespace laws;

// ---- channel -------------------------------------------------------------------------------------

namespace {

struct channel_state : board {
  cowarp::channel<std::uint32_t, 2> line;
};

/// Sends 3 numbers, each of which it may give up.
COWARP_TASK(channel_sender, 2, (channel_state & s, std::uint32_t me), 160) {
  for (std::uint32_t i = me * 3; i < me * 3 + 3; ++i) {
    const auto done = co_await within(s.limit(i), s.line.send(i));
    if (done && done->is_ok()) note(s.sent[i]);
  }
  if (note(s.ended) == 1) s.line.close();
}
COWARP_TASK(channel_receiver, 2, (channel_state & s, std::uint32_t me), 160) {
  std::uint32_t next[2] = {0, 3};
  for (std::uint32_t i = 0;; ++i) {
    const auto got = co_await within(s.limit(20 + me * 8, i), s.line.receive());
    if (!got) continue;
    if (!*got) co_return;
    const std::uint32_t message = **got;
    s.that(message >= next[message / 3]);
    next[message / 3] = message + 1;
    note(s.got[message]);
  }
}
struct channel_law : cowarp::program<channel_sender, channel_receiver> {
  using grid_state = channel_state;
  static void start(cowarp::spawner<channel_law> s, cowarp::no_state&, channel_state& all) {
    for (std::uint32_t i = 0; i < 2; ++i) place<channel_sender>(s, i, all, i);
    for (std::uint32_t i = 0; i < 2; ++i) place<channel_receiver>(s, i + 1, all, i);
  }
};

}  // namespace

TEST_CASE("channel: every message once, in order, in every schedule", "[laws][sync][channel]") {
  hold<channel_law>([](auto& s, auto& found) { conserved(s, found); });
}

namespace {

struct looking_state : board {
  cowarp::channel<std::uint32_t, 1> line;
};
/// Looks for room first, as long as it likes, and tries then.
COWARP_TASK(looking_sender, 2, (looking_state & s, std::uint32_t me), 160) {
  for (std::uint32_t i = me * 2; i < me * 2 + 2; ++i) {
    for (std::uint32_t tries = 0;; ++tries) {
      const auto is_open = co_await within(s.limit(i, tries), s.line.ready_to_send());
      if (is_open) s.that(*is_open);
      if (is_open && s.line.try_send(i).is_ok()) break;
    }
    note(s.sent[i]);
  }
  if (note(s.ended) == 2) s.line.close();
}
COWARP_TASK(plain_sender, 1, (looking_state & s), 160) {
  for (std::uint32_t i = 4; i < 8; ++i) {
    s.that((co_await s.line.send(i)).is_ok());
    note(s.sent[i]);
  }
  if (note(s.ended) == 2) s.line.close();
}
COWARP_TASK(plain_receiver, 1, (looking_state & s), 160) {
  while (const auto got = co_await s.line.receive()) {
    note(s.got[*got]);
    if (s.pick(*got, 2) == 0) co_await cowarp::sleep_for(s.nap(*got));
  }
  s.that(!co_await s.line.ready_to_send());
}
struct looking_law : cowarp::program<looking_sender, plain_sender, plain_receiver> {
  using grid_state = looking_state;
  static void start(cowarp::spawner<looking_law> s, cowarp::no_state&, looking_state& all) {
    for (std::uint32_t i = 0; i < 2; ++i) place<looking_sender>(s, i, all, i);
    place<plain_sender>(s, 0, all);
    place<plain_receiver>(s, 1, all);
  }
};

}  // namespace

TEST_CASE("channel: those who look for room and send lose nothing in any schedule",
          "[laws][sync][channel]") {
  hold<looking_law>([](auto& s, auto& found) { conserved(s, found); });
}

// ---- greedy_channel ------------------------------------------------------------------------------

namespace {

struct greedy_state : board {
  cowarp::greedy_channel<std::uint32_t, 2> crowd;
};
COWARP_TASK(greedy_sender, 2, (greedy_state & s, std::uint32_t me), 192) {
  for (std::uint32_t i = me * 3; i < me * 3 + 3; ++i) {
    const auto done = co_await within(s.limit(i), s.crowd.send(i));
    if (done && done->is_ok()) note(s.sent[i]);
  }
  if (note(s.ended) == 1) s.crowd.close();
}
/// Of one sender no older message comes after a younger.
COWARP_TASK(greedy_receiver, 3, (greedy_state & s, std::uint32_t me), 192) {
  std::uint32_t next[2] = {0, 3};
  for (std::uint32_t i = 0;; ++i) {
    const auto got = co_await within(s.limit(20 + me * 8, i), s.crowd.receive());
    if (!got) continue;
    if (!*got) co_return;
    const std::uint32_t message = **got;
    s.that(message >= next[message / 3]);
    next[message / 3] = message + 1;
    note(s.got[message]);
  }
}
struct greedy_law : cowarp::program<greedy_sender, greedy_receiver> {
  using grid_state = greedy_state;
  static void start(cowarp::spawner<greedy_law> s, cowarp::no_state&, greedy_state& all) {
    for (std::uint32_t i = 0; i < 2; ++i) place<greedy_sender>(s, i, all, i);
    for (std::uint32_t i = 0; i < 3; ++i) place<greedy_receiver>(s, i + 1, all, i);
  }
};

/// One receiver gives up for good, perhaps just after it was woken; the other wants all the rest. A
/// message that is there while it sleeps is a wake that was lost.
struct greedy_sleep_state : board {
  cowarp::greedy_channel<std::uint32_t, 1> crowd;
};
void note_eaten(greedy_sleep_state& s, std::uint32_t message) {
  note(s.got[message]);
  if (note(s.ended) == 3) s.crowd.close();
}
COWARP_TASK(greedy_feeder, 1, (greedy_sleep_state & s), 192) {
  for (std::uint32_t i = 0; i < 4; ++i) {
    co_await cowarp::sleep_for(s.nap(i));
    const auto done = co_await s.crowd.send(i);
    s.that(done.is_ok());
    note(s.sent[i]);
  }
}
COWARP_TASK(greedy_eater, 1, (greedy_sleep_state & s), 192) {
  while (const auto got = co_await s.crowd.receive()) note_eaten(s, *got);
}
COWARP_TASK(greedy_leaver, 1, (greedy_sleep_state & s), 256) {
  for (std::uint32_t i = 0; i < 2; ++i) {
    const auto either =
        co_await cowarp::select_biased(cowarp::sleep_for(s.nap(20 + i)), s.crowd.receive());
    if (either.index() == 0) co_return;
    const auto& got = cowarp::get<1>(either);
    if (!got) co_return;
    note_eaten(s, *got);
  }
}
struct greedy_sleep_law : cowarp::program<greedy_feeder, greedy_eater, greedy_leaver> {
  using grid_state = greedy_sleep_state;
  static void start(cowarp::spawner<greedy_sleep_law> s, cowarp::no_state&,
                    greedy_sleep_state& all) {
    place<greedy_feeder>(s, 0, all);
    place<greedy_eater>(s, 1, all);
    place<greedy_leaver>(s, 1, all);
  }
};

/// Somebody closes at any time: what was sent by then arrives, and nothing else.
struct greedy_close_state : board {
  cowarp::greedy_channel<std::uint32_t, 2> crowd;
};
COWARP_TASK(greedy_closing_sender, 2, (greedy_close_state & s, std::uint32_t me), 192) {
  for (std::uint32_t i = me * 3; i < me * 3 + 3; ++i) {
    const auto done = co_await s.crowd.send(i);
    if (!done) co_return;
    note(s.sent[i]);
  }
}
COWARP_TASK(greedy_closer, 1, (greedy_close_state & s), 160) {
  co_await cowarp::sleep_for(s.nap(1) / 4);
  s.crowd.close();
}
COWARP_TASK(greedy_drain, 1, (greedy_close_state & s), 192) {
  while (const auto got = co_await s.crowd.receive()) note(s.got[*got]);
}
struct greedy_close_law : cowarp::program<greedy_closing_sender, greedy_closer, greedy_drain> {
  using grid_state = greedy_close_state;
  static void start(cowarp::spawner<greedy_close_law> s, cowarp::no_state&,
                    greedy_close_state& all) {
    for (std::uint32_t i = 0; i < 2; ++i) place<greedy_closing_sender>(s, i, all, i);
    place<greedy_drain>(s, 1, all);
    place<greedy_closer>(s, 1, all);
  }
};

}  // namespace

TEST_CASE("greedy_channel: every message once in every schedule", "[laws][sync][greedy_channel]") {
  hold<greedy_law>([](auto& s, auto& found) { conserved(s, found); });
}

TEST_CASE("greedy_channel: nobody sleeps while there is a message, in every schedule",
          "[laws][sync][greedy_channel]") {
  hold<greedy_sleep_law>([](auto& s, auto& found) { conserved(s, found); });
}

TEST_CASE("greedy_channel: what was sent before the end arrives, in every schedule",
          "[laws][sync][greedy_channel]") {
  hold<greedy_close_law>([](auto& s, auto& found) { conserved(s, found); });
}

// ---- priority_channel ----------------------------------------------------------------------------

namespace {

struct priority_state : board {
  cowarp::priority_channel<std::uint32_t, 2> line;
};
COWARP_TASK(priority_sender, 2, (priority_state & s, std::uint32_t me), 160) {
  for (std::uint32_t i = me * 3; i < me * 3 + 3; ++i) {
    const auto done = co_await within(s.limit(i), s.line.send(i));
    if (done && done->is_ok()) note(s.sent[i]);
  }
  if (note(s.ended) == 1) s.line.close();
}
COWARP_TASK(priority_receiver, 2, (priority_state & s, std::uint32_t me), 160) {
  for (std::uint32_t i = 0;; ++i) {
    const auto got = co_await within(s.limit(20 + me * 8, i), s.line.receive());
    if (!got) continue;
    if (!*got) co_return;
    note(s.got[**got]);
  }
}
struct priority_law : cowarp::program<priority_sender, priority_receiver> {
  using grid_state = priority_state;
  static void start(cowarp::spawner<priority_law> s, cowarp::no_state&, priority_state& all) {
    for (std::uint32_t i = 0; i < 2; ++i) place<priority_sender>(s, i, all, i);
    for (std::uint32_t i = 0; i < 2; ++i) place<priority_receiver>(s, i + 1, all, i);
  }
};

}  // namespace

TEST_CASE("priority_channel: every message once in every schedule",
          "[laws][sync][priority_channel]") {
  hold<priority_law>([](auto& s, auto& found) { conserved(s, found); });
}

// ---- zerocopy_channel ----------------------------------------------------------------------------

namespace {

struct zerocopy_state : board {
  cowarp::zerocopy_channel<std::uint32_t, 2> line;
};
/// Fills a slot and publishes it, or drops it and takes the next. The last slots are still lent when
/// the channel is closed.
COWARP_TASK(zerocopy_sender, 2, (zerocopy_state & s, std::uint32_t me), 160) {
  for (std::uint32_t i = me * 3; i < me * 3 + 3; ++i) {
    auto slot = co_await s.line.send();
    *slot     = i;
    if (i == me * 3 + 2 && note(s.ended) == 1) s.line.close();
    if (s.pick(i, 3) == 0) continue;
    co_await cowarp::yield_now();
    note(s.sent[i]);
    slot.done();
  }
}
/// Reads a slot and frees it, or gives it back unread.
COWARP_TASK(zerocopy_receiver, 2, (zerocopy_state & s, std::uint32_t me), 160) {
  for (std::uint32_t i = 0;; ++i) {
    auto slot = co_await within(s.limit(20 + me * 8, i), s.line.receive());
    if (!slot) continue;
    if (!*slot) co_return;
    co_await cowarp::yield_now();
    if (s.pick(40 + me * 8 + i % 8, 3) == 0 && i < 20) continue;
    note(s.got[**slot]);
    slot->done();
  }
}
struct zerocopy_law : cowarp::program<zerocopy_sender, zerocopy_receiver> {
  using grid_state = zerocopy_state;
  static void start(cowarp::spawner<zerocopy_law> s, cowarp::no_state&, zerocopy_state& all) {
    for (std::uint32_t i = 0; i < 2; ++i) place<zerocopy_sender>(s, i, all, i);
    for (std::uint32_t i = 0; i < 2; ++i) place<zerocopy_receiver>(s, i + 1, all, i);
  }
};

}  // namespace

TEST_CASE("zerocopy_channel: every slot done is read once in every schedule",
          "[laws][sync][zerocopy_channel]") {
  hold<zerocopy_law>([](auto& s, auto& found) { conserved(s, found); });
}

// ---- pubsub_channel ------------------------------------------------------------------------------

namespace {

struct pubsub_state : board {
  cowarp::pubsub_channel<std::uint32_t, 2, 2> news;
  count listening;
  count order[2];  // what each subscriber got, as digits
};
COWARP_TASK(publisher, 2, (pubsub_state & s, std::uint32_t me), 160) {
  while (read(s.listening) != 2) co_await cowarp::sleep_for(100ns);
  for (std::uint32_t i = me * 2; i < me * 2 + 2; ++i) {
    const auto done = co_await within(s.limit(i), s.news.publish(i));
    if (done && done->is_ok()) note(s.sent[i], 2);
  }
  if (note(s.ended) == 1) s.news.close();
}
COWARP_TASK(subscriber, 2, (pubsub_state & s, std::uint32_t me), 160) {
  auto to = s.news.subscribe();
  note(s.listening);
  for (std::uint32_t i = 0, order = 0;; ++i) {
    const auto got = co_await within(s.limit(20 + me * 8, i), to.next());
    if (!got) continue;
    s.that(!got->is_lagged());
    if (got->is_end()) {
      note(s.order[me], order);
      co_return;
    }
    order = order * 8 + 1 + *got->value;
    note(s.got[*got->value]);
  }
}
struct pubsub_law : cowarp::program<publisher, subscriber> {
  using grid_state = pubsub_state;
  static void start(cowarp::spawner<pubsub_law> s, cowarp::no_state&, pubsub_state& all) {
    for (std::uint32_t i = 0; i < 2; ++i) place<publisher>(s, i, all, i);
    for (std::uint32_t i = 0; i < 2; ++i) place<subscriber>(s, i, all, i);
  }
};

}  // namespace

TEST_CASE("pubsub_channel: every subscriber gets all in one order in every schedule",
          "[laws][sync][pubsub_channel]") {
  hold<pubsub_law>([](auto& s, auto& found) {
    conserved(s, found);
    found.equal(read(s.order[0]), read(s.order[1]), "orders in which two subscribers got messages");
  });
}

// ---- pipe ----------------------------------------------------------------------------------------

namespace {

struct pipe_state : board {
  cowarp::pipe<4> line;
};
/// Writes two runs of three bytes, which nobody may break into.
COWARP_TASK(pipe_writer, 2, (pipe_state & s, std::uint32_t me), 160) {
  for (std::uint32_t i = 0; i < 2; ++i) {
    const auto first         = static_cast<unsigned char>(me * 6 + i * 3);
    const std::byte three[3] = {std::byte(first), std::byte(first + 1), std::byte(first + 2)};
    if (s.pick(70 + me * 2 + i, 2) == 0) {  // has room for a while, and leaves it
      const auto room = co_await s.line.lend_room();
      s.that(!room.bytes().empty());
      co_await cowarp::yield_now();
    }
    const std::uint32_t written = co_await s.line.write_all(three);
    s.that(written == 3);
    for (std::uint32_t j = 0; j < 3; ++j) note(s.sent[first + j]);
  }
  if (note(s.ended) == 1) s.line.close();
}
COWARP_TASK(pipe_reader, 2, (pipe_state & s, bool is_alone), 160) {
  std::uint32_t at = 0;
  for (std::uint32_t i = 0;; ++i) {
    std::byte room[3];
    const auto got = co_await within(s.limit(20, i), s.line.read(room));
    if (!got) continue;
    if (*got == 0) co_return;
    for (std::uint32_t j = 0; j < *got; ++j) {
      const auto value = std::to_integer<std::uint32_t>(room[j]);
      s.that(!is_alone || value % 3 == at % 3);
      ++at;
      note(s.got[value]);
    }
  }
}
struct pipe_law : cowarp::program<pipe_writer, pipe_reader> {
  using grid_state = pipe_state;
  static void start(cowarp::spawner<pipe_law> s, cowarp::no_state&, pipe_state& all) {
    for (std::uint32_t i = 0; i < 2; ++i) place<pipe_writer>(s, i, all, i);
    const bool is_alone = all.pick(60, 2) == 0;
    place<pipe_reader>(s, 1, all, is_alone);
    if (!is_alone) place<pipe_reader>(s, 0, all, false);
  }
};

}  // namespace

TEST_CASE("pipe: bytes keep their order in every schedule", "[laws][sync][pipe]") {
  hold<pipe_law>([](auto& s, auto& found) { conserved(s, found); });
}

// ---- oneshot -------------------------------------------------------------------------------------

namespace {

struct oneshot_state : board {
  cowarp::oneshot<std::uint32_t> answers[2];
};
/// Answers, or ends without an answer.
COWARP_TASK(answerer, 2, (oneshot_state & s, std::uint32_t me), 160) {
  cowarp::oneshot<std::uint32_t>::sender to(s.answers[me]);
  for (std::uint32_t i = s.pick(me, 3); i > 0; --i) co_await cowarp::yield_now();
  if (s.pick(me + 8, 4) != 0 && to.send(me).is_ok()) note(s.sent[me]);
}
/// Waits, gives up and waits again; sometimes leaves for good.
COWARP_TASK(asker, 2, (oneshot_state & s, std::uint32_t me), 160) {
  cowarp::oneshot<std::uint32_t>::receiver from(s.answers[me]);
  for (std::uint32_t i = 0;; ++i) {
    const auto got = co_await within(s.limit(20 + me * 8, i), from.receive());
    if (!got && i == 5 && s.pick(me + 40, 4) == 0) {
      from.close();
      if (const auto late = from.try_receive()) note(s.got[*late]);
      co_return;
    }
    if (!got) continue;
    if (*got) note(s.got[**got]);
    co_return;
  }
}
struct oneshot_law : cowarp::program<answerer, asker> {
  using grid_state = oneshot_state;
  static void start(cowarp::spawner<oneshot_law> s, cowarp::no_state&, oneshot_state& all) {
    for (std::uint32_t i = 0; i < 2; ++i) place<answerer>(s, i, all, i);
    for (std::uint32_t i = 0; i < 2; ++i) place<asker>(s, i + 1, all, i);
  }
};

}  // namespace

TEST_CASE("oneshot: an answer that was sent is received in every schedule",
          "[laws][sync][oneshot]") {
  hold<oneshot_law>([](auto& s, auto& found) { conserved(s, found); });
}

// ---- rpc_service ---------------------------------------------------------------------------------

namespace {

struct ledger {
  std::uint32_t total;
};
struct rpc_state : board {
  cowarp::rpc_service<ledger> service;
  ledger book;
  count calls_given_up;
};
struct next_ticket {
  std::uint32_t operator()(ledger& book) const { return book.total++; }
};
COWARP_TASK(owner, 2, (rpc_state & s, std::uint32_t me), 200) {
  for (std::uint32_t i = 0; i < 2; ++i) {
    co_await within(s.limit(me * 2 + i), s.service.serve(s.book));
  }
  co_await s.service.serve(s.book);
}
COWARP_TASK(customer, 3, (rpc_state & s, std::uint32_t me), 200) {
  for (std::uint32_t i = 0; i < 2; ++i) {
    const auto ticket = co_await within(s.limit(20 + me * 2 + i), s.service.call(next_ticket{}));
    if (!ticket) {
      note(s.calls_given_up);
    } else if (*ticket) {
      note(s.got[**ticket]);
    }
  }
  if (note(s.ended) == 2) s.service.close();
}
struct rpc_law : cowarp::program<owner, customer> {
  using grid_state = rpc_state;
  static void start(cowarp::spawner<rpc_law> s, cowarp::no_state&, rpc_state& all) {
    for (std::uint32_t i = 0; i < 2; ++i) place<owner>(s, i, all, i);
    for (std::uint32_t i = 0; i < 3; ++i) place<customer>(s, i + 1, all, i);
  }
};

}  // namespace

TEST_CASE("rpc_service: one call at a time, each once, in every schedule",
          "[laws][sync][rpc_service]") {
  hold<rpc_law>([](auto& s, auto& found) {
    std::uint32_t tickets = 0;
    for (std::uint32_t i = 0; i < 16; ++i) {
      found.that(read(s.got[i]) <= 1, "no two calls get the same ticket");
      tickets += read(s.got[i]);
    }
    found.equal(tickets + read(s.calls_given_up), 6u, "calls that ended");
    found.that(s.book.total >= tickets && s.book.total <= 6, "each call runs once at most");
  });
}
