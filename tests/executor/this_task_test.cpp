// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a task learns about itself, and where its name appears.
#include <support/checks.hpp>
#include <support/steps.hpp>

#include <string_view>

namespace this_task_test {

struct state {
  test::checks checks;
  test::counter used[3];  // one bit for each slot of the two pools
  test::counter done;
};

using namespace std::string_view_literals;

/// \returns true if the text ends so; a GPU has no `memcmp`.
COWARP_FN inline bool ends_with(std::string_view text, std::string_view end) {
  if (text.size() < end.size()) return false;
  for (std::size_t i = 0; i < end.size(); ++i) {
    if (text[text.size() - end.size() + i] != end[i]) return false;
  }
  return true;
}

struct app;
COWARP_FN std::string_view name_in_app(cowarp::task_id id);

COWARP_TASK_FRAME(asking, 40) {
  state& s;
  cowarp::task_id id{};
  COWARP_BODY_BEGIN
  COWARP_AWAIT_INTO(id, cowarp::this_task());
  s.checks.that(id == cowarp_cx.task());
  s.checks.equal(id.block(), cowarp::spawner<app>().block());
  s.checks.that(ends_with(name_in_app(id), "this_task_test::asking"sv));
  s.checks.that(ends_with(cowarp::task_name<asking>(), "this_task_test::asking"sv));
  s.used[id.slot() / 32].add(1u << id.slot() % 32);
  s.done.add();
  while (s.done.value() < 45) COWARP_AWAIT(cowarp::yield_now());  // all live at once
  COWARP_BODY_END
};

COWARP_TASK_FRAME(other, 5) {
  state& s;
  cowarp::task_id id{};
  COWARP_BODY_BEGIN
  COWARP_AWAIT_INTO(id, cowarp::this_task());
  s.checks.that(name_in_app(id).size() == 7 && ends_with(name_in_app(id), "renamed"sv));
  s.used[id.slot() / 32].add(1u << id.slot() % 32);
  s.done.add();
  COWARP_BODY_END
};

}  // namespace this_task_test

// [name]
using namespace std::string_view_literals;

template <>
COWARP_FN constexpr std::string_view cowarp::task_name<this_task_test::other>() {
  return "renamed"sv;
}
// [/name]

namespace this_task_test {

struct app : cowarp::program<asking, other> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<app> s) {
    for (int i = 0; i < 40; ++i) s.must_spawn<asking>(s.grid_state());
    for (int i = 0; i < 5; ++i) s.must_spawn<other>(s.grid_state());
  }
};

COWARP_FN inline std::string_view name_in_app(cowarp::task_id id) {
  return cowarp::spawner<app>::name_of(id);
}

}  // namespace this_task_test

TEST_CASE("this_task: every living task has its own id", "[executor][this_task]") {
  this_task_test::state s{};
  test::run_to_end<this_task_test::app>(s);
  s.checks.require_none(40 * 4 + 5);
  CHECK(s.used[0].value() == ~0u);
  CHECK(s.used[1].value() == 0xffu);
  CHECK(s.used[2].value() == 0x1fu);
}

TEST_CASE("this_task: a slot that no task has is nameless", "[executor][this_task]") {
  using spawner = cowarp::spawner<this_task_test::app>;
  CHECK(spawner::name_of({39}).find("asking") != std::string_view::npos);
  CHECK(spawner::name_of({40}).empty());
  CHECK(spawner::name_of({64}) == "renamed"sv);
  CHECK(spawner::name_of({cowarp::task_id::none}).empty());
}

TEST_CASE("report: it shows the names that tasks were given", "[executor][report]") {
  this_task_test::state s{};
  const auto report      = test::run_to_end<this_task_test::app>(s);
  const std::string text = to_string(report);
  CHECK(report.tasks[0].name.find("asking") != std::string_view::npos);
  CHECK(report.tasks[1].name == "renamed"sv);
  CHECK(text.find("  renamed ") != std::string::npos);
}
