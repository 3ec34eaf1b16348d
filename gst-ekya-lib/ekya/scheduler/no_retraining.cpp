// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>

#include "ekya/scheduler/device_policy.h"
#include "ekya/scheduler/pick.h"
#include "ekya/scheduler/policies.h"

namespace ekya::scheduler {
namespace {

class NoRetraining final : public DevicePolicy {
 public:
  std::string name() const override { return "no-retraining"; }

 private:
  Plan plan_device(const Problem& problem) const override {
    Plan plan;
    const DeviceWindow window(problem);
    const std::vector<double> labelling = labelling_shares(problem);
    const auto jobs = std::count_if(problem.streams.begin(), problem.streams.end(),
                                    [](const Stream& stream) { return !stream.inference.empty(); });
    const double fair = jobs == 0 ? 0 : capacity_left(problem, labelling) / static_cast<double>(jobs);
    for (std::size_t v = 0; v < problem.streams.size(); ++v) {
      const Stream& stream = problem.streams[v];
      const double share = stream.inference.empty() ? 0 : fair;
      plan.streams.push_back(stream_plan(problem, window, stream, estimate_choice(window, stream, share, 0, nullptr),
                                         share, labelling[v], 0));
    }
    return plan;
  }
};

}  // namespace

std::unique_ptr<Policy> make_no_retraining() { return std::make_unique<NoRetraining>(); }

}  // namespace ekya::scheduler
