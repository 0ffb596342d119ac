// SPDX-License-Identifier: Apache-2.0
/// \file
/// A loop whose turns are spread over all blocks of the executor.
#pragma once

#include <cowarp/executor/task.hpp>
#include <cowarp/width/grid_team.hpp>

#include <cstdint>
#include <utility>

namespace cowarp {

template <class Program>
class spawner;

namespace detail {

struct help_team {
  grid_team* team;
  COWARP_FN bool operator()(lane l) const { return team->help(l); }
};

}  // namespace detail

/// The task that does other blocks' share of a `grid_for`: list it in the program, `Workers` of them
/// help in each block.
///
/// They are spawned as a tree, each before it works two more, and end when nothing is left to take. The
/// report counts them.
template <class Program, std::uint32_t Workers = 1>
struct grid_helper : detail::frame_task<grid_helper<Program, Workers>, 4 * Workers> {
  using output = unit;

  // Each word is another worker's, and has room for helpers of earlier requests that are about to end.
  static constexpr std::uint32_t tasks_per_word = 4;
  static constexpr std::uint32_t workers        = Workers;

  grid_team& team;
  std::uint32_t root;    // the block that asked
  std::uint32_t number;  // in the tree
  bool has_more = true;

  COWARP_BODY_BEGIN
  call_more(team, root, number);
  while (has_more) COWARP_AWAIT_INTO(has_more, lanes(detail::help_team{&team}));
  COWARP_BODY_END

  /// Spawns the two below `number`, while there is work for them. Without room there is help already.
  static COWARP_FN void call_more(grid_team& team, std::uint32_t root, std::uint32_t number) {
    const spawner<Program> s;
    const std::uint32_t all = s.blocks() * Workers;
    for (std::uint32_t i = 2 * number + 1; i <= 2 * number + 2 && i < all; ++i) {
      if (!team.has_work()) return;
      (void)s.template spawn_on<grid_helper>((root + i) % s.blocks(), team, root, i);
    }
  }
};

namespace detail {

/// Closes a request that its task did not wait for.
class COWARP_TRIVIAL_ABI open_request {
 public:
  open_request() = default;
  COWARP_FN open_request(open_request&& other) noexcept : team_(other.team_) {
    other.team_ = nullptr;
  }
  COWARP_FN ~open_request() {
    if (team_ != nullptr) team_->close();
  }
  COWARP_FN void begin(grid_team& team) { team_ = &team; }
  COWARP_FN void end() { team_ = nullptr; }

 private:
  grid_team* team_ = nullptr;
};

template <class Helper, class Spawner, class Fn>
struct grid_for_frame : frame_base<unit, 96> {
  grid_team& team;
  std::uint32_t count;
  Fn fn;
  polled<grid_team::turns::permits> turn{};
  open_request request{};  // goes before the turn does
  bool has_more = true;

  COWARP_BODY_BEGIN
  COWARP_AWAIT_INTO(turn, team.turn().acquire());
  begin();
  while (has_more) COWARP_AWAIT_INTO(has_more, lanes(help_team{&team}));
  COWARP_AWAIT(team.finish());
  request.end();
  turn.reset();
  COWARP_BODY_END

  COWARP_FN void begin() {
    const Spawner s;
    team.open(count, fn, s.blocks() * Helper::workers);
    request.begin(team);
    Helper::call_more(team, s.block(), 0);
  }
};

}  // namespace detail

/// \returns a future that is ready once `fn(i)` has run for every `i` below `count`, spread over the
/// lanes of all blocks: neighbours have neighbouring `i`, no order is promised.
///
/// The asking worker takes pieces like all others, so it needs nobody's help to come to its end. One
/// request of a team is served at a time; others wait, first come, first served. Other blocks get copies
/// of `fn`: trivially copyable, 64 bytes at most. What it points to stands in global memory; the frame
/// does too, unless the program keeps frames in shared memory. A task that awaits it needs more await
/// bytes (256 will do). Dropped on the way it leaves out what nobody has begun, and waits for the rest.
///
/// In a program with `uses_width` that lists `grid_helper<Program, Workers>`, with a `grid_team` in its
/// grid state: `grid_for<app>(state.team, n, fn)`.
template <class Program, std::uint32_t Workers = 1, class Fn>
[[nodiscard]] COWARP_FN auto grid_for(grid_team& team, std::uint32_t count, Fn fn) {
  using helper = grid_helper<Program, Workers>;
  return call<detail::grid_for_frame<helper, spawner<Program>, Fn>>(team, count, std::move(fn));
}

}  // namespace cowarp
