// SPDX-License-Identifier: Apache-2.0
#include <cowarp/sync/latch.hpp>

#include <support/by_hand.hpp>

#include <cstdint>

namespace latch_test {

using cowarp::context;
using cowarp::scope;

template <scope Scope>
struct law {
  using primitive = cowarp::latch<3, Scope>;
  using waiting   = test::by_hand<typename primitive::wait_future>;
};

template <scope Scope>
struct opens_at_zero : law<Scope> {
  using typename law<Scope>::primitive;
  COWARP_FN static void check(context& cx, primitive& l, test::checks& found) {
    typename law<Scope>::waiting waiting[20], late;
    for (auto& one : waiting) found.that(!one.begin(cx, l.wait()));

    l.count_down();
    found.equal(l.remaining(), 2u);
    for (auto& one : waiting) found.that(!one.poll(cx));
    found.that(!l.try_wait());
    l.count_down(2);

    for (auto& one : waiting) found.that(one.poll(cx));
    found.that(l.try_wait() && late.begin(cx, l.wait()));
  }
};

template <scope Scope>
struct arrives_once : law<Scope> {
  using typename law<Scope>::primitive;
  COWARP_FN static void check(context& cx, primitive& l, test::checks& found) {
    typename law<Scope>::waiting first, cancelled;
    first.start(l.arrive_and_wait());
    found.equal(l.remaining(), 3u);  // a future that was never polled does nothing
    found.that(!first.poll(cx) && !first.poll(cx));
    found.equal(l.remaining(), 2u);

    static_cast<void>(cancelled.begin(cx, l.arrive_and_wait()));
    cancelled.cancel();
    found.equal(l.remaining(), 1u);
    found.that(cancelled.begin(cx, l.arrive_and_wait()) && first.poll(cx));
  }
};

template <scope Scope>
struct starts_with_what_init_says : law<Scope> {
  using typename law<Scope>::primitive;
  COWARP_FN static void check(context&, primitive& l, test::checks& found) {
    l.init(5);
    found.that(l.remaining() == 5 && !l.try_wait());
    l.count_down(5);
    found.that(l.try_wait());
    l.init(0);
    found.that(l.try_wait());
  }
};

/// Tasks write one number each and count down; others wait and read all of them.
template <scope Scope>
struct gathering {
  using output = cowarp::unit;
  using place  = test::home<cowarp::latch<0, Scope>>;

  static constexpr std::uint32_t tasks = 40, most = tasks * 4;

  struct grid {
    test::checks found;
    std::uint32_t numbers[most];
    typename place::in_grid shared;
  };
  COWARP_TASK_FRAME(writer, tasks) {
    cowarp::latch<0, Scope>& written;
    grid& all;
    std::uint32_t me;
    COWARP_BODY_BEGIN
    if (me % 3 == 0) COWARP_AWAIT(cowarp::yield_now());
    all.numbers[me] = me + 1;
    if (me % 2 == 0) {
      written.count_down();
    } else {
      COWARP_AWAIT(written.arrive_and_wait());
      all.found.equal(all.numbers[me - 1], me);
    }
    COWARP_BODY_END
  };
  COWARP_TASK_FRAME(reader, tasks) {
    cowarp::latch<0, Scope>& written;
    grid& all;
    std::uint32_t begin, end;
    COWARP_BODY_BEGIN
    COWARP_AWAIT(written.wait());
    for (std::uint32_t i = begin; i < end; ++i) all.found.equal(all.numbers[i], i + 1);
    COWARP_BODY_END
  };
  struct app : cowarp::program<writer, reader> {
    using block_state = typename place::in_block;
    using grid_state  = grid;
    COWARP_FN static void start(cowarp::spawner<app> s, block_state& mine, grid_state& all) {
      auto& written             = place::find(mine, all.shared);
      const std::uint32_t first = s.block() * tasks;
      const std::uint32_t begin = place::is_local ? first : 0;
      const std::uint32_t end   = place::is_local ? first + tasks : tasks * s.blocks();
      if (place::is_local) written.init(tasks);
      for (std::uint32_t i = 0; i < tasks; ++i) {
        static_cast<void>(s.template spawn<writer>(written, all, first + i));
        static_cast<void>(s.template spawn<reader>(written, all, begin + 0u, end + 0u));
      }
    }
  };
};

// [latch]
struct board {
  cowarp::latch<4> parts_done;
  int parts[4];
  int sum;
};

COWARP_TASK_FRAME(compute_part, 4) {
  board& shared;
  int i;
  COWARP_BODY_BEGIN
  shared.parts[i] = i * 10;
  shared.parts_done.count_down();
  COWARP_BODY_END
};

COWARP_TASK_FRAME(add_up, 1) {
  board& shared;
  COWARP_BODY_BEGIN
  COWARP_AWAIT(shared.parts_done.wait());
  for (int part : shared.parts) shared.sum += part;
  COWARP_BODY_END
};
// [/latch]

struct app : cowarp::program<compute_part, add_up> {
  using grid_state = board;
  COWARP_FN static void start(cowarp::spawner<app> s, cowarp::no_state&, board& shared) {
    if (s.block() == 0) static_cast<void>(s.spawn<add_up>(shared));
    for (std::uint32_t i = s.block(); i < 4; i += s.blocks()) {
      static_cast<void>(s.spawn<compute_part>(shared, static_cast<int>(i)));
    }
  }
};

using all_laws = test::laws_by_hand<opens_at_zero, arrives_once, starts_with_what_init_says>;

TEMPLATE_TEST_CASE("latch: opens for all at zero and stays open", "[sync][latch]", TEST_SCOPES) {
  all_laws::require<opens_at_zero>(TestType::value);
}
TEMPLATE_TEST_CASE("latch: a task that arrives counts once", "[sync][latch]", TEST_SCOPES) {
  all_laws::require<arrives_once>(TestType::value);
}
TEMPLATE_TEST_CASE("latch: the count may be given before its use", "[sync][latch]", TEST_SCOPES) {
  all_laws::require<starts_with_what_init_says>(TestType::value);
}
TEMPLATE_TEST_CASE("latch: what was written before each count is there", "[sync][latch]",
                   TEST_SCOPES) {
  using program = gathering<TestType::value>;
  typename program::grid state{};
  if constexpr (!program::place::is_local) state.shared.primitive.init(program::most);
  test::run_to_end<typename program::app>(state, {.blocks = 4});
  state.found.require_none(program::most);
}
TEST_CASE("latch: blocks gather at one latch", "[sync][latch]") {
  board state{};
  test::run_to_end<app>(state, {.blocks = 2});
  CHECK(state.sum == 60);
}

}  // namespace latch_test
