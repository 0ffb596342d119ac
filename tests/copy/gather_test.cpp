// SPDX-License-Identifier: Apache-2.0
/// \file
/// Values from many places stand side by side in a tile once their gather is awaited.
#include <support/checks.hpp>
#include <support/steps.hpp>

#include <memory>

namespace gather_test {

constexpr std::uint32_t tasks = 40;
constexpr std::uint32_t rows  = 97;
constexpr std::uint32_t most  = 20;  // values of a tile
constexpr std::uint32_t words = 12;

struct alignas(16) row {
  std::uint32_t of[words];
};

using pool = cowarp::tile_pool<most * sizeof(row), 6>;

struct state {
  test::checks checks;
  test::counter done;
  row source[rows];
};

/// \returns which row comes as value `i` of a gather.
COWARP_FN constexpr std::uint32_t row_at(std::uint32_t which, std::uint32_t i) {
  return (which * 31 + i * 53) % rows;
}
COWARP_FN constexpr std::uint32_t word_at(std::uint32_t row, std::uint32_t i) {
  return row * 1000 + i;
}

// [from]
struct row_of {
  const row* source;
  std::uint32_t which;
  COWARP_FN const row* operator()(std::uint32_t i) const { return source + row_at(which, i); }
};
// [/from]

COWARP_FN inline void look_at(state& s, const row* values, std::uint32_t which,
                              std::uint32_t count) {
  for (std::uint32_t i = 0; i < count; ++i) {
    for (std::uint32_t j = 0; j < words; ++j)
      s.checks.equal(values[i].of[j], word_at(row_at(which, i), j));
  }
}

constexpr std::uint32_t rounds = most + 2;

/// None, one, and so on up to a tile full; what stands behind the last value stays.
COWARP_TASK_FRAME(gathering, tasks, 112) {
  pool& tiles;
  state& s;
  std::uint32_t me;
  std::uint32_t round = 0;
  pool::tile tile{};
  COWARP_FN std::uint32_t count() const { return (me + round) % (most + 1); }
  COWARP_FN row* values() const { return tile.as<row>(); }
  COWARP_BODY_BEGIN
  COWARP_AWAIT_INTO(tile, tiles.take());
  for (; round < rounds; ++round) {
    if (count() < most) values()[count()].of[0] = me;
    COWARP_AWAIT(tile.gather(
        count(), row_of{s.source, me + round},
        round % 2 == 0 ? cowarp::copy_option::constant_source : cowarp::copy_option::none));
    look_at(s, values(), me + round, count());
    if (count() < most) s.checks.equal(values()[count()].of[0], me);
    // Given up while it is under way: from then on the tile is the task's own.
    COWARP_AWAIT(cowarp::select_biased(tile.gather(most, row_of{s.source, me}), cowarp::ready(0)));
    for (std::uint32_t i = 0; i < words; ++i) values()[most - 1].of[i] = i;
    COWARP_AWAIT(cowarp::yield_now());
    for (std::uint32_t i = 0; i < words; ++i) s.checks.equal(values()[most - 1].of[i], i);
  }
  s.done.add();
  COWARP_BODY_END
};

template <cowarp::memory Frames>
struct app : cowarp::program<gathering> {
  using block_state            = pool;
  using grid_state             = state;
  static constexpr auto frames = Frames;
  COWARP_FN static void start(cowarp::spawner<app> s, pool& tiles, state& g) {
    for (std::uint32_t i = 0; i < tasks; ++i) (void)s.template spawn<gathering>(tiles, g, i);
  }
};

// ---- without a tile ------------------------------------------------------------------------------

struct buffers {
  row of[tasks][most];
};

COWARP_TASK_FRAME(without_tile, tasks, 80) {
  buffers& b;
  state& s;
  std::uint32_t me;
  COWARP_BODY_BEGIN
  // [gather]
  COWARP_AWAIT(cowarp::gather_async(b.of[me], most, row_of{s.source, me}));
  // [/gather]
  look_at(s, b.of[me], me, most);
  s.done.add();
  COWARP_BODY_END
};

struct without_tile_app : cowarp::program<without_tile> {
  using block_state            = buffers;
  using grid_state             = state;
  static constexpr auto frames = cowarp::memory::shared;
  COWARP_FN static void start(cowarp::spawner<without_tile_app> s, buffers& b, state& g) {
    for (std::uint32_t i = 0; i < tasks; ++i) (void)s.spawn<without_tile>(b, g, i);
  }
};

// ---- lanes that go on with the next tile ---------------------------------------------------------

constexpr std::uint32_t turns = 30;

struct looking_on;

struct look_on {
  looking_on* of;
  COWARP_FN void operator()(cowarp::lane l) const;
};

/// Its lanes look at one tile after the other, as long as the next is there in time.
COWARP_TASK_FRAME(looking_on, 3) {
  static constexpr std::uint32_t tasks_per_word = 1;
  pool& tiles;
  state& s;
  std::uint32_t me;
  std::uint32_t turn = 0;
  pool::tile tile{};
  COWARP_FN void begin() {
    if (turn < turns) tile.begin_gather(most, row_of{s.source, me + turn});
  }
  COWARP_BODY_BEGIN
  COWARP_AWAIT_INTO(tile, tiles.take());
  begin();
  while (turn < turns) {
    COWARP_AWAIT(tile.loaded());
    COWARP_AWAIT(cowarp::lanes(look_on{this}));
  }
  s.done.add();
  COWARP_BODY_END
};

COWARP_FN inline void look_on::operator()(cowarp::lane l) const {
  looking_on& task = *of;
  do {
    for (std::uint32_t i = l.index; i < most; i += l.width()) {
      for (std::uint32_t j = 0; j < words; ++j) {
        task.s.checks.equal(task.tile.as<row>()[i].of[j],
                            word_at(row_at(task.me + task.turn, i), j));
      }
    }
    l.once([&] {
      ++task.turn;
      task.begin();
    });
  } while (task.turn < turns && task.tile.try_loaded(l));
}

struct looking_app : cowarp::program<looking_on> {
  using block_state                = pool;
  using grid_state                 = state;
  static constexpr bool uses_width = true;
  COWARP_FN static void start(cowarp::spawner<looking_app> s, pool& tiles, state& g) {
    for (std::uint32_t i = 0; i < 3; ++i) (void)s.spawn<looking_on>(tiles, g, 7 * i);
  }
};

// ---- sources that no hardware copies -------------------------------------------------------------

struct odd_row_of {
  const row* source;
  COWARP_FN const row* operator()(std::uint32_t i) const {
    const auto* at = reinterpret_cast<const unsigned char*>(source + i);
    return reinterpret_cast<const row*>(at + (i % 3 == 1 ? 4 : 0));
  }
};

COWARP_TASK_FRAME(misaligned, 1, 80) {
  pool& tiles;
  state& s;
  pool::tile tile{};
  COWARP_BODY_BEGIN
  COWARP_AWAIT_INTO(tile, tiles.take());
  COWARP_AWAIT(tile.gather(most, odd_row_of{s.source}));
  for (std::uint32_t i = 0; i < most; ++i) {
    for (std::uint32_t j = 0; j < words - 1; ++j)
      s.checks.equal(tile.as<row>()[i].of[j], word_at(i, j + (i % 3 == 1)));
  }
  s.done.add();
  COWARP_BODY_END
};

struct misaligned_app : cowarp::program<misaligned> {
  using block_state = pool;
  using grid_state  = state;
  COWARP_FN static void start(cowarp::spawner<misaligned_app> s, pool& tiles, state& g) {
    (void)s.spawn<misaligned>(tiles, g);
  }
};

template <class App>
void gather_all(std::uint32_t ends, std::uint32_t checks,
                const cowarp::launch_options& options = {.blocks = 1}) {
  auto s = std::make_unique<state>();
  for (std::uint32_t i = 0; i < rows; ++i) {
    for (std::uint32_t j = 0; j < words; ++j) s->source[i].of[j] = word_at(i, j);
  }
  test::run_to_end<App>(*s, options);
  s->checks.require_none(checks);
  CHECK(s->done.value() == ends);
}

}  // namespace gather_test

TEST_CASE("gather: every value comes from its own place", "[copy][gather]") {
  using namespace gather_test;
  // Each count from 0 to `most` comes once in `most + 1` rounds of a task.
  std::uint32_t checks = 0;
  for (std::uint32_t me = 0; me < tasks; ++me) {
    for (std::uint32_t round = 0; round < rounds; ++round) {
      const std::uint32_t count = (me + round) % (most + 1);
      checks += count * words + (count < most ? 1 : 0) + words;
    }
  }
  gather_all<app<cowarp::memory::global>>(tasks, checks);
  gather_all<app<cowarp::memory::shared>>(tasks, checks);
  gather_all<app<cowarp::memory::shared>>(tasks, checks, {.blocks = 1, .workers = 1});
}

TEST_CASE("gather: it needs no tile", "[copy][gather]") {
  gather_test::gather_all<gather_test::without_tile_app>(
      gather_test::tasks, gather_test::tasks * gather_test::most * gather_test::words);
}

TEST_CASE("gather: lanes go on with the next tile", "[copy][gather]") {
  gather_test::gather_all<gather_test::looking_app>(
      3, 3 * gather_test::turns * gather_test::most * gather_test::words);
}

#ifdef NDEBUG  // in Debug it is an assertion
TEST_CASE("gather: sources at odd places are copied too", "[copy][gather]") {
  gather_test::gather_all<gather_test::misaligned_app>(
      1, gather_test::most * (gather_test::words - 1));
}
#endif
