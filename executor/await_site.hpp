// SPDX-License-Identifier: Apache-2.0
/// \file
/// Where a pending task waits, as the host reads it out of the task's frame.
#pragma once

#include <cowarp/executor/context.hpp>
#include <cowarp/executor/type_name.hpp>

#include <cstdint>
#include <string_view>

namespace cowarp::detail {

/// One `file:line`; line 0: the body was not polled yet.
struct await_place {
  std::string_view file;
  std::uint32_t line;
};

/// The context that reads a frame instead of running it: the frame goes the way that takes it apart,
/// but only says where it waits. Its frames are copies, and only the host reads them, so a GPU has no
/// code for it.
///
/// Called by:     one host thread, after the launch.
class site_list : public context {
 public:
  static constexpr std::uint32_t most = 8;  // frames of one task that are told apart

  COWARP_FN site_list() : context(context::describe()) {}

  // Neither is inlined: g++ would warn at every await of what happens were `cx` no `site_list`.
  [[gnu::noinline]] COWARP_FN void add(await_place place) {
    if (count < most) places[count++] = place;
  }
  [[gnu::noinline]] COWARP_FN void name(std::string_view what) { awaited = what; }

  await_place places[most]{};  // the task's own first, then what it awaits
  std::uint32_t count = 0;
  std::string_view awaited;  // the type of the innermost future; empty if unknown
};

/// Notes what a suspended frame awaits. \returns false, always on a GPU, if `cx` does not ask.
template <class Future>
COWARP_FN bool describe([[maybe_unused]] context& cx, [[maybe_unused]] Future* awaited) {
  if constexpr (platform::on_device) {
    return false;
  } else {
    if (!cx.is_describing()) return false;
    if constexpr (requires { awaited->cowarp_describe(cx); }) {
      awaited->cowarp_describe(cx);
    } else {
      static_cast<site_list&>(cx).name(type_name<Future>());
    }
    return true;
  }
}

/// Line in bits 0 to 19, and above them enough of the file's name to tell files apart: what a
/// coroutine notes at each await, where it notes anything. 0: it was not polled yet.
[[nodiscard]] COWARP_FN constexpr std::uint32_t short_site(const char* file, std::uint32_t line) {
  std::uint32_t hash = 2166136261u;  // FNV-1a
  for (; *file != '\0'; ++file) hash = (hash ^ static_cast<unsigned char>(*file)) * 16777619u;
  return hash << 20 | (line & 0xfffffu);
}

}  // namespace cowarp::detail
