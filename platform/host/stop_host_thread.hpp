// SPDX-License-Identifier: Apache-2.0
/// \file
/// How a thread that plays a block stops in the middle of a call.
#pragma once

namespace cowarp::platform {

/// Ends the block that the calling thread plays, for its launch, and never returns: the thread sleeps until
/// the process ends. host_launch.cpp defines it. \pre the thread was started by a `host_launch`.
[[noreturn]] void stop_host_thread();

}  // namespace cowarp::platform
