// SPDX-License-Identifier: Apache-2.0
#include <cowarp/platform/lanes.hpp>
#include <cowarp/platform/pause.hpp>
#include <cowarp/platform/sim/scheduler.hpp>
#include <cowarp/platform/spin_lock.hpp>

#include "explore.hpp"
#include <algorithm>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using cowarp::sim::options;
using cowarp::sim::run_failed;
using cowarp::sim::schedule_mode;
using cowarp::sim::scheduler;
namespace platform = cowarp::platform;

namespace {

using word = platform::atomic_word<cowarp::scope::device>;

/// Runs `lane(block, thread)` in all lanes. \returns what went wrong, or nothing.
template <class Lane>
std::string run_lanes(const options& how, std::uint32_t blocks, std::uint32_t workers, Lane lane) {
  try {
    scheduler run(how, blocks, workers, lane);
    run.run_until(scheduler::for_ever);
  } catch (const run_failed& failed) {
    return failed.what();
  }
  return "";
}

bool mentions(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("scheduler: lanes agree on what the leader says", "[sim][scheduler]") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    std::uint32_t wrong = 0;
    const auto failed =
        run_lanes(sim_test::schedule_of(seed), 2, 2, [&](unsigned, unsigned thread) {
          const std::uint32_t warp = platform::warp();
          if (warp != thread / 32) ++wrong;
          for (std::uint32_t i = 0; i < 10; ++i) {
            if (platform::from_leader(thread * 10 + i) != warp * 320 + i) ++wrong;
            if (!platform::any_lane(thread % 32 == i)) ++wrong;
            if (platform::any_lane(false)) ++wrong;
            if (platform::smallest_of_lanes(1000 - thread) != 1000 - warp * 32 - 31) ++wrong;
            const auto said =
                platform::for_lanes(0xF0F0u, [&](std::uint32_t lane) { return lane & 7u; });
            if (said.first != 0xA0A0u || said.second != 0xC0C0u || said.third != 0xF0F0u) ++wrong;
            platform::sync_block();
          }
        });

    CHECK(failed == "");
    CHECK(wrong == 0);
  }
}

TEST_CASE("scheduler: lanes that meet at different calls are found", "[sim][scheduler]") {
  const auto failed = run_lanes({}, 1, 1, [](unsigned, unsigned thread) {
    if (thread % 2 == 0) {
      platform::sync_warp();
    } else {
      static_cast<void>(platform::any_lane(true));
    }
  });

  CHECK(mentions(failed, "different calls"));
  CHECK(mentions(failed, "sync_warp at "));
  CHECK(mentions(failed, "any_lane at "));
}

TEST_CASE("scheduler: two calls of one kind are different calls", "[sim][scheduler]") {
  const auto failed = run_lanes({}, 1, 1, [](unsigned, unsigned thread) {
    if (thread % 2 == 0) {
      platform::sync_warp();
    } else {
      platform::sync_warp();
    }
  });

  CHECK(mentions(failed, "different calls"));
}

TEST_CASE("scheduler: lanes with different masks are found", "[sim][scheduler]") {
  const auto failed = run_lanes({}, 1, 1, [](unsigned, unsigned thread) {
    static_cast<void>(platform::for_lanes(thread, [](std::uint32_t) { return 0u; }));
  });

  CHECK(mentions(failed, "different masks"));
}

TEST_CASE("scheduler: a lane that ends while others wait is found", "[sim][scheduler]") {
  const auto failed = run_lanes({}, 1, 2, [](unsigned, unsigned thread) {
    if (thread != 40) platform::sync_block();
  });

  CHECK((mentions(failed, "ended while others wait") || mentions(failed, "lanes have ended")));
}

TEST_CASE("scheduler: a meeting inside another is found", "[sim][scheduler]") {
  const auto failed = run_lanes({}, 1, 1, [](unsigned, unsigned) {
    static_cast<void>(platform::for_lanes(1u, [](std::uint32_t) {
      platform::sync_warp();
      return 0u;
    }));
  });

  CHECK(mentions(failed, "different calls"));
}

TEST_CASE("scheduler: warps that wait for each other are stuck", "[sim][scheduler]") {
  const auto failed = run_lanes({}, 1, 2, [](unsigned, unsigned thread) {
    const bool is_early = thread < 32 || thread == 33;
    if (!is_early) platform::sync_warp();
    platform::sync_block();
  });

  CHECK(mentions(failed, "stuck: no lane can run"));
}

TEST_CASE("scheduler: an endless loop is stuck after the most steps", "[sim][scheduler]") {
  for (const auto mode : {schedule_mode::random, schedule_mode::priority}) {
    const auto failed =
        run_lanes({.mode = mode, .max_steps = 10'000}, 1, 1, [](unsigned, unsigned) {
          while (true) platform::pause(0);
        });

    CHECK(mentions(failed, "stuck: not at an end"));
    CHECK(mentions(failed, "seed 1"));
  }
}

TEST_CASE("scheduler: equal seeds give equal schedules, others do not", "[sim][scheduler]") {
  std::vector<std::uint64_t> digests;
  for (const std::uint64_t seed : {7, 8, 7, 8, 9, 10}) {
    word sum{};
    const auto failed = run_lanes(sim_test::schedule_of(seed), 2, 2, [&](unsigned, unsigned) {
      // relaxed: only counts.
      for (int i = 0; i < 10; ++i) sum.fetch_add(1, platform::relaxed);
      platform::sync_warp();
    });
    REQUIRE(failed == "");
    digests.push_back(cowarp::sim::last_outcome().digest);
  }

  CHECK(digests[0] == digests[2]);
  CHECK(digests[1] == digests[3]);
  CHECK(digests[0] != digests[4]);
  CHECK(digests[1] != digests[5]);
}

TEST_CASE("scheduler: a store between a load and a store is found", "[sim][scheduler]") {
  std::uint32_t lost = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    word sum{};
    const auto failed = run_lanes(sim_test::schedule_of(seed), 2, 1, [&](unsigned, unsigned) {
      // relaxed: the race is the point.
      sum.store(sum.load(platform::relaxed) + 1, platform::relaxed);
    });
    REQUIRE(failed == "");
    // relaxed: the run has ended.
    if (sum.load(platform::relaxed) != 64) ++lost;
  }

  CHECK(lost >= 5);
}

TEST_CASE("scheduler: a run that fails is shrunk to what it needs", "[sim][scheduler]") {
  // Threads add to a sum by a load and a store, amid much that all of them do: one interruption is enough.
  const auto run = [](const sim_test::run_plan& plan) -> std::string {
    word sum{};
    word noise{};
    const auto failed =
        run_lanes(plan.how, plan.blocks, plan.workers, [&](unsigned block, unsigned thread) {
          // relaxed: only counts; here and below the race is the point.
          for (int i = 0; i < 10; ++i) noise.fetch_add(1, platform::relaxed);
          if (block == 0 && thread < 8) {
            // relaxed: as above.
            sum.store(sum.load(platform::relaxed) + 1, platform::relaxed);
          }
          for (int i = 0; i < 10; ++i) noise.fetch_add(1, platform::relaxed);  // relaxed: as above
        });
    if (!failed.empty()) return failed;
    const std::uint32_t got = sum.load(platform::relaxed);  // relaxed: the run has ended.
    return got == 8 ? "" : "sum: " + std::to_string(got) + " is not 8";
  };

  std::uint32_t shrunk = 0;
  std::uint32_t single = 0;  // to one interruption
  std::uint32_t lone   = 0;  // to one block
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    sim_test::run_plan plan{sim_test::schedule_of(seed), 2, 2};
    plan.how.records      = true;
    const std::string law = run(plan);
    if (law.empty()) continue;
    const std::size_t before = cowarp::sim::last_outcome().interruptions.size();
    const auto least         = sim_test::shrink(plan, law, run);

    CHECK(sim_test::kind_of(least.law) == "sum:  is not ");
    CHECK(least.interruptions.size() * 10 <= std::max<std::size_t>(before, 10));
    single += least.interruptions.size() <= 1 ? 1 : 0;
    // The same again, also when it was written down and read.
    auto again = least.plan;
    REQUIRE(again.how.interruptible.has_value());
    again.how.interruptible = sim_test::ranges_of(sim_test::text_of(*least.plan.how.interruptible));
    CHECK(run(again) == least.law);
    CHECK(cowarp::sim::last_outcome().interruptions.size() == least.interruptions.size());
    ++shrunk;
    lone += least.plan.blocks == 1 ? 1 : 0;
  }
  CHECK(shrunk >= 5);
  CHECK(single * 2 >= shrunk);
  CHECK(lone >= 1);
}

TEST_CASE("scheduler: an order in which one lane is very late is found", "[sim][scheduler]") {
  // Lane 0 must be held between its two reads while lane 32 makes a hundred steps.
  std::uint32_t found = 0;
  for (std::uint64_t seed = 1; seed <= 400 && found == 0; ++seed) {
    word count{};
    const auto failed =
        run_lanes(sim_test::schedule_of(seed), 1, 2, [&](unsigned, unsigned thread) {
          if (thread == 0) {
            const auto before = count.load(platform::relaxed);  // relaxed: the race is the point.
            const auto after  = count.load(platform::relaxed);  // relaxed: the same.
            if (before == 0 && after == 100) ++found;
          } else if (thread == 32) {
            // relaxed: only counts.
            for (int i = 0; i < 100; ++i) count.fetch_add(1, platform::relaxed);
          }
        });
    REQUIRE(failed == "");
  }

  CHECK(found != 0);
}

TEST_CASE("scheduler: the clock jumps over the sleep of all workers", "[sim][scheduler]") {
  std::uint64_t slept = 0;
  const auto failed   = run_lanes({}, 1, 1, [&](unsigned, unsigned) {
    const std::uint64_t begin = platform::uniform(platform::clock_ns());
    std::uint64_t now         = begin;
    for (std::uint32_t passes = 0; now < begin + 1'000'000'000; ++passes) {
      cowarp::sim::idle(passes, begin + 1'000'000'000 - now);
      now = platform::uniform(platform::clock_ns());
    }
    slept = now - begin;
  });

  CHECK(failed == "");
  CHECK(slept >= 1'000'000'000);
  CHECK(cowarp::sim::last_outcome().steps < 10'000);
}

TEST_CASE("scheduler: workers that idle for ever are stuck", "[sim][scheduler]") {
  const auto failed = run_lanes({}, 2, 2, [&](unsigned, unsigned) {
    for (std::uint32_t passes = 0;; ++passes) cowarp::sim::idle(passes, ~std::uint64_t{0});
  });

  CHECK(mentions(failed, "stuck: all workers are idle"));
}

TEST_CASE("spin_lock: lanes of one warp exclude each other", "[sim][platform][spin_lock]") {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    platform::spin_lock<cowarp::scope::device> lock{};
    word inside{};
    std::uint32_t sum   = 0;
    std::uint32_t wrong = 0;
    const auto failed   = run_lanes(sim_test::schedule_of(seed), 2, 1, [&](unsigned, unsigned) {
      lock.with([&] {
        // relaxed: the lock orders it.
        if (inside.fetch_add(1, platform::relaxed) != 0) ++wrong;
        ++sum;
        inside.fetch_sub(1, platform::relaxed);  // relaxed: the same.
      });
    });

    REQUIRE(failed == "");
    REQUIRE(wrong == 0);
    REQUIRE(sum == 64);
  }
}
