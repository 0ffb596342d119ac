// SPDX-License-Identifier: Apache-2.0
/// \file
/// What an executor whose tasks all wait costs a memory-bound kernel on the same GPU.
#include <support/measure.hpp>

#include <chrono>
#include <cstdint>
#include <peers/copies.hpp>
#include <string>

namespace {

using cowarp::scope;
using namespace std::chrono_literals;

struct state {
  std::uint32_t tasks;     // in each block
  std::uint32_t sleep_ns;  // 0: they wait for a signal that nobody gives
  cowarp::platform::atomic_word<scope::device> awoken;
};

struct board {
  cowarp::signal<std::uint32_t, scope::block> never;
};

/// Sleeps again and again, or waits for ever.
COWARP_TASK_FRAME(waiting, 32) {
  using output = cowarp::unit;
  state& s;
  board& b;
  COWARP_BODY_BEGIN
  while (s.sleep_ns != 0) {
    COWARP_AWAIT(cowarp::sleep_for(std::chrono::nanoseconds(s.sleep_ns)));
    // relaxed: read after the run.
    s.awoken.fetch_add(1, cowarp::platform::relaxed);
  }
  COWARP_AWAIT(b.never.wait());
  COWARP_BODY_END
};

/// One block on each SM.
template <std::uint32_t Words>
struct app : cowarp::program<bench::in_words<waiting, Words>> {
  using task                   = bench::in_words<waiting, Words>;
  using grid_state             = state;
  using block_state            = board;
  static constexpr auto frames = cowarp::memory::shared;
  COWARP_FN static void start(cowarp::spawner<app> s, board& b, state& all) {
    for (std::uint32_t i = 0; i < all.tasks; ++i) static_cast<void>(s.template spawn<task>(all, b));
  }
};

class measurement {
 public:
  explicit measurement(bench::table& to) : to_(to) {}

  void alone(const char* name) {
    const auto rate = rates();
    alone_          = rate.median();
    to_.require(copier_.has_copied(), "nothing was copied");
    to_.row(name, rate, "GB/s");
  }

  /// One worker for each 32 tasks of a block.
  template <std::uint32_t Words>
  void beside(const std::string& name, std::uint32_t sleep_ns) {
    if (!to_.has_time()) return to_.skip(name, "out of time");
    state all{};
    all.tasks    = Words * 32;
    all.sleep_ns = sleep_ns;
    bench::samples rate;
    {
      cowarp::execution<app<Words>> running({.workers = bench::has_workers ? Words : 1}, &all);
      to_.require(!running.wait_for(5ms), "the executor ended by itself");
      rate = rates();
      to_.require(!running.wait_for(0ms), "the executor ended by itself");
      running.request_stop();
      const auto done = running.wait();
      to_.require(done.end == cowarp::end_reason::stopped, "the executor was not stopped");
      to_.require(done.total.pending == std::uint64_t{done.blocks} * all.tasks, "a task ended");
    }
    // relaxed: the run has ended.
    to_.require((all.awoken.load(cowarp::platform::relaxed) != 0) == (sleep_ns != 0),
                "tasks did not sleep, or not wait");
    to_.require(copier_.has_copied(), "nothing was copied");
    to_.row(name, rate, "GB/s", {"alone", alone_},
            {(alone_ / rate.median() - 1) * 100, "% slower"});
  }

 private:
  static constexpr int times = 15;

  bench::samples rates() {
    return bench::repeat(
        to_, [&] { return 2.0 * peers::copied_bytes / copier_.seconds() * 1e-9; }, times);
  }

  bench::table& to_;
  peers::copier copier_;
  double alone_ = 0;
};

void measure(bench::table& to) {
  measurement of(to);
  of.alone("copy, alone");
  of.beside<1>("beside 32 tasks a block that wait", 0);
  of.beside<1>("beside 32 tasks a block that sleep 100 us", 100'000);
  of.beside<1>("beside 32 tasks a block that sleep 10 us", 10'000);
  if constexpr (bench::has_workers) {
    of.beside<4>("beside 128 tasks a block that wait", 0);
    of.beside<4>("beside 128 tasks a block that sleep 100 us", 100'000);
    of.beside<8>("beside 256 tasks a block that wait", 0);
  }
  of.alone("copy, alone, again");
}

}  // namespace

int main(int argc, char** argv) { return bench::run("idle", argc, argv, measure); }
