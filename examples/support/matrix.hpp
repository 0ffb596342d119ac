// SPDX-License-Identifier: Apache-2.0
/// \file
/// A matrix in memory of the processor that runs the tasks: on a GPU what cudaMalloc gives.
#pragma once

#include <cowarp/cowarp.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

/// A kernel that is never started, for the sake of the memory that comes with a launch.
struct no_kernel {
  using argument                             = std::uint32_t;
  static constexpr std::uint32_t max_threads = 32;
  static COWARP_FN void run(const argument&, unsigned char*, std::uint32_t, std::uint32_t,
                            std::uint32_t) {}
};

template <class Value>
class matrix {
 public:
  explicit matrix(const std::vector<Value>& values)
      : launch_({1, 1, 1, 1, 16, nullptr}),
        count_(values.size()),
        at_(reinterpret_cast<Value*>(launch_.allocate(count_ * sizeof(Value)))) {
    launch_.upload(at_, values.data(), count_ * sizeof(Value));
  }
  [[nodiscard]] std::vector<Value> values() const {
    std::vector<Value> all(count_);
    launch_.download(all.data(), at_, count_ * sizeof(Value));
    return all;
  }
  [[nodiscard]] Value* for_tasks() const { return at_; }

 private:
  cowarp::platform::entry_launch<no_kernel> launch_;
  std::size_t count_;
  Value* at_;
};
