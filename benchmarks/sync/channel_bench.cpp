// SPDX-License-Identifier: Apache-2.0
/// \file
/// Items per second through one channel: one or many senders and receivers, in a block and across.
#include <cstdint>
#include <string>
#include <sync/channel_traffic.hpp>

namespace {

using bench::crowd;
using bench::kind;

std::string peer_name(const char* place, std::uint32_t capacity) {
  return bench::numbered(
      std::string("ring of ") + peers::semaphore_name + ", " + place + ", capacity {}", {capacity});
}

template <std::uint32_t Capacity>
void measure_peers(bench::rates& of, const char* place, std::uint32_t blocks,
                   std::uint32_t workers) {
  of.peer<bench::ticket_ring<Capacity, true>>(peer_name(place, Capacity), blocks, workers);
  const auto name =
      bench::numbered(std::string("tickets only, ") + place + ", capacity {}", {Capacity});
  of.peer<bench::ticket_ring<Capacity, false>>(name, blocks, workers);
}

template <class App>
void measure_crowd(bench::rates& of, std::uint32_t capacity, const crowd& who,
                   const std::string& kind, const char* place) {
  const auto name = bench::numbered(kind + place + ", " + who.name + ", capacity {}", {capacity});
  of.row<App>(name, who, peer_name(place, capacity));
}

template <kind Kind, std::uint32_t... Capacity>
void measure_kind(bench::rates& of, const char* name, std::uint32_t all) {
  for (const crowd& who :
       {crowd{"1 to 1", 1, 1, 1}, crowd{"32 to 1", 1, 32, 1}, crowd{"32 to 32", 1, 32, 32}}) {
    (measure_crowd<bench::in_block<Kind, 4, Capacity>>(of, Capacity, who, name, "in a block"), ...);
  }
  for (const crowd& who :
       {crowd{"1 to 1", 2, 1, 1}, crowd{"32 to 1", 2, 32, 1}, crowd{"32 to 32", 2, 32, 32}}) {
    (measure_crowd<bench::across_blocks<Kind, 4, Capacity>>(of, Capacity, who, name, "two blocks"),
     ...);
  }
  if (all <= 2) return;
  for (const crowd& who :
       {crowd{"1 and 1 each", all, 1, 1}, crowd{"32 and 32 each", all, 32, 32}}) {
    if (Kind == kind::fair && who.senders > 1) continue;  // minutes: one lock for 4224 tasks
    (measure_crowd<bench::across_blocks<Kind, 4, Capacity>>(of, Capacity, who, name, "all blocks"),
     ...);
  }
}

template <std::uint32_t... Capacity>
void measure_all(bench::table& to) {
  const std::uint32_t all = bench::default_blocks() & ~1u;
  bench::rates of(to);
  if constexpr (bench::has_workers) (measure_peers<Capacity>(of, "in a block", 1, 2), ...);
  (measure_peers<Capacity>(of, "two blocks", 2, 1), ...);
  if (all > 2) (measure_peers<Capacity>(of, "all blocks", all, 1), ...);
  measure_kind<kind::greedy, Capacity...>(of, "greedy, ", all);
  measure_kind<kind::fair, Capacity...>(of, "", all);
}

}  // namespace

int main(int argc, char** argv) {
  return bench::run("channel", argc, argv, measure_all<1, 16, 64, 1024>);
}
