// SPDX-License-Identifier: Apache-2.0
/// \file
/// A mailbox has no lock and wakes nobody: its two words alone carry the messages.
#include "law.hpp"

using namespace laws;

namespace {

/// A message with a part that no single access moves.
struct letter {
  std::uint32_t number;
  std::uint32_t twice[3];
};
struct mailbox_state : board {
  cowarp::mailbox<letter, 2> box;
};

/// Sends 8 letters, each of which it may give up, and closes.
COWARP_TASK(mailbox_sender, 1, (mailbox_state & s), 256) {
  for (std::uint32_t i = 0; i < 8; ++i) {
    const std::uint32_t twice = 2 * i;
    const auto done =
        co_await within(s.limit(i), s.box.send({i, {twice, twice, twice}}, s.nap(16) + 20ns));
    if (done && done->is_ok()) note(s.sent[i]);
  }
  s.box.close();
}
COWARP_TASK(mailbox_receiver, 1, (mailbox_state & s), 256) {
  std::uint32_t next = 0;
  for (std::uint32_t i = 0;; ++i) {
    const auto got = co_await within(s.limit(20, i), s.box.receive(s.nap(17) + 20ns));
    if (!got) continue;
    if (!*got) co_return;
    const letter& it = **got;
    s.that(it.number >= next);
    next = it.number + 1;
    for (const std::uint32_t part : it.twice) s.that(part == 2 * it.number);
    if (it.number < 16) note(s.got[it.number]);
  }
}
struct mailbox_law : cowarp::program<mailbox_sender, mailbox_receiver> {
  using grid_state = mailbox_state;
  static void start(cowarp::spawner<mailbox_law> s, cowarp::no_state&, mailbox_state& all) {
    place<mailbox_sender>(s, 0, all);
    place<mailbox_receiver>(s, 1, all);
  }
};

}  // namespace

TEST_CASE("mailbox: every message once, in order, in every schedule", "[laws][sync][mailbox]") {
  hold<mailbox_law>([](auto& s, auto& found) { conserved(s, found); });
}
