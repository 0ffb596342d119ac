// SPDX-License-Identifier: Apache-2.0
/// \file
/// The one exception for what the CUDA runtime refuses.
#pragma once

#include <cuda_runtime_api.h>

#include <source_location>
#include <stdexcept>
#include <string>

namespace cowarp {

/// A CUDA call that failed: its code, what was tried, and where; `what` says all of it.
///
/// Behind the start of a launch it also says what was last known of its blocks. An illegal address and its
/// like are found by whichever call comes next; after them no call of the process to that GPU works.
class cuda_error : public std::runtime_error {
 public:
  cuda_error(cudaError_t code, const char* tried, std::source_location where,
             std::string last_known = {});

  [[nodiscard]] cudaError_t code() const { return code_; }
  /// \returns the failure that was noted, and what each block did last if the program has a flight recorder;
  /// empty before a launch.
  [[nodiscard]] const std::string& last_known() const { return last_known_; }

 private:
  cudaError_t code_;
  std::string last_known_;
};

/// Throws `cuda_error` unless `code` is success. `tried` completes the sentence "could not ...".
void check(cudaError_t code, const char* tried,
           std::source_location where = std::source_location::current());

}  // namespace cowarp
