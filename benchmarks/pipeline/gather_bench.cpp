// SPDX-License-Identifier: Apache-2.0
/// \file
/// Rows of a table, in an irregular order: many tasks that each await a row, beside a grid-stride loop.
#include <support/measure.hpp>

#include <cstdint>
#include <peers/bulk_rows.hpp>
#include <peers/pipelines.hpp>
#include <string>
#include <vector>

namespace {

COWARP_FN constexpr std::uint32_t mixed(std::uint32_t i) {
  i = (i ^ (i >> 16)) * 0x7feb352du;
  i = (i ^ (i >> 15)) * 0x846ca68bu;
  return i ^ (i >> 16);
}

struct alignas(16) piece {
  std::uint32_t of[4];

  // Number by number: clang copies a struct in halves, and keeps an array of copies in local memory.
  piece() = default;
  COWARP_FN piece(const piece& other) : of{other.of[0], other.of[1], other.of[2], other.of[3]} {}
  COWARP_FN piece& operator=(const piece& other) {
    const std::uint32_t a = other.of[0], b = other.of[1], c = other.of[2], d = other.of[3];
    of[0] = a;
    of[1] = b;
    of[2] = c;
    of[3] = d;
    return *this;
  }
};

template <std::uint32_t RowBytes>
struct gather_job {
  static constexpr std::uint32_t row_bytes = RowBytes;
  static constexpr std::uint32_t pieces    = RowBytes / sizeof(piece);  // of a row

  struct alignas(piece) row {
    std::uint32_t words[RowBytes / 4];
  };

  row* table;
  std::uint32_t* order;  // which row of the table comes where
  piece* out;
  std::uint32_t rows;
  std::uint32_t blocks;
  cowarp::platform::atomic_word<cowarp::scope::device> next;  // row that nobody has

  COWARP_FN piece* from(std::uint32_t i) const {
    return reinterpret_cast<piece*>(table + order[i]);
  }
  COWARP_FN piece* to(std::uint32_t row) const { return out + std::size_t{row} * pieces; }
};

/// Writes the table and the order, and spoils the output.
template <class Job>
struct fill_entry {
  using argument                             = Job*;
  static constexpr std::uint32_t max_threads = 1024;
  static COWARP_FN void run(Job* const& job, unsigned char*, std::uint32_t block,
                            std::uint32_t thread, std::uint32_t threads) {
    const std::uint32_t step = job->blocks * threads;
    for (std::uint32_t i = block * threads + thread; i < job->rows * Job::pieces; i += step) {
      auto& row = job->table[i / Job::pieces];
      for (std::uint32_t j = 0; j < 4; ++j) row.words[i % Job::pieces * 4 + j] = mixed(4 * i + j);
      job->out[i] = {};
    }
    for (std::uint32_t i = block * threads + thread; i < job->rows; i += step) {
      job->order[i] = mixed(i + 77) % job->rows;
    }
  }
};

constexpr std::uint32_t by_hand_first_line = __LINE__;
/// As many threads as an SM holds, each copies 16 bytes from four places at once.
template <class Job>
struct grid_stride {
  using argument                             = Job*;
  static constexpr std::uint32_t max_threads = 512;
  static COWARP_FN void run(Job* const& given, unsigned char*, std::uint32_t block,
                            std::uint32_t thread, std::uint32_t threads) {
    constexpr std::uint32_t batch = 4;
    const Job job                 = *given;
    const std::uint32_t all       = job.rows * Job::pieces;
    const std::uint32_t step      = job.blocks * threads;
    std::uint32_t i               = block * threads + thread;
    for (; i + (batch - 1) * step < all; i += batch * step) {
      piece held[batch];
      bench::unrolled<batch>([&](auto k) {
        const std::uint32_t at = i + k * step;
        held[k]                = job.from(at / Job::pieces)[at % Job::pieces];
      });
      bench::unrolled<batch>([&](auto k) { job.out[i + k * step] = held[k]; });
    }
    for (; i < all; i += step) job.out[i] = job.from(i / Job::pieces)[i % Job::pieces];
  }
};
constexpr std::uint32_t by_hand_last_line = __LINE__;

constexpr std::uint32_t first_line = __LINE__;
/// A task for each worker, with a tile. It gathers the next rows that nobody has, and stores them together.
template <class Job, std::uint32_t Workers, std::uint32_t Rows>
struct gather {
  using tiles = cowarp::tile_pool<Rows * Job::row_bytes, Workers>;

  struct row_of {
    const typename Job::row* table;
    const std::uint32_t* order;
    COWARP_FN const typename Job::row* operator()(std::uint32_t i) const {
      return table + order[i];
    }
  };

  COWARP_TASK_FRAME(fetcher, Workers) {
    using output                                  = cowarp::unit;
    static constexpr std::uint32_t tasks_per_word = 1;
    tiles& pool;
    Job& job;
    std::uint32_t i = 0, next = 0, rows = 0;
    typename tiles::tile tile{};
    COWARP_FN void find_next() {
      // relaxed: the numbers are all that matters.
      next = job.next.fetch_add(Rows, cowarp::platform::relaxed);
    }
    COWARP_BODY_BEGIN
    COWARP_AWAIT_INTO(tile, pool.take());
    find_next();
    while (next < job.rows) {
      i    = next;
      rows = job.rows - i < Rows ? job.rows - i : Rows;
      tile.begin_gather(rows, row_of{job.table, job.order + i},
                        cowarp::copy_option::constant_source);
      find_next();
      COWARP_AWAIT(tile.loaded());
      COWARP_AWAIT(tile.store(job.to(i), rows * Job::row_bytes));
    }
    COWARP_BODY_END
  };

  struct app : cowarp::program<fetcher> {
    using block_state                          = tiles;
    using grid_state                           = Job;
    static constexpr auto frames               = cowarp::memory::shared;
    static constexpr std::uint32_t max_workers = Workers;
    COWARP_FN static void start(cowarp::spawner<app> s, cowarp::lane l, tiles& pool, Job& job) {
      for (std::uint32_t i = l.index; i < Workers; i += l.width())
        s.template must_spawn<fetcher>(pool, job);
    }
  };
};
constexpr std::uint32_t last_line = __LINE__;

template <class Job>
class rates {
 public:
  explicit rates(bench::table& to)
      : to_(to),
        memory_({0, 1, 1, 1, 16, nullptr}),
        name_(bench::numbered("rows of {} bytes, ", {Job::row_bytes})) {
    job_.rows   = (bench::has_workers ? 1u << 30 : 1u << 24) / Job::row_bytes;
    job_.blocks = memory_.blocks();
    bytes_      = std::size_t{job_.rows} * Job::row_bytes;
    job_.table  = reinterpret_cast<typename Job::row*>(memory_.allocate(bytes_));
    job_.out    = reinterpret_cast<piece*>(memory_.allocate(bytes_));
    job_.order  = reinterpret_cast<std::uint32_t*>(memory_.allocate(job_.rows * 4));
  }

  void by_hand() {
    const std::uint32_t sms = job_.blocks;
    spoil();
    for (const std::uint32_t each : {1u, 2u, 3u}) {
      if (each > 1 && !bench::has_workers) continue;
      const auto rate = rate_of([&] {
        job_.blocks = sms * each;
        const double took =
            bench::run_kernel<grid_stride<Job>>({job_.blocks, bench::has_workers ? 16u : 1u}, job_);
        job_.blocks = sms;
        return took;
      });
      by_hand_        = std::max(by_hand_, rate.median());
      to_.row(name_ + bench::numbered("grid-stride, {} blocks an SM", {each}), rate, "GB/s");
    }
  }

  /// What the hardware's copies of a row reach when nothing is polled but their ends.
  template <std::uint32_t Workers>
  void bulk_by_hand() {
    using kernel    = peers::bulk_rows<Job, Workers>;
    const auto name = name_ + bench::numbered("bulk copies by hand, {} workers", {Workers});
    if (!to_.has_time()) return to_.skip(name, "out of time");
    spoil();
    const auto rate = rate_of([&] {
      return bench::run_kernel<kernel>(
          {job_.blocks, bench::has_workers ? Workers : 1u, sizeof(typename kernel::memory)}, job_);
    });
    to_.row(name, rate, "GB/s", {"grid-stride", by_hand_});
  }

  template <std::uint32_t Workers, std::uint32_t Rows>
  void cowarp_rate() {
    using app = typename gather<Job, Workers, Rows>::app;
    static_assert(cowarp::detail::layout<app>::shared_bytes <= 227 * 1024,
                  "an SM of an H100 has 227 KB of shared memory for a block");
    const auto name = name_ + bench::numbered("cowarp, {} tiles of {} rows", {Workers, Rows});
    if (!to_.has_time()) return to_.skip(name, "out of time");
    spoil();
    const auto rate = rate_of([&] {
      job_.next       = {};
      const auto done = cowarp::run<app>(
          {.blocks = job_.blocks, .workers = bench::has_workers ? Workers : 1u}, job_);
      to_.require(done.end == cowarp::end_reason::all_done, "a task did not end");
      return done.seconds;
    });
    to_.row(name, rate, "GB/s", {"grid-stride", by_hand_});
  }

 private:
  void spoil() {
    bench::run_kernel<fill_entry<Job>>({job_.blocks, bench::has_workers ? 32u : 1u}, job_);
  }

  template <class Run>
  bench::samples rate_of(Run run) {
    const auto rate =
        bench::repeat(to_, [&] { return 2e-9 * static_cast<double>(bytes_) / run(); });
    constexpr std::uint32_t parts = 16;
    const std::uint32_t part      = job_.rows / parts;
    const std::uint32_t first     = calls_++ % parts * part;
    std::vector<piece> got(std::size_t{part} * Job::pieces);
    memory_.download(got.data(), job_.to(first), got.size() * sizeof(piece));
    bool is_right = true;
    for (std::uint32_t row = 0; row < part; ++row) {
      const std::uint32_t at = mixed(first + row + 77) % job_.rows * Job::pieces;
      for (std::uint32_t i = 0; i < Job::pieces; ++i) {
        for (std::uint32_t j = 0; j < 4; ++j) {
          is_right = is_right && got[row * Job::pieces + i].of[j] == mixed(4 * (at + i) + j);
        }
      }
    }
    to_.require(is_right, "a row is not the one that was asked for");
    return rate;
  }

  bench::table& to_;
  cowarp::platform::entry_launch<bench::nothing_entry> memory_;
  std::string name_;
  Job job_{};
  std::size_t bytes_   = 0;
  double by_hand_      = 0;
  std::uint32_t calls_ = 0;
};

void measure_all(bench::table& to) {
  bench::add_lines_of_code(to, "grid-stride", by_hand_last_line - by_hand_first_line - 1,
                           last_line - first_line - 1);
  {
    rates<gather_job<256>> of(to);
    of.by_hand();
    of.bulk_by_hand<16>();
    of.bulk_by_hand<20>();
    of.bulk_by_hand<24>();
    of.cowarp_rate<12, 64>();
    of.cowarp_rate<14, 48>();
    of.cowarp_rate<16, 48>();
  }
  {
    rates<gather_job<1024>> of(to);
    of.by_hand();
    of.bulk_by_hand<4>();
    of.bulk_by_hand<6>();
    of.cowarp_rate<8, 24>();
    of.cowarp_rate<12, 12>();
    of.cowarp_rate<16, 12>();
  }
}

}  // namespace

int main(int argc, char** argv) { return bench::run("gather", argc, argv, measure_all); }
