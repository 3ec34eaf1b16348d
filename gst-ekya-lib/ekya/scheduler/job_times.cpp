// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/scheduler/job_times.h"

#include <algorithm>
#include <limits>

#include "ekya/scheduler/throughput.h"

namespace ekya::scheduler {
namespace {

/// Of the work, this part may be missing: phases begin at rounded times.
constexpr double kRounding = 1e-9;

}  // namespace

std::optional<JobTimes> job_times(const Problem& problem, const Stream& stream, const StreamPlan& plan) {
  const RetrainingConfig* config = config_named(stream, plan.retraining_config);
  const int device = device_index(problem, plan.retraining_device);
  if (!config || device < 0) return std::nullopt;
  const Throughput throughput(problem.devices[static_cast<std::size_t>(device)].throughput);
  const double work_s = config->work_s + problem.kappa * config->work_sd_s;
  const std::vector<Phase> phases = phases_of(plan);
  std::optional<JobTimes> times;
  double left_s = work_s;
  for (std::size_t k = 0; k < phases.size(); ++k) {
    const double speed = throughput.speed(std::min(phases[k].retraining_share, config->max_share));
    if (speed <= 0) continue;
    if (!times) times = JobTimes{phases[k].begin_s, std::numeric_limits<double>::infinity()};
    const double length_s =
        k + 1 < phases.size() ? phases[k + 1].begin_s - phases[k].begin_s : std::numeric_limits<double>::infinity();
    if (left_s <= speed * length_s + kRounding * work_s) {
      times->end_s = phases[k].begin_s + std::min(left_s / speed, length_s);
      return times;
    }
    left_s -= speed * length_s;
  }
  return times;
}

}  // namespace ekya::scheduler
