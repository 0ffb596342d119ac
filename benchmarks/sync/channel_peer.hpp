// SPDX-License-Identifier: Apache-2.0
/// \file
/// Bounded queues by hand: a ring and tickets, with two semaphores that block their thread or without.
#pragma once

#include <cowarp/platform/lanes.hpp>

#include <support/measure.hpp>

#include <cstdint>
#include <peers/synchronisation.hpp>
#include <type_traits>

namespace bench {

/// Blocks, or warps of one block, of which the even ones send and the odd ones receive.
///
/// With semaphores (the textbook's queue) a thread takes a ticket once there is room or an item for it.
/// Without, it takes one at once and spins on its cell: nothing waits politely, nothing can be given up.
template <std::uint32_t Capacity, bool HasSemaphores, class Value = std::uint32_t>
struct ticket_ring {
  using word = cowarp::platform::atomic_word<cowarp::scope::device>;

  struct cell {
    word turn;  // 2 * lap: free in that lap; 2 * lap + 1: full
    Value value;
  };
  struct state {
    std::uint32_t items_each = 0;
    alignas(128) peers::semaphore<cowarp::scope::device> room{Capacity};
    alignas(128) peers::semaphore<cowarp::scope::device> items{0};
    alignas(128) word tail{};
    alignas(128) word head{};
    alignas(128) cell cells[Capacity] = {};
    cowarp::platform::atomic<std::uint64_t, cowarp::scope::device> sent{};
    cowarp::platform::atomic<std::uint64_t, cowarp::scope::device> received{};
  };
  using argument                             = state*;
  static constexpr std::uint32_t max_threads = 64;

  static COWARP_FN std::uint32_t number_of(const Value& value) {
    if constexpr (std::is_integral_v<Value>) {
      return value;
    } else {
      return value.number();
    }
  }
  static COWARP_FN void wait() {
    // On a CPU the two may share a core.
    if constexpr (!cowarp::platform::on_device) cowarp::platform::pause(0);
  }
  static COWARP_FN void send(state& ring, const Value& value) {
    if constexpr (HasSemaphores) ring.room.acquire();
    // relaxed: the cell's turn orders.
    const std::uint32_t ticket = ring.tail.fetch_add(1, cowarp::platform::relaxed);
    cell& at                   = ring.cells[ticket % Capacity];
    // acquire: the last value was taken out.
    while (at.turn.load(cowarp::platform::acquire) != ticket / Capacity * 2) wait();
    at.value = value;
    // release: publishes the value.
    at.turn.store(ticket / Capacity * 2 + 1, cowarp::platform::release);
    if constexpr (HasSemaphores) ring.items.release();
  }
  static COWARP_FN Value receive(state& ring) {
    if constexpr (HasSemaphores) ring.items.acquire();
    // relaxed: the cell's turn orders.
    const std::uint32_t ticket = ring.head.fetch_add(1, cowarp::platform::relaxed);
    cell& at                   = ring.cells[ticket % Capacity];
    // acquire: shows the value.
    while (at.turn.load(cowarp::platform::acquire) != ticket / Capacity * 2 + 1) wait();
    const Value value = at.value;
    // release: the value is out.
    at.turn.store(ticket / Capacity * 2 + 2, cowarp::platform::release);
    if constexpr (HasSemaphores) ring.room.release();
    return value;
  }

  static COWARP_FN void run(state* const& ring, unsigned char*, std::uint32_t block, std::uint32_t,
                            std::uint32_t threads) {
    if (cowarp::platform::lane() != 0) return;
    const std::uint32_t party = threads > 32 ? cowarp::platform::warp() : block;
    std::uint64_t sum         = 0;
    for (std::uint32_t i = 0; i < ring->items_each; ++i) {
      if (party % 2 == 0) {
        send(*ring, Value(i ^ party));
        sum += i ^ party;
      } else {
        sum += number_of(receive(*ring));
      }
    }
    // relaxed: read after the kernel.
    (party % 2 == 0 ? ring->sent : ring->received).fetch_add(sum, cowarp::platform::relaxed);
  }
};

}  // namespace bench
