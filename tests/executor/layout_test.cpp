// SPDX-License-Identifier: Apache-2.0
/// \file
/// Where everything stands in a block's memory.
#include <support/checks.hpp>

#include <cstddef>

namespace layout_test {

COWARP_TASK_FRAME(small, 1, 8){COWARP_BODY_BEGIN COWARP_BODY_END};

COWARP_TASK_FRAME(middle, 33, 16) {
  std::uint64_t value = 0;
  COWARP_BODY_BEGIN
  COWARP_BODY_END
};

COWARP_TASK_FRAME(large, 100, 64) {
  std::uint32_t values[21] = {};
  COWARP_BODY_BEGIN
  COWARP_BODY_END
};

COWARP_TASK_FRAME(spread, 5, 8) {
  static constexpr std::uint32_t tasks_per_word = 2;
  COWARP_BODY_BEGIN
  COWARP_BODY_END
};

struct spread_app : cowarp::program<small, spread, middle> {
  COWARP_FN static void start(cowarp::spawner<spread_app>) {}
};

struct board {
  alignas(64) std::uint32_t words[10];
};

struct global_app : cowarp::program<small, middle, large> {
  using block_state = board;
  COWARP_FN static void start(cowarp::spawner<global_app>) {}
};

struct shared_app : cowarp::program<small, middle, large> {
  using block_state            = board;
  static constexpr auto frames = cowarp::memory::shared;
  COWARP_FN static void start(cowarp::spawner<shared_app>) {}
};

template <class App, class Task>
constexpr std::size_t stride = cowarp::detail::stride_of<App, Task>();
template <class App, class Task>
constexpr std::size_t frames = cowarp::detail::frames_bytes_of<App, Task>();

constexpr bool is_odd_multiple_of_8(std::size_t bytes) { return bytes % 16 == 8; }

using global = cowarp::detail::layout<global_app>;
using shared = cowarp::detail::layout<shared_app>;

// Words: one task type each, in the order of the list.
static_assert(global::first_word_of<small> == 0);
static_assert(global::first_word_of<middle> == 1);
static_assert(global::first_word_of<large> == 3);
static_assert(global::words == 7);
static_assert(global::slots == 7 * 32);

// Slots that exist.
static_assert(global::slots_in_word<small>(0) == 1);
static_assert(global::slots_in_word<middle>(0) == ~0u);
static_assert(global::slots_in_word<middle>(1) == 1);
static_assert(global::slots_in_word<large>(2) == ~0u);
static_assert(global::slots_in_word<large>(3) == 0xf);

// Of a spread task a word has as many slots as it says, and its pool frames for those alone.
using thin = cowarp::detail::layout<spread_app>;
static_assert(thin::first_word_of<spread> == 1 && thin::first_word_of<middle> == 4);
static_assert(thin::slots_in_word<spread>(0) == 3 && thin::slots_in_word<spread>(1) == 3);
static_assert(thin::slots_in_word<spread>(2) == 1);
static_assert(cowarp::detail::place_in_pool<spread>(0) == 0);
static_assert(cowarp::detail::place_in_pool<spread>(33) == 3);
static_assert(cowarp::detail::place_in_pool<spread>(64) == 4);
static_assert(cowarp::detail::slot_of_place<spread>(3) == 33);
static_assert(frames<spread_app, spread> < 6 * stride<spread_app, spread>);

// Frames of a pool do not overlap, and neither do pools.
static_assert(stride<global_app, large> >= sizeof(large::storage));
static_assert(frames<global_app, large> >= 100 * stride<global_app, large>);
static_assert(global::frames_at<small> == 0);
static_assert(global::frames_at<middle> == frames<global_app, small>);
static_assert(global::frames_at<large> == frames<global_app, small> + frames<global_app, middle>);
static_assert(global::frames_at<large> + frames<global_app, large> == global::frames_bytes);
static_assert(global::frames_at<middle> % 16 == 0 && global::frames_at<large> % 16 == 0);

// Frames in shared memory start in different banks.
static_assert(is_odd_multiple_of_8(stride<shared_app, small>));
static_assert(is_odd_multiple_of_8(stride<shared_app, middle>));
static_assert(is_odd_multiple_of_8(stride<shared_app, large>));
static_assert(stride<shared_app, large> >= sizeof(large::storage));

// A block's global memory: links, timers, inboxes, frames, in this order and apart.
static_assert(global::timers_at >= sizeof(cowarp::run_item) * (global::slots + 3));
static_assert(global::inboxes_at ==
              global::timers_at + sizeof(cowarp::slot_timers) * global::slots);
static_assert(global::inbox_at<small> == global::inboxes_at);
static_assert(global::inbox_at<middle> >=
              global::inbox_at<small> + sizeof(cowarp::detail::spawn_inbox<small>));
static_assert(global::inbox_at<large> >=
              global::inbox_at<middle> + sizeof(cowarp::detail::spawn_inbox<middle>));
static_assert(global::global_frames_at >=
              global::inbox_at<large> + sizeof(cowarp::detail::spawn_inbox<large>));
static_assert(global::block_global_bytes >= global::global_frames_at + global::frames_bytes);
static_assert(global::block_global_bytes % 128 == 0);
static_assert(shared::has_global_frames || shared::block_global_bytes < global::block_global_bytes);

// A block's shared memory: header and words, counts, frames, state, in this order and apart.
static_assert(shared::counts_at ==
              sizeof(cowarp::block_header) + sizeof(cowarp::slot_word) * shared::words);
static_assert(shared::shared_frames_at >= shared::counts_at + sizeof(cowarp::worker_counts) * 32);
static_assert(shared::block_state_at >= shared::shared_frames_at + shared::frames_bytes);
static_assert(shared::block_state_at % alignof(board) == 0);
static_assert(shared::shared_bytes >= shared::block_state_at + sizeof(board));
static_assert(global::shared_bytes < shared::shared_bytes);
static_assert(shared::shared_bytes % 8 == 0);  // cleared in units of 8

// An inbox has a cell for each task that could start, up to 32.
static_assert(cowarp::detail::spawn_inbox<small>::cells == 1);
static_assert(cowarp::detail::spawn_inbox<middle>::cells == 32);
static_assert(cowarp::detail::spawn_inbox<large>::cells == 32);

// The sizes that the documentation promises.
static_assert(sizeof(cowarp::run_item) == 8);
static_assert(sizeof(cowarp::waker) == 8);
static_assert(sizeof(cowarp::context) == 24);
static_assert(sizeof(cowarp::timer) == 24);
static_assert(sizeof(cowarp::detail::waiter) == 24);
static_assert(sizeof(cowarp::signal<std::uint64_t>) <= 32 + 8);
static_assert(sizeof(cowarp::signal<int>::wait_future) == 40);
static_assert(sizeof(small) == 8 + 8);

/// Over-aligned members: every pool, inbox and state is where they want it.
struct alignas(16) wide {
  std::uint64_t part[2];
};

struct state {
  test::checks checks;
};

COWARP_TASK_FRAME(narrow, 1, 8){COWARP_BODY_BEGIN COWARP_BODY_END};

COWARP_TASK_FRAME(aligned, 3, 8) {
  state& s;
  wide w{};
  COWARP_BODY_BEGIN
  s.checks.equal(reinterpret_cast<std::uintptr_t>(&w) % alignof(wide), std::uintptr_t{0});
  COWARP_BODY_END
};

struct aligned_app : cowarp::program<narrow, aligned> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<aligned_app> s) {
    for (int i = 0; i < 3; ++i) (void)s.spawn<aligned>(s.grid_state());
  }
};

}  // namespace layout_test

TEST_CASE("layout: over-aligned frames stand where they must", "[executor][layout]") {
  layout_test::state s{};
  test::run_to_end<layout_test::aligned_app>(s);
  s.checks.require_none(3);
}
