// SPDX-License-Identifier: Apache-2.0
/// \file
/// Spawning in two steps, in a block and across blocks.
#include <support/by_hand.hpp>
#include <support/checks.hpp>
#include <support/steps.hpp>

namespace reservation_test {

using cowarp::spawn_result;

struct state {
  test::checks checks;
  test::counter sum;
  test::counter given_back;
  test::counter slot;
  cowarp::task_handle<std::int32_t> handle;
};

// ---- in one block --------------------------------------------------------------------------------

struct app;

COWARP_JOINABLE_TASK_FRAME(working, std::int32_t, 2) {
  state& s;
  test::only_moves number;
  COWARP_BODY_BEGIN
  s.slot.set(cowarp_cx.task().value);
  COWARP_AWAIT(cowarp::yield_now());
  s.sum.add(static_cast<std::uint32_t>(number.value()));
  COWARP_RETURN(number.value());
  COWARP_BODY_END
};

// [reservation]
COWARP_TASK_FRAME(planning, 1) {
  state& s;
  cowarp::optional<cowarp::reservation<app, working>> first{}, second{};
  COWARP_BODY_BEGIN
  first  = cowarp::spawner<app>().try_reserve<working>();
  second = cowarp::spawner<app>().try_reserve<working>();
  s.checks.that(first && second);  // the pool has two slots
  s.checks.that(!cowarp::spawner<app>().try_reserve<working>());
  COWARP_AWAIT(cowarp::yield_now());     // ask others what to work on
  first->spawn(s, test::only_moves(1));  // cannot fail
  second->spawn_with(s.handle, s, test::only_moves(2));
  s.checks.that(!first->has_slot() && !second->has_slot());
  COWARP_BODY_END
};
// [/reservation]

COWARP_TASK_FRAME(returning, 1) {
  state& s;
  cowarp::optional<cowarp::reservation<app, working>> first{}, second{};
  COWARP_BODY_BEGIN
  while (!s.handle.is_finished()) COWARP_AWAIT(cowarp::yield_now());
  while (!(first = cowarp::spawner<app>().try_reserve<working>())) {
    COWARP_AWAIT(cowarp::yield_now());
  }
  while (!(second = cowarp::spawner<app>().try_reserve<working>())) {
    COWARP_AWAIT(cowarp::yield_now());
  }
  s.checks.that(cowarp::spawner<app>().spawn<working>(s, test::only_moves(9)) ==
                spawn_result::busy);
  s.checks.that(!(first->id() == second->id()));

  second.reset();  // gives it back
  s.checks.that(cowarp::spawner<app>().spawn<working>(s, test::only_moves(3)) == spawn_result::ok);
  s.checks.that(!cowarp::spawner<app>().try_reserve<working>());
  while (!(second = cowarp::spawner<app>().try_reserve<working>())) {
    COWARP_AWAIT(cowarp::yield_now());
  }
  *first = std::move(*second);  // gives back what the first one held
  s.checks.that(first->has_slot() && !second->has_slot());
  second = cowarp::spawner<app>().try_reserve<working>();
  s.checks.that(second.has_value());
  second->give_back();
  second->give_back();
  s.sum.add(100 * first->id().slot());
  first->spawn(s, test::only_moves(4));
  COWARP_AWAIT(cowarp::yield_now());
  while (s.sum.value() % 100 < 1 + 2 + 3 + 4) COWARP_AWAIT(cowarp::yield_now());
  s.checks.equal(s.sum.value() / 100, s.slot.value() & 0xffffu);
  COWARP_BODY_END
};

struct app : cowarp::program<planning, returning, working> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<app> s) {
    s.must_spawn<planning>(s.grid_state());
    s.must_spawn<returning>(s.grid_state());
  }
};

// ---- for another block ---------------------------------------------------------------------------

struct remote_app;

COWARP_TASK_FRAME(visiting, 2) {
  state& s;
  std::uint32_t home;
  test::only_moves number;
  COWARP_BODY_BEGIN
  s.checks.equal(cowarp::spawner<remote_app>().block(), home);
  s.sum.add(static_cast<std::uint32_t>(number.value()));
  COWARP_BODY_END
};

COWARP_TASK_FRAME(sending, 1) {
  using room = cowarp::optional<cowarp::remote_reservation<remote_app, visiting>>;
  state& s;
  std::uint32_t to;
  room first{}, second{};
  COWARP_BODY_BEGIN
  first  = cowarp::spawner<remote_app>().try_reserve_on<visiting>(to);
  second = cowarp::spawner<remote_app>().try_reserve_on<visiting>(to);
  s.checks.that(first && second && first->block() == to);
  s.checks.that(!cowarp::spawner<remote_app>().try_reserve_on<visiting>(to));
  COWARP_AWAIT(cowarp::yield_now());
  first->spawn(s, to, test::only_moves(1));
  s.checks.that(!first->has_room() && second->has_room());
  second.reset();  // gives it back
  second = cowarp::spawner<remote_app>().try_reserve_on<visiting>(to);
  s.checks.that(second.has_value());
  second->spawn(s, to, test::only_moves(2));
  COWARP_BODY_END
};

struct remote_app : cowarp::program<visiting, sending> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<remote_app> s) {
    if (s.block() == 0) s.must_spawn<sending>(s.grid_state(), s.blocks() - 1);
  }
};

// ---- many at once --------------------------------------------------------------------------------

struct crowd_app;
constexpr std::uint32_t turns = 40;

COWARP_TASK_FRAME(member, 5) {
  state& s;
  COWARP_BODY_BEGIN
  COWARP_AWAIT(cowarp::yield_now());
  s.sum.add();
  COWARP_BODY_END
};

COWARP_TASK_FRAME(hesitating, 40) {
  state& s;
  std::uint32_t number;
  std::uint32_t i = 0;
  cowarp::optional<cowarp::reservation<crowd_app, member>> kept{};
  COWARP_BODY_BEGIN
  for (; i < turns; ++i) {
    while (!(kept = cowarp::spawner<crowd_app>().try_reserve<member>())) {
      COWARP_AWAIT(cowarp::yield_now());
    }
    if ((i + number) % 2 == 0) COWARP_AWAIT(cowarp::yield_now());
    if ((i + number) % 3 == 0) {
      s.given_back.add();
    } else {
      kept->spawn(s);
    }
    kept.reset();
  }
  COWARP_BODY_END
};

struct crowd_app : cowarp::program<hesitating, member> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<crowd_app> s) {
    for (std::uint32_t i = 0; i < 40; ++i) s.must_spawn<hesitating>(s.grid_state(), i);
  }
};

// ---- who waits for room --------------------------------------------------------------------------

struct patient_app;

COWARP_TASK_FRAME(guest, 2) {
  state& s;
  COWARP_BODY_BEGIN
  COWARP_AWAIT(cowarp::yield_now());
  s.sum.add();
  COWARP_BODY_END
};

/// Fills the pool, and then asks by hand whose turn it is.
struct in_order : cowarp::detail::frame_task<in_order, 1> {
  state& s;

  COWARP_FN cowarp::polled<cowarp::unit> poll(cowarp::context& cx);
};

// [reserve]
COWARP_TASK_FRAME(inviting, 4, 96) {
  state& s;
  std::uint32_t i = 0;
  cowarp::optional<cowarp::reservation<patient_app, guest>> place{};
  COWARP_BODY_BEGIN
  for (; i < turns; ++i) {
    COWARP_AWAIT_INTO(place, cowarp::spawner<patient_app>().reserve<guest>());
    place->spawn(s);  // cannot fail
  }
  COWARP_BODY_END
};
// [/reserve]

COWARP_TASK_FRAME(inviting_there, 4, 96) {
  state& s;
  std::uint32_t i = 0;
  cowarp::optional<cowarp::remote_reservation<patient_app, guest>> room{};
  COWARP_BODY_BEGIN
  for (; i < turns; ++i) {
    COWARP_AWAIT_INTO(room, cowarp::spawner<patient_app>().reserve_on<guest>(1));
    room->spawn(s);
  }
  COWARP_BODY_END
};

struct patient_app : cowarp::program<guest, inviting, inviting_there, in_order> {
  using grid_state                   = state;
  static constexpr bool awaits_slots = true;  // else `reserve` does not compile
  COWARP_FN static void start(cowarp::spawner<patient_app> s) {
    if (s.blocks() == 1) {
      s.must_spawn<in_order>(s.grid_state());
      return;
    }
    for (std::uint32_t i = 0; i < 2; ++i) {
      if (s.block() == 0) s.must_spawn<inviting_there>(s.grid_state());
      if (s.block() == 1) s.must_spawn<inviting>(s.grid_state());
    }
  }
};

COWARP_FN inline cowarp::polled<cowarp::unit> in_order::poll(cowarp::context& cx) {
  if (cx.is_cancelling()) return cowarp::pending;
  const cowarp::spawner<patient_app> spawner;
  using waiting = decltype(spawner.reserve<guest>());
  auto one      = spawner.try_reserve<guest>();
  auto two      = spawner.try_reserve<guest>();
  s.checks.that(one && two);
  test::by_hand<waiting> first, second, third;
  s.checks.that(!first.begin(cx, spawner.reserve<guest>()));
  s.checks.that(!second.begin(cx, spawner.reserve<guest>()));
  s.checks.that(!third.begin(cx, spawner.reserve<guest>()));

  const cowarp::task_id freed = one->id();
  one.reset();  // it is the first one's now, and nobody overtakes
  s.checks.that(spawner.spawn<guest>(s) == spawn_result::busy);
  s.checks.that(!spawner.try_reserve<guest>());
  s.checks.that(!second.poll(cx));
  first.cancel();  // hands it on
  s.checks.that(!third.poll(cx) && second.poll(cx));
  s.checks.that(second->id() == freed);
  second.cancel();
  s.checks.that(third.poll(cx));
  two.reset();  // nobody waits
  s.checks.that(spawner.spawn<guest>(s) == spawn_result::ok);
  third->spawn(s);
  return cowarp::unit{};
}

}  // namespace reservation_test

TEST_CASE("reservation: a reserved slot is nobody else's", "[executor][reservation]") {
  reservation_test::state s{};
  const auto report = test::run_to_end<reservation_test::app>(s);
  s.checks.require_none(8);
  CHECK(report.total.completed == 6);
}

TEST_CASE("reservation: room for another block's task", "[executor][reservation]") {
  const auto blocks = GENERATE(1u, 2u, 3u);
  reservation_test::state s{};
  test::run_to_end<reservation_test::remote_app>(s, {.blocks = blocks});
  s.checks.require_none(6);
  CHECK(s.sum.value() == 3);
}

TEST_CASE("reservation: every slot is spawned or given back", "[executor][reservation]") {
  reservation_test::state s{};
  const auto report = test::run_to_end<reservation_test::crowd_app>(s);
  CHECK(s.sum.value() + s.given_back.value() == 40 * reservation_test::turns);
  CHECK(report.total.completed == 40 + s.sum.value());
}

TEST_CASE("reservation: who waits for a slot has it in order of arrival",
          "[executor][reservation]") {
  reservation_test::state s{};
  test::run_to_end<reservation_test::patient_app>(s);
  s.checks.require_none(11);
  CHECK(s.sum.value() == 2);
}

TEST_CASE("reservation: tasks that end make room for those that wait", "[executor][reservation]") {
  reservation_test::state s{};
  const auto report = test::run_to_end<reservation_test::patient_app>(s, {.blocks = 2});
  CHECK(s.sum.value() == 4 * reservation_test::turns);
  CHECK(report.total.completed == 4 + 4 * reservation_test::turns);
}
