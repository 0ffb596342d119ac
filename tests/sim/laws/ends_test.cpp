// SPDX-License-Identifier: Apache-2.0
/// \file
/// Whoever was let pass last may end a primitive: those who let it pass touch it no more.
#include "law.hpp"
#include <cstring>

using namespace laws;

namespace {

/// Leaves bytes in which everybody who looks hangs or fails: the lock is held, all words are wrong.
template <class Primitive>
void ruin(Primitive& what) {
  std::memset(static_cast<void*>(&what), 0xff, sizeof what);
}

// ---- latch ---------------------------------------------------------------------------------------

/// As many waiters as one turn of the lock lets in, and more that come when it is open or nearly so.
struct latch_end_state : board {
  cowarp::latch<2> all_here;
  count passed;
};
COWARP_TASK(latch_ender, 4, (latch_end_state & s, std::uint32_t me), 160) {
  if (s.pick(me, 2) == 0) co_await cowarp::sleep_for(s.nap(me + 10));
  co_await s.all_here.wait();
  s.that(read(s.sent[0]) == 2);
  if (note(s.passed) == 3) ruin(s.all_here);
}
COWARP_TASK(latch_counter, 2, (latch_end_state & s, std::uint32_t me), 160) {
  co_await cowarp::sleep_for(s.nap(20 + me));
  note(s.sent[0]);
  s.all_here.count_down();
}
struct latch_end_law : cowarp::program<latch_ender, latch_counter> {
  using grid_state = latch_end_state;
  static void start(cowarp::spawner<latch_end_law> s, cowarp::no_state&, latch_end_state& all) {
    for (std::uint32_t i = 0; i < 4; ++i) place<latch_ender>(s, i, all, i);
    for (std::uint32_t i = 0; i < 2; ++i) place<latch_counter>(s, i, all, i);
  }
};

// ---- priority_channel ----------------------------------------------------------------------------

/// As many receivers as are woken in one turn of the lock; the last of them ends the closed channel.
struct closed_end_state : board {
  cowarp::priority_channel<std::uint32_t, 1> inbox;
  count passed;
};
COWARP_TASK(closed_ender, 4, (closed_end_state & s, std::uint32_t me), 320) {
  if (s.pick(me, 2) == 0) co_await cowarp::sleep_for(s.nap(me + 10));
  const auto got = co_await s.inbox.receive();
  s.that(!got);
  if (note(s.passed) == 3) ruin(s.inbox);
}
COWARP_TASK(closer, 1, (closed_end_state & s), 160) {
  co_await cowarp::sleep_for(s.nap(20));
  s.inbox.close();
}
struct closed_end_law : cowarp::program<closed_ender, closer> {
  using grid_state = closed_end_state;
  static void start(cowarp::spawner<closed_end_law> s, cowarp::no_state&, closed_end_state& all) {
    for (std::uint32_t i = 0; i < 4; ++i) place<closed_ender>(s, i, all, i);
    place<closer>(s, 1, all);
  }
};

// ---- oneshot -------------------------------------------------------------------------------------

/// An answer in the asker's own frame, which is gone as soon as the answer is there.
struct answer_state : board {
  cowarp::oneshot<std::uint32_t>* asked[3];
  count has_asked[3];
};
COWARP_TASK(asker, 3, (answer_state & s, std::uint32_t me), 320) {
  for (std::uint32_t i = 0; i < 3; ++i) {
    cowarp::oneshot<std::uint32_t> answer{};
    s.asked[me] = &answer;
    note(s.has_asked[me]);
    const auto got = co_await answer.receive();
    s.that(got && *got == 10 * me + i);
    ruin(answer);
    note(s.ended);
    co_await cowarp::sleep_for(300ns);  // longer than the answerer takes to leave
    std::memset(static_cast<void*>(&answer), 0, sizeof answer);  // its destructor finds nobody
  }
}
COWARP_TASK(answerer, 3, (answer_state & s, std::uint32_t me), 160) {
  for (std::uint32_t i = 0; i < 3; ++i) {
    while (read(s.has_asked[me]) != i + 1) co_await cowarp::sleep_for(100ns);
    if (s.pick(me * 4 + i, 2) == 0) co_await cowarp::sleep_for(s.nap(me * 4 + i));
    s.that(s.asked[me]->send(10 * me + i).is_ok());
  }
}
struct answer_law : cowarp::program<asker, answerer> {
  using grid_state = answer_state;
  static void start(cowarp::spawner<answer_law> s, cowarp::no_state&, answer_state& all) {
    for (std::uint32_t i = 0; i < 3; ++i) {
      place<asker>(s, i, all, i);
      place<answerer>(s, i + 1, all, i);
    }
  }
};

}  // namespace

TEST_CASE("latch: whoever was let in last may end it in every schedule", "[laws][sync][latch]") {
  hold<latch_end_law>([](auto& s, auto& found) { found.equal(read(s.passed), 4u, "who passed"); });
}

TEST_CASE("priority_channel: whoever learns of the end last may end it in every schedule",
          "[laws][sync][priority_channel]") {
  hold<closed_end_law>([](auto& s, auto& found) { found.equal(read(s.passed), 4u, "who passed"); });
}

TEST_CASE("oneshot: whoever has the value may end it in every schedule", "[laws][sync][oneshot]") {
  hold<answer_law>([](auto& s, auto& found) { found.equal(read(s.ended), 9u, "answers"); });
}

// ---- several senders of one-sender primitives ----------------------------------------------------

namespace {

/// Three senders send one value each into one oneshot: one is in, the others have theirs back.
struct crowd_state : board {
  cowarp::oneshot<std::uint32_t> first;
  count refused;
};
COWARP_TASK(crowd_sender, 3, (crowd_state & s, std::uint32_t me), 160) {
  for (std::uint32_t i = s.pick(me, 4); i > 0; --i) co_await cowarp::yield_now();
  const auto result = s.first.send(me);
  if (result) {
    note(s.sent[me]);
  } else {
    s.that(result.value && *result.value == me);
    note(s.refused);
  }
}
COWARP_TASK(crowd_receiver, 2, (crowd_state & s, std::uint32_t me), 160) {
  for (std::uint32_t i = 0;; ++i) {
    const auto got = co_await within(s.limit(10 + me * 8, i), s.first.receive());
    if (!got) continue;
    if (*got) note(s.got[**got]);
    note(s.ended);
    co_return;
  }
}
struct crowd_law : cowarp::program<crowd_sender, crowd_receiver> {
  using grid_state = crowd_state;
  static void start(cowarp::spawner<crowd_law> s, cowarp::no_state&, crowd_state& all) {
    for (std::uint32_t i = 0; i < 3; ++i) place<crowd_sender>(s, i, all, i);
    for (std::uint32_t i = 0; i < 2; ++i) place<crowd_receiver>(s, i + 1, all, i);
  }
};

/// Three senders change a watch at once: every receiver sees the same last value, and of each sender
/// nothing twice or out of order.
struct shared_watch_state : board {
  cowarp::watch<std::uint32_t> latest;
  count senders_done;
};
COWARP_TASK(watch_sender, 3, (shared_watch_state & s, std::uint32_t me), 160) {
  for (std::uint32_t i = 0; i < 3; ++i) {
    s.that(s.latest.send(me * 10 + i).is_ok());
    if (s.pick(me * 4 + i, 2) == 0) co_await cowarp::yield_now();
  }
  if (note(s.senders_done) == 2) s.latest.close();
}
COWARP_TASK(watch_receiver, 2, (shared_watch_state & s, std::uint32_t me), 200) {
  auto to               = s.latest.subscribe();
  std::uint32_t next[3] = {0, 0, 0}, last = 99;
  while (const auto got = co_await to.changed()) {
    s.that(*got % 10 >= next[*got / 10]);
    next[*got / 10] = *got % 10 + 1;
    last            = *got;
  }
  s.that(last % 10 == 2);  // some sender's last
  s.that(s.latest.try_get() == last);
  note(s.ended);
  static_cast<void>(me);
}
struct shared_watch_law : cowarp::program<watch_sender, watch_receiver> {
  using grid_state = shared_watch_state;
  static void start(cowarp::spawner<shared_watch_law> s, cowarp::no_state&,
                    shared_watch_state& all) {
    for (std::uint32_t i = 0; i < 3; ++i) place<watch_sender>(s, i, all, i);
    for (std::uint32_t i = 0; i < 2; ++i) place<watch_receiver>(s, i + 1, all, i);
  }
};

}  // namespace

TEST_CASE("oneshot: of several senders one is heard in every schedule", "[laws][sync][oneshot]") {
  hold<crowd_law>([](auto& s, auto& found) {
    conserved(s, found);
    found.equal(read(s.refused), 2u, "senders that had their value back");
    found.equal(read(s.ended), 2u, "receivers that ended");
  });
}

TEST_CASE("watch: several senders leave one last value in every schedule", "[laws][sync][watch]") {
  hold<shared_watch_law>(
      [](auto& s, auto& found) { found.equal(read(s.ended), 2u, "receivers that ended"); });
}
