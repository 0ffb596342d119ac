// SPDX-License-Identifier: Apache-2.0
/// \file
/// How late sleeping tasks are resumed, with one sleeper to many thousands.
#include <cowarp/platform/lanes.hpp>

#include <support/measure.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace {

constexpr std::uint32_t most_samples = 65536;

struct sleepers {
  std::uint32_t tasks;    // in each block
  std::uint32_t rounds;   // of each task
  std::uint32_t span_ns;  // sleeps are spread over this
  std::uint32_t early;    // resumed before the deadline; must stay 0
  std::uint32_t late_ns[most_samples];
};

/// \returns between a half of and once `span_ns`, another for each task and round.
COWARP_FN std::uint32_t sleep_ns(std::uint32_t seed, std::uint32_t span_ns) {
  seed = (seed ^ 61u) ^ (seed >> 16);
  seed = (seed + (seed << 3)) ^ (seed >> 4);
  seed *= 0x27d4eb2du;
  return span_ns / 2 + (seed ^ (seed >> 15)) % (span_ns / 2);
}

COWARP_TASK_FRAME(sleeper, 32) {
  sleepers& all;
  std::uint32_t index;
  std::uint32_t i           = 0;
  std::uint64_t deadline_ns = 0;
  COWARP_BODY_BEGIN
  for (; i < all.rounds; ++i) {
    deadline_ns = cowarp::clock::now_ns() + sleep_ns(index * all.rounds + i, all.span_ns);
    COWARP_AWAIT(cowarp::timer(deadline_ns));
    note();
  }
  COWARP_BODY_END

  COWARP_FN void note() {
    const std::uint64_t now = cowarp::clock::now_ns();
    if (now < deadline_ns) ++all.early;
    all.late_ns[index * all.rounds + i] = static_cast<std::uint32_t>(now - deadline_ns);
  }
};

template <std::uint32_t Tasks>
struct app : cowarp::program<bench::in_pool<sleeper, Tasks>> {
  using grid_state = sleepers;
  COWARP_FN static void start(cowarp::spawner<app> s, cowarp::no_state&, sleepers& all) {
    for (std::uint32_t i = 0; i < all.tasks; ++i) {
      const std::uint32_t index = s.block() * all.tasks + i;
      static_cast<void>(s.template spawn<bench::in_pool<sleeper, Tasks>>(all, index));
    }
  }
};

/// A thread that does nothing but look at the clock.
struct spinning {
  using argument                             = sleepers*;
  static constexpr std::uint32_t max_threads = 32;
  static COWARP_FN void run(sleepers* const& all, unsigned char*, std::uint32_t,
                            std::uint32_t thread, std::uint32_t) {
    if (thread != 0) return;
    for (std::uint32_t i = 0; i < all->rounds; ++i) {
      std::uint64_t now         = cowarp::platform::clock_ns();
      const std::uint64_t until = now + sleep_ns(i, all->span_ns);
      while (now < until) now = cowarp::platform::clock_ns();
      all->late_ns[i] = static_cast<std::uint32_t>(now - until);
    }
  }
};

bench::samples lateness(const sleepers& all, std::uint32_t count) {
  bench::samples late;
  for (std::uint32_t i = 0; i < count; ++i) late.add(all.late_ns[i]);
  return late;
}

class measurement {
 public:
  explicit measurement(bench::table& to) : to_(to), all_(std::make_unique<sleepers>()) {}

  void floor() {
    prepare(1, 256, 100'000);
    bench::run_kernel<spinning>({.blocks = 1}, *all_);
    const auto late = lateness(*all_, all_->rounds);
    floor_          = late.median();
    to_.row("spinning on the clock", late, "ns late");
  }

  template <std::uint32_t Tasks>
  void row(std::uint32_t blocks, std::uint32_t workers, std::uint32_t rounds,
           std::uint32_t span_ns) {
    const auto name = bench::numbered("{} x {} sleepers (blocks x tasks)", {blocks, Tasks});
    if (!to_.has_time()) return to_.skip(name, "out of time");
    prepare(Tasks, rounds, span_ns);
    const auto done = cowarp::run<app<Tasks>>({.blocks = blocks, .workers = workers}, *all_);
    to_.require(done.end == cowarp::end_reason::all_done, "sleepers did not end");
    to_.require(all_->early == 0, "a sleeper was resumed before its deadline");
    const std::uint32_t count = blocks * Tasks * rounds;
    bool has_all              = true;
    for (std::uint32_t i = 0; i < count; ++i) has_all = has_all && all_->late_ns[i] != unset;
    to_.require(has_all, "a sleeper did not note its lateness");
    const auto late = lateness(*all_, count);
    to_.row(name, late, "ns late", {"spinning", floor_}, {late.quantile(0.99), "ns at 99 %"});
  }

 private:
  static constexpr std::uint32_t unset = ~0u;

  void prepare(std::uint32_t tasks, std::uint32_t rounds, std::uint32_t span_ns) {
    all_->tasks   = tasks;
    all_->rounds  = rounds;
    all_->span_ns = span_ns;
    all_->early   = 0;
    for (auto& late : all_->late_ns) late = unset;
  }

  bench::table& to_;
  std::unique_ptr<sleepers> all_;
  double floor_ = 0;
};

void measure(bench::table& to) {
  measurement of(to);
  of.floor();
  of.row<1>(1, 1, 256, 100'000);
  of.row<32>(1, 1, 128, 100'000);
  of.row<1024>(1, 4, 32, 200'000);
  of.row<16384>(1, 32, 4, 5'000'000);
  const std::uint32_t blocks = bench::default_blocks();
  if (blocks <= 512) of.row<128>(blocks, 4, blocks > 128 ? 2 : 4, 200'000);
}

}  // namespace

int main(int argc, char** argv) { return bench::run("sleep", argc, argv, measure); }
