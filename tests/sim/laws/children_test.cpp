// SPDX-License-Identifier: Apache-2.0
/// \file
/// Futures that a task awaits side by side: whoever is woken is polled, whoever else is.
#include "law.hpp"

using namespace laws;

namespace {

constexpr std::uint32_t bells = 4;

/// Rung once. What the ringer wrote reaches the waiting task by the wake alone.
struct bell {
  count is_rung;
  count has_waker;
  cowarp::waker waker;

  class hearing {
   public:
    using output = cowarp::unit;

    explicit hearing(bell& of) : of_(&of) {}
    cowarp::polled<cowarp::unit> poll(cowarp::context& cx) {
      // relaxed: the wake must show it.
      const bool was_rung = of_->is_rung.load(platform::relaxed) != 0;
      if (!has_asked_) {
        has_asked_ = true;
        of_->waker = cx.waker();
        note(of_->has_waker);
      }
      if (was_rung) return cowarp::unit{};
      return cowarp::pending;
    }

   private:
    bell* of_;
    bool has_asked_ = false;
  };

  void ring() {
    is_rung.store(1, platform::relaxed);  // relaxed: as above
    waker.wake();
  }
};

struct join_state : board {
  bell all[bells];
  cowarp::signal<std::uint32_t> last;
};
COWARP_TASK(joiner, 1, (join_state & s), 800) {
  co_await cowarp::join(cowarp::join(bell::hearing(s.all[0]), bell::hearing(s.all[1])),
                        bell::hearing(s.all[2]), cowarp::sleep_for(s.nap(1)),
                        cowarp::join(s.last.wait(), bell::hearing(s.all[3])));
  note(s.ended);
}
COWARP_TASK(ringer, 5, (join_state & s, std::uint32_t me), 160) {
  if (me == bells) {
    co_await cowarp::sleep_for(s.nap(2));
    s.last.send(1);
    co_return;
  }
  while (read(s.all[me].has_waker) == 0) co_await cowarp::yield_now();
  s.all[me].ring();
}
struct join_law : cowarp::program<joiner, ringer> {
  using grid_state = join_state;
  static void start(cowarp::spawner<join_law> s, cowarp::no_state&, join_state& all) {
    place<joiner>(s, 0, all);
    for (std::uint32_t i = 0; i <= bells; ++i) place<ringer>(s, i, all, i);
  }
};

// ---- a set that waits on between awaits ----------------------------------------------------------

struct set_state : board {
  cowarp::channel<std::uint32_t, 1> doors[3];
};
using knock = decltype(std::declval<cowarp::channel<std::uint32_t, 1>&>().receive());

COWARP_TASK(doorkeeper, 1, (set_state & s), 1600) {
  cowarp::futures_unordered<knock, 3> all;
  for (auto& door : s.doors) s.that(all.try_push(door.receive()));
  std::uint32_t open = 3;
  for (std::uint32_t i = 0; open != 0; ++i) {
    cowarp::optional<cowarp::optional<std::uint32_t>> guest;
    if (s.pick(i, 3) == 0) {
      auto both = co_await cowarp::join(cowarp::next(all), cowarp::sleep_for(s.nap(i)));
      guest.emplace(*cowarp::get<0>(both));
    } else {
      auto got = co_await within(s.limit(20, i), cowarp::next(all));
      if (!got) continue;
      guest.emplace(**got);
    }
    if (!*guest) {
      --open;  // closed for good
      continue;
    }
    note(s.got[**guest]);
    s.that(all.try_push(s.doors[**guest % 3].receive()));
  }
}
COWARP_TASK(guest, 3, (set_state & s, std::uint32_t door), 160) {
  for (std::uint32_t i = 0; i < 2; ++i) {
    note(s.sent[door + i * 3]);
    s.that((co_await s.doors[door].send(door + i * 3)).is_ok());
    if (s.pick(40 + door, 2) == 0) co_await cowarp::sleep_for(s.nap(50 + door));
  }
  s.doors[door].close();
}
struct set_law : cowarp::program<doorkeeper, guest> {
  using grid_state = set_state;
  static void start(cowarp::spawner<set_law> s, cowarp::no_state&, set_state& all) {
    place<doorkeeper>(s, 0, all);
    for (std::uint32_t i = 0; i < 3; ++i) place<guest>(s, i, all, i);
  }
};

// ---- one future, polled by its task and by joins in turn -----------------------------------------

struct turns_state : board {
  cowarp::channel<std::uint32_t, 1> door;
};
COWARP_TASK(turning, 2, (turns_state & s, std::uint32_t me), 800) {
  auto guest        = s.door.receive();
  const auto arrive = [&] {
    return cowarp::poll_fn([&](cowarp::context& cx) { return guest.poll(cx); });
  };
  for (std::uint32_t i = 0;; ++i) {
    if ((i + me) % 2 == 0) {
      if (co_await within(s.limit(me * 8, i), arrive())) break;
    } else if (co_await within(s.limit(me * 8, i), cowarp::join(arrive(), cowarp::ready(1)))) {
      break;
    }
  }
  note(s.ended);
}
COWARP_TASK(visiting, 1, (turns_state & s), 160) {
  for (std::uint32_t i = 0; i < 2; ++i) {
    co_await cowarp::sleep_for(10 * s.nap(30 + i));
    s.that((co_await s.door.send(+i)).is_ok());
  }
}
struct turns_law : cowarp::program<turning, visiting> {
  using grid_state = turns_state;
  static void start(cowarp::spawner<turns_law> s, cowarp::no_state&, turns_state& all) {
    for (std::uint32_t i = 0; i < 2; ++i) place<turning>(s, i, all, i);
    place<visiting>(s, 1, all);
  }
};

}  // namespace

TEST_CASE("child_set: who polls last is woken in every schedule", "[laws][future][child_set]") {
  hold<turns_law>([](auto& s, auto& found) { found.equal(read(s.ended), 2u, "who had a guest"); });
}

TEST_CASE("child_set: a join hears every child in every schedule", "[laws][future][child_set]") {
  hold<join_law>([](auto& s, auto& found) { found.equal(read(s.ended), 1u, "joins that ended"); });
}

TEST_CASE("child_set: a set hears every child in every schedule", "[laws][future][child_set]") {
  hold<set_law>([](auto& s, auto& found) { conserved(s, found); });
}
