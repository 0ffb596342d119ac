// SPDX-License-Identifier: Apache-2.0
/// \file
/// Values and moments that tasks wait for: none is missed, none comes early.
#include "law.hpp"
#include <cstring>

using namespace laws;

// ---- signal --------------------------------------------------------------------------------------

namespace {

struct signal_state : board {
  cowarp::signal<std::uint32_t> next;
  count taken;
};
/// Sends the next number once the last was taken, so that none may replace another; then ends all.
COWARP_TASK(signaller, 1, (signal_state & s), 160) {
  for (std::uint32_t i = 0; i < 4; ++i) {
    note(s.sent[i]);
    s.next.send(i);
    while (read(s.taken) <= i) co_await cowarp::sleep_for(100ns);
  }
  s.next.send(99);
}
COWARP_TASK(signalled, 3, (signal_state & s, std::uint32_t me), 160) {
  for (std::uint32_t i = 0;; ++i) {
    const auto got = co_await within(s.limit(me * 8, i), s.next.wait());
    if (!got) {
      co_await cowarp::yield_now();
      continue;
    }
    if (*got == 99) break;
    note(s.got[*got]);
    note(s.taken);
  }
  s.next.send(99);  // the next one learns of the end too
}
struct signal_law : cowarp::program<signaller, signalled> {
  using grid_state = signal_state;
  static void start(cowarp::spawner<signal_law> s, cowarp::no_state&, signal_state& all) {
    place<signaller>(s, 0, all);
    for (std::uint32_t i = 0; i < 3; ++i) place<signalled>(s, i + 1, all, i);
  }
};

}  // namespace

TEST_CASE("signal: a value is taken once in every schedule", "[laws][sync][signal]") {
  hold<signal_law>([](auto& s, auto& found) { conserved(s, found); });
}

// ---- watch ---------------------------------------------------------------------------------------

namespace {

struct watch_state : board {
  cowarp::watch<std::uint32_t> latest;
};
COWARP_TASK(changer, 1, (watch_state & s), 160) {
  for (std::uint32_t i = 1; i <= 4; ++i) {
    s.that(s.latest.send(i).is_ok());
    if (s.pick(i, 2) == 0) co_await cowarp::yield_now();
  }
  while (read(s.got[4]) < 3) co_await cowarp::sleep_for(100ns);
  s.latest.close();
}
COWARP_TASK(watcher, 3, (watch_state & s, std::uint32_t me), 160) {
  auto to              = s.latest.subscribe();
  std::uint32_t before = 0;
  for (std::uint32_t i = 0;; ++i) {
    const auto got = co_await within(s.limit(20 + me * 8, i), to.changed());
    if (!got) continue;
    if (!*got) break;
    s.that(**got > before);
    before = **got;
    if (before == 4) note(s.got[4]);
  }
  if (before == 4) note(s.ended);
}
struct watch_law : cowarp::program<changer, watcher> {
  using grid_state = watch_state;
  static void start(cowarp::spawner<watch_law> s, cowarp::no_state&, watch_state& all) {
    place<changer>(s, 0, all);
    for (std::uint32_t i = 0; i < 3; ++i) place<watcher>(s, i + 1, all, i);
  }
};

}  // namespace

TEST_CASE("watch: the latest value is seen in every schedule", "[laws][sync][watch]") {
  hold<watch_law>([](auto& s, auto& found) { found.equal(read(s.ended), 3u, "who saw the last"); });
}

// ---- once_lock and lazy_lock ---------------------------------------------------------------------

namespace {

/// Takes two polls, so that it can be cancelled half way.
struct slow_make {
  board* of;
  auto operator()() const {
    return cowarp::map(cowarp::yield_now(),
                       [of = of](cowarp::unit) { return note(of->ended) + 7; });
  }
};
/// The same, but it fails.
struct failing_make {
  auto operator()() const {
    return cowarp::map(cowarp::yield_now(), [](cowarp::unit) -> cowarp::optional<std::uint32_t> {
      return cowarp::nullopt;
    });
  }
};
struct once_state : board {
  cowarp::once_lock<std::uint32_t> value;
};
COWARP_TASK(once_maker, 4, (once_state & s, std::uint32_t me), 200) {
  for (std::uint32_t i = 0; i < s.pick(60 + me, 3); ++i) {
    const auto* got = co_await s.value.get_or_try_init(failing_make{});
    if (got != nullptr) s.that(*got == 7);
  }
  for (std::uint32_t i = 0;; ++i) {
    const auto got = co_await within(s.limit(me * 8, i), s.value.get_or_init(slow_make{&s}));
    if (!got) continue;
    s.that(**got == 7);
    note(s.got[0]);
    co_return;
  }
}
COWARP_TASK(once_reader, 2, (once_state & s, std::uint32_t me), 160) {
  for (std::uint32_t i = 0;; ++i) {
    const auto got = co_await within(s.limit(40 + me * 8, i), s.value.get());
    if (!got) continue;
    s.that(**got == 7);
    note(s.got[0]);
    co_return;
  }
}
struct once_law : cowarp::program<once_maker, once_reader> {
  using grid_state = once_state;
  static void start(cowarp::spawner<once_law> s, cowarp::no_state&, once_state& all) {
    for (std::uint32_t i = 0; i < 3; ++i) place<once_maker>(s, i, all, i);
    for (std::uint32_t i = 0; i < 2; ++i) place<once_reader>(s, i + 1, all, i);
  }
};

count lazy_makes;  // of one run; `Init` has no members

struct lazy_make {
  auto operator()() const {
    return cowarp::map(cowarp::yield_now(), [](cowarp::unit) { return note(lazy_makes) + 7; });
  }
};
struct lazy_state : board {
  cowarp::lazy_lock<std::uint32_t, lazy_make> value;
};
COWARP_TASK(lazy_reader, 4, (lazy_state & s, std::uint32_t me), 200) {
  for (std::uint32_t i = 0;; ++i) {
    const auto got = co_await within(s.limit(me * 8, i), s.value.get());
    if (!got) continue;
    s.that(**got == s.value.try_get()[0]);
    note(s.got[0]);
    co_return;
  }
}
struct lazy_law : cowarp::program<lazy_reader> {
  using grid_state = lazy_state;
  static void start(cowarp::spawner<lazy_law> s, cowarp::no_state&, lazy_state& all) {
    for (std::uint32_t i = 0; i < 4; ++i) place<lazy_reader>(s, i, all, i);
  }
};

}  // namespace

TEST_CASE("once_lock: made once and seen by all in every schedule", "[laws][sync][once_lock]") {
  hold<once_law>([](auto& s, auto& found) {
    found.equal(read(s.ended), 1u, "times that the value was made");
    found.equal(read(s.got[0]), 5u, "tasks that got it");
  });
}

TEST_CASE("lazy_lock: made once and seen by all in every schedule", "[laws][sync][lazy_lock]") {
  hold<lazy_law>([](auto& s, auto& found) {
    found.equal(lazy_makes.exchange(0, platform::relaxed), 1u,  // relaxed: the run has ended.
                "times that the value was made");
    found.equal(read(s.got[0]), 4u, "tasks that got it");
  });
}

// ---- event ---------------------------------------------------------------------------------------

namespace {

struct event_state : board {
  cowarp::event<> open;
  count passed;
};
COWARP_TASK(event_waiter, 3, (event_state & s, std::uint32_t me), 160) {
  for (std::uint32_t i = 0;; ++i) {
    if (!co_await within(s.limit(me * 8, i), s.open.wait())) continue;
    s.that(read(s.sent[0]) != 0);
    note(s.passed);
    co_return;
  }
}
/// Shuts the door right behind whoever waits, and opens it for good at the end.
COWARP_TASK(event_setter, 1, (event_state & s), 160) {
  for (std::uint32_t i = s.pick(50, 3); i > 0; --i) co_await cowarp::yield_now();
  note(s.sent[0]);
  s.open.set();
  s.open.reset();
  co_await cowarp::sleep_for(s.nap(51));
  s.open.set();
}
struct event_law : cowarp::program<event_waiter, event_setter> {
  using grid_state = event_state;
  static void start(cowarp::spawner<event_law> s, cowarp::no_state&, event_state& all) {
    for (std::uint32_t i = 0; i < 3; ++i) place<event_waiter>(s, i, all, i);
    place<event_setter>(s, 1, all);
  }
};

}  // namespace

TEST_CASE("event: nobody passes early or waits for ever in every schedule", "[laws][sync][event]") {
  hold<event_law>([](auto& s, auto& found) { found.equal(read(s.passed), 3u, "who passed"); });
}

namespace {

/// As many waiters as one turn of the lock lets in; the last of them ends the event.
struct short_event_state : board {
  cowarp::event<> open;
  count passed;
};
COWARP_TASK(event_ender, 4, (short_event_state & s), 160) {
  co_await s.open.wait();
  if (note(s.passed) != 3) co_return;
  // Whoever looks at it now finds a lock that nobody leaves.
  std::memset(static_cast<void*>(&s.open), 0xff, sizeof s.open);
}
COWARP_TASK(ended_setter, 1, (short_event_state & s), 160) {
  co_await cowarp::sleep_for(s.nap(20));
  s.open.set();
}
struct short_event_law : cowarp::program<event_ender, ended_setter> {
  using grid_state = short_event_state;
  static void start(cowarp::spawner<short_event_law> s, cowarp::no_state&, short_event_state& all) {
    for (std::uint32_t i = 0; i < 4; ++i) place<event_ender>(s, i, all);
    place<ended_setter>(s, 1, all);
  }
};

}  // namespace

TEST_CASE("event: whoever was let in last may end it in every schedule", "[laws][sync][event]") {
  hold<short_event_law>(
      [](auto& s, auto& found) { found.equal(read(s.passed), 4u, "who passed"); });
}

// ---- latch ---------------------------------------------------------------------------------------

namespace {

struct latch_state : board {
  cowarp::latch<3> all_here;
};
COWARP_TASK(latch_arriver, 3, (latch_state & s, std::uint32_t me), 160) {
  for (std::uint32_t i = s.pick(me, 3); i > 0; --i) co_await cowarp::yield_now();
  note(s.sent[0]);
  co_await s.all_here.arrive_and_wait();
  s.that(read(s.sent[0]) == 3);
  note(s.ended);
}
COWARP_TASK(latch_waiter, 2, (latch_state & s, std::uint32_t me), 160) {
  for (std::uint32_t i = 0;; ++i) {
    if (co_await within(s.limit(me * 8 + 8, i), s.all_here.wait())) break;
  }
  s.that(read(s.sent[0]) == 3);
  note(s.ended);
}
struct latch_law : cowarp::program<latch_arriver, latch_waiter> {
  using grid_state = latch_state;
  static void start(cowarp::spawner<latch_law> s, cowarp::no_state&, latch_state& all) {
    for (std::uint32_t i = 0; i < 3; ++i) place<latch_arriver>(s, i, all, i);
    for (std::uint32_t i = 0; i < 2; ++i) place<latch_waiter>(s, i, all, i);
  }
};

}  // namespace

TEST_CASE("latch: opens when all have come, in every schedule", "[laws][sync][latch]") {
  hold<latch_law>([](auto& s, auto& found) { found.equal(read(s.ended), 5u, "who passed"); });
}

// ---- barrier -------------------------------------------------------------------------------------

namespace {

constexpr std::uint32_t phases = 3;

struct barrier_state : board {
  cowarp::barrier<3> meeting;
};
/// Arrives once for each phase, and may give up its waits.
COWARP_TASK(barrier_member, 3, (barrier_state & s, std::uint32_t me), 160) {
  for (std::uint32_t phase = 0; phase < phases; ++phase) {
    note(s.sent[phase]);
    const auto arrived = s.meeting.arrive();
    for (std::uint32_t i = 0;; ++i) {
      const auto limit = s.limit(me * 12 + phase, i);
      if (co_await within(limit, s.meeting.wait(arrived))) break;
    }
    s.that(read(s.sent[phase]) == 3);
  }
  note(s.ended);
}
struct barrier_law : cowarp::program<barrier_member> {
  using grid_state = barrier_state;
  static void start(cowarp::spawner<barrier_law> s, cowarp::no_state&, barrier_state& all) {
    for (std::uint32_t i = 0; i < 3; ++i) place<barrier_member>(s, i, all, i);
  }
};

}  // namespace

TEST_CASE("barrier: nobody leaves a phase before all came, in every schedule",
          "[laws][sync][barrier]") {
  hold<barrier_law>(
      [](auto& s, auto& found) { found.equal(read(s.ended), 3u, "who went through all phases"); });
}
