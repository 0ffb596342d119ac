// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a task holds while lanes or a whole block work for it.
#include <support/checks.hpp>
#include <support/steps.hpp>

#include <cstddef>
#include <cstdint>

namespace held_test {

constexpr std::uint32_t parts   = 96;
constexpr std::uint32_t tiles   = 20;
constexpr std::uint32_t rounds  = 6;
constexpr std::uint32_t holders = 6;

struct tile {
  std::uint32_t part[parts];
};
using tile_channel = cowarp::zerocopy_channel<tile, 2>;

struct state {
  test::checks checks;
  tile_channel to;
  cowarp::mutex<std::uint32_t> mutex;
  test::counter done;
};

// ---- a slot that many lanes fill -----------------------------------------------------------------

struct fill {
  tile& of;
  std::uint32_t number;
  COWARP_FN void operator()(std::uint32_t i) const { of.part[i] = number * 1000 + i; }
};
struct look {
  const tile& at;
  std::uint32_t number;
  test::checks& checks;
  COWARP_FN void operator()(std::uint32_t i) const { checks.equal(at.part[i], number * 1000 + i); }
};

COWARP_TASK_FRAME(filling, 1) {
  state& s;
  std::uint32_t i = 0;
  cowarp::optional<tile_channel::send_slot> slot{};
  COWARP_BODY_BEGIN
  for (; i < tiles; ++i) {
    COWARP_AWAIT_INTO(slot, s.to.send());
    COWARP_AWAIT(cowarp::lanes_for(+parts, fill{**slot, i}));
    slot->done();
  }
  s.to.close();
  COWARP_BODY_END
};
COWARP_TASK_FRAME(reading, 1) {
  state& s;
  std::uint32_t i = 0;
  cowarp::optional<tile_channel::receive_slot> slot{};
  COWARP_BODY_BEGIN
  for (;; ++i) {
    COWARP_AWAIT_INTO(slot, s.to.receive());
    if (!*slot) break;
    COWARP_AWAIT(cowarp::lanes_for(+parts, look{**slot, i, s.checks}));
    slot->done();
  }
  s.checks.equal(i, +tiles);
  COWARP_BODY_END
};
struct slots_app : cowarp::program<filling, reading> {
  using grid_state                 = state;
  static constexpr bool uses_width = true;
  COWARP_FN static void start(cowarp::spawner<slots_app> s) {
    if (s.block() == 0) s.must_spawn<filling>(s.grid_state());
    if (s.block() + 1 == s.blocks()) s.must_spawn<reading>(s.grid_state());
  }
};

// ---- a pipe that many lanes fill and empty -------------------------------------------------------

constexpr std::uint32_t stream = 3000;  // bytes

COWARP_FN inline std::byte byte_of(std::uint32_t at) {
  return static_cast<std::byte>(at * 7 % 251);
}

struct pour {
  std::byte* to;
  std::uint32_t first;
  COWARP_FN void operator()(std::uint32_t i) const { to[i] = byte_of(first + i); }
};
struct taste {
  const std::byte* at;
  std::uint32_t first;
  test::checks& checks;
  COWARP_FN void operator()(std::uint32_t i) const { checks.that(at[i] == byte_of(first + i)); }
};

struct stream_state {
  test::checks checks;
  cowarp::pipe<200> pipe;
};
COWARP_TASK_FRAME(pouring, 1) {
  stream_state& s;
  std::uint32_t written = 0;
  std::uint32_t count   = 0;
  cowarp::optional<cowarp::pipe<200>::lent_room> room{};
  COWARP_BODY_BEGIN
  while (written < stream) {
    COWARP_AWAIT_INTO(room, s.pipe.lend_room());
    count = static_cast<std::uint32_t>(room->bytes().size());
    if (count > stream - written) count = stream - written;
    COWARP_AWAIT(cowarp::lanes_for(count, pour{room->bytes().data(), written}));
    room->publish(count);
    written += count;
  }
  s.pipe.close();
  COWARP_BODY_END
};
COWARP_TASK_FRAME(tasting, 1) {
  stream_state& s;
  std::uint32_t read  = 0;
  std::uint32_t count = 0;
  cowarp::optional<cowarp::pipe<200>::lent_bytes> bytes{};
  COWARP_BODY_BEGIN
  for (;;) {
    COWARP_AWAIT_INTO(bytes, s.pipe.fill_buf());
    count = static_cast<std::uint32_t>(bytes->bytes().size());
    if (count == 0) break;
    COWARP_AWAIT(cowarp::lanes_for(count, taste{bytes->bytes().data(), read, s.checks}));
    bytes->consume(count);
    read += count;
  }
  s.checks.equal(read, +stream);
  COWARP_BODY_END
};
struct stream_app : cowarp::program<pouring, tasting> {
  using grid_state                 = stream_state;
  static constexpr bool uses_width = true;
  COWARP_FN static void start(cowarp::spawner<stream_app> s) {
    if (s.block() == 0) s.must_spawn<pouring>(s.grid_state());
    if (s.block() + 1 == s.blocks()) s.must_spawn<tasting>(s.grid_state());
  }
};

// ---- a lock across the work of a whole block -----------------------------------------------------

struct add_up {
  std::uint32_t* sum;
  COWARP_FN void operator()(cowarp::block_lane l) const {
    if (l.is_leader()) ++*sum;
  }
};

COWARP_TASK_FRAME(holding, holders) {
  state& s;
  std::uint32_t i = 0;
  cowarp::optional<cowarp::mutex<std::uint32_t>::guard> held{};
  COWARP_BODY_BEGIN
  for (; i < rounds; ++i) {
    COWARP_AWAIT_INTO(held, s.mutex.lock());
    COWARP_AWAIT(cowarp::block(add_up{&**held}));
    held.reset();
  }
  s.done.add();
  COWARP_BODY_END
};
struct holding_app : cowarp::program<holding> {
  using grid_state                 = state;
  static constexpr bool uses_block = true;
  COWARP_FN static void start(cowarp::spawner<holding_app> s) {
    for (std::uint32_t i = 0; i < holders; ++i) s.must_spawn<holding>(s.grid_state());
  }
};

}  // namespace held_test

TEST_CASE("zerocopy_channel: many lanes fill and read a slot at once",
          "[width][zerocopy_channel]") {
  const auto blocks = GENERATE(1u, 2u);
  held_test::state s{};
  test::run_to_end<held_test::slots_app>(s, {.blocks = blocks});
  s.checks.require_none(held_test::tiles * held_test::parts + 1);
}

TEST_CASE("pipe: many lanes fill and empty it", "[width][pipe]") {
  const auto blocks = GENERATE(1u, 2u);
  held_test::stream_state s{};
  test::run_to_end<held_test::stream_app>(s, {.blocks = blocks});
  s.checks.require_none(held_test::stream + 1);
}

TEST_CASE("mutex: may be held while a whole block works", "[width][mutex]") {
  const auto blocks = GENERATE(1u, 2u);
  held_test::state s{};
  test::run_to_end<held_test::holding_app>(s, {.blocks = blocks});
  CHECK(s.mutex.unguarded() == blocks * held_test::holders * held_test::rounds);
  CHECK(s.done.value() == blocks * held_test::holders);
}
