// SPDX-License-Identifier: Apache-2.0
/// \file
/// A matrix of 4-bit weights times a vector, beside the same written by hand.
#include <peers/matvec.hpp>
#include <peers/pipelines.hpp>
#include <pipeline/matvec.hpp>
#include <string>
#include <vector>

namespace {

constexpr std::uint32_t first_line = __LINE__;
/// A task for each worker, with a tile. Its lanes multiply it with the vector, and go on with the next one as long as
/// that comes in time. The first task loads the vector.
template <class Job, std::uint32_t Workers>
struct matvec {
  struct board {
    typename Job::prepared x;
    cowarp::event<cowarp::scope::block> has_vector;
    cowarp::tile_pool<Job::tile_bytes, Workers> tiles;
  };
  struct multiply;

  COWARP_TASK_FRAME(multiplier, Workers) {
    using output                                  = cowarp::unit;
    static constexpr std::uint32_t tasks_per_word = 1;
    board& b;
    Job& job;
    std::uint32_t number, part = 0, next = 1;
    typename decltype(board::tiles)::tile tile{};
    COWARP_FN void find_next() {
      // Two at a time: all tasks of the GPU come for the one number. relaxed: that is all that matters.
      next = next % 2 == 0 ? next + 1 : 2 * job.next.fetch_add(1, cowarp::platform::relaxed);
    }
    COWARP_FN void load() {
      part = next;
      if (part >= job.tiles) return;
      tile.begin_load(job.matrix + part, Job::tile_bytes, cowarp::copy_option::constant_source);
      find_next();
    }
    COWARP_BODY_BEGIN
    if (number == 0) {
      COWARP_AWAIT(
          cowarp::copy_async(&b.x, job.vector, sizeof b.x, cowarp::copy_option::constant_source));
      b.has_vector.set();
    }
    COWARP_AWAIT_INTO(tile, b.tiles.take());
    find_next();
    load();
    COWARP_AWAIT(b.has_vector.wait());
    while (part < job.tiles) {
      COWARP_AWAIT(tile.loaded());
      COWARP_AWAIT(cowarp::lanes(multiply{this}));
    }
    COWARP_BODY_END
  };

  struct multiply {
    multiplier* of;
    COWARP_FN void operator()(cowarp::lane l) const {
      multiplier& task          = *cowarp::in_shared(of);
      float* const result       = task.job.result;
      const std::uint32_t tiles = task.job.tiles;
      const auto& tile          = *cowarp::in_shared(task.tile.template as<typename Job::tile>());
      const auto& x             = *cowarp::in_shared(&task.b.x);
      do {
        float* const to = result + Job::rows * task.part;
        const auto sums = Job::multiply(tile, x, l.index);
        l.once([&] { task.load(); });
        Job::store(sums, to, l.index);
      } while (task.part < tiles && task.tile.try_loaded(l));
    }
  };

  struct app : cowarp::program<multiplier> {
    using block_state                          = board;
    using grid_state                           = Job;
    static constexpr bool uses_width           = true;
    static constexpr auto frames               = cowarp::memory::shared;
    static constexpr std::uint32_t max_workers = Workers;
    COWARP_FN static void start(cowarp::spawner<app> s, cowarp::lane l, board& b, Job& job) {
      for (std::uint32_t i = l.index; i < Workers; i += l.width())
        s.template must_spawn<multiplier>(b, job, i);
    }
  };
};
constexpr std::uint32_t last_line = __LINE__;

/// Measures one matrix.
template <class Job>
class rates {
 public:
  /// \param matrix its name \param rows of it on a GPU
  rates(bench::table& to, const char* matrix, std::uint32_t rows)
      : to_(to), memory_({0, 1, 1, 1, 16, nullptr}), name_(std::string(matrix) + ", ") {
    job_.tiles  = (bench::has_workers ? rows : 2'400) / Job::rows;
    job_.blocks = memory_.blocks();
    bytes_      = std::size_t{job_.tiles} * Job::tile_bytes;
    job_.matrix = reinterpret_cast<typename Job::tile*>(memory_.allocate(bytes_));
    job_.vector =
        reinterpret_cast<typename Job::prepared*>(memory_.allocate(sizeof(typename Job::prepared)));
    job_.result = reinterpret_cast<float*>(memory_.allocate(job_.tiles * Job::rows * 4));
  }

  /// What the device's own copy reads and writes in a second: the matrix's halves, one onto the other.
  void copy() {
    spoil();
    auto* const half  = reinterpret_cast<unsigned char*>(const_cast<Job::tile*>(job_.matrix));
    const auto copies = bench::repeat(to_, [&] {
      return 1e-9 * static_cast<double>(bytes_) /
             peers::copy_seconds(half, half + bytes_ / 2, bytes_ / 2);
    });
    copy_             = copies.median();
    to_.row(peers::copy_name, copies, "GB/s");
  }
  template <std::uint32_t Workers>
  void by_hand() {
    using kernel    = peers::matvec_pipeline<Job, Workers, Workers>;
    const auto rate = rate_of([&] {
      return bench::run_kernel<kernel>(
          {job_.blocks, kernel::workers, sizeof(typename kernel::memory)}, job_);
    });
    by_hand_        = std::max(by_hand_, rate.median());
    row(bench::numbered("by hand, {} stages and workers", {Workers}), rate, {});
  }
  template <std::uint32_t Workers>
  void cowarp_rate() {
    using app = typename matvec<Job, Workers>::app;
    static_assert(cowarp::detail::layout<app>::shared_bytes <= 227 * 1024,
                  "an SM of an H100 has 227 KB of shared memory for a block");
    const auto rate = rate_of([&] {
      job_.next       = {};
      const auto done = cowarp::run<app>(
          {.blocks = job_.blocks, .workers = bench::has_workers ? Workers : 1u}, job_);
      to_.require(done.end == cowarp::end_reason::all_done, "a task did not end");
      return done.seconds;
    });
    row(bench::numbered("cowarp, {} tiles and workers", {Workers}), rate,
        {peers::pipeline_name, by_hand_});
  }

 private:
  void spoil() {
    bench::run_kernel<bench::matvec_fill<Job>>({job_.blocks, bench::has_workers ? 32u : 1u}, job_);
  }

  template <class Run>
  bench::samples rate_of(Run run) {
    spoil();
    const auto rate =
        bench::repeat(to_, [&] { return 1e-9 * static_cast<double>(bytes_) / run(); });
    std::vector<float> result(job_.tiles * Job::rows);
    memory_.download(result.data(), job_.result, result.size() * 4);
    std::string wrong;
    for (std::uint32_t tile = 0; tile < job_.tiles; tile += tile < 64 ? 1 : 61) {
      for (std::uint32_t row = 0; row < Job::rows && wrong.empty(); ++row) {
        const float is     = result[tile * Job::rows + row];
        const float should = Job::expected(tile, row);
        if (is == should) continue;
        wrong = "row " + std::to_string(row) + " of tile " + std::to_string(tile) + " is " +
                std::to_string(is) + ", a CPU says " + std::to_string(should);
      }
    }
    to_.require(wrong.empty(), wrong);
    return rate;
  }
  void row(const std::string& name, const bench::samples& rate, const bench::reference& than) {
    to_.row(name_ + name, rate, "GB/s", than, {100 * rate.median() / copy_, "% of copy"});
  }

  bench::table& to_;
  cowarp::platform::entry_launch<bench::nothing_entry> memory_;
  std::string name_;
  Job job_{};
  std::size_t bytes_ = 0;
  double copy_       = 0;
  double by_hand_    = 0;
};

using job = bench::matvec_job<8>;

void measure_all(bench::table& to) {
  bench::add_lines_of_code(to, "by hand", peers::matvec_last_line - peers::matvec_first_line - 1,
                           last_line - first_line - 1);
  {
    rates<job> of(to, "1 GB", 480'000);
    of.copy();
    of.by_hand<8>();
    of.by_hand<11>();
    of.by_hand<12>();
    of.cowarp_rate<8>();
    of.cowarp_rate<11>();
    of.cowarp_rate<12>();
  }
  // The 20 us that a launch takes to begin and to end show beside 1 GB.
  rates<job> of(to, "4 GB", 1'920'000);
  of.copy();
  of.by_hand<12>();
  of.cowarp_rate<12>();
}

}  // namespace

int main(int argc, char** argv) {
  return bench::run("4-bit matrix times vector", argc, argv, measure_all);
}
