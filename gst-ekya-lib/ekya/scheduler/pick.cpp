// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/scheduler/pick.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "ekya/scheduler/check.h"
#include "ekya/scheduler/estimate.h"

namespace ekya::scheduler {
namespace {

/// Once the job is done, its share goes to the inference of its stream.
double factor_after(const Stream& stream, double inference_share, double retraining_share,
                    const RetrainingConfig& config) {
  const double freed = std::min(retraining_share, config.max_share);
  return factor_of(stream, best_inference(stream, inference_share + freed));
}

double speed_of(const DeviceWindow& window, const RetrainingConfig& config, double share) {
  return window.throughput.speed(std::min(share, config.max_share));
}

bool no_worse(const RetrainingConfig& a, const RetrainingConfig& b) {
  return a.work_s <= b.work_s && a.accuracy >= b.accuracy && a.max_share >= b.max_share && a.memory_mb <= b.memory_mb;
}

/// The instant accuracy that a plan holds at its start.
double instant_accuracy(const Stream& stream, const StreamPlan& plan) {
  const bool delivered = plan.delivery && plan.delivery->at_s == 0;
  return (delivered ? plan.delivery->accuracy : stream.accuracy) * planned_factor(stream, plan);
}

}  // namespace

DeviceWindow::DeviceWindow(const Problem& problem)
    : window_s(problem.window_s), min_accuracy(problem.min_accuracy), throughput(problem.devices.front().throughput) {}

/// Accuracy relative to the full inference config. A stream without inference clients has nothing that lowers it.
double factor_of(const Stream& stream, const InferenceConfig* config) {
  if (stream.inference.empty()) return 1;
  return config ? config->factor : 0;
}

double best_factor(const Stream& stream) {
  double best = stream.inference.empty() ? 1 : 0;
  for (const InferenceConfig& config : stream.inference) best = std::max(best, config.factor);
  return best;
}

double floor_demand(const Stream& stream, double floor) {
  double least = std::numeric_limits<double>::infinity();
  for (const InferenceConfig& config : stream.inference)
    if (stream.accuracy * config.factor >= floor - kShareTolerance) least = std::min(least, config.demand);
  return floor > 0 && std::isfinite(least) ? least : 0;
}

double reachable_floor(const Stream& stream, double floor) {
  return stream.accuracy * best_factor(stream) < floor ? 0 : floor;
}

bool is_candidate(const Stream& stream, const RetrainingConfig& config) {
  return config.accuracy > stream.accuracy && (stream.running.empty() || stream.running == config.id);
}

std::vector<Job> jobs_of(const Problem& problem) {
  std::vector<Job> jobs;
  for (std::size_t v = 0; v < problem.streams.size(); ++v) {
    const Stream& stream = problem.streams[v];
    const auto usable = [&](const RetrainingConfig& config) { return is_candidate(stream, config); };
    if (std::any_of(stream.retraining.begin(), stream.retraining.end(), usable)) jobs.push_back({v, true});
  }
  for (std::size_t v = 0; v < problem.streams.size(); ++v)
    if (!problem.streams[v].inference.empty()) jobs.push_back({v, false});
  return jobs;
}

const RetrainingConfig* most_accurate(const Stream& stream) {
  const RetrainingConfig* best = nullptr;
  for (const RetrainingConfig& config : stream.retraining) {
    if (!is_candidate(stream, config)) continue;
    if (!best || config.accuracy > best->accuracy ||
        (config.accuracy == best->accuracy && config.work_s < best->work_s))
      best = &config;
  }
  return best;
}

std::vector<const RetrainingConfig*> useful_configs(const Stream& stream) {
  std::vector<const RetrainingConfig*> useful;
  for (const RetrainingConfig& config : stream.retraining) {
    if (!is_candidate(stream, config)) continue;
    const auto beaten_by = [&](const RetrainingConfig* other) { return no_worse(*other, config); };
    if (std::any_of(useful.begin(), useful.end(), beaten_by)) continue;
    const auto beaten = [&](const RetrainingConfig* other) { return no_worse(config, *other); };
    useful.erase(std::remove_if(useful.begin(), useful.end(), beaten), useful.end());
    useful.push_back(&config);
  }
  return useful;
}

Choice estimate_choice(const DeviceWindow& window, const Stream& stream, double inference_share,
                       double retraining_share, const RetrainingConfig* retraining) {
  Choice choice{best_inference(stream, inference_share), retraining, 0, 0};
  const double during = factor_of(stream, choice.inference);
  choice.shortfall = std::max(
      0.0, reachable_floor(stream, stream.min_accuracy.value_or(window.min_accuracy)) - stream.accuracy * during);
  const double after = retraining ? factor_after(stream, inference_share, retraining_share, *retraining) : during;
  const double speed = retraining ? speed_of(window, *retraining, retraining_share) : 0;
  choice.accuracy = window_accuracy(window.window_s, stream.accuracy, retraining, speed, during, after);
  return choice;
}

Choice pick_configs(const DeviceWindow& window, const Stream& stream, double inference_share, double retraining_share) {
  Choice best = estimate_choice(window, stream, inference_share, retraining_share, nullptr);
  if (retraining_share <= 0) return best;
  const double during = factor_of(stream, best.inference);
  // Most configs can use the whole share and then leave the same behind: looked up once.
  const double after_all = factor_of(stream, best_inference(stream, inference_share + retraining_share));
  for (const RetrainingConfig& config : stream.retraining) {
    if (!is_candidate(stream, config)) continue;
    const double after = config.max_share < retraining_share
                             ? factor_after(stream, inference_share, retraining_share, config)
                             : after_all;
    const double accuracy = window_accuracy(window.window_s, stream.accuracy, &config,
                                            speed_of(window, config, retraining_share), during, after);
    const bool cheaper = best.retraining && accuracy == best.accuracy && config.work_s < best.retraining->work_s;
    if (accuracy > best.accuracy || cheaper) {
      best.accuracy = accuracy;
      best.retraining = &config;
    }
  }
  return best;
}

std::vector<double> labelling_shares(const Problem& problem) {
  double wanted = 0;
  for (const Stream& stream : problem.streams) wanted += stream.labelling_demand;
  const double most = kLabellingFraction * problem.devices.front().capacity;
  const double scale = wanted > most ? most / wanted : 1;
  std::vector<double> shares;
  for (const Stream& stream : problem.streams) shares.push_back(stream.labelling_demand * scale);
  return shares;
}

double quantum_of(const Problem& problem) {
  const double quanta = problem.devices.front().capacity / problem.quantum;
  return problem.quantum * std::max(1.0, std::ceil(quanta / kMostQuanta));
}

double capacity_left(const Problem& problem, const std::vector<double>& labelling) {
  double left = problem.devices.front().capacity;
  for (double share : labelling) left -= share;
  return std::max(0.0, left);
}

StreamPlan stream_plan(const Problem& problem, const DeviceWindow& window, const Stream& stream, const Choice& choice,
                       double inference_share, double labelling_share, double retraining_share) {
  StreamPlan plan;
  plan.id = stream.id;
  plan.device = problem.devices.front().id;
  plan.inference_config = choice.inference ? choice.inference->id : "";
  plan.inference_share = inference_share;
  plan.labelling_share = labelling_share;
  plan.expected_accuracy = std::clamp(choice.accuracy, 0.0, 1.0);
  if (!choice.retraining) return plan;
  plan.retraining_config = choice.retraining->id;
  plan.retraining_device = plan.device;
  plan.retraining_share = std::min(retraining_share, choice.retraining->max_share);
  const double speed = window.throughput.speed(plan.retraining_share);
  const double end_s = speed > 0 ? choice.retraining->work_s / speed : window.window_s;
  if (end_s >= window.window_s) return plan;
  const double all = inference_share + plan.retraining_share;
  const InferenceConfig* after = best_inference(stream, all);
  plan.phases = {{0, plan.inference_config, inference_share, plan.retraining_share},
                 {end_s, after ? after->id : "", stream.inference.empty() ? 0 : all, 0}};
  return plan;
}

double planned_factor(const Stream& stream, const StreamPlan& plan) {
  return factor_of(stream, inference_named(stream, plan.inference_config));
}

void summarise(const Problem& problem, Plan& plan) {
  double sum = 0, weights = 0;
  plan.floors_missed.clear();
  for (std::size_t v = 0; v < plan.streams.size(); ++v) {
    const Stream& stream = problem.streams[v];
    sum += stream.weight * plan.streams[v].expected_accuracy;
    weights += stream.weight;
    if (instant_accuracy(stream, plan.streams[v]) < floor_of(problem, stream) - kShareTolerance)
      plan.floors_missed.push_back(stream.id);
  }
  plan.mean_accuracy = weights > 0 ? sum / weights : 0;
}

}  // namespace ekya::scheduler
