// SPDX-License-Identifier: Apache-2.0
/// \file
/// The main loop: a worker polls the words it owns, and looks outside when it may.
#pragma once

#include <cowarp/executor/flight_recorder.hpp>
#include <cowarp/executor/poll_watch.hpp>
#include <cowarp/executor/priority.hpp>
#include <cowarp/executor/report.hpp>
#include <cowarp/executor/spawner.hpp>
#include <cowarp/executor/stall.hpp>
#include <cowarp/platform/idle.hpp>
#include <cowarp/platform/lanes.hpp>
#include <cowarp/platform/pause.hpp>
#include <cowarp/timer/expiry.hpp>

#include <cstddef>
#include <cstdint>

// Inlined by force: else clang keeps the worker's members on a stack and forgets what is shared memory.
#define COWARP_WORKER_FN [[gnu::always_inline]] COWARP_FN

namespace cowarp::detail {

/// One worker: a warp, or the thread that plays a block on the host.
///
/// All lanes of the warp run it in step and diverge only inside a poll.
template <class Program>
class worker {
 public:
  COWARP_FN worker(block_header& block, std::uint32_t index, std::uint32_t workers)
      : block_(block), index_(index), workers_(workers) {}

  /// Polls until the block ends.
  COWARP_WORKER_FN void run() {
    if (platform::lane() == 0) counts().since = platform::cycles();
    for (;;) {
      // A busy worker stays in this loop until something else is to be done.
      std::uint32_t polled = 0;
      do {
        platform::converge_warp();  // else some loops here begin with a YIELD of 50 cycles
        polled = poll_words();
        if constexpr (Program::uses_block) polled |= std::uint32_t{join_if_asked(block_)};
        if (has_lost_lanes()) return;  // votes and values of this warp mean nothing any more
        polled = platform::as_number(polled);
        ++passes_;
      } while ((polled != 0) & (passes_ != next_look_));
      const bool has_polled = polled != 0;
      bool has_news         = timers_.is_due();
      if (has_news) timers_.expire(block_, index_, workers_);
      std::uint32_t seen = 0;
      if (!has_polled || passes_ % look_outside_every == 0) {
        seen = look_outside();
        has_news |= (seen & delivered) != 0;
      }
      if (has_polled) {
        if (idle_passes_ != 0) account(&worker_counts::idle);
        idle_passes_ = 0;
      } else {
        if (idle_passes_ == 0) account(&worker_counts::busy);
        if constexpr (finds_stalls<Program>) {
          if (!has_news) stalls_.rest(block_, index_, workers_, idle_passes_, timers_);
        }
        // What just became ready is polled first.
        if (!has_news) platform::back_off(sleeper(), idle_passes_, timers_.until_next());
        ++idle_passes_;
      }
      if ((seen & ending) != 0) break;
      const bool is_calm = idle_passes_ == 0 && timers_.has_none();
      next_look_ = is_calm ? (passes_ / look_outside_every + 1) * look_outside_every : passes_ + 1;
    }
    if constexpr (Program::uses_block) leave_block(block_);
    account(idle_passes_ != 0 ? &worker_counts::idle : &worker_counts::busy);
    note_counts();
    recorder_.finish(block_, index_, workers_);
    if constexpr (Program::watches_polls) polls_watch_.finish(poll_records_of<Program>(block_));
  }

 private:
  // While busy, a worker looks at what is not its own words every so many passes.
  static constexpr std::uint32_t look_outside_every = 16;
  static_assert(platform::ask_host_passes % look_outside_every == 0);

  using layout = detail::layout<Program>;

  static constexpr std::uint32_t any_level = priority_levels;
  static constexpr std::uint32_t no_word   = ~0u;
  // With deadlines, passes in a row in which a word may have to wait for others.
  static constexpr std::uint32_t most_passed_over = 8;
  // A task that asks for width over and over is polled so often before others have their turn. Where who comes
  // first matters, all are asked again after the first.
  static constexpr std::uint32_t most_rounds =
      Program::earliest_deadline_first || uses_priorities<Program>() ? 1 : 8;

  // What follows says which tasks were polled, as bits that run into each other: a number costs the loop less
  // than a truth, which ptxas would keep as one bit of a register.

  COWARP_WORKER_FN std::uint32_t poll_words() {
    static_assert(!Program::earliest_deadline_first || !uses_priorities<Program>(),
                  "a program orders its tasks by deadlines or by priorities: choose one");
    if constexpr (Program::earliest_deadline_first) {
      return poll_earliest();
    } else if constexpr (uses_priorities<Program>()) {
      return poll_levels<priority_levels - 1>(0);
    } else {
      return poll_words_of<any_level>(0);
    }
  }

  /// Polls my words of the task types of one level, or of any. \returns 0 if no task was polled, nor before.
  template <std::uint32_t Level>
  COWARP_WORKER_FN std::uint32_t poll_words_of(std::uint32_t polled) {
    std::uint32_t i = index_;  // my words: every `workers_`-th, through all pools
    Program::for_each_task([&]<class Task>(task_type<Task>) __attribute__((always_inline)) {
      constexpr std::uint32_t last = layout::template first_word_of<Task> + words_of<Task>;
      for (; i < last; i += workers_) {
        if constexpr (Level == any_level || task_priority<Task> == Level) {
          polled |= poll_word<Task>(i);
        }
      }
    });
    return polled;
  }

  /// Polls my words level by level, from this one down.
  template <std::uint32_t Level>
  COWARP_WORKER_FN std::uint32_t poll_levels(std::uint32_t polled) {
    if constexpr (has_level<Program, Level>()) {
      if (levels_.template is_up<Level>(polled != 0)) polled = poll_words_of<Level>(polled);
    }
    if constexpr (Level == 0) {
      return polled;
    } else {
      return poll_levels<Level - 1>(polled);
    }
  }

  /// Polls the word in which a ready task is due first; now and then all words in turn.
  COWARP_WORKER_FN std::uint32_t poll_earliest() {
    if (passes_ % (most_passed_over + 1) == most_passed_over) {
      return poll_words_of<any_level>(0);
    }
    for (;;) {
      const std::uint32_t first = due_first();
      if (first == no_word) return 0;
      std::uint32_t polled = 0;
      Program::for_each_task([&]<class Task>(task_type<Task>) {
        if (first - layout::template first_word_of<Task> < words_of<Task>) {
          polled = poll_word<Task>(first);
        }
      });
      // Else nobody lived there any more.
      if (polled != 0 || has_lost_lanes()) return polled;
    }
  }

  /// \returns my word with the earliest deadline of all ready tasks, or `no_word`; the same in all lanes.
  COWARP_WORKER_FN std::uint32_t due_first() {
    std::uint32_t first    = no_word;
    std::uint64_t earliest = deadline_never;
    for (std::uint32_t i = index_; i < layout::words; i += workers_) {
      slot_word& word = block_.word(i);
      // relaxed: a look; `poll_word` takes the bits.
      const std::uint32_t woken = word.ready.load(platform::relaxed);
      const std::uint32_t ready = platform::from_leader(word.again | woken);
      if (ready == 0) continue;
      std::uint64_t due = deadline_never;
      for (std::uint32_t j = platform::lane(); j < 32; j += platform::warp_lanes) {
        if ((ready >> j & 1u) == 0) continue;
        const std::uint64_t its = deadline_of(block_, i * 32 + j);
        if (its < due) due = its;
      }
      due = platform::smallest_of_lanes(due);
      if (first != no_word && due >= earliest) continue;
      first    = i;
      earliest = due;
    }
    return first;
  }

  /// Polls the ready tasks of one word, one lane each. \returns which
  template <class Task>
  COWARP_WORKER_FN std::uint32_t poll_word(std::uint32_t index) {
    if (has_lost_lanes()) return 0;
    slot_word& word = block_.word(index);
    // Tasks that woke themselves are alive, and nobody else's business: they cost no atomic.
    const std::uint32_t again_before = platform::known_uniform(word.again, lane_);
    std::uint32_t ready              = again_before;
    std::uint32_t woken              = 0;
    // relaxed: saves the exchange if nobody woke anything; the exchange acquires.
    if (platform::any_lane(word.ready.load(platform::relaxed) != 0)) {
      woken = take_woken(word);
      ready |= woken;
    }
    if (ready == 0) return 0;

    const auto poll = [&](std::uint32_t lane) -> std::uint32_t {
      const std::uint32_t slot = index * 32 + lane;
      if constexpr (!platform::on_device) note_polled(block_, index_, slot + 1);
      context cx    = context_of<Program>(block_, index_, slot);
      auto& storage = spawner<Program>::template storage_of<Task>(block_, slot);
      if constexpr (Program::earliest_deadline_first) {
        auto& deadline = deadline_of(block_, slot);
        if (deadline == deadline_unknown) deadline = deadline_never;
      }
      if constexpr (is_joinable<Task>) {
        auto& link = spawner<Program>::template link_of<Task>(block_, slot);
        if (!poll_joinable<Program::survives_failures>(storage, link, cx,
                                                       (woken >> lane & 1u) != 0)) {
          return cx.flags();
        }
      } else if constexpr (Program::survives_failures) {
        if (storage.poll(cx)) {
          storage.destroy();
        } else if (cx.has_failed()) {
          storage.cancel();
        } else {
          return cx.flags();
        }
      } else {
        // `retire` destroys it: a branch here would be one of every poll.
        const std::uint32_t has_ended = storage.poll(cx) ? poll_has_ended : 0;
        return has_ended | cx.flags();
      }
      return poll_has_ended | cx.flags();
    };
    // A thread that is stopped in a poll takes along what it did not note before.
    if constexpr (platform::checks_assertions && platform::stops_threads) note_counts();

    recorder_.begin_polls(block_, index_, workers_, passes_, index, ready);
    std::uint32_t again = 0, ended = 0, timers = 0;
    for (std::uint32_t polled = ready, round = 1;; ++round) {
      note_polled(block_, index_, index * 32 + 1);
      const auto said =
          polls_watch_.template poll_lanes<Program, Task>(block_, index, polled, poll, lane_);
      if (has_lost_lanes()) return ready;
      const std::uint32_t themselves = said.second & ~said.first;
      polls_ += platform::count_bits(polled);
      self_wakes_ += platform::count_bits(themselves);
      again |= themselves;
      ended |= said.first;
      timers |= said.third;
      if constexpr (layout::serves_width) {
        const std::uint32_t asked = said.fourth & ~said.first;
        if (asked != 0) {
          // Who was served goes on at once: its lanes are here.
          polled = serve_width<Program::uses_block>(
              block_, width_places_of<Program>(block_, index_), asked);
          if (has_lost_lanes()) return ready;
          if (!Program::uses_block || polled != 0) {
            woken = 0;
            if (round < most_rounds) {
              again &= ~polled;
              continue;
            }
            again |= polled;
          }
        }
      }
      break;
    }
    if (again != again_before) {
      if (platform::lane() == 0) word.again = again;
      platform::sync_warp();  // all lanes read it in the next pass
    }
    if ((timers | ended) != 0) {
      if (ended != 0) retire<Task>(index, ended);
      if (has_lost_lanes()) return ready;
      if (timers != 0) {
        timers_.rescan(block_, index);
        next_look_ = passes_ + 1;
      }
    }
    recorder_.end_polls();
    note_polled(block_, index_, 0);
    return ready;
  }

  /// Takes what others made ready in the word, without what is not alive; the same in all lanes.
  COWARP_WORKER_FN std::uint32_t take_woken(slot_word& word) {
    if constexpr (finds_stalls<Program>) stalls_.depart(block_, index_);
    std::uint32_t woken = 0;
    if (platform::lane() == 0) {
      // acquire: shows what the wakers wrote. Cleared before the polls, so that a wake during a poll
      // sets the bit again.
      woken = word.ready.exchange(0, platform::acquire);
      // acquire: shows the frame of a task that came to life after a late wake of the slot's last
      // one had set its bit; and nothing is polled that is not alive.
      woken &= word.alive.load(platform::acquire);
    }
    woken = platform::from_leader(woken);
    platform::sync_warp();  // hands the leader's acquire to all lanes
    return woken;
  }

  /// Destroys tasks that are done, if their poll has not, and frees their slots; who waits for one gets it, still
  /// claimed.
  template <class Task>
  COWARP_WORKER_FN void retire(std::uint32_t index, std::uint32_t ended) {
    platform::each_lane(
        ended,
        [&](std::uint32_t lane) {
          const std::uint32_t slot = index * 32 + lane;
          if constexpr (!is_joinable<Task> && !Program::survives_failures) {
            if constexpr (!platform::on_device) note_polled(block_, index_, slot + 1);
            spawner<Program>::template storage_of<Task>(block_, slot).destroy();
          }
          if constexpr (Program::earliest_deadline_first) {
            deadline_of(block_, slot) = deadline_unknown;
          }
          block_.items[slot].next_generation();
        },
        lane_);
    if (has_lost_lanes()) return;
    const std::uint32_t count = platform::count_bits(ended);
    block_header& block       = *platform::own_address(&block_);
    slot_word& word           = block.word(index);
    completed_ += count;
    if (platform::lane() == 0) {
      // relaxed: only this worker reads it; a spawner sets it anew after `claimed`.
      word.alive.fetch_and(~ended, platform::relaxed);
      if constexpr (Program::awaits_slots) {
        for (std::uint32_t slots = ended; slots != 0; slots &= slots - 1) {
          spawner<Program>().template give_back<Task>(index * 32 + platform::lowest_bit(slots));
        }
      } else {
        // release: the slot is free last; whoever claims it sees the old task gone.
        word.claimed.fetch_and(~ended, platform::release);
      }
      // release: whoever sees no live task sees what the tasks did.
      block.live.fetch_sub(count, platform::release);
    }
    platform::sync_warp();
  }

  /// Looks beyond the worker's own words; worker 0 does so for the whole block.
  /// \returns `ending` once the block is to end, `delivered` if wakes came; the same in all lanes.
  COWARP_WORKER_FN std::uint32_t look_outside() {
    if (polls_ != 0) note_counts();
    std::uint32_t seen = 0;
    if (platform::lane() == 0) {
      if (platform::as_number(index_) == 0 && look_outside_block()) seen = delivered;
      // relaxed: the barrier behind the workers' loops orders what follows.
      if (block_.end.load(platform::relaxed) != 0) seen |= ending;
    }
    seen = platform::from_leader(seen);
    if constexpr (finds_stalls<Program>) {
      if ((seen & delivered) != 0) stalls_.forget();
    }
    return seen;
  }

  /// Takes what came from other blocks and the host, and finds out whether the block may end.
  /// \returns true if there were any.
  COWARP_WORKER_FN bool look_outside_block() {
    grid_header& grid = *block_.grid;
    // Both reads are on their way to L2 before the first is looked at.
    const bool has_wakes = !block_.queue->is_empty();
    // relaxed: an acquire throws this SM's L1 away, so only the end that is there pays for one.
    const bool is_ending = grid.end.load(platform::relaxed) != 0;
    if (has_wakes) {
      if constexpr (finds_stalls<Program>) stalls_.withdraw(block_, index_);
      take_queue();
    }
    if (has_waiting_spawns_) take_waiting_spawns();
    // acquire: shows what the last task to end did, before its count is given up below.
    if (is_active_ && block_.live.load(platform::acquire) == 0) {
      is_active_ = false;
      // acq_rel: collects and passes on what every block did, for whoever sees the count at zero.
      if (grid.active.fetch_sub(1, platform::acq_rel) == 1) grid.request_end(end_reason::all_done);
    }
    // Reading mapped memory crosses the bus, so only block 0 does, and seldom.
    if (block_.block == 0 && passes_ % platform::ask_host_passes == 0 && grid.host != nullptr) {
      // relaxed: the host wrote nothing else.
      const std::uint32_t wanted = grid.host->stop_requested.load(platform::relaxed);
      if (wanted != 0) grid.request_end(static_cast<end_reason>(wanted));
    }
    if (is_ending) {
      // acquire: shows what whoever ended the run wrote before.
      const std::uint32_t reason = grid.end.load(platform::acquire);
      // relaxed: the barrier behind the workers' loops orders what follows. An exchange, since
      // compute-sanitizer takes a relaxed store to shared memory for a race.
      block_.end.exchange(reason, platform::relaxed);
    }
    return has_wakes;
  }

  COWARP_WORKER_FN void take_queue() {
    block_.queue->drain([&](std::uint32_t item) {
      if (item < layout::slots) {
        ++counts().remote_wakes;
        block_.wake(item);
      } else {
        Program::for_each_task([&]<class Task>(task_type<Task>) {
          if (item == layout::slots + layout::template index_of<Task>) take_spawns<Task>();
        });
      }
    });
  }

  COWARP_WORKER_FN void take_waiting_spawns() {
    has_waiting_spawns_ = false;
    Program::for_each_task([&]<class Task>(task_type<Task>) { take_spawns<Task>(); });
  }

  /// Starts the tasks that other blocks left in the inbox; those that find no slot wait there.
  template <class Task>
  COWARP_WORKER_FN void take_spawns() {
    using spawns    = spawner<Program>;
    auto& inbox     = spawns::template inbox_of<Task>(block_.block);
    using arguments = typename spawn_inbox<Task>::arguments;
    // acquire: shows the arguments.
    std::uint32_t cells = inbox.filled.exchange(0, platform::acquire) | inbox.waiting;
    inbox.waiting       = 0;
    for (; cells != 0; cells &= cells - 1) {
      const std::uint32_t cell = platform::lowest_bit(cells);
      auto& left               = *static_cast<arguments*>(inbox.cell(cell));
      if (spawns().template spawn_from<Task>(left, cell) == spawn_result::busy) {
        inbox.waiting |= 1u << cell;
        has_waiting_spawns_ = true;
        continue;
      }
      left.~arguments();
      if constexpr (Program::awaits_slots) {
        spawns().template give_back_cell<Task>(block_.block, cell);
      } else {
        // release: the arguments are out; the next spawner may overwrite them.
        inbox.claimed.fetch_and(~(1u << cell), platform::release);
      }
      // The spawn kept the grid up until now. From here on the block does, if it did not before.
      // relaxed: the block's own count cannot have been given up, so this is not the last.
      if (is_active_) block_.grid->active.fetch_sub(1, platform::relaxed);
      is_active_ = true;
    }
  }

  COWARP_WORKER_FN worker_counts& counts() {
    return *(reinterpret_cast<worker_counts*>(reinterpret_cast<unsigned char*>(&block_) +
                                              layout::counts_at) +
             index_);
  }

  /// \returns true if an assertion stopped a lane of this worker; the same in all that are left.
  COWARP_WORKER_FN static bool has_lost_lanes() {
    if constexpr (!platform::checks_assertions) return false;
    return platform::has_lost_lanes();
  }

  /// Adds what was counted in registers to the worker's counts.
  COWARP_WORKER_FN void note_counts() {
    if (platform::lane() == 0) {
      counts().polls += polls_;
      counts().completed += completed_;
      counts().self_wakes += self_wakes_;
    }
    polls_ = completed_ = self_wakes_ = 0;
  }

  /// Adds the time since the last call to one of the two sums.
  COWARP_WORKER_FN void account(std::uint64_t worker_counts::*sum) {
    if (platform::lane() != 0) return;
    const std::uint64_t now = platform::cycles();
    counts().*sum += now - counts().since;
    counts().since = now;
  }

  COWARP_WORKER_FN platform::pender* sleeper() const {
    if constexpr (platform::on_device) return nullptr;
    return block_.queue->sleeper();
  }

  // What `look_outside` says.
  static constexpr std::uint32_t ending    = 1u << 0;
  static constexpr std::uint32_t delivered = 1u << 1;

  block_header& block_;
  std::uint32_t index_;
  std::uint32_t workers_;
  std::uint32_t lane_        = platform::kept_lane();
  std::uint32_t passes_      = 0;
  std::uint32_t next_look_   = look_outside_every;  // after which pass more is done than to poll
  std::uint32_t idle_passes_ = 0;                   // since the last that polled
  bool is_active_            = true;   // leading lane of worker 0: the block is in `grid.active`
  bool has_waiting_spawns_   = false;  // leading lane of worker 0
  timer_expiry timers_;
  stall_watch stalls_;
  level_turns levels_;  // programs with priorities only
  [[no_unique_address]] poll_watch<Program::watches_polls> polls_watch_;
  [[no_unique_address]] flight_recorder<Program::has_flight_recorder> recorder_;
  // Since the last `note_counts`; the same in all lanes.
  std::uint32_t polls_      = 0;
  std::uint32_t completed_  = 0;
  std::uint32_t self_wakes_ = 0;
};

}  // namespace cowarp::detail

#undef COWARP_WORKER_FN
