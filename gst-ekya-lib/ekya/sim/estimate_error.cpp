// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/sim/estimate_error.h"

#include <algorithm>
#include <cmath>

#include "ekya/base/random.h"

namespace ekya::sim {

scheduler::Problem with_estimate_error(const scheduler::Problem& truth, double error, std::uint64_t seed) {
  scheduler::Problem believed = truth;
  if (error <= 0) return believed;
  Random random(seed);
  const double sigma = std::sqrt(std::log1p(error * error));
  for (scheduler::Stream& stream : believed.streams)
    for (scheduler::RetrainingConfig& config : stream.retraining) {
      config.accuracy = std::clamp(config.accuracy * (1 + error * random.normal()), 0.0, 1.0);
      config.accuracy_sd = error * config.accuracy;
      config.work_s *= std::exp(sigma * random.normal() - sigma * sigma / 2);
      config.work_sd_s = error * config.work_s;
    }
  return believed;
}

}  // namespace ekya::sim
