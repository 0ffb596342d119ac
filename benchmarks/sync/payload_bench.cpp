// SPDX-License-Identifier: Apache-2.0
/// \file
/// Items per second through one channel whose messages have 4 to 256 bytes.
#include <cstdint>
#include <string>
#include <sync/channel_traffic.hpp>

namespace {

using bench::crowd;
using bench::kind;

constexpr std::uint32_t capacity = 64;

std::string peer_name(const char* place, std::uint32_t bytes) {
  return bench::numbered(std::string("tickets only, ") + place + ", {} bytes", {bytes});
}

template <std::uint32_t Bytes>
void measure_peer(bench::rates& of, const char* place, std::uint32_t blocks,
                  std::uint32_t workers) {
  using ring = bench::ticket_ring<capacity, false, bench::message<Bytes>>;
  of.peer<ring>(peer_name(place, Bytes), blocks, workers);
}

template <kind Kind, std::uint32_t Bytes>
void measure_size(bench::rates& of, const std::string& name, std::uint32_t all) {
  const auto row = [&]<class App>(cowarp::task_type<App>, const crowd& who, const char* place) {
    const auto text = name + place + ", " + who.name + ", {} bytes";
    of.row<App>(bench::numbered(text, {Bytes}), who, peer_name(place, Bytes));
  };
  using near = bench::in_block<Kind, Bytes, capacity>;
  using far  = bench::across_blocks<Kind, Bytes, capacity>;
  row(cowarp::task_type<near>{}, crowd{"1 to 1", 1, 1, 1}, "in a block");
  row(cowarp::task_type<near>{}, crowd{"32 to 32", 1, 32, 32}, "in a block");
  row(cowarp::task_type<far>{}, crowd{"1 to 1", 2, 1, 1}, "two blocks");
  if (all <= 2) return;
  row(cowarp::task_type<far>{}, crowd{"1 and 1 each", all, 1, 1}, "all blocks");
}

template <std::uint32_t... Bytes>
void measure_all(bench::table& to) {
  const std::uint32_t all = bench::default_blocks() & ~1u;
  bench::rates of(to);
  if constexpr (bench::has_workers) (measure_peer<Bytes>(of, "in a block", 1, 2), ...);
  (measure_peer<Bytes>(of, "two blocks", 2, 1), ...);
  if (all > 2) (measure_peer<Bytes>(of, "all blocks", all, 1), ...);
  (measure_size<kind::greedy, Bytes>(of, "greedy, ", all), ...);
  (measure_size<kind::fair, Bytes>(of, "", all), ...);
}

}  // namespace

int main(int argc, char** argv) {
  return bench::run("payload", argc, argv, measure_all<4, 16, 64, 256>);
}
