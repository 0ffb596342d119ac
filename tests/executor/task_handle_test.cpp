// SPDX-License-Identifier: Apache-2.0
/// \file
/// Tasks with a handle: results, ends from outside, and handles that go before their tasks.
#include <support/checks.hpp>
#include <support/steps.hpp>

namespace task_handle_test {

using cowarp::spawn_result;

struct state {
  test::checks checks;
  test::counter started;
  test::counter ended;
  test::counter next_got;
  test::counter sum;
  test::counted_life::counts lives;
  cowarp::channel<std::int32_t, 4> channel;
  cowarp::signal<std::int32_t> signal;
  cowarp::event<> go;
  cowarp::task_handle<std::int32_t> handle;
  cowarp::task_handle<std::int32_t> other;
  cowarp::task_handle<cowarp::unit> plain;
};

COWARP_FN inline bool all_gone(const state& s) {
  return s.lives.built.value() == s.lives.destroyed.value();
}

/// One worker polls one word after the other: what a task does in one poll, no other task sees half.
const cowarp::launch_options one_worker{.blocks = 1, .workers = 1};

// ---- results -------------------------------------------------------------------------------------

struct fib_app;

// [task_handle]
COWARP_JOINABLE_TASK_FRAME(fib, std::int32_t, 32) {
  std::int32_t n;
  cowarp::task_handle<std::int32_t> left{}, right{};
  cowarp::optional<std::int32_t> a{}, b{};
  COWARP_BODY_BEGIN
  if (n < 2) COWARP_RETURN(n);
  cowarp::spawner<fib_app>().must_spawn_with<fib>(left, n - 1);
  cowarp::spawner<fib_app>().must_spawn_with<fib>(right, n - 2);
  COWARP_AWAIT_INTO(a, left.join());  // empty if somebody aborted it
  COWARP_AWAIT_INTO(b, right.join());
  COWARP_RETURN(*a + *b);
  COWARP_BODY_END
};
// [/task_handle]

COWARP_TASK_FRAME(asking, 1) {
  state& s;
  cowarp::optional<std::int32_t> result{};
  COWARP_BODY_BEGIN
  s.checks.that(!s.handle.has_task() && !s.handle.is_finished());
  COWARP_AWAIT_INTO(result, s.handle.join());  // there is no task yet
  s.checks.that(!result);
  s.checks.that(cowarp::spawner<fib_app>().spawn_with<fib>(s.handle, 6) == spawn_result::ok);
  s.checks.that(s.handle.has_task());
  COWARP_AWAIT_INTO(result, s.handle.join());
  s.checks.equal(result.value_or(-1), 8);
  s.checks.that(s.handle.is_finished());
  COWARP_AWAIT_INTO(result, s.handle.join());  // taken
  s.checks.that(!result);
  COWARP_BODY_END
};

struct fib_app : cowarp::program<fib, asking> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<fib_app> s) { (void)s.spawn<asking>(s.grid_state()); }
};

// ---- frames, and so handles, in shared memory ----------------------------------------------------

struct shared_app;

COWARP_JOINABLE_TASK_FRAME(doubling, std::int32_t, 8) {
  std::int32_t n;
  COWARP_BODY_BEGIN
  COWARP_AWAIT(cowarp::yield_now());
  COWARP_RETURN(2 * n);
  COWARP_BODY_END
};

COWARP_TASK_FRAME(pairing, 4) {
  state& s;
  std::int32_t n;
  cowarp::task_handle<std::int32_t> mine{};
  cowarp::optional<std::int32_t> result{};
  std::int32_t i = 0;
  COWARP_BODY_BEGIN
  for (; i < 20; ++i) {
    while (cowarp::spawner<shared_app>().spawn_with<doubling>(mine, n + i) == spawn_result::busy) {
      COWARP_AWAIT(cowarp::yield_now());
    }
    if (i % 4 == 3) mine.abort();
    COWARP_AWAIT_INTO(result, mine.join());
    s.checks.that(mine.is_finished() && (result ? *result == 2 * (n + i) : i % 4 == 3));
  }
  COWARP_BODY_END
};

struct shared_app : cowarp::program<pairing, doubling> {
  using grid_state             = state;
  static constexpr auto frames = cowarp::memory::shared;
  COWARP_FN static void start(cowarp::spawner<shared_app> s) {
    for (std::int32_t i = 0; i < 4; ++i) s.must_spawn<pairing>(s.grid_state(), 100 * i);
  }
};

// ---- a stage for ends: one task is directed by another -------------------------------------------

/// Waits for a number and yields it; alive until it is destroyed.
COWARP_JOINABLE_TASK_FRAME(receiving, std::int32_t, 2) {
  state& s;
  test::counted_life life;
  std::int32_t n = 0;
  COWARP_BODY_BEGIN
  s.started.add();
  COWARP_AWAIT_INTO(n, s.signal.wait());
  s.ended.add();
  COWARP_RETURN(n);
  COWARP_BODY_END
};

/// Stands behind it in line.
COWARP_TASK_FRAME(next_in_line, 1) {
  state& s;
  std::int32_t n = 0;
  COWARP_BODY_BEGIN
  s.started.add();
  COWARP_AWAIT_INTO(n, s.signal.wait());
  s.next_got.add(static_cast<std::uint32_t>(n));
  COWARP_BODY_END
};

/// Aborts itself, and then waits or returns.
COWARP_JOINABLE_TASK_FRAME(suicidal, std::int32_t, 1) {
  state& s;
  bool waits;
  test::counted_life life;
  COWARP_BODY_BEGIN
  s.handle.abort();
  s.started.add();
  if (waits) COWARP_AWAIT(cowarp::yield_now());
  s.ended.add();
  COWARP_RETURN(5);
  COWARP_BODY_END
};

/// Never waits for anything but its own next poll.
COWARP_JOINABLE_TASK_FRAME(spinning, cowarp::unit, 1) {
  state& s;
  test::counted_life life;
  COWARP_BODY_BEGIN
  s.started.add();
  for (;;) COWARP_AWAIT(cowarp::yield_now());
  COWARP_BODY_END
};

/// Joins what `state::handle` holds, once `go` is set, and adds what it gets.
COWARP_TASK_FRAME(joining, 9) {
  state& s;
  cowarp::optional<std::int32_t> result{};
  COWARP_BODY_BEGIN
  s.started.add();
  COWARP_AWAIT_INTO(result, s.handle.join());
  s.sum.add(static_cast<std::uint32_t>(result.value_or(0)));
  s.ended.add();
  COWARP_BODY_END
};

template <class Director>
struct directed : cowarp::program<Director, receiving, next_in_line, suicidal, spinning, joining> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<directed> s) {
    s.template must_spawn<Director>(s.grid_state());
  }
};

template <class Director>
void direct(state& s, std::uint32_t checks) {
  test::run_to_end<directed<Director>>(s, one_worker);
  s.checks.require_none(checks);
  CHECK(all_gone(s));
}

COWARP_TASK_FRAME(abort_a_waiting_task, 1) {
  using spawner = cowarp::spawner<directed<abort_a_waiting_task>>;
  state& s;
  cowarp::optional<std::int32_t> result{0};
  COWARP_BODY_BEGIN
  spawner().must_spawn_with<receiving>(s.handle, s, test::counted_life(s.lives));
  while (s.started.value() < 1) COWARP_AWAIT(cowarp::yield_now());
  spawner().must_spawn<next_in_line>(s);
  while (s.started.value() < 2) COWARP_AWAIT(cowarp::yield_now());
  s.signal.send(7);  // for the first in line, which will never be polled again
  s.handle.abort();
  s.handle.abort();
  s.checks.that(!s.handle.is_finished());
  COWARP_AWAIT_INTO(result, s.handle.join());
  s.checks.that(!result && s.handle.is_finished() && all_gone(s));
  while (s.next_got.value() != 7) COWARP_AWAIT(cowarp::yield_now());
  s.handle.abort();  // nobody is there
  s.checks.equal(s.ended.value(), 0u);
  COWARP_BODY_END
};

COWARP_TASK_FRAME(abort_before_the_first_poll, 1) {
  using spawner = cowarp::spawner<directed<abort_before_the_first_poll>>;
  state& s;
  cowarp::optional<std::int32_t> result{0};
  COWARP_BODY_BEGIN
  spawner().must_spawn_with<receiving>(s.handle, s, test::counted_life(s.lives));
  s.handle.abort();
  COWARP_AWAIT_INTO(result, s.handle.join());
  s.checks.that(!result && all_gone(s));
  s.checks.equal(s.started.value(), 0u);
  COWARP_BODY_END
};

COWARP_TASK_FRAME(abort_a_spinning_task, 1) {
  using spawner = cowarp::spawner<directed<abort_a_spinning_task>>;
  state& s;
  COWARP_BODY_BEGIN
  spawner().must_spawn_with<spinning>(s.plain, s, test::counted_life(s.lives));
  while (s.started.value() == 0) COWARP_AWAIT(cowarp::yield_now());
  COWARP_AWAIT(cowarp::yield_now());
  s.plain.abort();
  COWARP_AWAIT(s.plain.join());
  s.checks.that(all_gone(s));
  COWARP_BODY_END
};

COWARP_TASK_FRAME(abort_itself, 1) {
  using spawner = cowarp::spawner<directed<abort_itself>>;
  state& s;
  cowarp::optional<std::int32_t> result{0};
  COWARP_BODY_BEGIN
  spawner().must_spawn_with<suicidal>(s.handle, s, true, test::counted_life(s.lives));
  COWARP_AWAIT_INTO(result, s.handle.join());
  s.checks.that(!result);
  s.checks.equal(s.started.value() * 10 + s.ended.value(), 10u);
  while (spawner().spawn_with<suicidal>(s.handle, s, false, test::counted_life(s.lives)) ==
         spawn_result::busy) {
    COWARP_AWAIT(cowarp::yield_now());
  }
  COWARP_AWAIT_INTO(result, s.handle.join());
  s.checks.equal(result.value_or(-1), 5);
  COWARP_BODY_END
};

/// An old handle's abort meets the next task in the slot.
COWARP_TASK_FRAME(abort_an_earlier_life, 1) {
  using spawner = cowarp::spawner<directed<abort_an_earlier_life>>;
  state& s;
  std::uint32_t life = 0;
  cowarp::optional<std::int32_t> result{};
  COWARP_BODY_BEGIN
  for (; life < 3; ++life) {  // two slots: the third life is in a slot that was used before
    if (s.other.has_task()) s.other.detach();
    while (spawner().spawn_with<receiving>(s.other, s, test::counted_life(s.lives)) ==
           spawn_result::busy) {
      COWARP_AWAIT(cowarp::yield_now());
    }
    if (life == 0) s.handle.abort();
    while (s.started.value() <= 2 * life) COWARP_AWAIT(cowarp::yield_now());
    s.signal.send(1);
    COWARP_AWAIT_INTO(result, s.other.join());
    s.checks.equal(result.value_or(-1), 1);
    s.other.abort();
    while (spawner().spawn_with<receiving>(s.handle, s, test::counted_life(s.lives)) ==
           spawn_result::busy) {
      COWARP_AWAIT(cowarp::yield_now());
    }
    while (s.started.value() <= 2 * life + 1) COWARP_AWAIT(cowarp::yield_now());
    s.other.abort();
    COWARP_AWAIT(cowarp::yield_now());
    COWARP_AWAIT(cowarp::yield_now());
    s.checks.that(!s.handle.is_finished());
    s.signal.send(2);
    COWARP_AWAIT_INTO(result, s.handle.join());
    s.checks.equal(result.value_or(-1), 2);
  }
  COWARP_BODY_END
};

/// Handles that go: the task runs on, or stays aborted.
COWARP_TASK_FRAME(let_go, 1) {
  using spawner = cowarp::spawner<directed<let_go>>;
  state& s;
  cowarp::optional<cowarp::task_handle<std::int32_t>> mine{};
  COWARP_BODY_BEGIN
  mine.emplace();
  spawner().must_spawn_with<receiving>(*mine, s, test::counted_life(s.lives));
  mine.reset();
  while (s.started.value() == 0) COWARP_AWAIT(cowarp::yield_now());
  s.signal.send(3);
  while (s.ended.value() == 0 || !all_gone(s)) COWARP_AWAIT(cowarp::yield_now());

  mine.emplace();
  spawner().must_spawn_with<receiving>(*mine, s, test::counted_life(s.lives));
  while (s.started.value() == 1) COWARP_AWAIT(cowarp::yield_now());
  mine->abort();
  mine.reset();
  while (!all_gone(s)) COWARP_AWAIT(cowarp::yield_now());
  s.checks.equal(s.ended.value(), 1u);

  // The slot's next task, without a handle, has nothing of that.
  while (s.sum.value() < 4) {
    while (spawner().spawn<receiving>(s, test::counted_life(s.lives)) == spawn_result::busy) {
      COWARP_AWAIT(cowarp::yield_now());
    }
    s.sum.add();
    while (s.started.value() < 2 + s.sum.value()) COWARP_AWAIT(cowarp::yield_now());
    s.signal.send(3);
    while (s.ended.value() < 1 + s.sum.value()) COWARP_AWAIT(cowarp::yield_now());
  }
  COWARP_BODY_END
};

COWARP_TASK_FRAME(join_with_many, 1) {
  using spawner = cowarp::spawner<directed<join_with_many>>;
  state& s;
  std::uint32_t many = 0;
  COWARP_BODY_BEGIN
  spawner().must_spawn_with<receiving>(s.handle, s, test::counted_life(s.lives));
  for (; many < 9; ++many) spawner().must_spawn<joining>(s);
  while (s.started.value() < 10) COWARP_AWAIT(cowarp::yield_now());
  s.signal.send(6);
  while (s.ended.value() < 10) COWARP_AWAIT(cowarp::yield_now());
  s.checks.equal(s.sum.value(), 6u);
  COWARP_BODY_END
};

/// A join that is dropped leaves the result to the next one.
COWARP_TASK_FRAME(give_up_a_join, 1, 128) {
  using spawner = cowarp::spawner<directed<give_up_a_join>>;
  using raced   = cowarp::variant<cowarp::unit, cowarp::optional<std::int32_t>>;
  state& s;
  raced won{};
  cowarp::optional<std::int32_t> result{};
  COWARP_BODY_BEGIN
  spawner().must_spawn_with<receiving>(s.handle, s, test::counted_life(s.lives));
  COWARP_AWAIT_INTO(won, cowarp::select_biased(cowarp::yield_now(), s.handle.join()));
  s.checks.equal(won.index(), 0u);
  s.checks.that(!s.handle.try_join());
  while (s.started.value() == 0) COWARP_AWAIT(cowarp::yield_now());
  s.signal.send(8);
  while (!s.handle.is_finished()) COWARP_AWAIT(cowarp::yield_now());
  result = s.handle.try_join();
  s.checks.equal(result.value_or(-1), 8);
  s.checks.that(!s.handle.try_join());
  COWARP_BODY_END
};

// ---- races, in a block and across blocks ---------------------------------------------------------

constexpr std::uint32_t rounds = 96;

struct arena {
  test::checks checks;
  test::counter begun;  // rounds whose task is there
  test::counter yielded;
  test::counter aborted;
  test::counter joined_elsewhere;
  test::counted_life::counts lives;
  cowarp::task_handle<test::only_moves> of[rounds];
};

struct race_app;

COWARP_JOINABLE_TASK_FRAME(racing, test::only_moves, 3) {
  std::uint32_t turns;
  std::int32_t number;
  test::counted_life life;
  COWARP_BODY_BEGIN
  while (turns-- != 0) COWARP_AWAIT(cowarp::yield_now());
  COWARP_RETURN(test::only_moves(number));
  COWARP_BODY_END
};

/// Spawns the tasks one after another and joins every one.
COWARP_TASK_FRAME(founding, 1) {
  arena& in;
  std::uint32_t i = 0;
  cowarp::optional<test::only_moves> result{};
  COWARP_BODY_BEGIN
  for (; i < rounds; ++i) {
    while (cowarp::spawner<race_app>().spawn_with<racing>(
               in.of[i], i % 7, static_cast<std::int32_t>(i) + 1, test::counted_life(in.lives)) ==
           spawn_result::busy) {
      COWARP_AWAIT(cowarp::yield_now());
    }
    in.begun.add();
    COWARP_AWAIT_INTO(result, in.of[i].join());
    if (result) in.checks.equal(result->value(), static_cast<std::int32_t>(i) + 1);
    (result ? in.yielded : in.aborted).add();
    in.checks.that(in.of[i].is_finished());
  }
  COWARP_BODY_END
};

/// Aborts a third of them, early or late, and joins another third.
COWARP_TASK_FRAME(disturbing, 1) {
  arena& in;
  std::uint32_t i     = 0;
  std::uint32_t turns = 0;
  cowarp::optional<test::only_moves> result{};
  COWARP_BODY_BEGIN
  for (; i < rounds; ++i) {
    while (in.begun.value() <= i) COWARP_AWAIT(cowarp::yield_now());
    for (turns = i / 3 % 5; turns != 0; --turns) COWARP_AWAIT(cowarp::yield_now());
    if (i % 3 == 1) in.of[i].abort();
    if (i % 3 == 2) {
      COWARP_AWAIT_INTO(result, in.of[i].join());
      if (result) in.joined_elsewhere.add();
    }
  }
  COWARP_BODY_END
};

struct race_app : cowarp::program<founding, disturbing, racing> {
  using grid_state = arena;
  COWARP_FN static void start(cowarp::spawner<race_app> s) {
    if (s.block() == 0) s.must_spawn<founding>(s.grid_state());
    if (s.block() + 1 == s.blocks()) s.must_spawn<disturbing>(s.grid_state());
  }
};

// ---- what it costs -------------------------------------------------------------------------------

struct plain_app : cowarp::program<joining> {};
static_assert(cowarp::detail::layout<plain_app>::joins_bytes == 0);
static_assert(cowarp::detail::layout<race_app>::joins_bytes == 3 * 16);

}  // namespace task_handle_test

TEST_CASE("task_handle: join yields the task's result", "[executor][task_handle]") {
  task_handle_test::state s{};
  test::run_to_end<task_handle_test::fib_app>(s);
  s.checks.require_none(7);
}

TEST_CASE("task_handle: handles may stand in shared memory", "[executor][task_handle]") {
  task_handle_test::state s{};
  test::run_to_end<task_handle_test::shared_app>(s, {.blocks = 2});
  s.checks.require_none(2 * 4 * 20);
}

TEST_CASE("task_handle: abort hands on what the task waited for", "[executor][task_handle]") {
  task_handle_test::state s{};
  task_handle_test::direct<task_handle_test::abort_a_waiting_task>(s, 3);
}

TEST_CASE("task_handle: aborted before its first poll it never runs", "[executor][task_handle]") {
  task_handle_test::state s{};
  task_handle_test::direct<task_handle_test::abort_before_the_first_poll>(s, 2);
}

TEST_CASE("task_handle: abort ends a task that wakes itself", "[executor][task_handle]") {
  task_handle_test::state s{};
  task_handle_test::direct<task_handle_test::abort_a_spinning_task>(s, 1);
}

TEST_CASE("task_handle: who aborts itself ends at its next await", "[executor][task_handle]") {
  task_handle_test::state s{};
  task_handle_test::direct<task_handle_test::abort_itself>(s, 3);
}

TEST_CASE("task_handle: abort spares the slot's next task", "[executor][task_handle]") {
  task_handle_test::state s{};
  task_handle_test::direct<task_handle_test::abort_an_earlier_life>(s, 9);
}

TEST_CASE("task_handle: a handle that goes leaves its task alone", "[executor][task_handle]") {
  task_handle_test::state s{};
  task_handle_test::direct<task_handle_test::let_go>(s, 1);
  CHECK(s.ended.value() == 5);
}

TEST_CASE("task_handle: of many joiners one has the result", "[executor][task_handle]") {
  task_handle_test::state s{};
  task_handle_test::direct<task_handle_test::join_with_many>(s, 1);
}

TEST_CASE("task_handle: a join that is dropped loses nothing", "[executor][task_handle]") {
  task_handle_test::state s{};
  task_handle_test::direct<task_handle_test::give_up_a_join>(s, 4);
}

TEST_CASE("task_handle: aborts and joins race with the end", "[executor][task_handle]") {
  const auto blocks = GENERATE(1u, 2u, 3u);
  task_handle_test::arena in{};
  test::run_to_end<task_handle_test::race_app>(in, {.blocks = blocks});
  in.checks.require_none();
  CHECK(in.yielded.value() + in.aborted.value() == task_handle_test::rounds);
  CHECK(in.yielded.value() + in.joined_elsewhere.value() >= task_handle_test::rounds * 2 / 3);
  CHECK(in.lives.built.value() == in.lives.destroyed.value());
}
