// SPDX-License-Identifier: Apache-2.0
#include <cowarp/platform/host/host_launch.hpp>
#include <cowarp/platform/host/stop_host_thread.hpp>
#include <cowarp/platform/this_block.hpp>

#include <condition_variable>
#include <cstring>
#include <mutex>
#include <system_error>

namespace cowarp::platform {

using steady = std::chrono::steady_clock;

/// What the threads of one launch tell the thread that waits for them.
struct host_launch::shared_state {
  /// Whether the blocks may begin: a block waits for the others for ever if they never come.
  enum class gate : std::uint8_t { shut, open, called_off };

  std::mutex mutex;
  std::condition_variable all_ended;
  std::uint32_t running = 0;
  std::vector<bool> has_stopped;  // threads that sleep until the process ends
  steady::time_point begin;
  steady::time_point end;
  std::condition_variable decided;
  gate start = gate::shut;

  void decide(gate how) {
    const std::lock_guard hold(mutex);
    start = how;
    decided.notify_all();
  }
  void note_end() {
    const std::lock_guard hold(mutex);
    if (--running == 0) {
      end = steady::now();
      all_ended.notify_all();
    }
  }
  /// \returns true once all threads are there; false if they will never be.
  bool may_begin() {
    std::unique_lock hold(mutex);
    decided.wait(hold, [&] { return start != gate::shut; });
    return start == gate::open;
  }
};

/// What a thread that plays a block needs to stop on its way.
struct host_launch::player {
  shared_state& state;
  const block_function& block;
  unsigned char* shared;
  std::uint32_t index;

  static inline thread_local player* current = nullptr;
};

namespace {

launch_plan resolved(launch_plan plan) {
  if (plan.blocks == 0) plan.blocks = std::max(1u, std::thread::hardware_concurrency());
  if (plan.blocks > most_blocks) {
    throw configuration_error("cowarp: " + std::to_string(plan.blocks) +
                              " blocks do not fit on the host backend, where each is a thread: ask "
                              "for " +
                              std::to_string(most_blocks) + " or fewer");
  }
  plan.workers = 1;
  return plan;
}

}  // namespace

host_launch::host_launch(const launch_plan& plan)
    : plan_(resolved(plan)), penders_(plan_.blocks), state_(std::make_unique<shared_state>()) {}

host_launch::~host_launch() {
  for (std::size_t i = 0; i < threads_.size(); ++i) {
    if (state_->has_stopped[i]) {
      threads_[i].detach();
    } else {
      threads_[i].join();
    }
  }
}

std::string host_launch::name() const {
  return "host: " + std::to_string(plan_.blocks) + (plan_.blocks == 1 ? " thread" : " threads");
}

unsigned char* host_launch::allocate(std::size_t bytes) {
  // The compiler may ask for more alignment than new[] gives: make room to round up.
  constexpr std::size_t alignment = 128;
  memory_.push_back(std::make_unique<unsigned char[]>(bytes + alignment));
  const auto at = reinterpret_cast<std::uintptr_t>(memory_.back().get());
  return memory_.back().get() + (alignment - at % alignment) % alignment;
}

void host_launch::upload(void* to, const void* from, std::size_t bytes) const {
  std::memcpy(to, from, bytes);
}

void host_launch::download(void* to, const void* from, std::size_t bytes) const {
  std::memcpy(to, from, bytes);
}

void host_launch::start_threads(const block_function& block) {
  state_->running = plan_.blocks;
  state_->has_stopped.resize(plan_.blocks);
  state_->begin = steady::now();
  try {
    start_all(block);
  } catch (...) {
    state_->decide(shared_state::gate::called_off);
    throw;
  }
  state_->decide(shared_state::gate::open);
}

void host_launch::start_all(const block_function& block) {
  threads_.reserve(plan_.blocks);
  for (std::uint32_t i = 0; i < plan_.blocks; ++i) {
    unsigned char* shared = allocate(plan_.shared_bytes);
    try {
      threads_.emplace_back([this, shared, i, block] {
        if (!state_->may_begin()) return;
        player me{*state_, block, shared, i};
        player::current = &me;
        block(shared, i, false);
        state_->note_end();
      });
    } catch (const std::system_error& refused) {
      throw configuration_error("cowarp: " + std::to_string(plan_.blocks) +
                                " blocks are as many threads on the host backend, and the system "
                                "starts only " +
                                std::to_string(i) + " (" + refused.what() +
                                "): ask for fewer blocks");
    }
  }
}

bool host_launch::wait_for(std::chrono::nanoseconds ns) {
  std::unique_lock hold(state_->mutex);
  const auto has_ended = [&] { return state_->running == 0; };
  if (ns == std::chrono::nanoseconds::max()) {
    state_->all_ended.wait(hold, has_ended);
  } else if (!state_->all_ended.wait_for(hold, ns, has_ended)) {
    return false;
  }
  seconds_ = std::chrono::duration<double>(state_->end - state_->begin).count();
  return true;
}

void host_launch::stop_calling_thread() {
  player& me = *player::current;
  me.block(me.shared, me.index, true);
  {
    const std::lock_guard hold(me.state.mutex);
    me.state.has_stopped[me.index] = true;
  }
  me.state.note_end();  // the launch may be gone from here on
  for (;;) std::this_thread::sleep_for(std::chrono::hours(24));
}

void stop_host_thread() { host_launch::stop_calling_thread(); }

}  // namespace cowarp::platform
