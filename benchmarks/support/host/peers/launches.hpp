// SPDX-License-Identifier: Apache-2.0
/// \file
/// Peers of a spawn on a CPU: threads, and the standard library's asynchronous calls.
#pragma once

#include <chrono>
#include <cstdint>
#include <future>
#include <thread>
#include <vector>

namespace peers {

inline constexpr const char* launch_name = "std::thread, one by one";
inline constexpr const char* batch_name  = "std::async, all at once";
inline constexpr const char* chain_name  = "std::async, chain";

/// \returns seconds of `fn`.
template <class Fn>
double seconds_of(Fn fn) {
  const auto begin = std::chrono::steady_clock::now();
  fn();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

inline double launch_seconds(std::uint32_t count) {
  return seconds_of([&] {
    for (std::uint32_t i = 0; i < count; ++i) std::thread([] {}).join();
  });
}

inline double batch_seconds(std::uint32_t count) {
  return seconds_of([&] {
    constexpr std::uint32_t at_once = 64;
    for (std::uint32_t i = 0; i < count; i += at_once) {
      std::vector<std::future<void>> all;
      for (std::uint32_t k = 0; k < at_once; ++k) {
        all.push_back(std::async(std::launch::async, [] {}));
      }
      for (auto& one : all) one.wait();
    }
  });
}

inline double chain_seconds(std::uint32_t count) {
  return seconds_of([&] {
    for (std::uint32_t i = 0; i < count; ++i) std::async(std::launch::async, [] {}).wait();
  });
}

}  // namespace peers
