// SPDX-License-Identifier: Apache-2.0
/// \file
/// Everything at once, for as long as asked: messages, locks, permits, spawns, timeouts and cancels over
/// all blocks, launch after launch; at the end of each launch everything is counted.
///
///     cowarp_soak [seconds [blocks [seed]]]     without arguments: 2 seconds, 4 blocks, seed 1
///
/// Exit status 1 and the report if something was lost, came twice, or the launch stalled.
#include <cowarp/cowarp.hpp>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace {

using namespace std::chrono_literals;
namespace platform = cowarp::platform;
using count        = platform::atomic<std::uint64_t, cowarp::scope::device>;

constexpr std::uint32_t walkers = 40;  // in each block; more than one word
constexpr std::uint32_t steps   = 300;

COWARP_FN void note(count& what, std::uint64_t by = 1) {
  what.fetch_add(by, platform::relaxed);  // relaxed: counted for the host only.
}
std::uint64_t read(const count& what) { return what.load(platform::relaxed); }  // relaxed: ended.

struct world {
  std::uint64_t seed;
  cowarp::channel<std::uint64_t, 8> line;
  cowarp::mutex<std::uint64_t> ledger;
  cowarp::semaphore<3> permits;
  cowarp::watch<std::uint64_t> news;
  platform::atomic_word<cowarp::scope::device> holders;
  platform::atomic_word<cowarp::scope::device> walking;
  count sent, sent_sum, got, got_sum, given_up, locked, acquired, spawned, refused, children, wrong;
};

struct app;
COWARP_FN bool spawn_child(world& w, std::uint64_t dice);

/// Ends after a nap, on whatever block it was started.
COWARP_TASK_FRAME(child, 48) {
  world& w;
  std::uint64_t nap_ns;
  COWARP_BODY_BEGIN
  COWARP_AWAIT(cowarp::sleep_for(std::chrono::nanoseconds(nap_ns)));
  note(w.children);
  COWARP_BODY_END
};

/// Takes a number of random steps.
COWARP_TASK_FRAME(walker, walkers, 200) {
  world& w;
  std::uint64_t random;
  std::uint32_t i = 0;
  cowarp::optional<cowarp::send_result<std::uint64_t>> sent{};
  cowarp::optional<cowarp::optional<std::uint64_t>> got{};
  cowarp::optional<cowarp::mutex<std::uint64_t>::guard> guard{};
  cowarp::optional<cowarp::optional<cowarp::semaphore<3>::permits>> held{};
  COWARP_BODY_BEGIN
  for (; i < steps; ++i) {
    roll();
    if (random % 8 < 2) {
      COWARP_AWAIT_INTO(sent, cowarp::with_timeout(limit(), w.line.send(random)));
      if (sent && sent->is_ok()) {
        note(w.sent);
        note(w.sent_sum, random);
      } else {
        note(w.given_up);
      }
    } else if (random % 8 == 2) {
      COWARP_AWAIT_INTO(got, cowarp::with_timeout(limit(), w.line.receive()));
      if (got && *got) receive(**got);
    } else if (random % 8 == 3) {
      COWARP_AWAIT_INTO(guard, cowarp::with_timeout(limit(), w.ledger.lock()));
      if (guard) {
        **guard += 1;
        note(w.locked);
        COWARP_AWAIT(cowarp::yield_now());
        guard.reset();
      }
    } else if (random % 8 == 4) {
      COWARP_AWAIT_INTO(held, cowarp::with_timeout(limit(), w.permits.acquire()));
      if (held && *held) {
        // relaxed: the semaphore orders what matters; this only counts.
        if (w.holders.fetch_add(1, platform::relaxed) >= 3) note(w.wrong);
        note(w.acquired);
        COWARP_AWAIT(cowarp::yield_now());
        w.holders.fetch_sub(1, platform::relaxed);  // relaxed: as above
        held.reset();
      }
    } else if (random % 8 == 5) {
      if (spawn_child(w, random >> 8)) {
        note(w.spawned);
      } else {
        note(w.refused);
      }
    } else if (random % 8 == 6) {
      static_cast<void>(w.news.send(random));
      COWARP_AWAIT(cowarp::yield_now());
    } else {
      COWARP_AWAIT(cowarp::sleep_for(std::chrono::nanoseconds(random >> 8 & 0x3fff)));
    }
  }
  // acq_rel: the last one closes after all have sent.
  if (w.walking.fetch_sub(1, platform::acq_rel) == 1) {
    w.line.close();
    w.news.close();
  }
  COWARP_BODY_END

  COWARP_FN void roll() {
    random ^= random << 13;
    random ^= random >> 7;
    random ^= random << 17;
  }
  [[nodiscard]] COWARP_FN std::chrono::nanoseconds limit() const {
    return std::chrono::nanoseconds(random >> 16 & 0xffff);
  }
  COWARP_FN void receive(std::uint64_t message) {
    note(w.got);
    note(w.got_sum, message);
  }
};

/// Receives until the end.
COWARP_TASK_FRAME(drain, 2) {
  world& w;
  cowarp::optional<std::uint64_t> got{};
  COWARP_BODY_BEGIN
  for (;;) {
    COWARP_AWAIT_INTO(got, w.line.receive());
    if (!got) break;
    note(w.got);
    note(w.got_sum, *got);
  }
  COWARP_BODY_END
};

/// Follows the news until the end.
COWARP_TASK_FRAME(follow, 1, 96) {
  world& w;
  cowarp::watch<std::uint64_t>::receiver latest = w.news.subscribe();
  cowarp::optional<std::uint64_t> value{};
  COWARP_BODY_BEGIN
  for (;;) {
    COWARP_AWAIT_INTO(value, latest.changed());
    if (!value) break;
  }
  COWARP_BODY_END
};

struct app : cowarp::program<walker, child, drain, follow> {
  using grid_state                   = world;
  static constexpr bool finds_stalls = true;
  COWARP_FN static void start(cowarp::spawner<app> s, cowarp::no_state&, world& w) {
    for (std::uint32_t i = 0; i < walkers; ++i) {
      s.must_spawn<walker>(w, (w.seed * 1024 + s.block() * walkers + i + 1) * 0x9E3779B97F4A7C15u);
    }
    s.must_spawn<drain>(w);
    s.must_spawn<drain>(w);
    s.must_spawn<follow>(w);
  }
};

COWARP_FN bool spawn_child(world& w, std::uint64_t dice) {
  const cowarp::spawner<app> s;
  const auto block = static_cast<std::uint32_t>(dice % s.blocks());
  return s.spawn_on<child>(block, w, dice & 0x1fff) == cowarp::spawn_result::ok;
}

/// \returns what is wrong after a launch, or null.
const char* judge(const cowarp::report& report, world& w) {
  if (report.end != cowarp::end_reason::all_done) return "the launch did not end by itself";
  if (report.total.pending != 0) return "tasks are left";
  if (read(w.sent) != read(w.got)) return "messages were lost or came twice";
  if (read(w.sent_sum) != read(w.got_sum)) return "messages came changed";
  if (read(w.spawned) != read(w.children)) return "spawned tasks did not end once each";
  if (w.ledger.unguarded() != read(w.locked)) return "two tasks held the lock at once";
  if (w.permits.available() != 3) return "permits were lost";
  if (read(w.wrong) != 0) return "more tasks held permits than there are";
  return nullptr;
}

}  // namespace

int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::strtod(argv[1], nullptr) : 2;
  const auto blocks = static_cast<std::uint32_t>(argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 4);
  std::uint64_t seed = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 1;
  const auto until =
      std::chrono::steady_clock::now() +
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(seconds));
  std::uint64_t launches = 0, messages = 0, given_up = 0, locks = 0, tasks = 0;
  do {
    world w{};
    w.seed = seed;
    // relaxed: nobody runs yet.
    w.walking.store(blocks * walkers, platform::relaxed);
    const auto report = cowarp::run<app>({.blocks = blocks, .stall_after = 5s}, w);
    if (const char* problem = judge(report, w)) {
      std::printf("seed %llu: %s\n%s\n", static_cast<unsigned long long>(seed), problem,
                  to_string(report).c_str());
      return 1;
    }
    ++launches;
    ++seed;
    messages += read(w.got);
    given_up += read(w.given_up);
    locks += read(w.locked) + read(w.acquired);
    tasks += report.total.completed;
  } while (std::chrono::steady_clock::now() < until);
  std::printf(
      "%llu launches, %llu tasks, %llu messages, %llu sends given up, %llu locks and permits: "
      "nothing lost\n",
      static_cast<unsigned long long>(launches), static_cast<unsigned long long>(tasks),
      static_cast<unsigned long long>(messages), static_cast<unsigned long long>(given_up),
      static_cast<unsigned long long>(locks));
}
