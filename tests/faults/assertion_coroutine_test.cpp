// SPDX-License-Identifier: Apache-2.0
/// \file
/// An assertion that fails in a nested coroutine: what assertion_test.cpp says of state machines.
#include <support/checks.hpp>
#include <support/steps.hpp>

#include <string>

namespace assertion_coroutine_test {

struct state {
  cowarp::signal<std::uint32_t> never_sent;
  test::counter came;
};

struct open_file {
  state& s;
  COWARP_FN explicit open_file(state& of) : s(of) { s.came.add(); }
  COWARP_FN ~open_file() { s.came.add(1000); }
};

inline COWARP_FN cowarp::async<> inner(state& s, std::uint32_t depth) {
  const open_file held(s);
  co_await cowarp::yield_now();
  COWARP_ASSERT(depth < 3, "too deep");
  co_await s.never_sent.wait();
}
constexpr std::uint32_t inner_line = __LINE__ - 3;

COWARP_TASK(diving, 40, (state & s, std::uint32_t depth)) { co_await inner(s, depth); }

struct app : cowarp::program<diving> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<app> s) {
    for (std::uint32_t i = 0; i < 40; ++i) {
      s.must_spawn<diving>(s.grid_state(), s.block() == 1 && i == 33 ? 7u : 0u);
    }
  }
};

// ---- `if (co_await ...)` outside of any loop or block: g++ 12 gets the frames wrong ---------------

inline COWARP_FN cowarp::async<std::uint32_t> one() {
  co_await cowarp::yield_now();
  co_return 1;
}

COWARP_TASK(asking, 1, (state & s)) {
  if (co_await one() == 1) s.came.add();
}

inline COWARP_FN cowarp::async<std::uint32_t> asks() {
  if (co_await one() == 1) co_return 2;
  co_return 3;
}
COWARP_TASK(calling, 1, (state & s)) {
  const std::uint32_t two = co_await asks();
  if (two == 2) s.came.add();
}

template <class Task>
struct one_app : cowarp::program<Task> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<one_app> s) {
    s.template must_spawn<Task>(s.grid_state());
  }
};

template <class Task>
void require_right_or_told() {
  state s{};
  const auto report = cowarp::run<one_app<Task>>({.blocks = 1}, s);
  if (report.end == cowarp::end_reason::failed) {
    CHECK(report.first_failure.message.find("give the awaited value a name") != std::string::npos);
  } else {
    CHECK(report.end == cowarp::end_reason::all_done);
    CHECK(s.came.value() == 1);
  }
}

}  // namespace assertion_coroutine_test

TEST_CASE("assertion: a coroutine whose frame the compiler misplaced is told",
          "[faults][assertion]") {
  using namespace assertion_coroutine_test;
  require_right_or_told<asking>();
  require_right_or_told<calling>();
}

TEST_CASE("assertion: it ends a nested coroutine without unwinding it", "[faults][assertion]") {
  using namespace assertion_coroutine_test;
  for (int i = 0; i < 2; ++i) {
    state s{};
    const auto report = cowarp::run<app>({.blocks = 2}, s);
    CHECK(report.end == cowarp::end_reason::failed);
    CHECK(report.first_failure.block == 1);
    CHECK(report.first_failure.task.find("diving") != std::string_view::npos);
    CHECK(report.first_failure.line == inner_line);
    CHECK(report.first_failure.message == "too deep (depth < 3)");
    CHECK(report.per_block[0].pending == 40);
    CHECK(s.came.value() >= 1);
    CHECK(s.came.value() <= 80);  // no destructor ran
  }
}
