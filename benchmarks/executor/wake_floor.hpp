// SPDX-License-Identifier: Apache-2.0
/// \file
/// Floors and peers of a wake: what two warps or two blocks need to answer each other by hand.
#pragma once

#include <cowarp/platform/lanes.hpp>

#include <support/measure.hpp>

#include <cstdint>
#include <peers/synchronisation.hpp>

namespace bench {

/// What all the hand-written games share.
struct game_state {
  std::uint32_t rounds;
  std::uint32_t seen;  // rounds that the answering side saw
  span time;
};

/// Two warps of a block (`Scope` block) or two blocks play with two flags.
template <cowarp::scope Scope, cowarp::platform::order Store, cowarp::platform::order Load>
struct flag_game {
  struct alignas(128) flag {
    cowarp::platform::atomic_word<Scope> word;
  };
  struct state : game_state {
    flag flags[2];
  };
  using argument                             = state*;
  static constexpr std::uint32_t max_threads = 64;

  static COWARP_FN void run(state* const& game, unsigned char* shared, std::uint32_t block,
                            std::uint32_t thread, std::uint32_t) {
    constexpr bool in_block = Scope == cowarp::scope::block;
    flag* flags             = in_block ? reinterpret_cast<flag*>(shared) : game->flags;
    // relaxed: the barrier below orders it; across blocks the flags are zero already.
    if (in_block && thread < 2) flags[thread].word.store(0, cowarp::platform::relaxed);
    cowarp::platform::sync_block();
    if (cowarp::platform::lane() != 0) return;
    const bool serves = (in_block ? cowarp::platform::warp() : block) == 0;
    if (serves) game->time.begin();
    for (std::uint32_t i = 1; i <= game->rounds; ++i) {
      if (serves) flags[0].word.store(i, Store);
      while (flags[serves ? 1 : 0].word.load(Load) != i) {
        // On a CPU the two may share a core.
        if constexpr (!cowarp::platform::on_device) cowarp::platform::pause(0);
      }
      if (!serves) flags[1].word.store(i, Store);
    }
    if (serves) game->time.end();
    if (!serves) game->seen = game->rounds;
  }
};

/// Two warps of a block (`Scope` block) or two blocks play with words on which a thread waits.
template <cowarp::scope Scope>
struct waiting_game {
  struct alignas(128) place {
    peers::waiting_word<Scope> word;
  };
  struct state : game_state {
    place places[2];
  };
  using argument                             = state*;
  static constexpr std::uint32_t max_threads = 64;

  static COWARP_FN void run(state* const& game, unsigned char* shared, std::uint32_t block,
                            std::uint32_t thread, std::uint32_t) {
    constexpr bool in_block = Scope == cowarp::scope::block;
    place* places           = in_block ? reinterpret_cast<place*>(shared) : game->places;
    if (in_block && thread < 2) places[thread] = {};
    cowarp::platform::sync_block();
    if (cowarp::platform::lane() != 0) return;
    const bool serves = (in_block ? cowarp::platform::warp() : block) == 0;
    if (serves) game->time.begin();
    for (std::uint32_t i = 1; i <= game->rounds; ++i) {
      if (serves) places[0].word.set(i);
      places[serves ? 1 : 0].word.await(i);
      if (!serves) places[1].word.set(i);
    }
    if (serves) game->time.end();
    if (!serves) game->seen = game->rounds;
  }
};

/// Two blocks of a cluster set words in each other's shared memory.
struct cluster_game {
  using state                                = game_state;
  using argument                             = state*;
  static constexpr std::uint32_t max_threads = 32;

  static COWARP_FN void run(state* const& game, unsigned char* shared, std::uint32_t block,
                            std::uint32_t thread, std::uint32_t) {
    auto& mine = *reinterpret_cast<peers::cluster_word*>(shared);
    if (thread == 0) mine = {};
    if constexpr (cowarp::platform::on_device) {
      peers::cluster_word::meet();
      if (thread == 0) play(*game, mine, block);
      peers::cluster_word::meet();  // shared memory goes with its block
    }
  }

  static COWARP_DEVICE_FN void play(state& game, peers::cluster_word& mine, std::uint32_t block) {
    const bool serves = block == 0;
    if (serves) game.time.begin();
    for (std::uint32_t i = 1; i <= game.rounds; ++i) {
      if (serves) mine.set(i, block);
      mine.await(i);
      if (!serves) mine.set(i, block);
    }
    if (serves) game.time.end();
    if (!serves) game.seen = game.rounds;
  }
};

/// Two blocks take turns with two blocking semaphores.
struct semaphore_game {
  struct alignas(128) slot {
    peers::semaphore<cowarp::scope::device> semaphore{0};
  };
  struct state : game_state {
    slot slots[2];
  };
  using argument                             = state*;
  static constexpr std::uint32_t max_threads = 64;

  static COWARP_FN void run(state* const& game, unsigned char*, std::uint32_t block,
                            std::uint32_t thread, std::uint32_t) {
    if (thread != 0) return;
    if (block == 0) game->time.begin();
    for (std::uint32_t i = 0; i < game->rounds; ++i) {
      if (block == 0) game->slots[0].semaphore.release();
      game->slots[block == 0 ? 1 : 0].semaphore.acquire();
      if (block != 0) game->slots[1].semaphore.release();
    }
    if (block == 0) game->time.end();
    if (block != 0) game->seen = game->rounds;
  }
};

/// Two warps of a block take turns with two barriers.
struct barrier_game {
  using state                                = game_state;
  using argument                             = state*;
  static constexpr std::uint32_t max_threads = 64;

  static COWARP_FN void run(state* const& game, unsigned char* shared, std::uint32_t,
                            std::uint32_t thread, std::uint32_t) {
    auto& parties = *reinterpret_cast<peers::two_parties*>(shared);
    if constexpr (cowarp::platform::on_device) {
      if (thread == 0) parties.begin();
      cowarp::platform::sync_block();
      if (cowarp::platform::lane() != 0) return;
      const bool serves = cowarp::platform::warp() == 0;
      if (serves) game->time.begin();
      for (std::uint32_t i = 0; i < game->rounds; ++i) parties.play(serves, i);
      if (serves) game->time.end();
      if (!serves) game->seen = game->rounds;
    }
  }
};

}  // namespace bench
