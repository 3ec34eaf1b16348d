// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "ekya/scheduler/problem.h"

namespace ekya::scheduler {

/// Accuracy of one stream averaged over the window: a_v before the retraining completes, the config's after, times
/// the inference config's factor. While the job runs inference uses `during`; afterwards `after`, because the
/// job's share is free again. `retraining` may be null. `speed` is what the job reaches with its share: device-seconds
/// of work a second. Source: Ekya (NSDI 2022), section 4.1 and Algorithm 2, EstimateAccuracy.
double window_accuracy(double window_s, double accuracy, const RetrainingConfig* retraining, double speed,
                       double factor_during, double factor_after);

/// The same for a model that is delivered, without a job.
double window_accuracy(double window_s, double accuracy, const Delivery& delivery, double factor);

/// The most accurate inference config whose demand fits into the share; null where none fits. a_min cannot change this
/// choice: the student's accuracy multiplies every config alike. It acts in Choice::shortfall.
const InferenceConfig* best_inference(const Stream& stream, double share);

}  // namespace ekya::scheduler
