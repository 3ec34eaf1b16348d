// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/scheduler/device_policy.h"

#include <algorithm>
#include <numeric>

#include "ekya/scheduler/pick.h"
#include "ekya/scheduler/place.h"

namespace ekya::scheduler {
namespace {

const RetrainingConfig* config_of(const Stream& stream, const StreamPlan& plan) {
  for (const RetrainingConfig& config : stream.retraining)
    if (config.id == plan.retraining_config) return &config;
  return nullptr;
}

/// The stream's plan with its job's share given to its inference.
StreamPlan without_job(const Problem& problem, const DeviceWindow& window, const Stream& stream,
                       const StreamPlan& plan) {
  const double share = stream.inference.empty() ? 0 : plan.inference_share + plan.retraining_share;
  return stream_plan(problem, window, stream, estimate_choice(window, stream, share, 0, nullptr), share,
                     plan.labelling_share, 0);
}

void fit_memory(const Problem& problem, Plan& plan) {
  const DeviceWindow window(problem);
  double used = 0;
  std::vector<double> worth(plan.streams.size(), 0);  // accuracy gained for each MB
  std::vector<std::size_t> jobs;
  for (std::size_t v = 0; v < plan.streams.size(); ++v) {
    const RetrainingConfig* config = config_of(problem.streams[v], plan.streams[v]);
    if (!config || config->memory_mb <= 0) continue;
    used += config->memory_mb;
    const StreamPlan without = without_job(problem, window, problem.streams[v], plan.streams[v]);
    worth[v] = (plan.streams[v].expected_accuracy - without.expected_accuracy) / config->memory_mb;
    jobs.push_back(v);
  }
  std::stable_sort(jobs.begin(), jobs.end(), [&](auto a, auto b) { return worth[a] < worth[b]; });
  for (std::size_t v : jobs) {
    if (used <= problem.devices.front().memory_mb) return;
    used -= config_of(problem.streams[v], plan.streams[v])->memory_mb;
    plan.streams[v] = without_job(problem, window, problem.streams[v], plan.streams[v]);
  }
}

}  // namespace

Plan DevicePolicy::plan_one(const Problem& problem) const {
  Plan plan = plan_device(problem);
  fit_memory(problem, plan);
  summarise(problem, plan);
  return plan;
}

Plan DevicePolicy::plan(const Problem& problem) const {
  if (problem.devices.size() == 1) return plan_one(problem);
  const std::vector<int> placement = place_streams(problem);
  Plan whole;
  whole.policy = name();
  whole.streams.resize(problem.streams.size());
  for (int device = 0; device < static_cast<int>(problem.devices.size()); ++device) {
    Plan part = plan_one(problem_of_device(problem, placement, device));
    auto next = part.streams.begin();
    for (std::size_t v = 0; v < placement.size(); ++v)
      if (placement[v] == device) whole.streams[v] = std::move(*next++);
  }
  summarise(problem, whole);
  return whole;
}

}  // namespace ekya::scheduler
