// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>

#include "ekya/scheduler/problem.h"

namespace ekya::scheduler {

/// When a plan lets a job run, in seconds since the plan's start.
struct JobTimes {
  double begin_s = 0;
  double end_s = 0;  ///< Infinite: its shares do not do its work.
};

/// Of one stream's retraining, on the estimates that kappa makes of the problem; empty where the plan has none, or
/// never gives it a share. The work is done at the speed of the device's curve.
std::optional<JobTimes> job_times(const Problem& problem, const Stream& stream, const StreamPlan& plan);

}  // namespace ekya::scheduler
