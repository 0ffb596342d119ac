// SPDX-License-Identifier: Apache-2.0
/// \file
/// Ctrl-C ends launches while somebody wants that, and has its usual effect at all other times.
#include <support/checks.hpp>
#include <support/steps.hpp>

#include <chrono>
#include <csignal>
#include <memory>
#include <thread>

using namespace std::chrono_literals;

namespace interrupt_test {

struct state {
  std::uint32_t turns;  // 0: for ever
};

COWARP_TASK_FRAME(turning, 4) {
  state& s;
  std::uint32_t i = 0;
  COWARP_BODY_BEGIN
  for (; s.turns == 0 || i < s.turns; ++i) COWARP_AWAIT(cowarp::yield_now());
  COWARP_BODY_END
};

struct app : cowarp::program<turning> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<app> s) { s.must_spawn<turning>(s.grid_state()); }
};

using handler = void (*)(int);

handler handler_now() {
  struct sigaction now {};
  REQUIRE(sigaction(SIGINT, nullptr, &now) == 0);
  return now.sa_handler;
}

volatile std::sig_atomic_t heard = 0;

/// What a process does on SIGINT while one of these lives.
class usual_effect {
 public:
  explicit usual_effect(handler what) : before_(std::signal(SIGINT, what)) { heard = 0; }
  ~usual_effect() { std::signal(SIGINT, before_); }

 private:
  handler before_;
};

void hear(int) { heard = heard + 1; }

}  // namespace interrupt_test

using interrupt_test::app;

TEST_CASE("stop_on_interrupt: ends a launch that is waited for", "[executor][interrupt]") {
  const interrupt_test::usual_effect effect(&interrupt_test::hear);
  const cowarp::stop_on_interrupt ctrl_c;
  interrupt_test::state s{};
  auto running = cowarp::run_async<app>({.blocks = 2}, s);
  CHECK_FALSE(running.wait_for(5ms));
  std::thread presses([] { std::raise(SIGINT); });
  const auto report = running.wait();
  presses.join();
  CHECK(report.end == cowarp::end_reason::interrupted);
  CHECK(report.total.pending == 2);
  CHECK(ctrl_c.has_come());
  CHECK(interrupt_test::heard == 0);
  CHECK(to_string(report).find("interrupted after") != std::string::npos);
}

TEST_CASE("stop_on_interrupt: a wait with a limit hears it too", "[executor][interrupt]") {
  const interrupt_test::usual_effect effect(&interrupt_test::hear);
  const cowarp::stop_on_interrupt ctrl_c;
  interrupt_test::state s{};
  std::raise(SIGINT);
  auto running = cowarp::run_async<app>({.blocks = 2}, s);
  while (!running.wait_for(1ms)) {
  }
  CHECK(running.wait().end == cowarp::end_reason::interrupted);
  CHECK(cowarp::run_for<app>(1h, {.blocks = 2}, s).end == cowarp::end_reason::interrupted);
}

TEST_CASE("stop_on_interrupt: the second has its usual effect", "[executor][interrupt]") {
  const interrupt_test::usual_effect effect(&interrupt_test::hear);
  {
    const cowarp::stop_on_interrupt ctrl_c;
    std::raise(SIGINT);
    CHECK(interrupt_test::heard == 0);
    CHECK(interrupt_test::handler_now() == &interrupt_test::hear);
    std::raise(SIGINT);
    CHECK(interrupt_test::heard == 1);
    CHECK(ctrl_c.has_come());
  }
  CHECK(interrupt_test::handler_now() == &interrupt_test::hear);
}

TEST_CASE("stop_on_interrupt: nothing stays of it", "[executor][interrupt]") {
  const interrupt_test::usual_effect effect(&interrupt_test::hear);
  {
    auto first = std::make_unique<cowarp::stop_on_interrupt>();
    const cowarp::stop_on_interrupt second;
    first.reset();
    CHECK(interrupt_test::handler_now() != &interrupt_test::hear);
    std::raise(SIGINT);
    CHECK(second.has_come());
  }
  CHECK(interrupt_test::handler_now() == &interrupt_test::hear);
  const cowarp::stop_on_interrupt later;
  CHECK_FALSE(later.has_come());
  interrupt_test::state s{10};
  CHECK(cowarp::run<app>({.blocks = 2}, s).end == cowarp::end_reason::all_done);
}

TEST_CASE("stop_on_interrupt: who ignores the signal goes on ignoring it",
          "[executor][interrupt]") {
  const interrupt_test::usual_effect effect(SIG_IGN);
  const cowarp::stop_on_interrupt ctrl_c;
  std::raise(SIGINT);
  CHECK_FALSE(ctrl_c.has_come());
  interrupt_test::state s{10};
  CHECK(cowarp::run<app>({.blocks = 2}, s).end == cowarp::end_reason::all_done);
}

TEST_CASE("stop_on_interrupt: a handler that came later stays", "[executor][interrupt]") {
  const interrupt_test::usual_effect effect(SIG_DFL);
  {
    const cowarp::stop_on_interrupt ctrl_c;
    std::signal(SIGINT, &interrupt_test::hear);
  }
  CHECK(interrupt_test::handler_now() == &interrupt_test::hear);
}
