// SPDX-License-Identifier: Apache-2.0
/// \file
/// Runs the tests that all backends share in simulation: COWARP_SIM_SEED chooses the schedule.
#define CATCH_CONFIG_EXTERNAL_INTERFACES  // listeners, in version 2

#include "explore.hpp"

namespace {

#if defined(COWARP_CATCH2_V3)
using listener_base = Catch::EventListenerBase;
#else
using listener_base = Catch::TestEventListenerBase;
#endif

/// Every test begins with the same seed, so that it can be run again alone.
struct seed_listener : listener_base {
  using listener_base::listener_base;

  void testCaseStarting(const Catch::TestCaseInfo&) override {
    auto how = sim_test::schedule_of(sim_test::from_environment("COWARP_SIM_SEED", 1));
    // Some of these tests let a busy program run for milliseconds before the host stops it.
    how.max_steps = 100'000'000;
    cowarp::sim::use(how);
  }
};

CATCH_REGISTER_LISTENER(seed_listener)

}  // namespace
