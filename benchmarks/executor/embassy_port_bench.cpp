// SPDX-License-Identifier: Apache-2.0
/// \file
/// What cowarp is compared with: Embassy's executor, carried over word for word.
///
/// One thread of each block polls. Its run queue is a stack in global memory that wakers push with
/// compare-and-swap, a task has a state word with the bits "spawned" and "queued", and its poll is
/// called through a pointer. Here every task wakes itself, as `yield_now` does in Embassy.
#include <support/measure.hpp>

#include <cstdint>
#include <executor/yield_sweep.hpp>

namespace {

namespace platform = cowarp::platform;

constexpr std::uint32_t most_tasks = 128;

/// Embassy's `TaskHeader`: state, link, poll.
struct task_header {
  platform::atomic_word<cowarp::scope::device> state;
  platform::atomic_word<cowarp::scope::device> next;  // index plus one
  bool (*poll)(task_header& task);
};

/// Embassy's `RunQueue`.
struct run_queue {
  platform::atomic_word<cowarp::scope::device> head;  // index plus one
};

/// A task that yields, as the compiler would build it.
struct yielder : task_header {
  std::uint32_t resume_point, i, count, sum;
};

struct alignas(128) executor {
  run_queue queue;
  yielder tasks[most_tasks];
};

struct port {
  static constexpr std::uint32_t most_blocks = 256;

  std::uint32_t tasks;  // of each block
  std::uint32_t yields;
  platform::atomic<std::uint64_t, cowarp::scope::device> polls;
  platform::atomic<std::uint64_t, cowarp::scope::device> cycles;
  platform::atomic<std::uint64_t, cowarp::scope::device> sum;
  executor blocks[most_blocks];
};

constexpr std::uint32_t spawned = 1u << 0;
constexpr std::uint32_t queued  = 1u << 1;

/// Two polls that differ, so that the call cannot be made direct.
template <std::uint32_t Weight>
COWARP_FN bool poll_yielder(task_header& header) {
  auto& task = static_cast<yielder&>(header);
  switch (task.resume_point) {
    case 0:
      for (; task.i < task.count; ++task.i) {
        task.sum += Weight;
        task.resume_point = 1;
        return false;
        case 1:;
      }
  }
  return true;
}

COWARP_FN void wake(executor& at, std::uint32_t index) {
  task_header& task = at.tasks[index];
  // acq_rel: as Embassy's; the waker's writes reach the poll.
  const std::uint32_t old = task.state.fetch_or(queued, platform::acq_rel);
  if ((old & (queued | spawned)) != spawned) return;
  // relaxed: only the first guess.
  std::uint32_t head = at.queue.head.load(platform::relaxed);
  do {
    // relaxed: published by the exchange.
    task.next.store(head, platform::relaxed);
    // release: publishes the link.
  } while (!at.queue.head.compare_exchange(head, index + 1, platform::release));
}

struct port_entry {
  using argument                             = port*;
  static constexpr std::uint32_t max_threads = 32;

  static COWARP_FN void run(port* const& all, unsigned char*, std::uint32_t block,
                            std::uint32_t thread, std::uint32_t) {
    if (thread != 0) return;
    executor& mine = all->blocks[block];
    for (std::uint32_t i = 0; i < all->tasks; ++i) {
      mine.tasks[i].poll  = i % 2 == 0 ? &poll_yielder<1> : &poll_yielder<2>;
      mine.tasks[i].count = all->yields;
      // relaxed: the same thread polls.
      mine.tasks[i].state.store(spawned, platform::relaxed);
      wake(mine, i);
    }
    const std::uint64_t begin = platform::cycles();
    std::uint64_t polls       = 0;
    for (std::uint32_t alive = all->tasks; alive != 0;) {
      // acq_rel: as Embassy's; shows the links.
      std::uint32_t at = mine.queue.head.exchange(0, platform::acq_rel);
      while (at != 0) {
        const std::uint32_t index = at - 1;
        yielder& task             = mine.tasks[index];
        // relaxed: read before the bit is cleared.
        at = task.next.load(platform::relaxed);
        // acq_rel: as Embassy's; shows what the wakers wrote.
        task.state.fetch_and(~queued, platform::acq_rel);
        ++polls;
        if (task.poll(task)) {
          --alive;
        } else {
          wake(mine, index);
        }
      }
    }
    std::uint64_t sum = 0;
    for (std::uint32_t i = 0; i < all->tasks; ++i) sum += mine.tasks[i].sum;
    // relaxed: read after the kernel.
    all->cycles.fetch_add(platform::cycles() - begin, platform::relaxed);
    all->polls.fetch_add(polls, platform::relaxed);  // relaxed: as above
    all->sum.fetch_add(sum, platform::relaxed);      // relaxed: as above
  }
};

/// The same task in cowarp.
COWARP_TASK_FRAME(cowarp_yielder, 32, 8) {
  bench::yield_state& state;
  std::uint32_t yields;
  std::uint32_t i = 0;
  COWARP_BODY_BEGIN
  for (; i < yields; ++i) COWARP_AWAIT(cowarp::yield_now());
  // relaxed: read after the run.
  state.sum.fetch_add(i, cowarp::platform::relaxed);
  COWARP_BODY_END
};

class measurement {
 public:
  explicit measurement(bench::table& to) : to_(to), port_(std::make_unique<port>()) {}

  /// One row. \returns its median, to compare with.
  double row(std::uint32_t blocks, std::uint32_t tasks) {
    const auto name = bench::numbered("port, {} x {} tasks (blocks x tasks)", {blocks, tasks});
    if (!to_.has_time()) {
      to_.skip(name, "out of time");
      return 0;
    }
    const auto pace =
        bench::pace_of(10e-3, 32, [&](std::uint32_t yields) { return run(blocks, tasks, yields); });
    bench::samples cycles;
    const auto rate = bench::repeat(to_, [&] {
      const double took = pace.net(run(blocks, tasks, pace.count));
      // relaxed: the kernel has ended.
      const auto polls = static_cast<double>(port_->polls.load(platform::relaxed));
      cycles.add(static_cast<double>(port_->cycles.load(platform::relaxed)) / polls);  // relaxed:
      return polls / took * 1e-9;                                                      // as above
    });
    to_.row(name, rate, "G polls/s", {}, {cycles.median(), "cycles/poll"});
    return rate.median();
  }

 private:
  double run(std::uint32_t blocks, std::uint32_t tasks, std::uint32_t yields) {
    *port_            = {};
    port_->tasks      = tasks;
    port_->yields     = yields;
    const double took = bench::run_kernel<port_entry>({.blocks = blocks}, *port_);
    // relaxed: the kernel has ended.
    const std::uint64_t polls = port_->polls.load(platform::relaxed);
    const std::uint64_t sum   = port_->sum.load(platform::relaxed);  // relaxed: as above
    to_.require(polls == std::uint64_t{blocks} * tasks * (yields + 1), "polls were lost or added");
    const std::uint64_t weights = tasks + tasks / 2;
    to_.require(sum == weights * blocks * yields, "the tasks' sum is wrong");
    return took;
  }

  bench::table& to_;
  std::unique_ptr<port> port_;
};

void measure(bench::table& to) {
  using enum cowarp::memory;
  measurement of(to);
  const std::uint32_t all = std::min(bench::default_blocks(), port::most_blocks);
  for (const std::uint32_t tasks : {1u, 8u}) of.row(1, tasks);
  const double one = of.row(1, 64);
  of.row(all, 1);
  of.row(all, 8);
  const double every = of.row(all, 64);

  bench::yield_sweep<cowarp_yielder> cowarp_of(to);
  cowarp_of.compare<shared, 2>("cowarp, 1 block, 64 tasks, shared", 1, 64, {"port", one});
  cowarp_of.compare<global, 2>("cowarp, 1 block, 64 tasks, global", 1, 64, {"port", one});
  cowarp_of.compare<shared, 2>("cowarp, all blocks, 64 tasks, shared", all, 64, {"port", every});
  cowarp_of.compare<global, 2>("cowarp, all blocks, 64 tasks, global", all, 64, {"port", every});
}

}  // namespace

int main(int argc, char** argv) {
  return bench::run("yield, straight Embassy port", argc, argv, measure);
}
