// SPDX-License-Identifier: Apache-2.0
/// \file
/// A CPU has no kernels that launch kernels.
#pragma once

#include <cstdint>

namespace peers {

inline constexpr const char* dynamic_batch_name = "";
inline constexpr const char* dynamic_chain_name = "";
inline constexpr bool has_dynamic_launches      = false;

inline double dynamic_batch_seconds(std::uint32_t) { return 0; }
inline double dynamic_chain_seconds(std::uint32_t) { return 0; }

}  // namespace peers
