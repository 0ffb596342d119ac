// SPDX-License-Identifier: Apache-2.0
/// \file
/// A value of each lane that lives across awaits.
#pragma once

#include <cowarp/width/lanes.hpp>

namespace cowarp {

/// One value for each lane of the worker, kept by a task between two `lanes`.
///
/// Called by:     each lane its own inside `lanes`; the task any of them outside.
/// Storage:       32 values in the frame in CUDA code, one elsewhere; `{}` makes them zero.
template <class Value>
class per_lane {
 public:
  [[nodiscard]] COWARP_FN Value& operator[](lane l) { return values_[l.index]; }
  [[nodiscard]] COWARP_FN const Value& operator[](lane l) const { return values_[l.index]; }

 private:
  Value values_[platform::width_room]{};
};

}  // namespace cowarp
