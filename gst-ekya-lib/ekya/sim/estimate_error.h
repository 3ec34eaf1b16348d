// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>

#include "ekya/scheduler/problem.h"
#include "ekya/sim/scenario.h"

namespace ekya::sim {

/// The problem as a planner with wrong estimates believes it: each retraining config's accuracy times 1 + error · z
/// with a normal z, cut to [0, 1], and its work times a log-normal number of mean 1 and relative deviation `error`.
/// Before the cut the estimates' mean is the truth. `accuracy_sd` and `work_sd_s` tell the deviation, as far as one can
/// know it: `error` times the estimate. The same seed gives the same estimates. `error` is in [0, 1]; 0 changes
/// nothing.
scheduler::Problem with_estimate_error(const scheduler::Problem& truth, double error, std::uint64_t seed);

/// The same for all scenes of a scenario, from the truth.
void add_estimate_error(Scenario& scenario, double error, std::uint64_t seed);

}  // namespace ekya::sim
