// SPDX-License-Identifier: Apache-2.0
/// \file
/// The host plays against the device: words in memory that both reach, and who answers on the device.
#pragma once

#include <support/measure.hpp>

#include <chrono>
#include <cstdint>

namespace bench {

/// Two words that host and device reach, each in a line of its own. Zero at first.
struct mapped_words {
  struct alignas(128) line {
    cowarp::platform::atomic_word<cowarp::scope::system> word;
  };
  line to_device;
  line to_host;

  /// The device's side of a round: waits no longer than one look. \returns true if it was there.
  COWARP_FN bool answer(std::uint32_t round) {
    // acquire: shows what the host wrote before.
    if (to_device.word.load(cowarp::platform::acquire) != round) return false;
    // release: shows the host what was written here.
    to_host.word.store(round, cowarp::platform::release);
    return true;
  }

  /// The host's side of rounds `first` to `last`. \returns nanoseconds of each.
  double play(std::uint32_t first, std::uint32_t last) {
    const auto begin = std::chrono::steady_clock::now();
    for (std::uint32_t i = first; i <= last; ++i) {
      // release: as the device's.
      to_device.word.store(i, cowarp::platform::release);
      // acquire: as the device's.
      while (to_host.word.load(cowarp::platform::acquire) != i) {
        // On a CPU the two may share a core.
        if constexpr (!has_workers) cowarp::platform::pause(0);
      }
    }
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - begin;
    return took.count() / (last - first + 1);
  }
};

/// What the device's side is told. Trivially copyable.
struct host_game {
  mapped_words* words;
  std::uint32_t rounds;
};

/// The floor: a thread that does nothing but answer.
struct host_game_floor {
  using argument                             = host_game;
  static constexpr std::uint32_t max_threads = 32;
  static COWARP_FN void run(const host_game& game, unsigned char*, std::uint32_t,
                            std::uint32_t thread, std::uint32_t) {
    if (thread != 0) return;
    for (std::uint32_t i = 1; i <= game.rounds; ++i) {
      while (!game.words->answer(i)) {
        if constexpr (!cowarp::platform::on_device) cowarp::platform::pause(0);
      }
    }
  }
};

/// A task that looks at every poll.
COWARP_TASK_FRAME(answering, 1) {
  using output = cowarp::unit;
  host_game& game;
  std::uint32_t i = 1;
  COWARP_BODY_BEGIN
  for (; i <= game.rounds; ++i) {
    while (!game.words->answer(i)) COWARP_AWAIT(cowarp::yield_now());
  }
  COWARP_BODY_END
};

/// Looks for another task, and wakes it by a signal.
COWARP_TASK_FRAME(looking, 1) {
  using output = cowarp::unit;
  host_game& game;
  cowarp::signal<std::uint32_t, cowarp::scope::block>& to;
  std::uint32_t i = 1;
  COWARP_BODY_BEGIN
  for (; i <= game.rounds; ++i) {
    // acquire: shows what the host wrote before.
    while (game.words->to_device.word.load(cowarp::platform::acquire) != i) {
      COWARP_AWAIT(cowarp::yield_now());
    }
    to.send(i);
  }
  COWARP_BODY_END
};

/// Is woken, and answers the host.
COWARP_TASK_FRAME(woken, 1) {
  using output = cowarp::unit;
  host_game& game;
  cowarp::signal<std::uint32_t, cowarp::scope::block>& from;
  std::uint32_t i   = 1;
  std::uint32_t got = 0;
  COWARP_BODY_BEGIN
  for (; i <= game.rounds; ++i) {
    COWARP_AWAIT_INTO(got, from.wait());
    // release: shows the host what was written here.
    game.words->to_host.word.store(got, cowarp::platform::release);
  }
  COWARP_BODY_END
};

struct against_host : cowarp::program<answering> {
  using grid_state             = host_game;
  static constexpr auto frames = cowarp::memory::shared;
  COWARP_FN static void start(cowarp::spawner<against_host> s, cowarp::no_state&, host_game& game) {
    static_cast<void>(s.spawn<answering>(game));
  }
};

struct woken_for_host : cowarp::program<looking, woken> {
  using grid_state             = host_game;
  using block_state            = cowarp::signal<std::uint32_t, cowarp::scope::block>;
  static constexpr auto frames = cowarp::memory::shared;
  COWARP_FN static void start(cowarp::spawner<woken_for_host> s, block_state& b, host_game& game) {
    static_cast<void>(s.spawn<looking>(game, b));
    static_cast<void>(s.spawn<woken>(game, b));
  }
};

}  // namespace bench
