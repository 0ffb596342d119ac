// SPDX-License-Identifier: Apache-2.0
/// \file
/// A tile has one owner, waits are served, and copies into tiles need no frame in shared memory.
#include <support/checks.hpp>
#include <support/steps.hpp>

namespace tile_pool_test {

constexpr std::uint32_t tasks  = 48;
constexpr std::uint32_t rounds = 25;
constexpr std::uint32_t words  = 64;

using pool = cowarp::tile_pool<4 * words, 5>;

struct state {
  test::checks checks;
  test::counter done;
  test::counter owner[5];  // 0, or one more than the task
  alignas(16) std::uint32_t source[tasks][words];
  alignas(16) std::uint32_t target[tasks][words];
};

/// Takes a tile, finds nobody else in it, fills it with its own words and writes them out.
COWARP_TASK_FRAME(using_tiles, tasks, 96) {
  pool& tiles;
  state& s;
  std::uint32_t me;
  std::uint32_t round = 0;
  pool::tile mine{};
  COWARP_BODY_BEGIN
  for (; round < rounds; ++round) {
    COWARP_AWAIT_INTO(mine, tiles.take());
    s.checks.equal(s.owner[mine.index()].value(), 0u);
    s.owner[mine.index()].set(me + 1);
    COWARP_AWAIT(mine.load(s.source[me]));
    for (std::uint32_t i = 0; i < words; ++i)
      s.checks.equal(mine.as<std::uint32_t>()[i], me * 1000 + i);
    COWARP_AWAIT(mine.store(s.target[me]));
    s.checks.equal(s.owner[mine.index()].value(), me + 1);
    s.owner[mine.index()].set(0);
    mine.release();
  }
  s.done.add();
  COWARP_BODY_END
};

template <cowarp::memory Frames>
struct app : cowarp::program<using_tiles> {
  using block_state            = pool;
  using grid_state             = state;
  static constexpr auto frames = Frames;
  COWARP_FN static void start(cowarp::spawner<app> s, pool& tiles, state& g) {
    for (std::uint32_t i = 0; i < tasks; ++i) (void)s.template spawn<using_tiles>(tiles, g, i);
  }
};

// ---- taking, giving back, giving up --------------------------------------------------------------

struct lone_state {
  test::checks checks;
};

/// Alone, so that it knows who has what.
COWARP_TASK_FRAME(alone, 1, 96) {
  pool& tiles;
  lone_state& s;
  std::uint32_t i = 0;
  pool::tile held[5]{};
  pool::tile other{};
  COWARP_BODY_BEGIN
  for (; i < 5; ++i) {
    s.checks.equal(tiles.available(), 5 - i);
    COWARP_AWAIT_INTO(held[i], tiles.take());
    for (std::uint32_t j = 0; j < i; ++j) s.checks.that(held[j].index() != held[i].index());
  }
  s.checks.that(!tiles.try_take());
  // Given up while it waits, so that the next one does not wait behind it.
  COWARP_AWAIT(cowarp::select_biased(tiles.take(), cowarp::ready(0)));
  i = held[2].index();
  held[2].release();
  s.checks.that(!held[2]);
  s.checks.equal(tiles.available(), 1u);
  COWARP_AWAIT_INTO(other, tiles.take());
  s.checks.equal(other.index(), i);
  held[3] = std::move(other);  // gives back what it held
  s.checks.that(!other);
  s.checks.equal(tiles.available(), 1u);
  s.checks.that(tiles.try_take().has_value());  // and at once back again
  s.checks.equal(tiles.available(), 1u);
  COWARP_BODY_END
};

struct alone_app : cowarp::program<alone> {
  using block_state = pool;
  using grid_state  = lone_state;
  COWARP_FN static void start(cowarp::spawner<alone_app> s, pool& tiles, lone_state& g) {
    (void)s.spawn<alone>(tiles, g);
  }
};

// ---- loads that go on while the task does other work ---------------------------------------------

/// Has its next tile on its way while it looks at another.
// [ahead]
COWARP_TASK_FRAME(reading_ahead, 1) {
  pool& tiles;
  state& s;
  std::uint32_t i = 0;
  pool::tile now{}, next{};
  COWARP_BODY_BEGIN
  COWARP_AWAIT_INTO(now, tiles.take());
  COWARP_AWAIT_INTO(next, tiles.take());
  now.begin_load(s.source[0]);
  for (; i < tasks; ++i) {
    if (i + 1 < tasks) next.begin_load(s.source[i + 1]);
    COWARP_AWAIT(now.loaded());
    look_at(now.as<std::uint32_t>());
    swap(now, next);
  }
  // [/ahead]
  COWARP_AWAIT(now.loaded());  // nothing was begun: ready at once
  i = now.index();
  now.begin_load(s.source[1]);
  now.release();  // not before the load is through
  COWARP_AWAIT_INTO(now, tiles.take());
  s.checks.equal(now.index(), i);
  s.checks.equal(now.as<std::uint32_t>()[words - 1], 1000 + words - 1);
  // Given up while it waits: the load goes on, for the next wait.
  now.begin_load(s.source[2]);
  COWARP_AWAIT(cowarp::select_biased(now.loaded(), cowarp::ready(0)));
  COWARP_AWAIT(now.loaded());
  s.checks.equal(now.as<std::uint32_t>()[words - 1], 2000 + words - 1);
  s.done.add();
  COWARP_BODY_END

  COWARP_FN void look_at(const std::uint32_t* tile) {
    for (std::uint32_t j = 0; j < words; ++j) s.checks.equal(tile[j], i * 1000 + j);
  }
  COWARP_FN static void swap(pool::tile & a, pool::tile & b) {
    pool::tile held = std::move(a);
    a               = std::move(b);
    b               = std::move(held);
  }
};

template <cowarp::memory Frames>
struct ahead_app : cowarp::program<reading_ahead> {
  using block_state            = pool;
  using grid_state             = state;
  static constexpr auto frames = Frames;
  COWARP_FN static void start(cowarp::spawner<ahead_app> s, pool& tiles, state& g) {
    (void)s.template spawn<reading_ahead>(tiles, g);
  }
};

void fill(state& s) {
  for (std::uint32_t me = 0; me < tasks; ++me) {
    for (std::uint32_t i = 0; i < words; ++i) s.source[me][i] = me * 1000 + i;
  }
}

template <cowarp::memory Frames>
void read_ahead() {
  state s{};
  fill(s);
  test::run_to_end<ahead_app<Frames>>(s, {.blocks = 1});
  s.checks.require_none(tasks * words + 3);
  CHECK(s.done.value() == 1);
}

template <cowarp::memory Frames>
void use_tiles(cowarp::launch_options options) {
  state s{};
  fill(s);
  test::run_to_end<app<Frames>>(s, options);
  s.checks.require_none(tasks * rounds * (words + 2));
  CHECK(s.done.value() == tasks);
  std::uint32_t wrong = 0;
  for (std::uint32_t me = 0; me < tasks; ++me) {
    for (std::uint32_t i = 0; i < words; ++i) wrong += s.target[me][i] != s.source[me][i];
  }
  CHECK(wrong == 0);
}

}  // namespace tile_pool_test

TEST_CASE("tile_pool: a tile has one owner, whose bytes it holds", "[copy][tile_pool]") {
  tile_pool_test::use_tiles<cowarp::memory::global>({.blocks = 1});
  tile_pool_test::use_tiles<cowarp::memory::shared>({.blocks = 1});
  tile_pool_test::use_tiles<cowarp::memory::shared>({.blocks = 1, .workers = 1});
}

TEST_CASE("tile_pool: tiles come back, also from who gave up", "[copy][tile_pool]") {
  tile_pool_test::lone_state s{};
  test::run_to_end<tile_pool_test::alone_app>(s);
  s.checks.require_none(5 + 10 + 7);
}

TEST_CASE("tile_pool: a load goes on while its task does other work", "[copy][tile_pool]") {
  tile_pool_test::read_ahead<cowarp::memory::global>();
  tile_pool_test::read_ahead<cowarp::memory::shared>();
}
