// SPDX-License-Identifier: Apache-2.0
/// \file
/// Running a program from the host: `run` waits for its end, `run_for` no longer than a time,
/// `run_async` gives a handle.
#pragma once

#include <cowarp/executor/executor.hpp>
#include <cowarp/platform/host/interrupt.hpp>
#include <cowarp/platform/launch.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace cowarp {

/// How to launch a program; every default fits.
struct launch_options {
  std::uint32_t blocks  = 0;  // 0: one for each SM (GPU) or core (CPU)
  std::uint32_t workers = 0;  // warps per block; 0: one for each word of 32 slots. CPU: always one
  bool manual_clock     = false;    // time moves only by `advance_clock`
  void* stream          = nullptr;  // CUDA stream; null: one of its own
  // Once all tasks wait for each other and no timer runs, the launch ends as `stalled` after this
  // time. 0: never, since only you know whether somebody outside the launch is to wake it.
  std::chrono::nanoseconds stall_after{0};
  // The report warns of a poll that took longer: it kept others from being polled. 0: never.
  std::chrono::nanoseconds warn_poll_after{0};
  std::uint32_t cluster_blocks = 1;  // blocks of a cluster (GPUs from 9.0 on): near each other
};

namespace detail {

/// Throws if a time among the options means nothing for the program.
/// \param option    its name
/// \param is_served whether the program was compiled for it
/// \param purpose   what for
/// \param constant  what the program has to say to be
inline void check_time(const std::string& option, std::chrono::nanoseconds time, bool is_served,
                       const std::string& purpose, const std::string& constant) {
  if (time.count() < 0) {
    throw configuration_error("cowarp: " + option + " is a time of 0 (off) or more");
  }
  if (time.count() != 0 && !is_served) {
    throw configuration_error("cowarp: this program was not compiled to " + purpose +
                              ": add `static constexpr bool " + constant +
                              " = true;` to it, or leave " + option + " at 0");
  }
}

template <class Program>
void check_times(const launch_options& options) {
  check_time("warn_poll_after", options.warn_poll_after, Program::watches_polls, "watch its polls",
             "watches_polls");
  check_time("stall_after", options.stall_after, finds_stalls<Program>, "find stalls on a GPU",
             "finds_stalls");
}

/// What the backend runs in every thread.
template <class Program>
struct entry {
  using argument                             = executor_ref;
  static constexpr std::uint32_t max_threads = Program::max_workers * 32;

  [[gnu::always_inline]] static COWARP_FN void run(const executor_ref& launch,
                                                   unsigned char* shared, std::uint32_t block,
                                                   std::uint32_t thread, std::uint32_t threads) {
    run_block<Program>(launch, shared, block, thread, threads);
  }
  static void abandon(const executor_ref& launch, unsigned char* shared, std::uint32_t block) {
    abandon_block<Program>(launch, shared, block);
  }
};

}  // namespace detail

/// Runs one block of a launch until the whole launch ends, in a kernel of your own: see `executor`.
///
/// Called by:     whole block, in a one-dimensional grid of one-dimensional blocks. On the CPU `run`
///                and `run_async` call the form with all arguments.
template <class Program>
[[gnu::always_inline]] COWARP_FN inline void run_block(const executor_ref& launch) {
  const platform::place here = platform::this_place();
  run_block<Program>(launch, here.shared, here.block, here.thread, here.threads);
}

/// The memory of one launch of a program, and what can be read from it afterwards.
///
/// `run` and `run_async` make one themselves. Make one by hand to call `run_block` from a kernel of
/// your own, which must be launched with this many blocks, threads and bytes of dynamic shared
/// memory, so that all its blocks are resident at once:
///
/// ```cpp
/// __global__ void my_kernel(cowarp::executor_ref ref) { cowarp::run_block<app>(ref); }
///
/// cowarp::executor<app> executor({.blocks = 132}, my_kernel);
/// my_kernel<<<executor.blocks(), executor.threads(), executor.shared_bytes()>>>(executor.ref());
/// cudaDeviceSynchronize();
/// fmt::print("{}\n", executor.collect());
/// ```
///
/// The grid state given to the constructor is copied in now, and back by `collect`.
///
/// Called by:     one host thread at a time. One kernel launch for each executor.
/// Fails:         `configuration_error` if the launch cannot work, with what would; `cuda_error`.
template <class Program>
class executor {
 public:
  using grid_state = typename Program::grid_state;

  explicit executor(const launch_options& options, grid_state* state = nullptr)
      : launch_(plan_for(options)), state_(state) {
    prepare(options);
  }
  /// The same for a kernel of your own. \param kernel the `__global__` function; it is loaded here.
  template <class... Parameters>
  executor(const launch_options& options, void (*kernel)(Parameters...),
           grid_state* state = nullptr)
      : launch_(plan_for(options), reinterpret_cast<const void*>(kernel)), state_(state) {
    prepare(options);
  }

  [[nodiscard]] const executor_ref& ref() const { return ref_; }
  [[nodiscard]] std::uint32_t blocks() const { return launch_.blocks(); }
  [[nodiscard]] std::uint32_t threads() const { return launch_.workers() * 32; }
  [[nodiscard]] static constexpr std::size_t shared_bytes() { return layout::shared_bytes; }

  /// Starts the program in a kernel of cowarp's own.
  void start() {
    try {
      launch_.start(ref_);
    } catch (...) {
      request_stop();  // whatever runs nevertheless must end before its memory goes
      throw;
    }
  }
  /// \returns true once the program started by `start` has ended, after waiting `limit` at most.
  [[nodiscard]] bool wait_for(std::chrono::nanoseconds limit) { return launch_.wait_for(limit); }

  /// Asks all blocks to end after the polls under way. Any host thread may call it.
  void request_stop(end_reason why = end_reason::stopped) {
    if (auto* line = static_cast<host_line*>(launch_.line()); line != nullptr) {
      // relaxed: the request carries no other data.
      line->stop_requested.store(static_cast<std::uint32_t>(why), platform::relaxed);
    } else {
      ref_.grid->request_end(why);
    }
  }

  /// \returns what each worker did last, at any time; empty if the program has no flight recorder.
  [[nodiscard]] std::vector<worker_state> last_known() const {
    return detail::read_flight_records<Program>(records_, launch_.blocks(), launch_.workers());
  }

  /// \returns what happened, once the program has ended; copies the grid state back.
  [[nodiscard]] report collect() {
    report result;
    result.backend      = launch_.name();
    result.blocks       = launch_.blocks();
    result.workers      = launch_.workers();
    result.arena_bytes  = layout::arena_bytes;
    result.shared_bytes = layout::shared_bytes;
    result.seconds      = launch_.seconds();
    Program::for_each_task([&]<class Task>(task_type<Task>) {
      result.tasks.push_back({task_name<Task>(), Task::pool_size,
                              detail::stride_of<Program, Task>(),
                              detail::frames_bytes_of<Program, Task>()});
    });
    result.per_block.resize(result.blocks);
    launch_.download(result.per_block.data(), ref_.reports, sizeof(block_report) * result.blocks);
    grid_header grid{};
    launch_.download(&grid, ref_.grid, sizeof grid);
    if (state_ != nullptr) launch_.download(state_, grid.state, sizeof(grid_state));
    detail::complete_report(result, grid, *failure_);
    detail::name_task<Program>(result.first_failure);
    detail::note_waiting<Program>(result, launch_, ref_.blocks);
    detail::note_polls<Program>(result, launch_, ref_.blocks);
    if (auto& longest = result.longest; longest.seconds > 0) {
      longest.task = spawner<Program>::name_of(task_id::of(longest.block, longest.slot));
      longest.is_too_long =
          warn_poll_after_.count() != 0 &&
          std::chrono::duration<double>(warn_poll_after_).count() < longest.seconds;
    }
    return result;
  }

 private:
  using layout = detail::layout<Program>;

  static platform::launch_plan plan_for(const launch_options& options) {
    return {options.blocks,       options.workers, Program::max_workers,  layout::words,
            layout::shared_bytes, options.stream,  options.cluster_blocks};
  }

  void prepare(const launch_options& options) {
    detail::check_times<Program>(options);
    warn_poll_after_ = options.warn_poll_after;

    const std::uint32_t blocks = launch_.blocks();
    const std::size_t queues   = detail::round_up(sizeof(grid_header), 128);
    const std::size_t children = queues + sizeof(run_queue) * blocks;
    const std::size_t reports  = children + sizeof(child_wakes) * layout::slots * blocks;
    const std::size_t states   = detail::round_up(reports + sizeof(block_report) * blocks, 128);
    const std::size_t tasks    = detail::round_up(states + sizeof(grid_state), 128);
    unsigned char* memory      = launch_.allocate(tasks + layout::block_global_bytes * blocks);

    ref_.grid    = reinterpret_cast<grid_header*>(memory);
    ref_.blocks  = memory + tasks;
    ref_.reports = reinterpret_cast<block_report*>(memory + reports);
    ref_.workers = launch_.workers();

    grid_header grid{};
    // relaxed: nobody runs yet.
    grid.active.store(blocks, platform::relaxed);
    grid.has_manual_clock  = options.manual_clock ? 1 : 0;
    grid.survives_failures = Program::survives_failures ? 1 : 0;
    grid.blocks            = blocks;
    grid.stall_after_ns    = static_cast<std::uint64_t>(options.stall_after.count());
    grid.host              = static_cast<host_line*>(launch_.line_to_device());
    grid.queues            = reinterpret_cast<run_queue*>(memory + queues);
    grid.children          = reinterpret_cast<child_wakes*>(memory + children);
    grid.state             = memory + states;
    make_visible(grid);
    launch_.upload(memory, &grid, sizeof grid);

    std::vector<run_queue> all(blocks);
    for (std::uint32_t i = 0; i < blocks; ++i) {
      all[i].bind(reinterpret_cast<run_item*>(ref_.blocks + layout::block_global_bytes * i),
                  launch_.sleeper(i));
    }
    launch_.upload(memory + queues, all.data(), sizeof(run_queue) * blocks);
    if (state_ != nullptr) launch_.upload(memory + states, state_, sizeof(grid_state));
  }

  /// Makes room for what the host is to read whatever happens.
  void make_visible(grid_header& grid) {
    const std::size_t workers = std::size_t{launch_.blocks()} * launch_.workers();
    const std::size_t records = Program::has_flight_recorder ? sizeof(flight_record) * workers : 0;
    const auto visible        = launch_.allocate_visible(sizeof(failure_record) + records);
    const auto records_of     = [](unsigned char* memory) {
      return reinterpret_cast<flight_record*>(memory + sizeof(failure_record));
    };
    failure_            = reinterpret_cast<const failure_record*>(visible.on_host);
    records_            = records_of(visible.on_host);
    grid.failure        = reinterpret_cast<failure_record*>(visible.on_device);
    grid.flight_records = records_of(visible.on_device);
    const auto tell = [this] { return detail::tell_last_known<Program>(*failure_, last_known()); };
    if constexpr (requires { launch_.on_error(tell); }) launch_.on_error(tell);
  }

  platform::entry_launch<detail::entry<Program>> launch_;
  grid_state* state_;
  const failure_record* failure_ = nullptr;
  const flight_record* records_  = nullptr;
  std::chrono::nanoseconds warn_poll_after_{0};
  executor_ref ref_{};
};

/// A running program. To destroy it asks for a stop and waits.
///
/// Called by:     one host thread at a time; `request_stop`: any host thread.
/// Fails:         as `executor`.
template <class Program>
class execution {
 public:
  using grid_state = typename Program::grid_state;

  explicit execution(const launch_options& options, grid_state* state = nullptr)
      : executor_(options, state) {
    executor_.start();
  }
  ~execution() {
    if (has_ended_) return;
    request_stop();
    try {
      static_cast<void>(executor_.wait_for(std::chrono::nanoseconds::max()));
    } catch (...) {  // the device is lost; there is nothing left to wait for
    }
  }
  execution(const execution&)            = delete;
  execution& operator=(const execution&) = delete;

  /// Asks all blocks to end after the polls under way; the report then says `stopped`.
  void request_stop() { executor_.request_stop(); }

  /// \returns true if the program has ended, after waiting for `limit` at most.
  bool wait_for(std::chrono::nanoseconds limit) {
    if (!has_ended_) {
      has_ended_ =
          platform::watches_interrupts() ? wait_in_steps(limit) : executor_.wait_for(limit);
    }
    return has_ended_;
  }

  /// \returns what each worker did last, while the program runs or afterwards; empty if it has no flight
  /// recorder (`program::has_flight_recorder`).
  [[nodiscard]] std::vector<worker_state> last_known() const { return executor_.last_known(); }

  /// Waits for the end. \returns what happened; the grid state is copied back.
  report wait() {
    wait_for(std::chrono::nanoseconds::max());
    return executor_.collect();
  }
  /// The same, but asks for the end once `limit` is over; the report then says `timed_out`.
  report wait_at_most(std::chrono::nanoseconds limit) {
    if (!wait_for(std::max(limit, std::chrono::nanoseconds(0)))) {
      executor_.request_stop(end_reason::timed_out);
    }
    return wait();
  }

 private:
  /// The same, with a look for Ctrl-C now and then, since no signal handler can end a launch.
  bool wait_in_steps(std::chrono::nanoseconds limit) {
    constexpr std::chrono::nanoseconds step = std::chrono::milliseconds(20);
    const auto begin                        = std::chrono::steady_clock::now();
    for (;;) {
      if (platform::is_interrupted()) executor_.request_stop(end_reason::interrupted);
      const std::chrono::nanoseconds passed = std::chrono::steady_clock::now() - begin;
      if (executor_.wait_for(std::min(step, limit - passed))) return true;
      if (passed >= limit) return false;
    }
  }

  executor<Program> executor_;
  bool has_ended_ = false;
};

/// Starts a program. \returns its handle.
template <class Program>
[[nodiscard]] execution<Program> run_async(const launch_options& options = {}) {
  return execution<Program>(options);
}
/// The same with a grid state, which must outlive the handle: copied in now and back by `wait`.
template <class Program>
[[nodiscard]] execution<Program> run_async(const launch_options& options,
                                           typename Program::grid_state& state) {
  return execution<Program>(options, &state);
}

/// Runs a program to its end. \returns what happened.
template <class Program>
report run(const launch_options& options = {}) {
  return execution<Program>(options).wait();
}
/// The same with a grid state: copied in before, and back after.
template <class Program>
report run(const launch_options& options, typename Program::grid_state& state) {
  return execution<Program>(options, &state).wait();
}

/// Runs a program to its end, or until `limit` is over on the host's clock: the report then says
/// `timed_out`, and which tasks were left. It returns once the polls under way have ended.
template <class Program>
report run_for(std::chrono::nanoseconds limit, const launch_options& options = {}) {
  return execution<Program>(options).wait_at_most(limit);
}
/// The same with a grid state: copied in before, and back after.
template <class Program>
report run_for(std::chrono::nanoseconds limit, const launch_options& options,
               typename Program::grid_state& state) {
  return execution<Program>(options, &state).wait_at_most(limit);
}

}  // namespace cowarp
