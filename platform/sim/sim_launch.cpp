// SPDX-License-Identifier: Apache-2.0
#include <cowarp/platform/sim/sim_launch.hpp>

#include <algorithm>
#include <cstring>

namespace cowarp::platform {

namespace {

launch_plan resolved(launch_plan plan) {
  constexpr std::uint32_t most_blocks     = 256;
  constexpr std::uint32_t default_blocks  = 2;
  constexpr std::uint32_t default_workers = 2;
  if (plan.blocks == 0) plan.blocks = default_blocks;
  if (plan.workers == 0) plan.workers = std::min(default_workers, plan.max_workers);
  if (plan.blocks > most_blocks) {
    throw configuration_error("cowarp: " + std::to_string(plan.blocks) +
                              " blocks are more than a simulation can have: ask for " +
                              std::to_string(most_blocks) + " or fewer");
  }
  if (plan.workers > plan.max_workers) {
    throw configuration_error("cowarp: " + std::to_string(plan.workers) +
                              " workers are more than this program can have in a block: ask for " +
                              std::to_string(plan.max_workers) + " or fewer");
  }
  return plan;
}

}  // namespace

sim_launch::sim_launch(const launch_plan& plan)
    : plan_(resolved(plan)), line_(allocate(line_bytes)) {}

std::string sim_launch::name() const {
  return "sim: " + std::to_string(plan_.blocks) + " blocks of " + std::to_string(plan_.workers) +
         " workers";
}

unsigned char* sim_launch::allocate(std::size_t bytes) {
  constexpr std::size_t alignment = 128;
  memory_.push_back({std::make_unique<unsigned char[]>(bytes + alignment), bytes + alignment});
  const auto at = reinterpret_cast<std::uintptr_t>(memory_.back().bytes.get());
  return memory_.back().bytes.get() + (alignment - at % alignment) % alignment;
}

void sim_launch::upload(void* to, const void* from, std::size_t bytes) const {
  std::memcpy(to, from, bytes);
}

void sim_launch::download(void* to, const void* from, std::size_t bytes) const {
  std::memcpy(to, from, bytes);
}

void sim_launch::start_lanes(std::function<void(std::uint32_t, std::uint32_t)> lane) {
  for (std::uint32_t i = 0; i < plan_.blocks; ++i) {
    shared_.push_back(allocate(plan_.shared_bytes));
    // A GPU's shared memory holds whatever was there before.
    std::memset(shared_.back(), 0xA5, plan_.shared_bytes);
  }
  scheduler_ =
      std::make_unique<sim::scheduler>(sim::in_use(), plan_.blocks, plan_.workers, std::move(lane));
  for (const auto& piece : memory_) scheduler_->watch(piece.bytes.get(), piece.size);
  begin_ns_ = scheduler_->now_ns();
}

bool sim_launch::wait_for(std::chrono::nanoseconds ns) {
  const std::uint64_t until = ns == std::chrono::nanoseconds::max()
                                  ? sim::scheduler::for_ever
                                  : scheduler_->now_ns() + static_cast<std::uint64_t>(ns.count());
  const bool has_ended      = scheduler_->run_until(until);
  seconds_                  = static_cast<double>(scheduler_->now_ns() - begin_ns_) * 1e-9;
  return has_ended;
}

}  // namespace cowarp::platform
