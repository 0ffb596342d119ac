// SPDX-License-Identifier: Apache-2.0
/// \file
/// Messages between a host thread and tasks that run meanwhile; and between two tasks.
#include <support/checks.hpp>
#include <support/steps.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <utility>

namespace mailbox_test {

using namespace std::chrono_literals;

constexpr auto patience       = 20s;  // nobody is that slow
constexpr std::uint32_t count = 300;

struct request {
  std::uint32_t number;
  std::uint32_t to_square;
};
struct answer {
  std::uint32_t number;
  std::uint32_t square;
};

// [service]
struct service {
  cowarp::mailbox<request, 8> requests;
  cowarp::mailbox<answer, 4> answers;
};

COWARP_TASK_FRAME(answering, 1, 96) {
  service& to;
  cowarp::optional<request> next{};
  COWARP_BODY_BEGIN
  for (;;) {
    COWARP_AWAIT_INTO(next, to.requests.receive());
    if (!next) break;  // the host closed it
    COWARP_AWAIT(to.answers.send(answer{next->number, next->to_square * next->to_square}));
  }
  to.answers.close();
  COWARP_BODY_END
};
// [/service]

struct state {
  service* to;
};
struct app : cowarp::program<answering> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<app> s, cowarp::no_state&, state& g) {
    if (s.block() + 1 == s.blocks()) (void)s.spawn<answering>(*g.to);
  }
};

/// \returns what the future yields, on a host thread.
template <class Future>
auto in_time(Future future) {
  return cowarp::block_on(cowarp::with_timeout(patience, std::move(future)));
}

/// Asks and takes answers in turn, several of both on their way.
std::uint32_t ask_all(service& to) {
  std::uint32_t right = 0;
  std::uint32_t asked = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    while (asked < count && asked < i + 6) {
      const auto sent = in_time(to.requests.send({asked, asked + 7}));
      if (!sent || !sent->is_ok()) return right;
      ++asked;
    }
    const auto got = in_time(to.answers.receive());
    if (!got || !*got) return right;
    right += (*got)->number == i && (*got)->square == (i + 7) * (i + 7) ? 1 : 0;
  }
  return right;
}

/// Both ends are tasks. The sender's message is behind the mailbox, which alone orders it.
struct pair {
  test::checks checks;
  cowarp::mailbox<std::uint32_t, 2> box;
  std::uint32_t plain[count];
};
COWARP_TASK_FRAME(sending, 1, 96) {
  pair& p;
  std::uint32_t i = 0;
  cowarp::optional<cowarp::send_result<std::uint32_t>> sent{};
  COWARP_BODY_BEGIN
  for (; i < count; ++i) {
    p.plain[i] = i + 1;
    COWARP_AWAIT_INTO(sent, p.box.send(i, 1us));
    p.checks.that(sent->is_ok());
  }
  p.box.close();
  COWARP_AWAIT_INTO(sent, p.box.send(99u));
  p.checks.that(sent->status == cowarp::send_status::closed && *sent->value == 99);
  COWARP_BODY_END
};
COWARP_TASK_FRAME(receiving, 1, 96) {
  pair& p;
  std::uint32_t i = 0;
  cowarp::optional<std::uint32_t> got{};
  cowarp::optional<cowarp::optional<std::uint32_t>> soon{};
  COWARP_BODY_BEGIN
  for (;; ++i) {
    if (i % 7 == 0) {  // a receive that is cancelled loses nothing
      COWARP_AWAIT_INTO(soon, cowarp::with_timeout(100ns, p.box.receive(1us)));
      if (soon && !*soon) break;
      got = soon ? *soon : cowarp::nullopt;
      if (!got) COWARP_AWAIT_INTO(got, p.box.receive(1us));
    } else {
      COWARP_AWAIT_INTO(got, p.box.receive(1us));
    }
    if (!got) break;
    p.checks.equal(*got, i);
    p.checks.equal(p.plain[i], i + 1);
  }
  p.checks.equal(i, +count);
  COWARP_BODY_END
};
struct pair_app : cowarp::program<sending, receiving> {
  using grid_state = pair;
  COWARP_FN static void start(cowarp::spawner<pair_app> s, cowarp::no_state&, pair& p) {
    if (s.block() == 0) (void)s.spawn<sending>(p);
    if (s.block() + 1 == s.blocks()) (void)s.spawn<receiving>(p);
  }
};

}  // namespace mailbox_test

TEST_CASE("mailbox: a host thread is answered while the tasks run", "[sync][mailbox]") {
  // [host]
  const cowarp::mapped_memory<mailbox_test::service> shared;
  mailbox_test::state state{shared.for_tasks()};
  auto running = cowarp::run_async<mailbox_test::app>({.blocks = 2}, state);
  // ...
  CHECK(mailbox_test::ask_all(*shared) == mailbox_test::count);
  shared->requests.close();
  const auto report = running.wait();
  // [/host]
  CHECK(report.end == cowarp::end_reason::all_done);
  CHECK(shared->answers.is_closed());
  CHECK(shared->answers.size() == 0);
}

TEST_CASE("mailbox: what was sent before the end is received", "[sync][mailbox]") {
  // Two are there before the tasks begin, and the end as well.
  const cowarp::mapped_memory<mailbox_test::service> shared;
  CHECK(shared->requests.try_send({0, 3}).is_ok());
  CHECK(shared->requests.try_send({1, 5}).is_ok());
  shared->requests.close();
  mailbox_test::state state{shared.for_tasks()};
  CHECK(cowarp::run<mailbox_test::app>({.blocks = 1}, state).end == cowarp::end_reason::all_done);
  const auto first = shared->answers.try_receive();
  CHECK((first && first->square == 9));
  const auto second = cowarp::block_on(shared->answers.receive());
  CHECK((second && second->square == 25));
  CHECK_FALSE(cowarp::block_on(shared->answers.receive()));
}

TEST_CASE("mailbox: full and closed, the message comes back", "[sync][mailbox]") {
  const cowarp::mapped_memory<cowarp::mailbox<std::uint32_t, 2>> box;
  CHECK(box->capacity() == 2);
  CHECK_FALSE(box->try_receive());
  for (std::uint32_t round = 0; round < 5; ++round) {
    CHECK(box->try_send(round).is_ok());
    CHECK(box->try_send(round + 10).is_ok());
    const auto refused = box->try_send(7);
    CHECK(refused.status == cowarp::send_status::full);
    CHECK(refused.value == 7);
    CHECK(box->size() == 2);
    CHECK_FALSE(cowarp::block_on(
        cowarp::with_timeout(std::chrono::microseconds(20), box->send(8))));  // cancelled: not sent
    CHECK(box->try_receive() == round);
    CHECK(box->try_receive() == round + 10);
    CHECK(box->size() == 0);
  }
  CHECK(box->try_send(1).is_ok());
  box->close();
  const auto refused = box->try_send(2);
  CHECK(refused.status == cowarp::send_status::closed);
  CHECK(refused.value == 2);
  CHECK(cowarp::block_on(box->receive()) == 1);
  CHECK_FALSE(cowarp::block_on(box->receive()));
}

TEST_CASE("mailbox: tasks of two blocks lose nothing", "[sync][mailbox]") {
  auto p = std::make_unique<mailbox_test::pair>();
  for (std::uint32_t blocks : {1u, 2u}) {
    *p = {};
    test::run_to_end<mailbox_test::pair_app>(*p, {.blocks = blocks});
    p->checks.require_none(3 * mailbox_test::count + 2);
  }
}
