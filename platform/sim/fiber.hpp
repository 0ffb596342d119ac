// SPDX-License-Identifier: Apache-2.0
/// \file
/// A lane as a fiber: a stack of its own, and switches that the scheduler chooses.
///
/// Boost.Context does the switch: a few register moves, where `ucontext` makes a system call for the
/// signal mask every time; a run switches some hundred thousand times.
#pragma once

#include <cowarp/platform/sim/schedule.hpp>

#include <boost/context/detail/fcontext.hpp>

#include <cstddef>
#include <cstdint>
#include <source_location>
#include <vector>

namespace cowarp::sim {

/// One lane of one worker, or a thread that waits for all of them (the host's).
///
/// Called by:     the one OS thread of the simulation.
struct fiber {
  enum class state : std::uint8_t { ready, meeting, asleep, ended };

  boost::context::detail::fcontext_t context = nullptr;
  unsigned char* stack                       = nullptr;
  block_header* block                        = nullptr;
  frame_stack* frames                        = nullptr;
  std::uint32_t index                        = 0;  // in the grid
  std::uint32_t block_index                  = 0;
  std::uint32_t warp_index                   = 0;  // in the grid
  std::uint32_t worker                       = 0;  // in the block
  std::uint32_t lane                         = 0;
  std::uint32_t place                        = 0;  // in the set of ready fibers
  state is                                   = state::ready;
};

/// Runs on in `to`; returns when someone switches back to `from`.
inline void switch_fiber(fiber& from, fiber& to) {
  const auto back = boost::context::detail::jump_fcontext(to.context, &from);
  static_cast<fiber*>(back.data)->context = back.fctx;
}

/// Stacks that one launch after the other uses; each has a page without access below it.
class stack_pool {
 public:
  static constexpr std::size_t stack_bytes = 128 * 1024;

  stack_pool() = default;
  ~stack_pool();
  stack_pool(const stack_pool&)            = delete;
  stack_pool& operator=(const stack_pool&) = delete;

  /// \returns the lowest address of a stack.
  [[nodiscard]] unsigned char* take();
  void give_back(unsigned char* stack) { free_.push_back(stack); }

 private:
  static constexpr std::size_t guard_bytes = 4096;

  std::vector<unsigned char*> free_;
};

}  // namespace cowarp::sim
