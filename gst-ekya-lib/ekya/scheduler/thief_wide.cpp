// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>

#include "ekya/scheduler/check.h"
#include "ekya/scheduler/device_policy.h"
#include "ekya/scheduler/pick.h"
#include "ekya/scheduler/policies.h"
#include "ekya/scheduler/shared_window.h"

namespace ekya::scheduler {
namespace {

/// How often configs are picked and shares searched anew.
constexpr int kIterations = 3;

/// The search of the public code on one problem.
class WideSearch {
 public:
  explicit WideSearch(const Problem& problem)
      : problem_(problem),
        device_(problem),
        window_(problem),
        labelling_(labelling_shares(problem)),
        capacity_(capacity_left(problem, labelling_)),
        quantum_(quantum_of(problem)),
        jobs_(jobs_of(problem)) {
    const double half = capacity_ / (2 * static_cast<double>(std::max<std::size_t>(1, problem.streams.size())));
    for (const Stream& stream : problem.streams)
      starts_.push_back({stream.inference.empty() ? 0 : half, half, nullptr});
  }

  void iterate() {
    pick();
    share_fairly();
    for (const Job& thief : jobs_)
      for (const Job& victim : jobs_)
        if (&thief != &victim) steal(thief, victim);
  }

  Plan plan() {
    Plan plan;
    window_.run(starts_);
    plan.streams = window_.plans(starts_, labelling_);
    return plan;
  }

 private:
  /// Each stream by itself, with the shares that it was given last. One for which nothing pays takes its first config:
  /// from the fair share that the search starts with it may pay after all.
  void pick() {
    for (std::size_t v = 0; v < starts_.size(); ++v) {
      const Stream& stream = problem_.streams[v];
      Start& start = starts_[v];
      start.retraining = pick_configs(device_, stream, start.inference_share, start.retraining_share).retraining;
      for (auto config = stream.retraining.begin(); !start.retraining && config != stream.retraining.end(); ++config)
        if (is_candidate(stream, *config)) start.retraining = &*config;
    }
  }

  void share_fairly() {
    for (Start& start : starts_) start.inference_share = start.retraining_share = 0;
    for (const Job& job : jobs_) share_of(job) = capacity_ / static_cast<double>(jobs_.size());
    worth_ = window_.run(starts_);
  }

  /// Tries a quantum, two, ... up to all that the victim holds, and keeps the best of them.
  void steal(const Job& thief, const Job& victim) {
    const double thiefs = share_of(thief), victims = share_of(victim);
    double best = 0;
    for (int k = 1; (k - 1) * quantum_ < victims - kShareTolerance; ++k) {
      const double stolen = std::min(k * quantum_, victims);
      share_of(thief) = thiefs + stolen;
      share_of(victim) = victims - stolen;
      const Worth worth = window_.run(starts_);
      if (!worth.beats(worth_)) continue;
      worth_ = worth;
      best = stolen;
    }
    share_of(thief) = thiefs + best;
    share_of(victim) = victims - best;
  }

  double& share_of(const Job& job) {
    Start& start = starts_[job.stream];
    return job.retraining ? start.retraining_share : start.inference_share;
  }

  const Problem& problem_;
  DeviceWindow device_;
  SharedWindow window_;
  std::vector<double> labelling_;  ///< [streams], in devices.
  double capacity_;                ///< Left to inference and retraining, in devices.
  double quantum_;                 ///< What one step moves, in devices.
  std::vector<Job> jobs_;
  std::vector<Start> starts_;  ///< [streams].
  Worth worth_;                ///< Of the starts.
};

class ThiefWide final : public DevicePolicy {
 public:
  std::string name() const override { return "thief-wide"; }

 private:
  Plan plan_device(const Problem& problem) const override {
    WideSearch search(problem);
    for (int i = 0; i < kIterations; ++i) search.iterate();
    return search.plan();
  }
};

}  // namespace

std::unique_ptr<Policy> make_thief_wide() { return std::make_unique<ThiefWide>(); }

}  // namespace ekya::scheduler
