// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya-sim/reproduce/lines.h"

#include <algorithm>

#include "ekya/sim/execute.h"
#include "ekya/sim/simulate.h"

namespace ekya::sim {
namespace {

/// Takes away what the line is not offered.
void restrict(const Line& line, scheduler::Problem& problem) {
  for (scheduler::Stream& stream : problem.streams) {
    if (line.starts_from_cache) stream.accuracy = std::max(stream.accuracy, stream.cached_accuracy);
    std::erase_if(stream.retraining, [&](const auto& config) {
      return !line.retraining || (!line.only_config.empty() && config.id != line.only_config);
    });
  }
}

}  // namespace

std::vector<Line> usual_lines() {
  return {{"phased", "phased"}, {"thief-wide", "thief-wide"}, {"thief", "thief"},
          {"exact", "exact"},   {"uniform", "uniform"},       {"uniform 3_15", "uniform", true, "3_15"},
          kBestNoRetraining};
}

Result<double> accuracy_of(const Line& line, Case one) {
  restrict(line, one.believed);
  restrict(line, one.truth);
  const auto policy = scheduler::make_policy(line.policy);
  if (!policy) return policy.error();
  const auto executed = execute(one.believed, one.truth, **policy);
  if (!executed) return executed.error();
  return executed->mean_accuracy;
}

Result<double> accuracy_of(const Line& line, Scenario scenario) {
  for (ScenarioStream& stream : scenario.streams)
    for (Scene& scene : stream.scenes)
      std::erase_if(scene.retraining, [&](const TrueConfig& config) {
        return !line.retraining || (!line.only_config.empty() && config.believed.id != line.only_config);
      });
  const auto simulated = simulate(scenario, line.policy);
  if (!simulated) return simulated.error();
  return simulated->mean_accuracy;
}

Result<std::string> csv_of_sweep(const std::vector<double>& xs, const std::vector<Line>& lines,
                                 const std::vector<Panel>& panels, int draws, std::uint64_t seed) {
  Sweep sweep{xs, {}, panels, draws, seed};
  for (const Line& line : lines) sweep.lines.push_back(line.name);
  const auto points = run(sweep);
  if (!points) return points.error();
  return csv_of(*points, draws);
}

}  // namespace ekya::sim
