// SPDX-License-Identifier: Apache-2.0
/// \file
/// Load, work by all lanes and store, in the coroutine dialect, with fewer tiles than tasks.
#include <support/checks.hpp>
#include <support/steps.hpp>

#include <memory>

namespace pipeline_coroutine_test {

constexpr std::uint32_t words = 256;
constexpr std::uint32_t parts = 600;

using pool = cowarp::tile_pool<4 * words, 6>;

struct state {
  test::counter next;
  alignas(16) std::uint32_t source[parts][words];
  alignas(16) std::uint32_t target[parts][words];
};

/// Moves parts, each the next that nobody has taken, until there are none.
COWARP_TASK(moving, 32, (pool& tiles, state& s), 512) {
  for (std::uint32_t i = s.next.add(); i < parts; i = s.next.add()) {
    const auto tile = co_await tiles.take();
    co_await tile.load(s.source[i]);
    auto* words_of = tile.as<std::uint32_t>();
    co_await cowarp::lanes_for(words, [=](std::uint32_t j) { words_of[j] = 3 * words_of[j] + j; });
    co_await tile.store(s.target[i]);
  }
}

struct app : cowarp::program<moving> {
  using block_state                = pool;
  using grid_state                 = state;
  static constexpr bool uses_width = true;
  static constexpr auto frames     = cowarp::memory::shared;
  COWARP_FN static void start(cowarp::spawner<app> s, pool& tiles, state& g) {
    for (std::uint32_t i = 0; i < 20; ++i) (void)s.spawn<moving>(tiles, g);
  }
};

}  // namespace pipeline_coroutine_test

TEST_CASE("tile_pool: a pipeline of coroutines moves every part", "[copy][tile_pool]") {
  using namespace pipeline_coroutine_test;
  auto s = std::make_unique<state>();
  for (std::uint32_t i = 0; i < parts; ++i) {
    for (std::uint32_t j = 0; j < words; ++j) s->source[i][j] = 1000 * i + j;
  }
  test::run_to_end<app>(*s, {.blocks = 3});
  std::uint32_t wrong = 0;
  for (std::uint32_t i = 0; i < parts; ++i) {
    for (std::uint32_t j = 0; j < words; ++j) wrong += s->target[i][j] != 3 * (1000 * i + j) + j;
  }
  CHECK(wrong == 0);
}
