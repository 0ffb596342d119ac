// SPDX-License-Identifier: Apache-2.0
/// \file
/// A coroutine that serves a host thread.
#include <support/checks.hpp>

#include <chrono>
#include <cstdint>

namespace mailbox_coroutine_test {

struct service {
  cowarp::mailbox<std::uint32_t, 4> requests;
  cowarp::mailbox<std::uint32_t, 2> answers;
};
struct service_state {
  service* to;
};

COWARP_TASK(answering, 1, (service & to), 1024) {
  while (const auto request = co_await to.requests.receive()) {
    const auto sent = co_await to.answers.send(*request * 2);
    if (!sent) break;
  }
  to.answers.close();
}
struct service_app : cowarp::program<answering> {
  using grid_state = service_state;
  COWARP_FN static void start(cowarp::spawner<service_app> s, cowarp::no_state&,
                              service_state& all) {
    if (s.block() == 0) s.must_spawn<answering>(*all.to);
  }
};

}  // namespace mailbox_coroutine_test

TEST_CASE("mailbox: a coroutine answers a host thread", "[sync][mailbox]") {
  using namespace std::chrono_literals;
  const cowarp::mapped_memory<mailbox_coroutine_test::service> shared;
  mailbox_coroutine_test::service_state state{shared.for_tasks()};
  auto running = cowarp::run_async<mailbox_coroutine_test::service_app>({.blocks = 1}, state);
  for (std::uint32_t i = 0; i < 50; ++i) {
    const auto sent = cowarp::block_on(cowarp::with_timeout(20s, shared->requests.send(i)));
    REQUIRE((sent && sent->is_ok()));
    const auto got = cowarp::block_on(cowarp::with_timeout(20s, shared->answers.receive()));
    REQUIRE((got && *got));
    CHECK(**got == 2 * i);
  }
  shared->requests.close();
  CHECK(running.wait().end == cowarp::end_reason::all_done);
  CHECK(shared->answers.is_closed());
}
