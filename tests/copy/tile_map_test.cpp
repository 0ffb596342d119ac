// SPDX-License-Identifier: Apache-2.0
/// \file
/// Tiles of a matrix bring every value; outside of the matrix there are zeros, and nothing is written.
#include <support/checks.hpp>
#include <support/steps.hpp>

#include <string>
#include <vector>

namespace tile_map_test {

constexpr std::uint32_t rows = 37, columns = 56,
                        pitch     = 64;  // in values; nothing else is in the gaps
constexpr std::uint32_t tile_rows = 8, tile_columns = 32;
// Of the first tile; so all edges are crossed. Hardware copies from columns of whole 16 bytes.
constexpr std::int32_t first_row = -3, first_column = -16, odd_column = -5;
constexpr std::uint32_t tiles_down =
    1 + (rows + 3 + tile_rows - 1) / tile_rows;  // the last is outside
constexpr std::uint32_t tiles_across = 1 + (columns + 16 + tile_columns - 1) / tile_columns;
constexpr std::uint32_t parts        = tiles_down * tiles_across;
constexpr std::uint32_t tasks        = 12;

/// Value `i` of a matrix, gaps included; never 0.
template <class Value>
COWARP_FN Value input(std::uint32_t i) {
  return static_cast<Value>(i * 2654435761u % 199 + 1);
}

struct nothing {
  using argument                             = std::uint32_t*;
  static constexpr std::uint32_t max_threads = 32;
  static COWARP_FN void run(std::uint32_t* const&, unsigned char*, std::uint32_t, std::uint32_t,
                            std::uint32_t) {}
};

/// A matrix in memory of the processor that runs tasks.
template <class Value>
class matrix {
 public:
  matrix() : launch_({1, 1, 1, 1, 16, nullptr}) {
    values_ = reinterpret_cast<Value*>(launch_.allocate(bytes));
    std::vector<Value> all(rows * pitch);
    for (std::uint32_t i = 0; i < all.size(); ++i) all[i] = input<Value>(i);
    launch_.upload(values_, all.data(), bytes);
  }
  [[nodiscard]] Value* values() const { return values_; }
  [[nodiscard]] std::vector<Value> download() const {
    std::vector<Value> all(rows * pitch);
    launch_.download(all.data(), values_, bytes);
    return all;
  }

  static constexpr std::size_t pitch_bytes = pitch * sizeof(Value);

 private:
  static constexpr std::size_t bytes = rows * pitch_bytes;

  cowarp::platform::entry_launch<nothing> launch_;
  Value* values_;
};

template <class Value>
struct state {
  using source_map = cowarp::tile_map<const Value, tile_rows, tile_columns>;
  using target_map = cowarp::tile_map<Value, tile_rows, tile_columns>;

  source_map source;
  target_map target;
  test::checks checks;
  test::counter next;
  std::int32_t first_column;
};

/// Fewer tiles than tasks.
template <class Value>
using pool = cowarp::tile_pool<state<Value>::source_map::tile_bytes, 5>;

/// Adds one to each value, with all lanes.
template <class Value>
struct increment {
  Value* values;
  COWARP_FN void operator()(std::uint32_t i) const { ++values[i]; }
};

/// Compares a tile with what was in the matrix, and with zeros outside of it.
template <class Value>
COWARP_FN void check_tile(test::checks& checks, const Value* values, std::int32_t row,
                          std::int32_t column) {
  for (std::int32_t i = 0; i < std::int32_t{tile_rows}; ++i) {
    for (std::int32_t j = 0; j < std::int32_t{tile_columns}; ++j) {
      const std::int32_t y = row + i, x = column + j;
      const bool is_inside =
          y >= 0 && y < std::int32_t{rows} && x >= 0 && x < std::int32_t{columns};
      const auto at = static_cast<std::uint32_t>(y * std::int32_t{pitch} + x);
      checks.equal(values[i * std::int32_t{tile_columns} + j],
                   is_inside ? input<Value>(at) : Value{0});
    }
  }
}

/// Takes the next part of the matrix, checks it, changes it and stores it in the other matrix.
template <class Value>
struct through_pool {
  COWARP_TASK_FRAME(moving, tasks, 96) {
    using output = cowarp::unit;
    pool<Value>& tiles;
    state<Value>& s;
    std::uint32_t part = 0;
    typename pool<Value>::tile mine{};
    COWARP_FN std::int32_t row() const {
      return first_row + static_cast<std::int32_t>(part / tiles_across * tile_rows);
    }
    COWARP_FN std::int32_t column() const {
      return s.first_column + static_cast<std::int32_t>(part % tiles_across * tile_columns);
    }
    COWARP_BODY_BEGIN
    for (part = s.next.add(); part < parts; part = s.next.add()) {
      COWARP_AWAIT_INTO(mine, tiles.take());
      COWARP_AWAIT(mine.load(
          s.source, row(), column(),
          part % 2 == 0 ? cowarp::copy_option::constant_source : cowarp::copy_option::none));
      check_tile(s.checks, mine.template as<Value>(), row(), column());
      COWARP_AWAIT(
          cowarp::lanes_for(tile_rows * tile_columns, increment<Value>{mine.template as<Value>()}));
      COWARP_AWAIT(mine.store(s.target, row(), column()));
      mine.release();
    }
    COWARP_BODY_END
  };

  struct app : cowarp::program<moving> {
    using block_state                = pool<Value>;
    using grid_state                 = state<Value>;
    static constexpr bool uses_width = true;
    COWARP_FN static void start(cowarp::spawner<app> s, pool<Value>& tiles, state<Value>& g) {
      for (std::uint32_t i = 0; i < tasks; ++i) (void)s.template spawn<moving>(tiles, g);
    }
  };
};

struct buffers {
  alignas(128) std::uint32_t of[tasks][tile_rows * tile_columns];
};
struct misplaced_buffers {
  alignas(128) std::uint32_t unused[4];
  std::uint32_t of[tasks][tile_rows * tile_columns];
};

/// The same with a buffer of its own for each task, and `copy_async`.
template <class Buffers>
struct through_buffers {
  using state = tile_map_test::state<std::uint32_t>;

  COWARP_TASK_FRAME(moving, tasks, 96) {
    using output = cowarp::unit;
    Buffers& b;
    state& s;
    std::uint32_t me;
    std::uint32_t part = 0;
    COWARP_FN std::int32_t row() const {
      return first_row + static_cast<std::int32_t>(part / tiles_across * tile_rows);
    }
    COWARP_FN std::int32_t column() const {
      return s.first_column + static_cast<std::int32_t>(part % tiles_across * tile_columns);
    }
    COWARP_BODY_BEGIN
    for (part = s.next.add(); part < parts; part = s.next.add()) {
      COWARP_AWAIT(cowarp::copy_async(b.of[me], s.source, row(), column()));
      check_tile(s.checks, b.of[me], row(), column());
      for (std::uint32_t& each : b.of[me]) ++each;
      COWARP_AWAIT(cowarp::copy_async(s.target, row(), column(), b.of[me]));
      for (std::uint32_t& each : b.of[me]) each = 0;  // the buffer is the task's own again
    }
    COWARP_BODY_END
  };

  struct app : cowarp::program<moving> {
    using block_state            = Buffers;
    using grid_state             = state;
    static constexpr auto frames = cowarp::memory::shared;
    COWARP_FN static void start(cowarp::spawner<app> s, Buffers& b, state& g) {
      for (std::uint32_t i = 0; i < tasks; ++i) (void)s.template spawn<moving>(b, g, i);
    }
  };
};

/// Runs a program on two matrices; all that is inside of the second must be one more than in the first,
/// and its gaps must be as they were.
template <class App, class Value>
void move_tiles(cowarp::launch_options options, const matrix<Value>& source = {},
                const matrix<Value>& target = {}, std::int32_t from_column = first_column) {
  state<Value> s{};
  s.first_column = from_column;
  s.source       = {source.values(), rows, columns, source.pitch_bytes};
  s.target       = {target.values(), rows, columns, target.pitch_bytes};

  test::run_to_end<App>(s, options);

  s.checks.require_none(parts * tile_rows * tile_columns);
  const auto got      = target.download();
  std::uint32_t wrong = 0;
  for (std::uint32_t i = 0; i < got.size(); ++i) {
    const bool is_inside = i % pitch < columns;
    wrong += got[i] != static_cast<Value>(input<Value>(i) + (is_inside ? 1 : 0));
  }
  CHECK(wrong == 0);
}

/// \returns what making a map answers; nothing if it was made.
std::string answer_to(std::uint32_t* first, std::uint32_t of_rows, std::uint32_t of_columns,
                      std::size_t pitch_bytes) {
  try {
    const cowarp::tile_map<std::uint32_t, 8, 16> made(first, of_rows, of_columns, pitch_bytes);
  } catch (const cowarp::configuration_error& refused) {
    return refused.what();
  }
  return {};
}

bool says(const std::string& answer, const char* what) {
  return answer.find(what) != std::string::npos;
}

}  // namespace tile_map_test

TEMPLATE_TEST_CASE("tile_map: tiles bring every value, and zeros over the edges",
                   "[copy][tile_map]", std::uint8_t, std::uint16_t, std::uint32_t, std::uint64_t) {
  using namespace tile_map_test;
  using app = typename through_pool<TestType>::app;
  move_tiles<app, TestType>({.blocks = 1});
  move_tiles<app, TestType>({.blocks = 3, .workers = 1});
}

TEST_CASE("tile_map: copy_async moves tiles of a task's own buffer", "[copy][tile_map]") {
  using namespace tile_map_test;
  move_tiles<through_buffers<buffers>::app, std::uint32_t>({.blocks = 1});
}

#ifdef NDEBUG  // in Debug it is an assertion
TEST_CASE("tile_map: tiles are copied to odd places too", "[copy][tile_map]") {
  using namespace tile_map_test;
  move_tiles<through_buffers<misplaced_buffers>::app, std::uint32_t>({.blocks = 1});
  move_tiles<through_buffers<buffers>::app, std::uint32_t>({.blocks = 1}, {}, {}, odd_column);
}
#endif

TEST_CASE("tile_map: no launch finds the map of one before it", "[copy][tile_map]") {
  using namespace tile_map_test;
  const matrix<std::uint32_t> source;
  const matrix<std::uint32_t> targets[4];

  // The states of these launches stand in the same place, as like as not, and so do their maps.
  for (const auto& target : targets) {
    move_tiles<through_buffers<buffers>::app, std::uint32_t>({.blocks = 1}, source, target);
  }
}

TEST_CASE("tile_map: a matrix that hardware cannot copy is refused", "[copy][tile_map]") {
  using namespace tile_map_test;
  const matrix<std::uint32_t> m;
  std::uint32_t* const first = m.values();

  CHECK(answer_to(first, rows, columns, m.pitch_bytes).empty());
  CHECK(says(answer_to(nullptr, rows, columns, 256), "is empty"));
  CHECK(says(answer_to(first, 0, columns, 256), "is empty"));
  CHECK(says(answer_to(first + 1, rows, columns, 256), "aligned to 16 bytes"));
  CHECK(says(answer_to(first, rows, columns, columns), "counts bytes, not values"));
  CHECK(says(answer_to(first, rows, 57, 57 * 4), "pad the rows to 240 bytes"));
  CHECK(says(answer_to(first, rows, columns, std::size_t{1} << 40), "split the matrix"));
}
