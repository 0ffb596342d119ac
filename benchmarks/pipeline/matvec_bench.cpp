// SPDX-License-Identifier: Apache-2.0
/// \file
/// A matrix of 4-bit weights times a vector, beside the same written by hand.
#include <peers/matvec.hpp>
#include <peers/pipelines.hpp>
#include <pipeline/matvec.hpp>
#include <string>
#include <vector>

namespace {

using job_type = bench::matvec_job;

constexpr std::uint32_t first_line = __LINE__;
/// A task for each tile of shared memory: it loads the next part of the matrix and has all lanes of its
/// worker multiply it with the vector, which one task loads first.
template <std::uint32_t Tiles, std::uint32_t Workers>
struct matvec {
  struct board {
    job_type::prepared x;
    cowarp::event<cowarp::scope::block> has_vector;
    cowarp::tile_pool<job_type::tile_bytes, Tiles> tiles;
    cowarp::platform::atomic_word<cowarp::scope::block> next;
  };
  struct multiply {
    const job_type::tile* part;
    const job_type::prepared* x;
    float* to;
    COWARP_FN void operator()(cowarp::lane l) const {
      job_type::multiply(*cowarp::in_shared(part), *cowarp::in_shared(x), to, l.index);
    }
  };

  COWARP_TASK_FRAME(load_vector, 1) {
    using output = cowarp::unit;
    board& b;
    job_type& job;
    COWARP_BODY_BEGIN
    COWARP_AWAIT(
        cowarp::copy_async(&b.x, job.vector, sizeof b.x, cowarp::copy_option::constant_source));
    b.has_vector.set();
    COWARP_BODY_END
  };

  COWARP_TASK_FRAME(multiplier, 32 * Workers) {
    using output = cowarp::unit;
    board& b;
    job_type& job;
    std::uint32_t block;
    std::uint32_t part = 0;
    typename decltype(board::tiles)::tile tile{};
    COWARP_FN std::uint32_t next() {
      // relaxed: the numbers are all that matters.
      return block + job.blocks * b.next.fetch_add(1, cowarp::platform::relaxed);
    }
    COWARP_BODY_BEGIN
    COWARP_AWAIT(b.has_vector.wait());
    COWARP_AWAIT_INTO(tile, b.tiles.take());
    while ((part = next()) < job.tiles) {
      COWARP_AWAIT(
          tile.load(job.matrix + part, job_type::tile_bytes, cowarp::copy_option::constant_source));
      COWARP_AWAIT(cowarp::lanes(
          multiply{tile.template as<job_type::tile>(), &b.x, job.result + job_type::rows * part}));
    }
    COWARP_BODY_END
  };

  struct app : cowarp::program<load_vector, multiplier> {
    using block_state                          = board;
    using grid_state                           = job_type;
    static constexpr bool uses_width           = true;
    static constexpr auto frames               = cowarp::memory::shared;
    static constexpr std::uint32_t max_workers = Workers;
    COWARP_FN static void start(cowarp::spawner<app> s, board& b, job_type& job) {
      (void)s.template spawn<load_vector>(b, job);
      for (std::uint32_t i = 0; i < Tiles; ++i)
        (void)s.template spawn<multiplier>(b, job, s.block());
    }
  };
};
constexpr std::uint32_t last_line = __LINE__;

class rates {
 public:
  explicit rates(bench::table& to) : to_(to), memory_({0, 1, 1, 1, 16, nullptr}) {
    job_.tiles  = bench::has_workers ? 60'000 : 300;
    job_.blocks = memory_.blocks();
    bytes_      = std::size_t{job_.tiles} * job_type::tile_bytes;
    job_.matrix = reinterpret_cast<job_type::tile*>(memory_.allocate(bytes_));
    job_.vector =
        reinterpret_cast<job_type::prepared*>(memory_.allocate(sizeof(job_type::prepared)));
    job_.result = reinterpret_cast<float*>(memory_.allocate(job_.tiles * job_type::rows * 4));
  }

  /// What the device's own copy reads and writes in a second: the matrix's halves, one onto the other.
  void copy() {
    spoil();
    auto* const half  = reinterpret_cast<unsigned char*>(const_cast<job_type::tile*>(job_.matrix));
    const auto copies = bench::repeat(to_, [&] {
      return 1e-9 * static_cast<double>(bytes_) /
             peers::copy_seconds(half, half + bytes_ / 2, bytes_ / 2);
    });
    copy_             = copies.median();
    to_.row(peers::copy_name, copies, "GB/s");
  }
  template <std::uint32_t Stages, std::uint32_t Consumers>
  void by_hand() {
    using kernel    = peers::matvec_pipeline<job_type, Stages, Consumers>;
    const auto rate = rate_of([&] {
      return bench::run_kernel<kernel>(
          {job_.blocks, kernel::workers, sizeof(typename kernel::memory)}, job_);
    });
    by_hand_        = std::max(by_hand_, rate.median());
    row(bench::numbered("by hand, {} stages, {} workers", {Stages, Consumers}), rate, {});
  }
  template <std::uint32_t Tiles, std::uint32_t Workers>
  void cowarp_rate() {
    using app = typename matvec<Tiles, Workers>::app;
    static_assert(cowarp::detail::layout<app>::shared_bytes <= 227 * 1024,
                  "an SM of an H100 has 227 KB of shared memory for a block");
    const auto rate = rate_of([&] {
      const auto done = cowarp::run<app>(
          {.blocks = job_.blocks, .workers = bench::has_workers ? Workers : 1u}, job_);
      to_.require(done.end == cowarp::end_reason::all_done, "a task did not end");
      return done.seconds;
    });
    row(bench::numbered("cowarp, {} tiles, {} workers", {Tiles, Workers}), rate,
        {peers::pipeline_name, by_hand_});
  }

 private:
  void spoil() {
    bench::run_kernel<bench::matvec_fill>({job_.blocks, bench::has_workers ? 32u : 1u}, job_);
  }

  template <class Run>
  bench::samples rate_of(Run run) {
    spoil();
    const auto rate =
        bench::repeat(to_, [&] { return 1e-9 * static_cast<double>(bytes_) / run(); });
    std::vector<float> result(job_.tiles * job_type::rows);
    memory_.download(result.data(), job_.result, result.size() * 4);
    std::string wrong;
    for (std::uint32_t tile = 0; tile < job_.tiles; tile += tile < 64 ? 1 : 61) {
      for (std::uint32_t row = 0; row < job_type::rows && wrong.empty(); ++row) {
        const float is     = result[tile * job_type::rows + row];
        const float should = job_type::expected(tile, row);
        if (is == should) continue;
        wrong = "row " + std::to_string(row) + " of tile " + std::to_string(tile) + " is " +
                std::to_string(is) + ", a CPU says " + std::to_string(should);
      }
    }
    to_.require(wrong.empty(), wrong);
    return rate;
  }
  void row(const std::string& name, const bench::samples& rate, const bench::reference& than) {
    to_.row(name, rate, "GB/s", than, {100 * rate.median() / copy_, "% of copy"});
  }

  bench::table& to_;
  cowarp::platform::entry_launch<bench::nothing_entry> memory_;
  job_type job_{};
  std::size_t bytes_ = 0;
  double copy_       = 0;
  double by_hand_    = 0;
};

void measure_all(bench::table& to) {
  bench::add_lines_of_code(to, "by hand", peers::matvec_last_line - peers::matvec_first_line - 1,
                           last_line - first_line - 1);
  rates of(to);
  of.copy();
  of.by_hand<8, 8>();
  of.by_hand<10, 10>();
  of.by_hand<11, 11>();
  of.cowarp_rate<8, 4>();
  of.cowarp_rate<10, 5>();
  of.cowarp_rate<8, 8>();
  of.cowarp_rate<9, 9>();
}

}  // namespace

int main(int argc, char** argv) {
  return bench::run("4-bit matrix times vector", argc, argv, measure_all);
}
