// SPDX-License-Identifier: Apache-2.0
/// \file
/// The tile pipeline with and without a record of what its tasks do when, which must cost little to be
/// believed. COWARP_TIMELINE=FILE keeps the record of block 0; scripts/timeline.py draws it.
#include <cstdlib>
#include <peers/pipelines.hpp>
#include <pipeline/job.hpp>
#include <pipeline/timeline.hpp>

namespace {

constexpr std::uint32_t tasks = 12, workers = 4;
using tile_job = bench::tile_job<16 * 1024, false>;

template <bool Records>
struct pipeline {
  using tiles = cowarp::tile_pool<tile_job::tile_bytes, tasks>;
  using log   = bench::timeline<Records, tasks>;
  struct state {
    tile_job job;
    [[no_unique_address]] log events;
  };
  struct transform {
    std::uint32_t part;
    float* words;
    bench::event* note;
    COWARP_FN void operator()(cowarp::lane l) const {
      const bool notes = log::records && note != nullptr && l.is_leader();
      if (notes) note->start(bench::activity::transform);
      tile_job::transform(part, cowarp::in_shared(words), l.index, cowarp::lane::width());
      if (notes) note->stop();
    }
  };

  COWARP_TASK_FRAME(mover, 32 * workers) {
    using output = cowarp::unit;
    tiles& pool;
    state& s;
    std::uint32_t task, part, step_to_next;
    std::uint32_t events = 0;
    typename tiles::tile tile{};
    COWARP_FN std::size_t at() const { return std::size_t{part} * tile_job::tile_words; }
    /// \returns where the next event goes; only block 0 keeps any.
    COWARP_FN bench::event* next() { return s.events.at(task, events++); }
    COWARP_FN void begin(bench::activity what) {
      if (bench::event* const e = next(); log::records && e != nullptr) e->start(what);
    }
    COWARP_FN void end() {
      if (bench::event* const e = s.events.at(task, events - 1); log::records && e != nullptr) {
        e->stop();
      }
    }
    COWARP_BODY_BEGIN
    COWARP_AWAIT_INTO(tile, pool.take());
    for (; part < s.job.tiles; part += step_to_next) {
      begin(bench::activity::load);
      COWARP_AWAIT(
          tile.load(s.job.in + at(), tile_job::tile_bytes, cowarp::copy_option::constant_source));
      end();
      COWARP_AWAIT(cowarp::lanes(transform{part, tile.template as<float>(), next()}));
      begin(bench::activity::store);
      COWARP_AWAIT(tile.store(s.job.out + at()));
      end();
    }
    COWARP_BODY_END
  };

  struct app : cowarp::program<mover> {
    using block_state                          = tiles;
    using grid_state                           = state;
    static constexpr bool uses_width           = true;
    static constexpr auto frames               = cowarp::memory::shared;
    static constexpr std::uint32_t max_workers = workers;
    COWARP_FN static void start(cowarp::spawner<app> s, tiles& pool, state& all) {
      for (std::uint32_t i = 0; i < tasks; ++i) {
        const std::uint32_t task = s.block() * tasks + i;
        s.template must_spawn<mover>(pool, all, task, task, s.blocks() * tasks);
      }
    }
  };
};

template <bool Records>
bench::samples rate(bench::table& to, bench::tile_memory& memory) {
  using app                = typename pipeline<Records>::app;
  const tile_job job       = memory.fresh<tile_job>();
  const double bytes       = 2e-9 * static_cast<double>(memory.bytes());
  bench::samples const all = bench::repeat(to, [&] {
    typename app::grid_state state{};
    state.job       = job;
    const auto done = cowarp::run<app>({.workers = bench::has_workers ? workers : 1u}, state);
    to.require(done.end == cowarp::end_reason::all_done, "a pipeline's tasks did not end");
    if constexpr (Records) {
      const char* const file = std::getenv("COWARP_TIMELINE");
      if (file != nullptr) to.require(state.events.save(file), "could not write COWARP_TIMELINE");
    }
    return bytes / done.seconds;
  });
  to.require(memory.wrong<tile_job>(16) == 0, "the pipeline computed something else");
  return all;
}

void measure_all(bench::table& to) {
  bench::tile_memory memory(bench::has_workers ? 128u << 20 : 2u << 20);
  const auto plain = rate<false>(to, memory);
  to.row("12 tiles of 16 KB, 4 workers", plain, "GB/s");
  to.row("the same, recorded", rate<true>(to, memory), "GB/s", {"not recorded", plain.median()});
}

}  // namespace

int main(int argc, char** argv) {
  return bench::run("timeline of a pipeline", argc, argv, measure_all);
}
