// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "ekya/scheduler/problem.h"

namespace ekya::scheduler {

/// Accuracy of one stream averaged over the window: a_v before the retraining completes, the config's after, times
/// the inference config's factor. While the job runs inference uses `during`; afterwards `after`, because the
/// job's share is free again. `retraining` may be null. Speed is linear in the share.
/// Source: Ekya (NSDI 2022), section 4.1 and Algorithm 2, EstimateAccuracy.
double window_accuracy(double window_s, double accuracy, const RetrainingConfig* retraining, double retraining_share,
                       double factor_during, double factor_after);

/// The best inference config whose demand fits into the share and whose instant accuracy is at least min_accuracy;
/// where none reaches min_accuracy the best that fits; null where none fits.
const InferenceConfig* best_inference(const Stream& stream, double share, double accuracy, double min_accuracy);

}  // namespace ekya::scheduler
