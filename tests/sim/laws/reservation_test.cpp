// SPDX-License-Identifier: Apache-2.0
/// \file
/// Who waits for a slot, or for room in another block's inbox, gets it in every schedule.
#include "law.hpp"

using namespace laws;

namespace {

struct reservation_law;
struct reservation_state : board {};

/// Says that it was there, sooner or later. One at a time, so that a slot that is lost stops everybody.
COWARP_TASK(lodger, 1, (reservation_state & s, std::uint32_t from), 96) {
  if (s.pick(from, 2) == 0) co_await cowarp::yield_now();
  note(s.got[from]);
}

/// Waits for a slot four times, may give up though it was given one, and may not use what it got.
COWARP_TASK(booker, 3, (reservation_state & s, std::uint32_t me), 256) {
  const cowarp::spawner<reservation_law> spawner;
  for (std::uint32_t i = 0; i < 4; ++i) {
    const std::uint32_t who = me * 8 + i;
    cowarp::reservation<reservation_law, lodger> place;
    if (i < 3 && s.pick(who, 2) == 0) {
      auto either =
          co_await cowarp::select_biased(cowarp::sleep_for(s.nap(who)), spawner.reserve<lodger>());
      if (either.index() == 0) continue;
      place = std::move(cowarp::get<1>(either));
    } else {
      place = co_await spawner.reserve<lodger>();
    }
    if (s.pick(30 + who, 4) == 0) continue;
    if (s.pick(me, 2) == 0) co_await cowarp::sleep_for(s.nap(me));
    note(s.sent[me]);
    place.spawn(s, me);
  }
}
/// The same from any block for the last one.
COWARP_TASK(remote_booker, 3, (reservation_state & s, std::uint32_t me, std::uint32_t to), 256) {
  const cowarp::spawner<reservation_law> spawner;
  for (std::uint32_t i = 0; i < 4; ++i) {
    const std::uint32_t who = me * 8 + i;
    cowarp::remote_reservation<reservation_law, lodger> room;
    if (i < 3 && s.pick(who, 2) == 0) {
      auto either = co_await cowarp::select_biased(cowarp::sleep_for(s.nap(who)),
                                                   spawner.reserve_on<lodger>(to));
      if (either.index() == 0) continue;
      room = std::move(cowarp::get<1>(either));
    } else {
      room = co_await spawner.reserve_on<lodger>(to);
    }
    if (s.pick(30 + who, 4) == 0) continue;
    note(s.sent[me]);
    room.spawn(s, me);
  }
}
struct reservation_law : cowarp::program<lodger, booker, remote_booker> {
  using grid_state                   = reservation_state;
  static constexpr bool awaits_slots = true;
  static void start(cowarp::spawner<reservation_law> s, cowarp::no_state&, reservation_state& all) {
    if (s.block() + 1 == s.blocks()) {
      for (std::uint32_t i = 0; i < 3; ++i) s.must_spawn<booker>(all, i);
    }
    for (std::uint32_t i = 0; i < 3; ++i) place<remote_booker>(s, i, all, 4 + i, s.blocks() - 1);
  }
};

}  // namespace

TEST_CASE("reservation: whoever waits for a slot gets it in every schedule",
          "[laws][executor][reservation]") {
  hold<reservation_law>([](auto& s, auto& found) { conserved(s, found); });
}
