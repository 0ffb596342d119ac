// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a launch refuses before it starts, and what it says then. What can be seen when the program is
/// compiled (a pool of 0, too many slots, an arena over its limit) is refused in compile_fail/.
#include <support/checks.hpp>

#include <string>

namespace configuration_test {

COWARP_TASK_FRAME(idle, 1){COWARP_BODY_BEGIN COWARP_BODY_END};

struct app : cowarp::program<idle> {
  COWARP_FN static void start(cowarp::spawner<app>) {}
};

/// \returns what the launch answers; nothing if it ran.
std::string answer_to(const cowarp::launch_options& options) {
  try {
    static_cast<void>(cowarp::run<app>(options));
  } catch (const cowarp::configuration_error& refused) {
    return refused.what();
  }
  return {};
}

}  // namespace configuration_test

TEST_CASE("launch: what cannot work is refused with what would", "[executor][launch]") {
  const std::string answer = configuration_test::answer_to({.blocks = 70'000});
  CHECK(answer.find("70000 blocks") != std::string::npos);

  const auto ask_for = answer.find("ask for ");
  REQUIRE(ask_for != std::string::npos);
  const auto would_work = std::stoul(answer.substr(ask_for + 8));
  CHECK(would_work > 0);
  CHECK(would_work < 70'000);
}

TEST_CASE("launch: a program that finds no stalls says so on a GPU", "[executor][launch]") {
  const std::string answer =
      configuration_test::answer_to({.blocks = 1, .stall_after = std::chrono::seconds(1)});
  CHECK((answer.find("finds_stalls = true") != std::string::npos) ==
        cowarp::platform::launches_on_gpu);
}
