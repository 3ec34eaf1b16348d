// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/scheduler/device_policy.h"
#include "ekya/scheduler/pick.h"
#include "ekya/scheduler/policies.h"

namespace ekya::scheduler {
namespace {

constexpr double kInferencePart = 0.5;

/// The one config that this policy ever uses: of the highest expected accuracy, of equal ones that with less work.
const RetrainingConfig* fixed_config(const Stream& stream) {
  const RetrainingConfig* best = nullptr;
  for (const RetrainingConfig& config : stream.retraining) {
    if (!is_candidate(stream, config)) continue;
    if (!best || config.accuracy > best->accuracy ||
        (config.accuracy == best->accuracy && config.work_s < best->work_s))
      best = &config;
  }
  return best;
}

StreamPlan plan_stream(const Problem& problem, const DeviceWindow& window, const Stream& stream, double share,
                       double labelling) {
  const double inference = stream.inference.empty() ? 0 : share * kInferencePart;
  const double retraining = share - inference;
  const Choice without = estimate_choice(window, stream, inference, 0, nullptr);
  const Choice with = estimate_choice(window, stream, inference, retraining, fixed_config(stream));
  if (with.retraining && with.accuracy > without.accuracy)
    return stream_plan(problem, window, stream, with, inference, labelling, retraining);
  const double all = stream.inference.empty() ? 0 : share;
  return stream_plan(problem, window, stream, estimate_choice(window, stream, all, 0, nullptr), all, labelling, 0);
}

class Uniform final : public DevicePolicy {
 public:
  std::string name() const override { return "uniform"; }

 private:
  Plan plan_device(const Problem& problem) const override {
    Plan plan;
    plan.policy = name();
    const DeviceWindow window(problem);
    const std::vector<double> labelling = labelling_shares(problem);
    const double left = capacity_left(problem, labelling);
    for (std::size_t v = 0; v < problem.streams.size(); ++v)
      plan.streams.push_back(plan_stream(problem, window, problem.streams[v],
                                         left / static_cast<double>(problem.streams.size()), labelling[v]));
    return plan;
  }
};

}  // namespace

std::unique_ptr<Policy> make_uniform() { return std::make_unique<Uniform>(); }

}  // namespace ekya::scheduler
