// SPDX-License-Identifier: Apache-2.0
/// \file
/// Pipelines of tiles, load, transform, store, beside the same written by hand: one bound by memory, and
/// one whose tiles take times that differ by a factor of 20.
#include <peers/pipelines.hpp>
#include <pipeline/job.hpp>
#include <string>

namespace {

constexpr std::uint32_t first_line = __LINE__;
/// `Tiles` tiles of shared memory, a task for each: it loads the next part of the job, has all lanes of
/// its worker transform it, and stores it.
template <class Job, std::uint32_t Tiles, std::uint32_t Workers>
struct pipeline {
  struct board {
    cowarp::tile_pool<Job::tile_bytes, Tiles> tiles;
    cowarp::platform::atomic_word<cowarp::scope::block> next;  // parts of this block
  };
  struct transform {
    std::uint32_t part;
    float* words;
    COWARP_FN void operator()(cowarp::lane l) const {
      Job::transform(part, cowarp::in_shared(words), l.index, cowarp::lane::width());
    }
  };

  COWARP_TASK_FRAME(mover, Tiles, 56) {
    using output                                  = cowarp::unit;
    static constexpr std::uint32_t tasks_per_word = (Tiles + Workers - 1) / Workers;
    board& b;
    Job& job;
    std::uint32_t block;
    std::uint32_t part = 0;
    typename decltype(board::tiles)::tile tile{};
    COWARP_FN std::uint32_t next() {
      // relaxed: the numbers are all that matters.
      if (Job::varies) return job.next.fetch_add(1, cowarp::platform::relaxed);
      return block +
             job.blocks * b.next.fetch_add(1, cowarp::platform::relaxed);  // relaxed: as above
    }
    COWARP_FN std::size_t at() const { return std::size_t{part} * Job::tile_words; }
    COWARP_BODY_BEGIN
    COWARP_AWAIT_INTO(tile, b.tiles.take());
    while ((part = next()) < job.tiles) {
      COWARP_AWAIT(tile.load(job.in + at(), Job::tile_bytes, cowarp::copy_option::constant_source));
      COWARP_AWAIT(cowarp::lanes(transform{part, tile.template as<float>()}));
      COWARP_AWAIT(tile.store(job.out + at()));
    }
    COWARP_BODY_END
  };

  struct app : cowarp::program<mover> {
    using block_state                          = board;
    using grid_state                           = Job;
    static constexpr bool uses_width           = true;
    static constexpr auto frames               = cowarp::memory::shared;
    static constexpr std::uint32_t max_workers = Workers;
    COWARP_FN static void start(cowarp::spawner<app> s, board& b, Job& job) {
      for (std::uint32_t i = 0; i < Tiles; ++i) (void)s.template spawn<mover>(b, job, s.block());
    }
  };
};
constexpr std::uint32_t last_line = __LINE__;

/// Measures one kind of job on one memory.
class rates {
 public:
  rates(bench::table& to, std::size_t words, std::string what, std::uint32_t parts_checked)
      : to_(to), memory_(words), what_(std::move(what)), parts_(parts_checked) {
    const auto copies = bench::repeat(to_, [&] {
      return gigabytes() / peers::copy_seconds(memory_.out(), memory_.in(), memory_.bytes());
    });
    copy_             = copies.median();
    to_.row(what_ + peers::copy_name, copies, "GB/s");
  }

  template <std::uint32_t Stages, class Job>
  void by_hand() {
    using kernel    = peers::tile_pipeline<Job, Stages>;
    const auto rate = rate_of<Job>(peers::pipeline_name, [&](Job& job) {
      return bench::run_kernel<kernel>(
          {job.blocks, kernel::workers, sizeof(typename kernel::memory)}, job);
    });
    best_by_hand_   = std::max(best_by_hand_, rate.median());
    row(bench::numbered("by hand, {} stages of {} KB", {Stages, Job::tile_bytes / 1024}), rate, {});
  }

  template <std::uint32_t Tiles, std::uint32_t Workers, class Job>
  void cowarp_rate() {
    using app = typename pipeline<Job, Tiles, Workers>::app;
    static_assert(cowarp::detail::layout<app>::shared_bytes <= 227 * 1024,
                  "an SM of an H100 has 227 KB of shared memory for a block");
    const auto name = bench::numbered("cowarp, {} tiles of {} KB, {} workers",
                                      {Tiles, Job::tile_bytes / 1024, Workers});
    if (!to_.has_time()) return to_.skip(what_ + name, "out of time");
    const auto rate = rate_of<Job>("cowarp", [&](Job& job) {
      const auto done = cowarp::run<app>(
          {.blocks = job.blocks, .workers = bench::has_workers ? Workers : 1u}, job);
      to_.require(done.end == cowarp::end_reason::all_done, "a pipeline's tasks did not end");
      return done.seconds;
    });
    row(name, rate, {peers::pipeline_name, best_by_hand_});
  }

 private:
  template <class Job, class Run>
  bench::samples rate_of(const char* who, Run run) {
    Job job           = memory_.fresh<Job>();
    const auto result = bench::repeat(to_, [&] {
      // relaxed: nothing runs yet.
      job.next.store(0, cowarp::platform::relaxed);
      return gigabytes() / run(job);
    });
    to_.require(memory_.wrong<Job>(parts_) == 0, what_ + who + " computed something else");
    return result;
  }
  void row(const std::string& name, const bench::samples& rate, const bench::reference& than) {
    to_.row(what_ + name, rate, "GB/s", than, {100 * rate.median() / copy_, "% of copy"});
  }
  [[nodiscard]] double gigabytes() const { return 2e-9 * static_cast<double>(memory_.bytes()); }

  bench::table& to_;
  bench::tile_memory memory_;
  std::string what_;
  std::uint32_t parts_;
  double copy_         = 0;
  double best_by_hand_ = 0;
};

void measure_all(bench::table& to) {
  constexpr std::uint32_t k = 1024;
  using bench::tile_job;
  bench::add_lines_of_code(to, "by hand",
                           peers::pipeline_last_line - peers::pipeline_first_line - 1,
                           last_line - first_line - 1);
  {
    rates of(to, bench::has_workers ? 512u << 20 : 8u << 20, "even tiles, ", 16);
    of.by_hand<24, tile_job<8 * k, false>>();
    of.by_hand<12, tile_job<16 * k, false>>();
    of.by_hand<6, tile_job<32 * k, false>>();
    of.cowarp_rate<12, 4, tile_job<16 * k, false>>();
    of.cowarp_rate<12, 8, tile_job<16 * k, false>>();
    of.cowarp_rate<6, 4, tile_job<32 * k, false>>();
    of.cowarp_rate<24, 8, tile_job<8 * k, false>>();
  }
  {
    rates of(to, bench::has_workers ? 64u << 20 : 1u << 20, "uneven tiles, ", 32);
    of.by_hand<24, tile_job<8 * k, true>>();
    of.by_hand<12, tile_job<16 * k, true>>();
    of.cowarp_rate<24, 8, tile_job<8 * k, true>>();
    of.cowarp_rate<16, 16, tile_job<8 * k, true>>();
    of.cowarp_rate<32, 16, tile_job<4 * k, true>>();
  }
}

}  // namespace

int main(int argc, char** argv) {
  return bench::run("pipelines of tiles", argc, argv, measure_all);
}
