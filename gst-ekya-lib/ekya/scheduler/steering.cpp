// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/scheduler/steering.h"

#include <algorithm>

#include "ekya/scheduler/check.h"
#include "ekya/scheduler/estimate.h"
#include "ekya/scheduler/pick.h"

namespace ekya::scheduler {
namespace {

using Present = std::set<std::pair<std::string, ClientKind>>;

constexpr ClientKind kKinds[] = {ClientKind::kInference, ClientKind::kLabelling, ClientKind::kRetraining};

double& share_of(StreamPlan& plan, ClientKind kind) {
  if (kind == ClientKind::kInference) return plan.inference_share;
  return kind == ClientKind::kLabelling ? plan.labelling_share : plan.retraining_share;
}

Status check_share(const char* what, double share, double capacity) {
  if (share >= 0 && share <= capacity) return {};
  return Error{ErrorCode::kInvalidArgument,
               std::string(what) + ": " + in_words(share) + " is not in [0, " + in_words(capacity) + "]"};
}

StreamPlan planned(const Plan& plan, const std::string& id) {
  for (const StreamPlan& stream : plan.streams)
    if (stream.id == id) return stream;
  StreamPlan none;
  none.id = id;
  return none;
}

const RetrainingConfig* config_named(const Stream& stream, const std::string& id) {
  for (const RetrainingConfig& config : stream.retraining)
    if (config.id == id) return &config;
  return nullptr;
}

/// The orders at work on one plan.
class Fitting {
 public:
  Fitting(const Problem& problem, const Orders& orders, const Present& present)
      : problem_(problem), window_(problem), orders_(orders), present_(present) {}

  Plan fit(const Plan& plan) {
    Plan result = plan;
    result.streams.clear();
    for (const Stream& stream : problem_.streams) result.streams.push_back(steered(stream, planned(plan, stream.id)));
    scale(result);
    for (std::size_t v = 0; v < result.streams.size(); ++v) estimate(problem_.streams[v], result.streams[v]);
    summarise(problem_, result);
    return result;
  }

 private:
  const Steering* order(const std::string& stream, ClientKind kind) const {
    const auto it = orders_.find({stream, kind});
    return it == orders_.end() ? nullptr : &it->second;
  }

  bool pinned(const std::string& stream, ClientKind kind) const {
    const Steering* steering = order(stream, kind);
    return steering && steering->pin && present_.count({stream, kind}) && !excluded(stream, kind);
  }

  bool excluded(const std::string& stream, ClientKind kind) const {
    if (kind == ClientKind::kInference) return false;
    return std::any_of(std::begin(kKinds), std::end(kKinds), [&](ClientKind any) {
      const Steering* steering = order(stream, any);
      return steering && steering->excluded;
    });
  }

  StreamPlan steered(const Stream& stream, StreamPlan plan) const {
    for (ClientKind kind : kKinds) {
      double& share = share_of(plan, kind);
      const Steering* steering = order(stream.id, kind);
      if (!present_.count({stream.id, kind}) || excluded(stream.id, kind))
        share = 0;
      else if (pinned(stream.id, kind))
        share = *steering->pin;
      else if (steering && steering->cap)
        share = std::min(share, *steering->cap);
    }
    return plan;
  }

  void scale(Plan& plan) const {
    double held = 0, free = 0;
    for (StreamPlan& stream : plan.streams)
      for (ClientKind kind : kKinds) (pinned(stream.id, kind) ? held : free) += share_of(stream, kind);
    if (held + free <= problem_.devices.front().capacity) return;
    const double factor = free > 0 ? std::max(0.0, problem_.devices.front().capacity - held) / free : 0;
    for (StreamPlan& stream : plan.streams)
      for (ClientKind kind : kKinds)
        if (!pinned(stream.id, kind)) share_of(stream, kind) *= factor;
  }

  /// Keeps the retraining config where it still raises the window's accuracy or its share is pinned. A share that a
  /// pin gave to a stream without one gets the config that is worth most with it.
  void estimate(const Stream& stream, StreamPlan& plan) const {
    const RetrainingConfig* config = config_named(stream, plan.retraining_config);
    const bool pin = pinned(stream.id, ClientKind::kRetraining);
    if (!config && pin) config = pick_configs(window_, stream, plan.inference_share, plan.retraining_share).retraining;
    if (plan.retraining_share <= 0) config = nullptr;
    Choice choice = estimate_choice(window_, stream, plan.inference_share, plan.retraining_share, config);
    const Choice without = estimate_choice(window_, stream, plan.inference_share, 0, nullptr);
    if (!pin && choice.accuracy <= without.accuracy) {
      config = nullptr;
      choice = without;
      plan.retraining_share = 0;
    }
    plan.inference_config = choice.inference ? choice.inference->id : "";
    plan.retraining_config = config ? config->id : "";
    plan.device = problem_.devices.front().id;
    plan.retraining_device = config ? plan.device : "";
    plan.phases.clear();
    if (plan.delivery)
      choice.accuracy =
          window_accuracy(problem_.window_s, stream.accuracy, *plan.delivery, factor_of(stream, choice.inference));
    plan.expected_accuracy = std::clamp(choice.accuracy, 0.0, 1.0);
  }

  const Problem& problem_;
  DeviceWindow window_;
  const Orders& orders_;
  const Present& present_;
};

}  // namespace

Status check(const Steering& steering, double capacity) {
  if (steering.pin)
    if (auto s = check_share("pin", *steering.pin, capacity); !s) return s;
  if (steering.cap)
    if (auto s = check_share("cap", *steering.cap, capacity); !s) return s;
  if (steering.pin && steering.cap && *steering.pin > *steering.cap)
    return Error{ErrorCode::kInvalidArgument,
                 "pin: " + in_words(*steering.pin) + " is above the cap " + in_words(*steering.cap)};
  return {};
}

double sum_of_pins(const Orders& orders) {
  double sum = 0;
  for (const auto& [who, steering] : orders) sum += steering.pin.value_or(0);
  return sum;
}

std::set<std::string> excluded_streams(const Orders& orders) {
  std::set<std::string> streams;
  for (const auto& [who, steering] : orders)
    if (steering.excluded) streams.insert(who.first);
  return streams;
}

Plan fit(const Problem& problem, const Plan& plan, const Orders& orders, const Present& present) {
  return Fitting(problem, orders, present).fit(plan);
}

}  // namespace ekya::scheduler
