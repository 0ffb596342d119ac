// SPDX-License-Identifier: Apache-2.0
/// \file
/// Handles of tasks that are sent to other blocks: joined once, aborted on the way or later, let go.
#include "law.hpp"

using namespace laws;

namespace {

constexpr std::uint32_t sent_tasks = 6;

struct sent_state : board {
  cowarp::task_handle<std::uint32_t> handles[sent_tasks];
  std::uint32_t written[sent_tasks];  // plain: the end of the task publishes it
  count lives;
};
struct lives_on {
  count* in;
  explicit lives_on(sent_state& s) : in(&s.lives) { note(*in); }
  lives_on(lives_on&& other) noexcept : in(other.in) { note(*in); }
  ~lives_on() { note(*in, ~0u); }
};

COWARP_JOINABLE_TASK(sent, std::uint32_t, 2,
                     (sent_state & s, std::uint32_t i, [[maybe_unused]] lives_on life), 160) {
  for (std::uint32_t n = s.pick(i, 3); n > 0; --n) co_await cowarp::yield_now();
  s.written[i] = i + 1;
  co_return i + 1;
}

struct sent_law;
bool send(sent_state& s, std::uint32_t i);

/// Sends three tasks, and joins them or lets them go.
COWARP_TASK(sends, 2, (sent_state & s, std::uint32_t me), 200) {
  for (std::uint32_t i = me * 3; i < me * 3 + 3; ++i) {
    while (!send(s, i)) co_await cowarp::yield_now();
    note(s.sent[i]);
  }
  for (std::uint32_t i = me * 3; i < me * 3 + 3; ++i) {
    for (std::uint32_t n = 0;; ++n) {
      const auto got = co_await within(s.limit(10 + i, n), s.handles[i].join());
      if (!got) continue;
      s.that(s.handles[i].is_finished());
      if (*got) s.that(**got == i + 1 && s.written[i] == i + 1);
      s.that(*got || s.pick(30 + i, 2) == 0);  // none only after an abort
      break;
    }
  }
  note(s.ended);
}
COWARP_TASK(aborts, 1, (sent_state & s), 160) {
  for (std::uint32_t i = 0; i < sent_tasks; ++i) {
    if (s.pick(30 + i, 2) != 0) continue;
    while (read(s.sent[i]) == 0) co_await cowarp::sleep_for(50ns);
    s.handles[i].abort();
    s.handles[i].abort();
  }
  note(s.ended);
}

struct sent_law : cowarp::program<sent, sends, aborts> {
  using grid_state = sent_state;
  static void start(cowarp::spawner<sent_law> s, cowarp::no_state&, sent_state& all) {
    for (std::uint32_t i = 0; i < 2; ++i) place<sends>(s, i, all, i);
    place<aborts>(s, 1, all);
  }
};

bool send(sent_state& s, std::uint32_t i) {
  const cowarp::spawner<sent_law> spawner;
  const auto block = s.pick(40 + i, spawner.blocks());
  return spawner.spawn_on_with<sent>(block, s.handles[i], s, +i, lives_on(s)) ==
         cowarp::spawn_result::ok;
}

}  // namespace

TEST_CASE("task_handle: tasks of other blocks are joined once in every schedule",
          "[laws][executor][task_handle]") {
  hold<sent_law>([](auto& s, auto& found) {
    found.equal(read(s.ended), 3u, "tasks that ended");
    found.equal(read(s.lives), 0u, "arguments that are left");
  });
}
