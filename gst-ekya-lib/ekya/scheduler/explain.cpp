// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/scheduler/explain.h"

#include <algorithm>
#include <cstdio>

namespace ekya::scheduler {
namespace {

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g", value);
  return text;
}

std::string steered(const Orders& orders, const std::string& stream, ClientKind kind) {
  const auto it = orders.find({stream, kind});
  if (it == orders.end()) return "";
  if (it->second.pin) return " (pinned)";
  return it->second.cap ? " (capped at " + number(*it->second.cap) + ")" : "";
}

std::string inference_words(const Problem& problem, const Stream& stream, const StreamPlan& plan) {
  if (stream.inference.empty()) return "no inference";
  return "inference gets " + number(plan.inference_share) + " of " + plan.device +
         (plan.inference_config.empty() ? ", which fits none of its configs" : " and runs " + plan.inference_config);
}

std::string why_none(const Problem& problem, const Stream& stream, bool excluded) {
  if (excluded) return "the stream is excluded";
  if (stream.retraining.empty()) return "nothing to train on is offered";
  const auto better = [&](const RetrainingConfig& config) { return config.accuracy > stream.accuracy; };
  if (std::none_of(stream.retraining.begin(), stream.retraining.end(), better))
    return "no config promises more than the accuracy " + number(stream.accuracy) + " of now";
  return "none raises the accuracy of the next " + number(problem.window_s) + " s with the share that is left for it";
}

std::string retraining_words(const Problem& problem, const Stream& stream, const StreamPlan& plan, bool excluded) {
  const auto config = std::find_if(stream.retraining.begin(), stream.retraining.end(),
                                   [&](const RetrainingConfig& c) { return c.id == plan.retraining_config; });
  if (config == stream.retraining.end()) return "no retraining: " + why_none(problem, stream, excluded);
  const double speed = std::min(plan.retraining_share, config->max_share);
  return "retraining " + config->id + " gets " + number(plan.retraining_share) + " for about " +
         number(config->work_s / speed) + " s and takes the accuracy from " + number(stream.accuracy) + " to " +
         number(config->accuracy);
}

}  // namespace

std::string explain(const Problem& problem, const PlanMade& made, const Orders& orders) {
  const std::set<std::string> excluded = excluded_streams(orders);
  std::string text = "plan " + std::to_string(made.number) + " by " + made.plan.policy + " because of " + made.reason +
                     ": mean accuracy " + number(made.plan.mean_accuracy) + " expected over " +
                     number(problem.window_s) + " s\n";
  for (std::size_t v = 0; v < problem.streams.size(); ++v) {
    const Stream& stream = problem.streams[v];
    const StreamPlan& plan = made.plan.streams[v];
    text += stream.id + ": " + inference_words(problem, stream, plan) +
            steered(orders, stream.id, ClientKind::kInference) + "; ";
    if (plan.labelling_share > 0)
      text +=
          "labelling gets " + number(plan.labelling_share) + steered(orders, stream.id, ClientKind::kLabelling) + "; ";
    text += retraining_words(problem, stream, plan, excluded.count(stream.id) > 0) +
            steered(orders, stream.id, ClientKind::kRetraining) + "; accuracy " + number(plan.expected_accuracy) +
            " expected\n";
  }
  return text;
}

}  // namespace ekya::scheduler
