// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/scheduler/pick.h"

#include <algorithm>

#include "ekya/scheduler/check.h"
#include "ekya/scheduler/estimate.h"

namespace ekya::scheduler {
namespace {

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

/// a_min binds only a stream whose student could reach it: for others nothing that inference gets would help.
double shortfall_of(const Stream& stream, double factor, double min_accuracy) {
  if (stream.accuracy * best_factor(stream) < min_accuracy) return 0;
  return std::max(0.0, min_accuracy - stream.accuracy * factor);
}

/// Once the job is done, its share goes to the inference of its stream.
double factor_after(const Stream& stream, double inference_share, double retraining_share,
                    const RetrainingConfig& config) {
  const double freed = std::min(retraining_share, config.max_share);
  return factor_of(stream, best_inference(stream, inference_share + freed, config.accuracy, 0));
}

}  // namespace

bool is_candidate(const Stream& stream, const RetrainingConfig& config) {
  return config.accuracy > stream.accuracy && (stream.running.empty() || stream.running == config.id);
}

Choice estimate_choice(const Problem& problem, const Stream& stream, double inference_share, double retraining_share,
                       const RetrainingConfig* retraining) {
  const double min_accuracy = stream.min_accuracy.value_or(problem.min_accuracy);
  Choice choice{best_inference(stream, inference_share, stream.accuracy, min_accuracy), retraining, 0, 0};
  const double during = factor_of(stream, choice.inference);
  choice.shortfall = shortfall_of(stream, during, min_accuracy);
  const double after = retraining ? factor_after(stream, inference_share, retraining_share, *retraining) : during;
  choice.accuracy = window_accuracy(problem.window_s, stream.accuracy, retraining, retraining_share, during, after);
  return choice;
}

Choice pick_configs(const Problem& problem, const Stream& stream, double inference_share, double retraining_share) {
  Choice best = estimate_choice(problem, stream, inference_share, retraining_share, nullptr);
  if (retraining_share <= 0) return best;
  const double during = factor_of(stream, best.inference);
  // Most configs can use the whole share and then leave the same behind: looked up once.
  const double after_all = factor_of(stream, best_inference(stream, inference_share + retraining_share, 0, 0));
  for (const RetrainingConfig& config : stream.retraining) {
    if (!is_candidate(stream, config)) continue;
    const double after = config.max_share < retraining_share
                             ? factor_after(stream, inference_share, retraining_share, config)
                             : after_all;
    const double accuracy =
        window_accuracy(problem.window_s, stream.accuracy, &config, retraining_share, during, after);
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
  const double most = kLabellingFraction * problem.capacity;
  const double scale = wanted > most ? most / wanted : 1;
  std::vector<double> shares;
  for (const Stream& stream : problem.streams) shares.push_back(stream.labelling_demand * scale);
  return shares;
}

double capacity_left(const Problem& problem, const std::vector<double>& labelling) {
  double left = problem.capacity;
  for (double share : labelling) left -= share;
  return std::max(0.0, left);
}

StreamPlan stream_plan(const Stream& stream, const Choice& choice, double inference_share, double labelling_share,
                       double retraining_share) {
  StreamPlan plan;
  plan.id = stream.id;
  plan.inference_config = choice.inference ? choice.inference->id : "";
  plan.retraining_config = choice.retraining ? choice.retraining->id : "";
  plan.inference_share = inference_share;
  plan.labelling_share = labelling_share;
  plan.retraining_share = choice.retraining ? std::min(retraining_share, choice.retraining->max_share) : 0;
  plan.expected_accuracy = std::clamp(choice.accuracy, 0.0, 1.0);
  return plan;
}

void set_mean(Plan& plan) {
  double sum = 0;
  for (const StreamPlan& stream : plan.streams) sum += stream.expected_accuracy;
  plan.mean_accuracy = plan.streams.empty() ? 0 : sum / static_cast<double>(plan.streams.size());
}

}  // namespace ekya::scheduler
