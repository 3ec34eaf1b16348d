// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/scheduler/estimate.h"

#include <algorithm>

#include "ekya/scheduler/check.h"

namespace ekya::scheduler {

double window_accuracy(double window_s, double accuracy, const RetrainingConfig* retraining, double speed,
                       double factor_during, double factor_after) {
  const double before = accuracy * factor_during;
  if (!retraining) return before;
  if (speed <= 0 || retraining->work_s >= speed * window_s) return before;
  const double done_s = retraining->work_s / speed;
  return (done_s * before + (window_s - done_s) * retraining->accuracy * factor_after) / window_s;
}

double window_accuracy(double window_s, double accuracy, const Delivery& delivery, double factor) {
  const double at_s = std::min(delivery.at_s, window_s);
  return (at_s * accuracy + (window_s - at_s) * delivery.accuracy) * factor / window_s;
}

const InferenceConfig* best_inference(const Stream& stream, double share) {
  const InferenceConfig* best = nullptr;
  for (const InferenceConfig& config : stream.inference) {
    if (config.demand > share + kShareTolerance) continue;
    if (!best || config.factor > best->factor || (config.factor == best->factor && config.demand < best->demand))
      best = &config;
  }
  return best;
}

}  // namespace ekya::scheduler
