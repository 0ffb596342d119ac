// SPDX-License-Identifier: Apache-2.0
/// \file
/// A task has all lanes of its worker run a function: once each, together, between two of its polls.
#include <support/checks.hpp>
#include <support/steps.hpp>

#include <string>

namespace lanes_test {

/// Every program here serves width, with frames where the test's argument says.
template <cowarp::memory Frames, class... Tasks>
struct wide_program : cowarp::program<Tasks...> {
  static constexpr bool uses_width = true;
  static constexpr auto frames     = Frames;
};

struct state {
  test::checks checks;
  test::counter ran[32];    // calls by each lane
  test::counter width;      // as the lanes saw it
  test::counter served;     // awaits that ended
  test::counter elsewhere;  // polls of the tasks that ask for nothing
};

// ---- one task ------------------------------------------------------------------------------------

/// Counts its lane, doubles the frame's numbers, and answers with 100 more than the lane's index.
struct doubling {
  state& s;
  std::uint32_t* numbers;  // in the frame
  COWARP_FN std::uint32_t operator()(cowarp::lane l) const {
    s.ran[l.index].add();
    if (l.is_leader()) s.width.set(cowarp::lane::width());
    for (std::uint32_t i = l.index; i < 32; i += cowarp::lane::width()) numbers[i] *= 2;
    return l.index + 100;
  }
};

COWARP_TASK_FRAME(doubling_task, 1) {
  state& s;
  std::uint32_t round  = 0;
  std::uint32_t answer = 0;
  std::uint32_t numbers[32]{};
  COWARP_BODY_BEGIN
  for (; round < 100; ++round) {
    for (std::uint32_t i = 0; i < 32; ++i) numbers[i] = round + i;
    COWARP_AWAIT_INTO(answer, cowarp::lanes(doubling{s, numbers}));
    s.checks.equal(answer, 100u);
    for (std::uint32_t i = 0; i < 32; ++i) s.checks.equal(numbers[i], 2 * (round + i));
  }
  COWARP_BODY_END
};

/// One task of one type.
template <cowarp::memory Frames, class Task>
struct lone_app : wide_program<Frames, Task> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<lone_app> s) {
    (void)s.template spawn<Task>(s.grid_state());
  }
};
template <cowarp::memory Frames>
using one_app = lone_app<Frames, doubling_task>;

// ---- what one lane does for all ------------------------------------------------------------------

/// Each round the leader adds what all lanes left, and leaves something for all.
struct adding {
  test::checks& checks;
  std::uint32_t* numbers;  // in the frame
  COWARP_FN void operator()(cowarp::lane l) const {
    constexpr std::uint32_t width = cowarp::lane::width();
    for (std::uint32_t round = 0; round < 50; ++round) {
      numbers[l.index]   = round + l.index;
      const auto sum     = l.once([&] {
        std::uint32_t all = 0;
        for (std::uint32_t i = 0; i < width; ++i) all += numbers[i];
        return all;
      });
      const auto product = width * round + width * (width - 1) / 2;
      checks.equal(sum, product);
      l.once([&] { numbers[32] = sum + 1; });
      checks.equal(numbers[32], product + 1);
    }
  }
};

COWARP_TASK_FRAME(adding_task, 1) {
  state& s;
  std::uint32_t numbers[33]{};
  COWARP_BODY_BEGIN
  COWARP_AWAIT(cowarp::lanes(adding{s.checks, numbers}));
  s.served.add();
  COWARP_BODY_END
};

template <cowarp::memory Frames>
using adding_app = lone_app<Frames, adding_task>;

// ---- many tasks, blocks and workers --------------------------------------------------------------

constexpr std::uint32_t many   = 96;  // three words
constexpr std::uint32_t rounds = 20;

/// Each lane leaves a mark of its own, if the frame says what the task wrote last.
struct marking {
  test::checks& checks;
  const std::uint32_t* round;
  std::uint32_t expected;
  cowarp::per_lane<std::uint32_t>* marks;
  COWARP_FN void operator()(cowarp::lane l) const {
    checks.equal(*round, expected);
    (*marks)[l] += l.index + 1;
  }
};

COWARP_TASK_FRAME(marking_task, many) {
  state& s;
  std::uint32_t round = 0;
  cowarp::per_lane<std::uint32_t> marks{};
  COWARP_BODY_BEGIN
  for (; round < rounds; ++round) {
    COWARP_AWAIT(cowarp::lanes(marking{s.checks, &round, round, &marks}));
  }
  for (std::uint32_t i = 0; i < cowarp::lane::width(); ++i) {
    s.checks.equal(marks[cowarp::lane{i}], rounds * (i + 1));
  }
  s.served.add();
  COWARP_BODY_END
};

COWARP_TASK_FRAME(yielding, 32) {
  state& s;
  std::uint32_t i = 0;
  COWARP_BODY_BEGIN
  for (; i < rounds; ++i) {
    s.elsewhere.add();
    COWARP_AWAIT(cowarp::yield_now());
  }
  COWARP_BODY_END
};

template <cowarp::memory Frames>
struct many_app : wide_program<Frames, marking_task, yielding> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<many_app> s) {
    for (std::uint32_t i = 0; i < many; ++i) (void)s.template spawn<marking_task>(s.grid_state());
    for (std::uint32_t i = 0; i < 32; ++i) (void)s.template spawn<yielding>(s.grid_state());
  }
};

// ---- collectives, combinators, cancelling --------------------------------------------------------

/// The sum of all lanes' indices, by the collective of the platform.
struct summing {
  COWARP_FN std::uint32_t operator()(cowarp::lane l) const {
    std::uint32_t sum = l.index;
    for (std::uint32_t bits = 1; bits < cowarp::lane::width(); bits *= 2) {
      sum += cowarp::platform::from_lane_across(sum, bits);
    }
    return sum;
  }
};

struct counting {
  test::counter& calls;
  COWARP_FN void operator()(cowarp::lane) const { calls.add(); }
};

COWARP_TASK_FRAME(combining, 32, 256) {
  state& s;
  std::uint32_t sum = 0;
  COWARP_BODY_BEGIN
  // Nobody's yet: the first is given up in the poll that asked for it.
  COWARP_AWAIT(cowarp::select_biased(cowarp::lanes(counting{s.elsewhere}), cowarp::ready(1)));
  COWARP_AWAIT_INTO(sum, cowarp::lanes(summing{}));
  s.checks.equal(sum, cowarp::lane::width() * (cowarp::lane::width() - 1) / 2);
  COWARP_AWAIT(cowarp::join(cowarp::lanes(counting{s.ran[0]}), cowarp::lanes(counting{s.ran[1]})));
  s.served.add();
  COWARP_BODY_END
};

struct combining_app : wide_program<cowarp::memory::shared, combining> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<combining_app> s) {
    for (std::uint32_t i = 0; i < 32; ++i) (void)s.spawn<combining>(s.grid_state());
  }
};

// ---- a program that forgot -----------------------------------------------------------------------

COWARP_TASK_FRAME(forgetful, 1) {
  state& s;
  COWARP_BODY_BEGIN
  COWARP_AWAIT(cowarp::lanes(counting{s.ran[0]}));
  s.served.add();
  COWARP_BODY_END
};

struct forgetful_app : cowarp::program<forgetful> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<forgetful_app> s) {
    (void)s.spawn<forgetful>(s.grid_state());
  }
};

// ---- turns ---------------------------------------------------------------------------------------

struct turns {
  test::counter awaits;          // that ended
  test::counter turns_of_other;  // until the other's task has ended
  test::counter has_ended;
};

COWARP_TASK_FRAME(asking_on, 1) {
  turns& s;
  std::uint32_t round = 0;
  COWARP_BODY_BEGIN
  for (; round < 64; ++round) COWARP_AWAIT(cowarp::lanes(counting{s.awaits}));
  s.has_ended.add();
  COWARP_BODY_END
};

COWARP_TASK_FRAME(other, 1) {
  turns& s;
  COWARP_BODY_BEGIN
  while (s.has_ended.value() == 0) {
    s.turns_of_other.add();
    COWARP_AWAIT(cowarp::yield_now());
  }
  COWARP_BODY_END
};

struct turns_app : wide_program<cowarp::memory::shared, asking_on, other> {
  using grid_state = turns;
  COWARP_FN static void start(cowarp::spawner<turns_app> s) {
    (void)s.spawn<asking_on>(s.grid_state());
    (void)s.spawn<other>(s.grid_state());
  }
};

/// Ends in the poll in which it asks; its frame is gone when the worker looks.
COWARP_TASK_FRAME(ending, 32) {
  turns& s;
  COWARP_BODY_BEGIN
  COWARP_AWAIT(cowarp::select_biased(cowarp::lanes(counting{s.awaits}), cowarp::ready(1)));
  s.has_ended.add();
  COWARP_BODY_END
};

struct ending_app : wide_program<cowarp::memory::shared, ending> {
  using grid_state = turns;
  COWARP_FN static void start(cowarp::spawner<ending_app> s) {
    for (std::uint32_t i = 0; i < 32; ++i) (void)s.spawn<ending>(s.grid_state());
  }
};

template <template <cowarp::memory> class App, class Check>
void in_both_memories(Check check) {
  state global{};
  check(global, test::run_to_end<App<cowarp::memory::global>>(global, {.blocks = 2}));
  state shared{};
  check(shared, test::run_to_end<App<cowarp::memory::shared>>(shared, {.blocks = 2}));
}

}  // namespace lanes_test

TEST_CASE("lanes: every lane runs the function once", "[width][lanes]") {
  lanes_test::in_both_memories<lanes_test::one_app>([](const auto& s, const auto&) {
    s.checks.require_none(2 * 100 * 33);
    const std::uint32_t width = s.width.value();
    CHECK(width == (COWARP_HAS_CUDA ? 32 : 1));
    for (std::uint32_t i = 0; i < 32; ++i) CHECK(s.ran[i].value() == (i < width ? 200 : 0));
  });
}

TEST_CASE("lanes: once, the leader does it for all", "[width][lanes]") {
  lanes_test::in_both_memories<lanes_test::adding_app>([](const auto& s, const auto&) {
    CHECK(s.served.value() == 2);
    s.checks.require_none(2 * 50 * 2);
  });
}

TEST_CASE("lanes: all tasks of a word are served at once", "[width][lanes]") {
  lanes_test::in_both_memories<lanes_test::many_app>([](const auto& s, const auto& report) {
    s.checks.require_none();
    CHECK(s.served.value() == 2 * lanes_test::many);
    CHECK(s.elsewhere.value() == 2 * 32 * lanes_test::rounds);
    // No poll without cause: one for each await and one to begin.
    CHECK(report.total.polls == 2 * (lanes_test::many + 32) * (lanes_test::rounds + 1));
  });
}

TEST_CASE("lanes: fewer workers than words serve them all", "[width][lanes]") {
  lanes_test::state s{};
  test::run_to_end<lanes_test::many_app<cowarp::memory::shared>>(s, {.blocks = 1, .workers = 1});
  s.checks.require_none();
  CHECK(s.served.value() == lanes_test::many);
}

TEST_CASE("lanes: given up before they ran, they never run", "[width][lanes]") {
  lanes_test::state s{};
  test::run_to_end<lanes_test::combining_app>(s);
  s.checks.require_none(32);
  CHECK(s.elsewhere.value() == 0);
  CHECK(s.served.value() == 32);
}

TEST_CASE("lanes: a task that asks over and over leaves others their turns", "[width][lanes]") {
  lanes_test::turns s{};
  test::run_to_end<lanes_test::turns_app>(s, {.blocks = 1, .workers = 1});
  CHECK(s.awaits.value() == 64 * (COWARP_HAS_CUDA ? 32 : 1));
  // One in each pass, in which the task itself has eight.
  CHECK(s.turns_of_other.value() >= 64 / 8);
  CHECK(s.turns_of_other.value() <= 64 / 8 + 2);
}

TEST_CASE("lanes: a task that ends while it asks is polled no more", "[width][lanes]") {
  lanes_test::turns s{};
  const auto report = test::run_to_end<lanes_test::ending_app>(s, {.blocks = 1});
  CHECK(s.awaits.value() == 0);
  CHECK(s.has_ended.value() == 32);
  CHECK(report.total.polls == 32);
}

TEST_CASE("lanes: two of one task are both served", "[width][lanes]") {
  lanes_test::state s{};
  test::run_to_end<lanes_test::combining_app>(s);
  const std::uint32_t each = 32 * (COWARP_HAS_CUDA ? 32 : 1);
  CHECK(s.ran[0].value() == each);
  CHECK(s.ran[1].value() == each);
}

TEST_CASE("lanes: a program without width fails with the remedy", "[width][lanes]") {
  lanes_test::state s{};
  const auto report = cowarp::run<lanes_test::forgetful_app>({.blocks = 1}, s);
  CHECK(report.end == cowarp::end_reason::failed);
  CHECK(report.first_failure.message.find("uses_width = true") != std::string::npos);
  CHECK(s.ran[0].value() == 0);
  CHECK(s.served.value() == 0);
}

TEST_CASE("lanes: on a host thread they run at once", "[width][lanes]") {
  lanes_test::state s{};
  cowarp::block_on(cowarp::lanes(lanes_test::counting{s.served}));
  CHECK(s.served.value() == 1);
}
