// SPDX-License-Identifier: Apache-2.0
/// \file
/// Copies between global and shared memory bring every byte, in the order that the task asks for.
#include <support/checks.hpp>
#include <support/steps.hpp>

#include <algorithm>
#include <memory>

namespace copy_async_test {

constexpr std::uint32_t tasks  = 40;
constexpr std::uint32_t words  = 128;  // 512 bytes
constexpr std::uint32_t rounds = 12;

struct state {
  test::checks checks;
  test::counter done;
  alignas(16) std::uint32_t source[tasks][rounds][words];
  alignas(16) std::uint32_t target[tasks][rounds][words];
};

/// One buffer for each task.
struct alignas(16) buffers {
  std::uint32_t of[tasks][words];
};

/// Adds one to each word, with all lanes.
struct increment {
  std::uint32_t* words_of;
  COWARP_FN void operator()(std::uint32_t i) const { ++words_of[i]; }
};

/// Loads, checks by itself and with all lanes, changes, stores; every round another size.
COWARP_TASK_FRAME(moving, tasks, 80) {
  buffers& b;
  state& s;
  std::uint32_t me;
  std::uint32_t round = 0;
  COWARP_FN std::uint32_t count() const { return round == 0 ? words : 4 * (round + me % 16); }
  COWARP_BODY_BEGIN
  for (; round < rounds; ++round) {
    COWARP_AWAIT(cowarp::copy_async(
        b.of[me], s.source[me][round], 4 * count(),
        round % 3 == 0 ? cowarp::copy_option::constant_source : cowarp::copy_option::none));
    for (std::uint32_t i = 0; i < count(); ++i)
      s.checks.equal(b.of[me][i], (me << 16) + 999 * round + i);
    COWARP_AWAIT(cowarp::lanes_for(count(), increment{b.of[me]}));
    COWARP_AWAIT(cowarp::copy_async(
        s.target[me][round], b.of[me], 4 * count(),
        round % 2 == 0 ? cowarp::copy_option::none : cowarp::copy_option::until_source_is_free));
    // The buffer is the task's own again.
    for (std::uint32_t i = 0; i < words; ++i) b.of[me][i] = 0;
  }
  s.done.add();
  COWARP_BODY_END
};

/// Gives up a load that has begun, and finds its buffer left alone from then on.
COWARP_TASK_FRAME(dropping, tasks, 96) {
  buffers& b;
  state& s;
  std::uint32_t me;
  std::uint32_t round = 0;
  COWARP_BODY_BEGIN
  for (; round < rounds; ++round) {
    COWARP_AWAIT(cowarp::select_biased(cowarp::copy_async(b.of[me], s.source[me][round], 4 * words),
                                       cowarp::ready(0)));
    for (std::uint32_t i = 0; i < words; ++i) b.of[me][i] = i;
    COWARP_AWAIT(cowarp::yield_now());
    COWARP_AWAIT(cowarp::yield_now());
    for (std::uint32_t i = 0; i < words; ++i) s.checks.equal(b.of[me][i], i);
  }
  s.done.add();
  COWARP_BODY_END
};

template <class Task, cowarp::memory Frames>
struct app : cowarp::program<Task> {
  using block_state                = buffers;
  using grid_state                 = state;
  static constexpr bool uses_width = true;
  static constexpr auto frames     = Frames;
  COWARP_FN static void start(cowarp::spawner<app> s, buffers& b, state& g) {
    for (std::uint32_t i = 0; i < tasks; ++i) (void)s.template spawn<Task>(b, g, i);
  }
};

inline std::unique_ptr<state> filled() {
  auto s = std::make_unique<state>();
  for (std::uint32_t me = 0; me < tasks; ++me) {
    for (std::uint32_t round = 0; round < rounds; ++round) {
      for (std::uint32_t i = 0; i < words; ++i) {
        s->source[me][round][i] = (me << 16) + 999 * round + i;
      }
    }
  }
  return s;
}

/// \returns how many words of the target are not what they must be.
inline std::uint32_t wrong_words(const state& s) {
  std::uint32_t wrong = 0;
  for (std::uint32_t me = 0; me < tasks; ++me) {
    for (std::uint32_t round = 0; round < rounds; ++round) {
      const std::uint32_t count = round == 0 ? words : 4 * (round + me % 16);
      for (std::uint32_t i = 0; i < words; ++i) {
        wrong += s.target[me][round][i] != (i < count ? s.source[me][round][i] + 1 : 0);
      }
    }
  }
  return wrong;
}

/// Copies that no hardware makes: odd places and sizes.
COWARP_TASK_FRAME(misaligned, 1, 80) {
  buffers& b;
  state& s;
  std::uint32_t me;
  COWARP_FN unsigned char* bytes() { return reinterpret_cast<unsigned char*>(b.of); }
  COWARP_BODY_BEGIN
  static_cast<void>(me);
  COWARP_AWAIT(cowarp::copy_async(bytes() + 3, reinterpret_cast<unsigned char*>(s.source) + 1, 77));
  COWARP_AWAIT(cowarp::copy_async(reinterpret_cast<unsigned char*>(s.target) + 5, bytes() + 3, 77));
  s.done.add();
  COWARP_BODY_END
};

}  // namespace copy_async_test

TEST_CASE("copy_async: loads and stores bring every byte", "[copy][copy_async]") {
  using namespace copy_async_test;
  auto s = filled();
  test::run_to_end<app<moving, cowarp::memory::shared>>(*s);
  s->checks.require_none();
  CHECK(s->done.value() == tasks);
  CHECK(wrong_words(*s) == 0);
}

TEST_CASE("copy_async: one worker moves the copies of many tasks", "[copy][copy_async]") {
  using namespace copy_async_test;
  auto s = filled();
  test::run_to_end<app<moving, cowarp::memory::shared>>(*s, {.blocks = 1, .workers = 1});
  s->checks.require_none();
  CHECK(wrong_words(*s) == 0);
}

TEST_CASE("copy_async: a copy that was given up leaves memory alone", "[copy][copy_async]") {
  using namespace copy_async_test;
  auto s = filled();
  test::run_to_end<app<dropping, cowarp::memory::shared>>(*s);
  s->checks.require_none();
  CHECK(s->done.value() == tasks);
}

#ifdef NDEBUG  // in Debug it is an assertion
TEST_CASE("copy_async: odd places and sizes are copied too", "[copy][copy_async]") {
  using namespace copy_async_test;
  auto s = filled();
  test::run_to_end<app<misaligned, cowarp::memory::shared>>(*s);
  CHECK(s->done.value() == 1);
  const auto* source = reinterpret_cast<const unsigned char*>(s->source);
  const auto* target = reinterpret_cast<const unsigned char*>(s->target);
  CHECK(std::equal(source + 1, source + 78, target + 5));
  CHECK(target[4] == 0);
  CHECK(target[82] == 0);
}
#endif
