// SPDX-License-Identifier: LGPL-2.1-or-later
// Policies whose models come from elsewhere: the devices do nothing but inference.
#include <algorithm>

#include "ekya/scheduler/estimate.h"
#include "ekya/scheduler/pick.h"
#include "ekya/scheduler/policies.h"
#include "ekya/scheduler/shared_link.h"

namespace ekya::scheduler {
namespace {

void deliver(const Problem& problem, const Stream& stream, const Delivery& delivery, StreamPlan& plan) {
  if (delivery.at_s >= problem.window_s) return;
  plan.delivery = delivery;
  const double factor = planned_factor(stream, plan);
  plan.expected_accuracy = std::clamp(window_accuracy(problem.window_s, stream.accuracy, delivery, factor), 0.0, 1.0);
}

class Cached final : public Policy {
 public:
  std::string name() const override { return "cached"; }

  Plan plan(const Problem& problem) const override {
    Plan plan = make_no_retraining()->plan(problem);
    plan.policy = name();
    for (std::size_t v = 0; v < plan.streams.size(); ++v) {
      const Stream& stream = problem.streams[v];
      if (stream.cached_accuracy > stream.accuracy)
        deliver(problem, stream, {0, stream.cached_accuracy}, plan.streams[v]);
    }
    summarise(problem, plan);
    return plan;
  }
};

class RetrainingInTheCloud final : public Policy {
 public:
  std::string name() const override { return "cloud"; }

  Plan plan(const Problem& problem) const override {
    Plan plan = make_no_retraining()->plan(problem);
    plan.policy = name();
    if (problem.cloud) deliver_all(problem, plan);
    summarise(problem, plan);
    return plan;
  }

 private:
  static void deliver_all(const Problem& problem, Plan& plan) {
    std::vector<std::size_t> retrained;
    std::vector<Transfer> uploads, downloads;
    for (std::size_t v = 0; v < problem.streams.size(); ++v) {
      if (!most_accurate(problem.streams[v])) continue;
      retrained.push_back(v);
      uploads.push_back({0, problem.streams[v].upload_mbit});
    }
    const std::vector<double> there_s = transfer_ends(uploads, problem.cloud->uplink_mbps);
    for (std::size_t i = 0; i < retrained.size(); ++i)
      downloads.push_back({there_s[i] + problem.cloud->delay_s, problem.streams[retrained[i]].model_mbit});
    const std::vector<double> back_s = transfer_ends(downloads, problem.cloud->downlink_mbps);
    for (std::size_t i = 0; i < retrained.size(); ++i) {
      const Stream& stream = problem.streams[retrained[i]];
      deliver(problem, stream, {back_s[i], most_accurate(stream)->accuracy}, plan.streams[retrained[i]]);
    }
  }
};

}  // namespace

std::unique_ptr<Policy> make_cached() { return std::make_unique<Cached>(); }

std::unique_ptr<Policy> make_cloud() { return std::make_unique<RetrainingInTheCloud>(); }

}  // namespace ekya::scheduler
