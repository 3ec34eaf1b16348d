// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/scheduler/device_policy.h"
#include "ekya/scheduler/pick.h"
#include "ekya/scheduler/policies.h"

namespace ekya::scheduler {
namespace {

constexpr double kInferencePart = 0.5;

/// Every stream has the same share, half of it for inference and half for retraining. Where that does not raise the
/// window's accuracy, or nothing is to be retrained, inference has the whole share.
class EqualShares : public DevicePolicy {
 private:
  virtual Choice choose(const DeviceWindow& window, const Stream& stream, double inference,
                        double retraining) const = 0;

  Plan plan_device(const Problem& problem) const final {
    Plan plan;
    const DeviceWindow window(problem);
    const std::vector<double> labelling = labelling_shares(problem);
    const double share = capacity_left(problem, labelling) / static_cast<double>(problem.streams.size());
    for (std::size_t v = 0; v < problem.streams.size(); ++v)
      plan.streams.push_back(plan_stream(problem, window, problem.streams[v], share, labelling[v]));
    return plan;
  }

  StreamPlan plan_stream(const Problem& problem, const DeviceWindow& window, const Stream& stream, double share,
                         double labelling) const {
    const double inference = stream.inference.empty() ? 0 : share * kInferencePart;
    const double retraining = share - inference;
    const Choice without = estimate_choice(window, stream, inference, 0, nullptr);
    const Choice with = choose(window, stream, inference, retraining);
    if (with.retraining && with.accuracy > without.accuracy)
      return stream_plan(problem, window, stream, with, inference, labelling, retraining);
    const double all = stream.inference.empty() ? 0 : share;
    return stream_plan(problem, window, stream, estimate_choice(window, stream, all, 0, nullptr), all, labelling, 0);
  }
};

class Uniform final : public EqualShares {
 public:
  std::string name() const override { return "uniform"; }

 private:
  Choice choose(const DeviceWindow& window, const Stream& stream, double inference, double retraining) const override {
    return estimate_choice(window, stream, inference, retraining, most_accurate(stream));
  }
};

class FixedShare final : public EqualShares {
 public:
  std::string name() const override { return "fixed-share"; }

 private:
  Choice choose(const DeviceWindow& window, const Stream& stream, double inference, double retraining) const override {
    return pick_configs(window, stream, inference, retraining);
  }
};

}  // namespace

std::unique_ptr<Policy> make_uniform() { return std::make_unique<Uniform>(); }

std::unique_ptr<Policy> make_fixed_share() { return std::make_unique<FixedShare>(); }

}  // namespace ekya::scheduler
