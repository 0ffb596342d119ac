// SPDX-License-Identifier: Apache-2.0
/// \file
/// The name of a type, for reports.
#pragma once

#include <cowarp/platform/platform.hpp>

#include <cstddef>
#include <string_view>

namespace cowarp::detail {

/// \returns the type's name out of a function name that mentions it and nothing else.
[[nodiscard]] COWARP_FN constexpr std::string_view name_in(const char* pretty) {
  // "... [with Type = produce; ...]" (g++), "... [Type = produce]" (clang), "... [with Type=produce]"
  // (nvcc's device side). By hand: a GPU has no `strlen`.
  const char* begin = pretty;
  while (*begin != '\0' && *begin != '[') ++begin;
  while (*begin != '\0' && *begin != '=') ++begin;
  begin           = *begin == '\0' ? pretty : begin[1] == ' ' ? begin + 2 : begin + 1;
  const char* end = begin;
  while (*end != '\0' && *end != ';' && *end != ']') ++end;
  return {begin, static_cast<std::size_t>(end - begin)};
}
template <class Type>
[[nodiscard]] COWARP_FN constexpr std::string_view type_name() {
  return name_in(__PRETTY_FUNCTION__);
}

/// \returns the name of a function that mentions the task; for messages.
template <class Task>
COWARP_FN const char* pretty_name() {
  return __PRETTY_FUNCTION__;
}

}  // namespace cowarp::detail
