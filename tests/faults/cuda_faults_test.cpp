// SPDX-License-Identifier: Apache-2.0
/// \file
/// Every call to CUDA fails once, and devices that will not do are asked: what the backend says then, and
/// what it leaves behind. No GPU is needed.
#include <cowarp/platform/cuda/cuda_error.hpp>
#include <cowarp/platform/cuda/cuda_launch.hpp>

#include <support/catch.hpp>

#include "fake_cuda.hpp"
#include <chrono>
#include <string>

using namespace std::chrono_literals;
using cowarp::platform::cuda_launch;
using cowarp::platform::launch_plan;
using fake_cuda::now;

namespace {

void a_kernel() {}
const void* const kernel = reinterpret_cast<const void*>(&a_kernel);

constexpr launch_plan plan{.blocks       = 4,
                           .workers      = 2,
                           .max_workers  = 8,
                           .words        = 3,
                           .shared_bytes = 5000,
                           .stream       = nullptr};

/// All that an executor asks of the backend.
void live() {
  cuda_launch launch(plan, kernel);
  unsigned char* memory                      = launch.allocate(100);
  launch.allocate_visible(100).on_device[99] = 1;
  int value                                  = 1;
  launch.upload(memory, &value, sizeof value);
  launch.start(&value);
  static_cast<void>(launch.wait_for(1h));
  static_cast<void>(launch.wait_for(std::chrono::nanoseconds::max()));
  launch.download(&value, memory, sizeof value);
  static_cast<void>(launch.name());
}

/// \returns what the constructor answers; nothing if it takes the plan.
std::string answer_to(const launch_plan& asked) {
  try {
    const cuda_launch launch(asked, kernel);
  } catch (const cowarp::configuration_error& refused) {
    CHECK(now.held == 0);
    return refused.what();
  }
  return {};
}

bool is_release(const std::string& call) {
  return call.find("Destroy") != std::string::npos || call.find("Free") != std::string::npos;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// Lets the calls of a launch fail, one after the other. \returns how many there were.
int fail_each(bool stays_lost) {
  for (int i = 0;; ++i) {
    now            = {};
    now.calls_left = i;
    now.error      = cudaErrorIllegalAddress;
    now.stays_lost = stays_lost;
    std::string said;
    try {
      live();
    } catch (const cowarp::cuda_error& error) {
      CHECK(error.code() == cudaErrorIllegalAddress);
      said = error.what();
    }
    CAPTURE(i, now.failed_call, said);
    CHECK(now.held == 0);
    if (now.failed_call.empty()) return i;
    if (is_release(now.failed_call)) {
      CHECK(said.empty());
      continue;
    }
    CHECK(has(said, "cowarp: could not "));
    CHECK(has(said, "the fake fails (cudaErrorOfTheFake, "));
    CHECK(has(said, "cuda_launch.cpp:"));
  }
}

}  // namespace

TEST_CASE("cuda_error: says what was tried, why not, and where", "[faults][cuda]") {
  now = {};
  try {
    cowarp::check(cudaErrorMemoryAllocation, "allocate a house");
    FAIL("nothing was thrown");
  } catch (const cowarp::cuda_error& error) {
    CHECK(error.code() == cudaErrorMemoryAllocation);
    const std::string said = error.what();
    CHECK(has(said, "cowarp: could not allocate a house: the fake fails (cudaErrorOfTheFake, "));
    CHECK(has(said, "cuda_faults_test.cpp:" + std::to_string(__LINE__ - 6) + ")"));
  }
  CHECK_NOTHROW(cowarp::check(cudaSuccess, "do nothing"));
}

TEST_CASE("cuda_launch: each call that fails is told and nothing stays", "[faults][cuda]") {
  CHECK(fail_each(false) > 25);
}

TEST_CASE("cuda_launch: a device that is lost at any call is told once", "[faults][cuda]") {
  CHECK(fail_each(true) > 25);
}

TEST_CASE("cuda_launch: mapped memory that there is not is told", "[faults][cuda]") {
  now = {};
  for (int i = 0; now.failed_call != "cudaHostAlloc"; ++i) {
    REQUIRE(i < 50);
    now            = {};
    now.calls_left = i;
    now.error      = cudaErrorMemoryAllocation;
    try {
      const cuda_launch launch(plan, kernel);
    } catch (const cowarp::cuda_error& error) {
      if (now.failed_call != "cudaHostAlloc") continue;
      CHECK(has(error.what(), "could not allocate mapped memory"));
    }
  }
  CHECK(now.held == 0);
}

TEST_CASE("cuda_launch: a launch that is refused never ran", "[faults][cuda]") {
  now = {};
  cuda_launch launch(plan, kernel);
  int argument   = 0;
  now.calls_left = 1;  // after the first event
  now.error      = cudaErrorCooperativeLaunchTooLarge;
  try {
    launch.start(&argument);
    FAIL("nothing was thrown");
  } catch (const cowarp::cuda_error& error) {
    CHECK(error.code() == cudaErrorCooperativeLaunchTooLarge);
    CHECK(has(error.what(), "could not launch the executor"));
  }
  now.calls_left = -1;
  CHECK_NOTHROW(launch.start(&argument));
  CHECK(launch.wait_for(1h));
}

TEST_CASE("cuda_error: a device that is lost says what was last known", "[faults][cuda]") {
  const auto fail = [](bool waits_for_ever) {
    now = {};
    cuda_launch launch(plan, kernel);
    const auto visible = launch.allocate_visible(8);
    launch.on_error([&] { return std::string("block 3 was ") + char(visible.on_host[0]); });
    int argument = 0;
    launch.start(&argument);
    visible.on_device[0] = '7';
    now.calls_left       = 0;
    now.error            = cudaErrorIllegalAddress;
    now.stays_lost       = true;
    try {
      if (waits_for_ever) {
        static_cast<void>(launch.wait_for(std::chrono::nanoseconds::max()));
      } else {
        static_cast<void>(launch.wait_for(1h));
      }
      FAIL("nothing was thrown");
    } catch (const cowarp::cuda_error& error) {
      CHECK(error.code() == cudaErrorIllegalAddress);
      CHECK(has(error.what(), "cowarp: could not wait for the executor: "));
      CHECK(has(error.what(), ")\nblock 3 was 7"));
      CHECK(error.last_known() == "block 3 was 7");
    }
  };
  fail(true);
  fail(false);
  CHECK(now.held == 0);
}

TEST_CASE("cuda_launch: a wait with a limit is false while it runs", "[faults][cuda]") {
  now = {};
  cuda_launch launch(plan, kernel);
  int argument = 0;
  launch.start(&argument);
  now.busy_checks = 1'000'000;
  CHECK_FALSE(launch.wait_for(1ms));
  CHECK_FALSE(launch.wait_for(-1ms));
  now.busy_checks = 3;
  CHECK(launch.wait_for(1h));
  CHECK(launch.seconds() > 0);
}

TEST_CASE("cuda_launch: blocks are launched together, in the clusters asked for",
          "[faults][cuda]") {
  now                  = {};
  launch_plan asked    = plan;
  asked.blocks         = 0;
  asked.cluster_blocks = GENERATE(0u, 1u, 4u);

  cuda_launch launch(asked, kernel);
  int argument = 0;
  launch.start(&argument);

  CHECK(now.is_cooperative);
  CHECK(now.cluster == (asked.cluster_blocks > 1 ? asked.cluster_blocks : 0));
  CHECK(launch.blocks() == (asked.cluster_blocks > 1 ? 8u : 10u));
}

TEST_CASE("cuda_launch: what cannot work is refused with what would", "[faults][cuda]") {
  launch_plan asked = plan;
  SECTION("an old GPU") {
    now       = {};
    now.major = 6;
    CHECK(has(answer_to(plan), "compute capability 7.0 or newer"));
  }
  SECTION("a GPU for which there is no code") {
    const auto error = GENERATE(cudaErrorNoKernelImageForDevice, cudaErrorInvalidDeviceFunction,
                                cudaErrorUnsupportedPtxVersion);
    now              = {};
    now.minor        = 3;
    now.calls_left   = 4;
    now.error        = error;
    const auto said  = answer_to(plan);
    CHECK(now.failed_call == "cudaFuncGetAttributes");
    CHECK(has(said, "which is sm_93: add 93 to CMAKE_CUDA_ARCHITECTURES"));
  }
  SECTION("a driver that is too old") {
    now             = {};
    now.driver      = 12040;
    now.calls_left  = 0;
    now.error       = cudaErrorInsufficientDriver;
    const auto said = answer_to(plan);
    CHECK(has(said, "built with CUDA 13.0 and the driver serves CUDA 12.4 at most"));
    CHECK(has(said, "install a driver for CUDA 13.0 or newer"));
  }
  SECTION("no driver") {
    now            = {};
    now.driver     = 0;
    now.calls_left = 0;
    now.error      = cudaErrorInsufficientDriver;
    CHECK(has(answer_to(plan), "the driver is missing"));
  }
  SECTION("a GPU that does not launch cooperatively") {
    now                 = {};
    now.has_cooperative = 0;
    CHECK(has(answer_to(plan), "cannot launch cooperatively"));
  }
  SECTION("too much shared memory") {
    now              = {};
    now.shared_bytes = 4999;
    const auto said  = answer_to(plan);
    CHECK(has(said, "needs 5000 bytes"));
    CHECK(has(said, "has 4999"));
  }
  SECTION("too many blocks") {
    now          = {};
    asked.blocks = 21;
    CHECK(has(answer_to(asked), "21 blocks"));
    CHECK(has(answer_to(asked), "ask for 20 or fewer"));
    asked.blocks = 20;
    CHECK(answer_to(asked).empty());
  }
  SECTION("clusters on an old GPU") {
    now                  = {};
    now.has_clusters     = 0;
    asked.cluster_blocks = 2;
    CHECK(has(answer_to(asked), "compute capability 9.0 or newer"));
  }
  SECTION("blocks that do not make up clusters") {
    now                  = {};
    asked.cluster_blocks = 3;
    CHECK(has(answer_to(asked), "clusters of 3 blocks cannot make up 4 blocks"));
  }
  SECTION("too many clusters") {
    now                  = {};
    asked.cluster_blocks = 2;
    asked.blocks         = 10;
    CHECK(has(answer_to(asked), "fit on the GPU for 8 blocks"));
    asked.blocks = 8;
    CHECK(answer_to(asked).empty());
  }
  SECTION("too many workers") {
    now           = {};
    asked.workers = 9;
    CHECK(has(answer_to(asked), "ask for 8 or fewer"));
    asked.workers = 8;
    CHECK(answer_to(asked).empty());
  }
  SECTION("registers that let no block live") {
    now               = {};
    now.blocks_per_sm = 0;
    CHECK(has(answer_to(plan), "not even one block of 2 workers"));
  }
}
