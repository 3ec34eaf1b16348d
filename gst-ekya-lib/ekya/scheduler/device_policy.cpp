// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/scheduler/device_policy.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "ekya/scheduler/pick.h"
#include "ekya/scheduler/place.h"

namespace ekya::scheduler {
namespace {

/// Accuracy that a stream's job gains for each MB that it holds.
double gain_per_mb(const DeviceWindow& window, const Stream& stream, const StreamPlan& plan, double memory_mb) {
  const double share = plan.inference_share + plan.retraining_share;
  return (plan.expected_accuracy - estimate_choice(window, stream, share, 0, nullptr).accuracy) / memory_mb;
}

/// Takes the jobs that do not fit into the memory together, and whatever needs as much of it, out of the problem.
/// Returns whether there were any.
bool drop_jobs(Problem& problem, const Plan& plan) {
  const DeviceWindow window(problem);
  double used_mb = 0;
  std::vector<std::pair<double, std::size_t>> jobs;  // gain per MB, stream
  for (std::size_t v = 0; v < plan.streams.size(); ++v) {
    const RetrainingConfig* config = config_named(problem.streams[v], plan.streams[v].retraining_config);
    if (!config || config->memory_mb <= 0) continue;
    used_mb += config->memory_mb;
    jobs.push_back({gain_per_mb(window, problem.streams[v], plan.streams[v], config->memory_mb), v});
  }
  if (used_mb <= problem.devices.front().memory_mb) return false;
  std::sort(jobs.begin(), jobs.end());
  for (auto job = jobs.begin(); used_mb > problem.devices.front().memory_mb && job != jobs.end(); ++job) {
    std::vector<RetrainingConfig>& offered = problem.streams[job->second].retraining;
    const double memory_mb =
        config_named(problem.streams[job->second], plan.streams[job->second].retraining_config)->memory_mb;
    const auto as_large = [&](const RetrainingConfig& config) { return config.memory_mb >= memory_mb; };
    offered.erase(std::remove_if(offered.begin(), offered.end(), as_large), offered.end());
    used_mb -= memory_mb;
  }
  return true;
}

}  // namespace

Plan DevicePolicy::plan_one(const Problem& problem) const {
  Plan plan = plan_device(problem);
  for (Problem smaller = problem; drop_jobs(smaller, plan);) plan = plan_device(smaller);
  plan.policy = name();
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
