// SPDX-License-Identifier: Apache-2.0
/// \file
/// Everything but the fmt formatters (fmt.hpp).
#pragma once

#include <cowarp/executor/async.hpp>
#include <cowarp/executor/fail.hpp>
#include <cowarp/executor/launch.hpp>
#include <cowarp/executor/program.hpp>
#include <cowarp/executor/report.hpp>
#include <cowarp/executor/spawner.hpp>
#include <cowarp/executor/task.hpp>
#include <cowarp/future/block_on.hpp>
#include <cowarp/future/join.hpp>
#include <cowarp/future/map.hpp>
#include <cowarp/future/ready.hpp>
#include <cowarp/future/select.hpp>
#include <cowarp/sync/channel.hpp>
#include <cowarp/sync/signal.hpp>
#include <cowarp/timer/clock.hpp>
#include <cowarp/timer/sleep.hpp>
#include <cowarp/timer/timeout.hpp>
