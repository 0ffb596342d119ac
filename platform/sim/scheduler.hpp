// SPDX-License-Identifier: Apache-2.0
/// \file
/// One simulated launch: its lanes, their meetings, the clock, and what went wrong.
#pragma once

#include <cowarp/platform/sim/fiber.hpp>
#include <cowarp/platform/sim/memory_model.hpp>
#include <cowarp/platform/sim/options.hpp>
#include <cowarp/platform/sim/random.hpp>
#include <cowarp/platform/sim/ready_set.hpp>
#include <cowarp/platform/sim/schedule.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <source_location>
#include <string>
#include <vector>

namespace cowarp::sim {

/// Runs every lane of every worker of every block as a fiber of the calling thread.
///
/// Invariant:     exactly one fiber runs; a fiber is ready, waits in a meeting, sleeps or has ended.
/// Called by:     the one OS thread of the simulation: `run_until` from outside the lanes, the calls
///                under "for lanes" from inside.
/// Progress:      a run ends: when all lanes have ended, when it is stuck, or after `max_steps`.
class scheduler {
 public:
  static constexpr std::uint32_t lanes    = sim::lanes;
  static constexpr std::uint64_t for_ever = ~std::uint64_t{0};

  /// \param body runs in every lane, with the block and the thread's index in it.
  scheduler(const options& how, std::uint32_t blocks, std::uint32_t workers,
            std::function<void(std::uint32_t, std::uint32_t)> body);
  ~scheduler();
  scheduler(const scheduler&)            = delete;
  scheduler& operator=(const scheduler&) = delete;

  /// Checks the plain accesses of lanes to these bytes, if the options ask for a memory model.
  void watch(const void* begin, std::size_t bytes);

  /// Runs on, up to a time. \returns true if all lanes have ended. Throws `run_failed`.
  bool run_until(std::uint64_t time_ns);
  [[nodiscard]] std::uint64_t now_ns() const { return jumped_ns_ + steps_ / steps_per_ns; }

  /// \returns the launch whose lanes run, if the caller is one of them; else null.
  [[nodiscard]] static scheduler* of_running_lane();

  // ---- for lanes ----
  [[nodiscard]] fiber& running() { return *running_; }
  void point();
  void yield();
  void idle(std::uint32_t passes, std::uint64_t limit_ns);
  agreement meet(meeting kind, std::uint64_t value, std::source_location where, std::uint64_t key);
  [[nodiscard]] std::uint64_t load(const operation& what);
  void store(const operation& what, std::uint64_t value);
  std::uint64_t modify(const operation& what, change how, std::uint64_t value,
                       std::uint64_t wanted);
  void plain_access(const void* at, std::size_t bytes, bool is_write, const void* where);
  [[noreturn]] void fail(const std::string& what);

 private:
  // All lanes share the steps, so a step of one is far shorter than an instruction.
  static constexpr std::uint64_t steps_per_ns = 4;
  // Rounds in which every worker looked at everything and nobody wrote; more than the passes between
  // two looks at the host's line.
  static constexpr std::uint32_t most_quiet_rounds = 300;

  /// Where the lanes of a warp, or the threads of a block, wait for each other.
  struct gathering {
    std::uint32_t expected = 0;
    std::uint32_t arrived  = 0;
    std::uint32_t ended    = 0;
    meeting kind{};
    std::source_location where;
    std::uint64_t key = 0;
    std::uint64_t values[lanes]{};
    agreement result{};
  };
  struct warp_state {
    gathering meets;
    std::uint32_t asleep    = 0;  // lanes
    std::uint64_t wake_step = 0;
    std::uint64_t limit_ns  = 0;
  };

  static void run_lane(boost::context::detail::transfer_t from);
  void end_lane();

  void step();
  void switch_to(fiber& to);
  /// \returns who runs after a step at which the running fiber may be interrupted.
  [[nodiscard]] fiber& interrupt();
  /// Gives up the running fiber's turn; it is no longer ready.
  void wait();
  [[nodiscard]] fiber& next();
  void all_are_idle();
  void wake(warp_state& warp);
  void wake_due();

  void join(gathering& at, meeting kind, std::source_location where, std::uint64_t key);
  void conclude(gathering& at);
  void release(std::uint32_t first, std::uint32_t count);
  void before(const operation& what);
  [[nodiscard]] std::string waiting_lanes() const;

  options how_;
  random_source random_;
  std::unique_ptr<ready_set> ready_;
  std::unique_ptr<memory_model> memory_;
  std::function<void(std::uint32_t, std::uint32_t)> body_;
  std::vector<fiber> fibers_;
  std::vector<warp_state> warps_;
  std::vector<gathering> blocks_;
  fiber host_;  // who called `run_until`
  fiber* running_             = &host_;
  std::uint32_t alive_        = 0;
  std::uint64_t steps_        = 0;
  std::uint64_t switches_     = 0;
  std::uint64_t digest_       = 0;
  std::uint64_t writes_       = 0;
  std::uint64_t quiet_since_  = 0;  // writes at the last round in which all were idle
  std::uint32_t quiet_rounds_ = 0;
  bool was_short_             = false;  // the last jump ended before the next deadline
  std::uint64_t soonest_wake_ = for_ever;
  std::uint64_t jumped_ns_    = 1'000'000;
  std::uint64_t until_ns_     = for_ever;
  std::size_t next_range_     = 0;  // of `how_.interruptible`, the first that is not over
  std::vector<interruption> interruptions_;
  std::string failure_;
};

}  // namespace cowarp::sim
