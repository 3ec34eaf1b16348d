// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <vector>

#include "ekya/base/result.h"
#include "ekya/sim/execute.h"

namespace ekya::sim {

/// The windows of the worked example of Ekya (NSDI 2022), table 1 and figure 4: two streams, A and B, on 3 GPUs that
/// work together, two windows of 120 s, a_min 40 %. Inference keeps up with all frames on a whole GPU, and its factor
/// is its share, in steps of `step`, which is the quantum too. `window` is 0 or 1, `accuracy` that of A and B at its
/// begin.
scheduler::Problem worked_example(int window, const std::vector<double>& accuracy, double step = 0.25);

/// Runs both windows: from 65 % and 50 %, then from what the live models of the first window's end are worth. Without
/// `retraining` the policy is offered none.
Result<std::vector<Executed>> run_worked_example(const scheduler::Policy& policy, bool retraining = true);

}  // namespace ekya::sim
