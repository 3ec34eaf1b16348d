// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/scheduler/factor_steps.h"

#include <algorithm>

#include "ekya/scheduler/check.h"

namespace ekya::scheduler {

FactorSteps::FactorSteps(const Stream& stream) {
  steps_.push_back({0, stream.inference.empty() ? 1.0 : 0.0, nullptr});
  std::vector<const InferenceConfig*> configs;
  for (const InferenceConfig& config : stream.inference) configs.push_back(&config);
  std::stable_sort(configs.begin(), configs.end(), [](auto a, auto b) { return a->demand < b->demand; });
  for (const InferenceConfig* config : configs) {
    Step& last = steps_.back();
    const bool better = config->factor > last.factor || !last.config;
    if (!better) continue;
    if (config->demand <= last.share)
      last = {last.share, config->factor, config};
    else
      steps_.push_back({config->demand, config->factor, config});
  }
}

const FactorSteps::Step& FactorSteps::at(double share) const {
  const auto above = std::upper_bound(steps_.begin() + 1, steps_.end(), share + kShareTolerance,
                                      [](double s, const Step& step) { return s < step.share; });
  return *(above - 1);
}

}  // namespace ekya::scheduler
