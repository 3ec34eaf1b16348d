// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/sim/estimate_error.h"

#include <algorithm>
#include <cmath>

#include "ekya/base/random.h"

namespace ekya::sim {

namespace {

/// Draws estimates of a config's true numbers.
class Estimates {
 public:
  Estimates(double error, std::uint64_t seed)
      : random_(seed), error_(error), sigma_(std::sqrt(std::log1p(error * error))) {}

  void draw(scheduler::RetrainingConfig& config) {
    config.accuracy = std::clamp(config.accuracy * (1 + error_ * random_.normal()), 0.0, 1.0);
    config.accuracy_sd = error_ * config.accuracy;
    config.work_s *= std::exp(sigma_ * random_.normal() - sigma_ * sigma_ / 2);
    config.work_sd_s = error_ * config.work_s;
  }

 private:
  Random random_;
  double error_, sigma_;
};

}  // namespace

scheduler::Problem with_estimate_error(const scheduler::Problem& truth, double error, std::uint64_t seed) {
  scheduler::Problem believed = truth;
  if (error <= 0) return believed;
  Estimates estimates(error, seed);
  for (scheduler::Stream& stream : believed.streams)
    for (scheduler::RetrainingConfig& config : stream.retraining) estimates.draw(config);
  return believed;
}

void add_estimate_error(Scenario& scenario, double error, std::uint64_t seed) {
  if (error <= 0) return;
  Estimates estimates(error, seed);
  for (ScenarioStream& stream : scenario.streams)
    for (Scene& scene : stream.scenes)
      for (TrueConfig& config : scene.retraining) {
        config.believed.work_s = config.work_s;
        config.believed.accuracy = config.accuracy;
        estimates.draw(config.believed);
      }
}

}  // namespace ekya::sim
