// SPDX-License-Identifier: Apache-2.0
/// \file
/// The lane functions in simulation: a warp is `sim::lanes` fibers that meet. Included by platform/lanes.hpp.
///
/// Each call remembers from where it was made, so that lanes that meet at different calls are found.
#pragma once

#include <cowarp/platform/sim/schedule.hpp>

#include <cstdint>
#include <source_location>

namespace cowarp::platform {

[[nodiscard]] inline std::uint32_t lane() { return sim::lane(); }

[[nodiscard]] inline std::uint32_t warp(
    std::source_location where = std::source_location::current()) {
  // On a GPU this is a shuffle, so all lanes must be there.
  sim::meet(sim::meeting::warp, 0, where);
  return sim::warp();
}

inline void sync_warp(std::source_location where = std::source_location::current()) {
  sim::meet(sim::meeting::sync_warp, 0, where);
}

/// On a GPU a matter of speed; nothing is handed over.
inline void converge_warp() {}

[[nodiscard]] inline std::uint32_t kept_lane() { return lane(); }
[[nodiscard]] inline std::uint32_t known_uniform(std::uint32_t value, std::uint32_t) {
  return value;
}

inline void sync_block(std::source_location where = std::source_location::current()) {
  sim::meet(sim::meeting::block, 0, where);
}

[[nodiscard]] inline std::uint32_t from_leader(
    std::uint32_t value, std::source_location where = std::source_location::current()) {
  return static_cast<std::uint32_t>(sim::meet(sim::meeting::leader, value, where).value);
}

[[nodiscard]] inline std::uint64_t uniform(
    std::uint64_t value, std::source_location where = std::source_location::current()) {
  return sim::meet(sim::meeting::uniform, value, where).value;
}

[[nodiscard]] inline bool any_lane(bool value,
                                   std::source_location where = std::source_location::current()) {
  return sim::meet(sim::meeting::any, value ? 1 : 0, where).value != 0;
}

[[nodiscard]] inline std::uint64_t smallest_of_lanes(
    std::uint64_t value, std::source_location where = std::source_location::current()) {
  return sim::meet(sim::meeting::smallest, value, where).value;
}

template <int Flags = 3, class Fn>
[[nodiscard]] inline lane_flags for_lanes(
    std::uint32_t mask, Fn&& fn, std::uint32_t = 0,
    std::source_location where = std::source_location::current()) {
  std::uint64_t flags = 0;
  for (std::uint32_t i = lane(), at = 0; i < 32; i += sim::lanes, at += 4) {
    if ((mask >> i & 1u) != 0) flags |= std::uint64_t{fn(i)} << at;
  }
  const auto all = sim::meet(sim::meeting::flags, flags, where, mask);
  return {all.ballots[0], all.ballots[1], all.ballots[2], all.ballots[3]};
}

template <class Fn>
inline void each_lane(std::uint32_t mask, Fn&& fn, std::uint32_t = 0,
                      std::source_location where = std::source_location::current()) {
  const auto run = [&](std::uint32_t i) {
    fn(i);
    return 0u;
  };
  static_cast<void>(for_lanes(mask, run, 0, where));
}

}  // namespace cowarp::platform
