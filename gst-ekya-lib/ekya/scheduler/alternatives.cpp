// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/scheduler/alternatives.h"

#include <algorithm>

#include "ekya/scheduler/estimate.h"
#include "ekya/scheduler/job_times.h"
#include "ekya/scheduler/pick.h"
#include "ekya/scheduler/throughput.h"

namespace ekya::scheduler {
namespace {

double factor_named(const Stream& stream, const std::string& id) {
  for (const InferenceConfig& config : stream.inference)
    if (config.id == id) return config.factor;
  return factor_of(stream, nullptr);
}

/// Where and when the plan lets the stream's job run.
struct Place {
  double begin_s = 0, share = 0;
  double factor = 1;        ///< Of the inference until the job's end.
  double factor_after = 1;  ///< And afterwards.
};

Place place_of(const Stream& stream, const StreamPlan& plan, double begin_s) {
  Place place{begin_s, plan.retraining_share, factor_named(stream, plan.inference_config), 0};
  place.factor_after = place.factor;
  for (const Phase& phase : plan.phases) {
    if (place.share <= 0) place.share = phase.retraining_share;
    place.factor_after = std::max(place.factor_after, factor_named(stream, phase.inference_config));
  }
  return place;
}

double accuracy_in(const Place& place, const Problem& problem, const Stream& stream, const Throughput& throughput,
                   const RetrainingConfig& config) {
  const double speed = throughput.speed(std::min(place.share, config.max_share));
  const double rest_s = problem.window_s - place.begin_s;
  const double before = stream.accuracy * place.factor;
  if (rest_s <= 0 || speed <= 0) return before;
  const double rest = window_accuracy(rest_s, stream.accuracy, &config, speed, place.factor, place.factor_after);
  return (place.begin_s * before + rest_s * rest) / problem.window_s;
}

}  // namespace

double gain_of_job(const Problem& problem, const Stream& stream, const StreamPlan& plan) {
  const auto times = job_times(problem, stream, plan);
  const RetrainingConfig* config = config_named(stream, plan.retraining_config);
  if (!times || !config) return 0;
  const std::vector<Phase> phases = phases_of(plan);
  double gain_s = 0;
  for (std::size_t k = 0; k < phases.size(); ++k) {
    const double end_s = k + 1 < phases.size() ? std::min(phases[k + 1].begin_s, problem.window_s) : problem.window_s;
    const double length_s = std::max(0.0, end_s - std::max(phases[k].begin_s, times->end_s));
    gain_s += length_s * (config->accuracy - stream.accuracy) * factor_named(stream, phases[k].inference_config);
  }
  return gain_s / problem.window_s;
}

std::optional<Alternative> next_best_config(const Problem& problem, const Stream& stream, const StreamPlan& plan) {
  const auto times = job_times(problem, stream, plan);
  if (!times) return std::nullopt;
  const auto device = static_cast<std::size_t>(device_index(problem, plan.retraining_device));
  const Throughput throughput(problem.devices[device].throughput);
  const Place place = place_of(stream, plan, times->begin_s);
  std::optional<Alternative> best;
  for (const RetrainingConfig& config : stream.retraining) {
    if (config.id == plan.retraining_config || !is_candidate(stream, config) ||
        config.memory_mb > problem.devices[device].memory_mb)
      continue;
    const double gain = accuracy_in(place, problem, stream, throughput, config) - plan.expected_accuracy;
    if (!best || gain > best->gain) best = Alternative{&config, gain};
  }
  return best;
}

std::optional<Alternative> best_config_at_most(const Problem& problem, const Stream& stream) {
  std::optional<Alternative> best;
  for (const Device& device : problem.devices) {
    const Throughput throughput(device.throughput);
    const double factor = best_factor(stream);
    const Place whole{0, device.capacity, factor, factor};
    for (const RetrainingConfig& config : stream.retraining) {
      if (!is_candidate(stream, config) || config.memory_mb > device.memory_mb) continue;
      const double gain = accuracy_in(whole, problem, stream, throughput, config) - stream.accuracy * factor;
      if (gain > 0 && (!best || gain > best->gain)) best = Alternative{&config, gain};
    }
  }
  return best;
}

}  // namespace ekya::scheduler
