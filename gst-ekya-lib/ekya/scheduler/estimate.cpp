// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/scheduler/estimate.h"

#include <algorithm>

#include "ekya/scheduler/check.h"

namespace ekya::scheduler {

double window_accuracy(double window_s, double accuracy, const RetrainingConfig* retraining, double retraining_share,
                       double factor_during, double factor_after) {
  const double before = accuracy * factor_during;
  if (!retraining) return before;
  const double speed = std::min(retraining_share, retraining->max_share);
  if (speed <= 0 || retraining->work_s >= speed * window_s) return before;
  const double done_s = retraining->work_s / speed;
  return (done_s * before + (window_s - done_s) * retraining->accuracy * factor_after) / window_s;
}

// The student's accuracy multiplies every config alike, so the most accurate config that fits is also the best of
// those that reach a_min, where one does: a_min cannot change this choice. It acts in pick_configs().
const InferenceConfig* best_inference(const Stream& stream, double share, double /*accuracy*/,
                                      double /*min_accuracy*/) {
  const InferenceConfig* best = nullptr;
  for (const InferenceConfig& config : stream.inference) {
    if (config.demand > share + kShareTolerance) continue;
    if (!best || config.factor > best->factor || (config.factor == best->factor && config.demand < best->demand))
      best = &config;
  }
  return best;
}

}  // namespace ekya::scheduler
