// SPDX-License-Identifier: Apache-2.0
/// \file
/// The one exception for what the CUDA runtime refuses.
#pragma once

#include <cuda_runtime_api.h>

#include <source_location>
#include <stdexcept>

namespace cowarp {

/// A CUDA call that failed: its code, what was tried, and where.
class cuda_error : public std::runtime_error {
 public:
  cuda_error(cudaError_t code, const char* tried, std::source_location where);

  [[nodiscard]] cudaError_t code() const { return code_; }

 private:
  cudaError_t code_;
};

/// Throws `cuda_error` unless `code` is success. `tried` completes the sentence "could not ...".
void check(cudaError_t code, const char* tried,
           std::source_location where = std::source_location::current());

}  // namespace cowarp
