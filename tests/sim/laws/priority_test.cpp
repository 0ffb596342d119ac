// SPDX-License-Identifier: Apache-2.0
/// \file
/// Levels of tasks: a lower one is late, but never forgotten.
#include "law.hpp"

using namespace laws;

namespace {

/// Three levels: the highest is always ready until the lowest, which serves the one between, has ended.
struct level_state : board {
  cowarp::channel<std::uint32_t, 1> down;
  count is_over;
};
COWARP_TASK(hog, 2, (level_state & s), 160) {
  while (read(s.is_over) == 0) co_await cowarp::yield_now();
  note(s.ended);
}
COWARP_TASK(middle, 2, (level_state & s, std::uint32_t me), 160) {
  for (std::uint32_t i = 0; i < 2; ++i) {
    if (co_await s.down.send(me * 2 + i)) note(s.sent[me * 2 + i]);
  }
  note(s.ended);
}
COWARP_TASK(low, 1, (level_state & s), 160) {
  for (std::uint32_t i = 0; i < 4; ++i) {
    const auto got = co_await s.down.receive();
    note(s.got[*got]);
    co_await cowarp::sleep_for(s.nap(i));
  }
  note(s.is_over);
  note(s.ended);
}

}  // namespace

template <>
inline constexpr std::uint8_t cowarp::task_priority<hog> = 7;
template <>
inline constexpr std::uint8_t cowarp::task_priority<middle> = 3;

namespace {

struct level_law : cowarp::program<low, hog, middle> {
  using grid_state = level_state;
  static void start(cowarp::spawner<level_law> s, cowarp::no_state&, level_state& all) {
    place<low>(s, 0, all);
    for (std::uint32_t i = 0; i < 2; ++i) place<hog>(s, i, all);
    for (std::uint32_t i = 0; i < 2; ++i) place<middle>(s, i + 1, all, i);
  }
};

}  // namespace

namespace {

/// The same by deadlines, which change all the time.
struct deadline_state : board {
  cowarp::channel<std::uint32_t, 1> down;
  count is_over;
};
COWARP_TASK(due_hog, 2, (deadline_state & s), 160) {
  while (read(s.is_over) == 0) {
    co_await cowarp::due_in(1ns);
    co_await cowarp::yield_now();
  }
  note(s.ended);
}
COWARP_TASK(due_sender, 2, (deadline_state & s, std::uint32_t me), 160) {
  for (std::uint32_t i = 0; i < 2; ++i) {
    co_await cowarp::due_in(s.nap(me + i));
    if (co_await s.down.send(me * 2 + i)) note(s.sent[me * 2 + i]);
  }
  note(s.ended);
}
COWARP_TASK(due_receiver, 1, (deadline_state & s), 160) {
  for (std::uint32_t i = 0; i < 4; ++i) {
    const auto got = co_await s.down.receive();
    note(s.got[*got]);
    co_await cowarp::sleep_for(s.nap(i));
  }
  note(s.is_over);
  note(s.ended);
}
struct deadline_law : cowarp::program<due_receiver, due_hog, due_sender> {
  using grid_state                              = deadline_state;
  static constexpr bool earliest_deadline_first = true;
  static void start(cowarp::spawner<deadline_law> s, cowarp::no_state&, deadline_state& all) {
    place<due_receiver>(s, 0, all);
    for (std::uint32_t i = 0; i < 2; ++i) place<due_hog>(s, i, all);
    for (std::uint32_t i = 0; i < 2; ++i) place<due_sender>(s, i + 1, all, i);
  }
};

}  // namespace

TEST_CASE("deadline: nobody is forgotten in any schedule", "[laws][executor][deadline]") {
  hold<deadline_law>([](auto& s, auto& found) {
    conserved(s, found);
    found.equal(read(s.ended), 5u, "tasks that ended");
  });
}

TEST_CASE("priority: no level is forgotten in any schedule", "[laws][executor][priority]") {
  hold<level_law>([](auto& s, auto& found) {
    conserved(s, found);
    found.equal(read(s.ended), 5u, "tasks that ended");
  });
}
