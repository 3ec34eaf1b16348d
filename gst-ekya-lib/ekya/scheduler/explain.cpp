// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/scheduler/explain.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "ekya/scheduler/alternatives.h"
#include "ekya/scheduler/job_times.h"
#include "ekya/scheduler/pick.h"

namespace ekya::scheduler {
namespace {

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g", value);
  return text;
}

/// A difference of accuracies, in percentage points.
std::string points(double difference) { return number(100 * difference) + " points"; }

std::string more_or_less(double difference) {
  return points(std::abs(difference)) + (difference < 0 ? " less" : " more");
}

/// One stream's part of a plan in words. `problem` holds the estimates that were planned on.
class Sentence {
 public:
  Sentence(const Problem& problem, const Plan& plan, std::size_t stream, const Orders& orders)
      : problem_(problem), all_(plan), stream_(problem.streams[stream]), plan_(plan.streams[stream]), orders_(orders) {}

  std::string write(bool floor_is_missed) const {
    std::string text = stream_.id + ": " + inference() + steered(ClientKind::kInference) + move();
    if (plan_.labelling_share > 0)
      text += "; labelling gets " + number(plan_.labelling_share) + steered(ClientKind::kLabelling);
    text += "; " + model() + steered(ClientKind::kRetraining) + "; accuracy " + number(plan_.expected_accuracy) +
            " expected";
    return text + (floor_is_missed ? "; " + missed_floor() : "") + "\n";
  }

 private:
  std::string steered(ClientKind kind) const {
    const Steering* order = order_for(orders_, stream_.id, kind);
    if (!order) return "";
    if (order->pin) return " (pinned)";
    return order->cap ? " (capped at " + number(*order->cap) + ")" : "";
  }

  std::string inference() const {
    if (stream_.inference.empty()) return "no inference";
    return "inference gets " + number(plan_.inference_share) + " of " + plan_.device +
           (plan_.inference_config.empty() ? ", which fits none of its configs"
                                           : " and runs " + plan_.inference_config);
  }

  std::string move() const {
    if (stream_.device.empty() || stream_.device == plan_.device) return "";
    return "; it moves there from " + stream_.device;
  }

  std::string model() const {
    if (const RetrainingConfig* config = config_named(stream_, plan_.retraining_config)) return retraining(*config);
    if (plan_.delivery)
      return "a model of accuracy " + number(plan_.delivery->accuracy) + " comes from elsewhere after " +
             number(plan_.delivery->at_s) + " s";
    return "no retraining: " + why_none();
  }

  std::string retraining(const RetrainingConfig& config) const {
    const auto times = job_times(problem_, stream_, plan_);
    const std::string name = "retraining " + config.id;
    if (!times) return name + " waits";
    if (times->end_s >= problem_.window_s)
      return name + schedule(*times) + ", but does not end within the " + number(problem_.window_s) + " s";
    return name + schedule(*times) + " and takes the accuracy from " + number(stream_.accuracy) + " to " +
           number(config.accuracy) + ", which gains " + points(gain_of_job(problem_, stream_, plan_)) +
           next_best(config);
  }

  std::string schedule(const JobTimes& times) const {
    const std::string place = plan_.retraining_device == plan_.device ? "" : " of " + plan_.retraining_device;
    const std::string length =
        std::isfinite(times.end_s) ? " for about " + number(times.end_s - times.begin_s) + " s" : "";
    if (times.begin_s <= 0) return " gets " + number(plan_.retraining_share) + place + length;
    return " waits its turn, begins after about " + number(times.begin_s) + " s" +
           (place.empty() ? "" : " on " + plan_.retraining_device) + ", runs" + length;
  }

  std::string next_best(const RetrainingConfig& config) const {
    const auto next = next_best_config(problem_, stream_, plan_);
    if (!next) return "";
    return " (next best: " + next->config->id + ", " + number(next->config->work_s) + " instead of " +
           number(config.work_s) + " device-seconds for " + more_or_less(next->gain) +
           (next->gain > 0 ? ", which the device can earn elsewhere)" : ")");
  }

  std::string why_none() const {
    if (excluded_streams(orders_).count(stream_.id)) return "the stream is excluded";
    if (stream_.retraining.empty()) return "nothing to train on is offered";
    const auto better = [&](const RetrainingConfig& config) { return config.accuracy > stream_.accuracy; };
    if (std::none_of(stream_.retraining.begin(), stream_.retraining.end(), better))
      return "no config promises more than the accuracy " + number(stream_.accuracy) + " of now";
    const auto best = best_config_at_most(problem_, stream_);
    if (!best)
      return "none could raise the accuracy of the next " + number(problem_.window_s) + " s, even with a whole device";
    return "the best, " + best->config->id + ", would cost " + number(best->config->work_s) +
           " device-seconds for at most " + points(best->gain);
  }

  /// Why a_min is not held from the plan's start on.
  std::string missed_floor() const {
    const double floor = floor_of(problem_, stream_);
    const std::string what = "its floor " + number(floor) + " is missed: ";
    const double most = stream_.accuracy * best_factor(stream_);
    if (most < floor) return what + "its student reaches " + number(most) + " at most";
    const double least = floor_demand(stream_, floor);
    const double all = floors_and_labelling(plan_.device);
    const double capacity = problem_.devices[static_cast<std::size_t>(device_index(problem_, plan_.device))].capacity;
    const std::string needs = "it needs " + number(least) + " and gets " + number(plan_.inference_share);
    if (all <= capacity) return what + needs;
    return what + needs + ", since the floors and the labelling on " + plan_.device + " need " + number(all) +
           " of its " + number(capacity);
  }

  double floors_and_labelling(const std::string& device) const {
    double sum = 0;
    for (std::size_t v = 0; v < problem_.streams.size(); ++v) {
      if (all_.streams[v].device != device) continue;
      sum +=
          all_.streams[v].labelling_share + floor_demand(problem_.streams[v], floor_of(problem_, problem_.streams[v]));
    }
    return sum;
  }

  const Problem& problem_;
  const Plan& all_;
  const Stream& stream_;
  const StreamPlan& plan_;
  const Orders& orders_;
};

std::string heading(const Problem& problem, const PlanMade& made) {
  const double left = std::max(0.0, made.plan.upper_bound - made.plan.mean_accuracy);
  return "plan " + std::to_string(made.number) + " by " + made.plan.policy + " because of " + made.reason +
         ": mean accuracy " + number(made.plan.mean_accuracy) + " expected over " + number(problem.window_s) + " s" +
         (problem.kappa > 0 ? " with kappa " + number(problem.kappa) : "") + "; no plan can do better than " +
         number(made.plan.upper_bound) + ", so at most " + points(left) + " are left on the table\n";
}

}  // namespace

std::string explain(const Problem& problem, const PlanMade& made, const Orders& orders) {
  const Problem estimates = pessimistic(problem);
  std::string text = heading(problem, made);
  const auto& missed = made.plan.floors_missed;
  for (std::size_t v = 0; v < estimates.streams.size(); ++v) {
    const Sentence sentence(estimates, made.plan, v, orders);
    text += sentence.write(std::find(missed.begin(), missed.end(), estimates.streams[v].id) != missed.end());
  }
  return text;
}

}  // namespace ekya::scheduler
