// SPDX-License-Identifier: Apache-2.0
/// \file
/// Printing cowarp's types with fmt; the only public header that needs it.
#pragma once

#include <cowarp/executor/report.hpp>

#include <fmt/format.h>

template <>
struct fmt::formatter<cowarp::report> : fmt::formatter<fmt::string_view> {
  template <class Context>
  auto format(const cowarp::report& of, Context& context) const {
    const std::string text = cowarp::to_string(of);
    return fmt::formatter<fmt::string_view>::format(fmt::string_view(text), context);
  }
};

template <>
struct fmt::formatter<cowarp::end_reason> : fmt::formatter<fmt::string_view> {
  template <class Context>
  auto format(cowarp::end_reason reason, Context& context) const {
    const std::string_view text = cowarp::to_string(reason);
    return fmt::formatter<fmt::string_view>::format(fmt::string_view(text.data(), text.size()),
                                                    context);
  }
};
