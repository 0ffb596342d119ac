// SPDX-License-Identifier: Apache-2.0
/// \file
/// A program with a flight recorder tells the host at any time what each of its workers does.
#include <support/checks.hpp>
#include <support/steps.hpp>

#include <chrono>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using activity = cowarp::worker_state::activity;

namespace flight_recorder_test {

struct state {
  cowarp::signal<std::uint32_t> never_sent;
  std::uint32_t slot;  // of the task that keeps its worker
};

COWARP_TASK_FRAME(asleep, 3) {
  state& s;
  COWARP_BODY_BEGIN
  COWARP_AWAIT(s.never_sent.wait());
  COWARP_BODY_END
};

/// Keeps its worker for so long in one poll.
COWARP_TASK_FRAME(greedy, 40) {
  state& s;
  std::uint64_t ns;
  cowarp::task_id self{};
  COWARP_BODY_BEGIN
  COWARP_AWAIT_INTO(self, cowarp::this_task{});
  COWARP_AWAIT(cowarp::yield_now());
  if (ns != 0) keep();
  COWARP_AWAIT(s.never_sent.wait());
  COWARP_BODY_END

  COWARP_FN void keep() const {
    s.slot                    = self.slot();
    const std::uint64_t begin = cowarp::platform::clock_ns();
    while (cowarp::platform::clock_ns() - begin < ns) cowarp::platform::pause(1000);
  }
};

/// In block 1 a task does not return for half a second.
template <bool Keeps>
struct app : cowarp::program<asleep, greedy> {
  using grid_state                          = state;
  static constexpr bool has_flight_recorder = Keeps;
  COWARP_FN static void start(cowarp::spawner<app> s, cowarp::no_state&, state& g) {
    s.template must_spawn<asleep>(g);
    s.template must_spawn<greedy>(g, std::uint64_t{s.block() == 1 ? 500'000'000u : 0u});
  }
};

/// \returns the one worker that polls, once one does; within 20 seconds.
template <class Running>
cowarp::worker_state wait_for_poll(Running& running) {
  for (int i = 0; i < 20'000; ++i) {
    for (const auto& one : running.last_known()) {
      if (one.is == activity::polling && one.passes > 0 && one.block == 1) return one;
    }
    if (running.wait_for(1ms)) break;
  }
  return {};
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// \returns what is read from a record of these words.
cowarp::worker_state read(std::uint32_t polled, std::uint32_t slots) {
  using cowarp::platform::relaxed;
  cowarp::flight_record record{};
  // relaxed: one thread.
  record.polled.store(polled, relaxed);
  record.slots.store(slots, relaxed);  // relaxed: as above
  record.passes.store(77, relaxed);    // relaxed: as above
  record.live.store(5, relaxed);       // relaxed: as above
  return cowarp::detail::read_flight_record(record, 6, 7, [](std::uint32_t first_slot) {
    return first_slot == 64 ? std::string_view("mine") : std::string_view("not mine");
  });
}

}  // namespace flight_recorder_test

TEST_CASE("flight_recorder: says which task keeps its worker", "[executor][flight_recorder]") {
  using namespace flight_recorder_test;
  state s{};
  auto running = cowarp::run_async<app<true>>({.blocks = 2, .workers = 2}, s);
  auto found   = wait_for_poll(running);
  running.request_stop();
  const auto report = running.wait();
  CHECK(report.end == cowarp::end_reason::stopped);
  CHECK(found.is == activity::polling);
  CHECK(has(std::string(found.task), "greedy"));
  CHECK(found.live == 2);
  CHECK((found.slots >> (s.slot - found.first_slot) & 1u) == 1);
}

TEST_CASE("flight_recorder: after the end all workers have ended", "[executor][flight_recorder]") {
  using namespace flight_recorder_test;
  state s{};
  auto running = cowarp::run_async<app<true>>({.blocks = 3}, s);
  running.request_stop();
  const auto report = running.wait();
  const auto all    = running.last_known();
  CHECK(all.size() == std::size_t{report.blocks} * report.workers);
  for (const auto& one : all) CHECK(one.is == activity::ended);
  CHECK(has(to_string(all), std::to_string(all.size()) + " had ended"));
}

TEST_CASE("flight_recorder: who does not ask learns nothing", "[executor][flight_recorder]") {
  using namespace flight_recorder_test;
  state s{};
  auto running = cowarp::run_async<app<false>>({.blocks = 1}, s);
  CHECK(running.last_known().empty());
  running.request_stop();
  CHECK(running.wait().end == cowarp::end_reason::stopped);
}

TEST_CASE("flight_recorder: a record tells what its words say", "[executor][flight_recorder]") {
  using flight_recorder_test::read;
  CHECK(read(0, 0).is == activity::not_begun);
  CHECK(read(3, 0).is == activity::between_polls);
  CHECK(read(cowarp::flight_record::has_ended, 0).is == activity::ended);
  const auto polling = read(3, 0b1011);
  CHECK(polling.is == activity::polling);
  CHECK(polling.block == 6);
  CHECK(polling.worker == 7);
  CHECK(polling.task == "mine");
  CHECK(polling.first_slot == 64);
  CHECK(polling.slots == 0b1011);
  CHECK(polling.passes == 77);
  CHECK(polling.live == 5);
}

TEST_CASE("flight_recorder: the text names who polled and counts the rest",
          "[executor][flight_recorder]") {
  using flight_recorder_test::read;
  const std::string text =
      to_string(std::vector{read(0, 0), read(3, 0), read(3, 0xF000'0005), read(4, 0)});
  CHECK(text ==
        "what each worker did last, as far as it reached the host:\n"
        "  block 6 worker 7: polls mine in slot 64,66,92-95; pass 77, 5 tasks in the block\n"
        "  block 6 worker 7: had polled mine in slots 64-95; pass 77, 5 tasks in the block\n"
        "  block 6 worker 7: had polled not mine in slots 96-127; pass 77, 5 tasks in the block\n"
        "  of 4 workers 1 polled, 2 were between polls, 0 had ended, 1 had not polled");
  const std::string many = to_string(std::vector(40, read(3, 1)));
  CHECK(flight_recorder_test::has(many, "\n  and 8 workers more that polled\n"));
}
