// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <array>

#include "ekya/scheduler/check.h"
#include "ekya/scheduler/device_policy.h"
#include "ekya/scheduler/pick.h"
#include "ekya/scheduler/policies.h"
#include "ekya/scheduler/worth.h"

namespace ekya::scheduler {
namespace {

/// Algorithm 1 at work on one problem.
class Search {
 public:
  explicit Search(const Problem& problem)
      : problem_(problem), window_(problem), labelling_(labelling_shares(problem)), jobs_(jobs_of(problem)) {
    share_fairly();
  }

  void steal() {
    for (const Job& thief : jobs_)
      for (const Job& victim : jobs_)
        if (&thief != &victim) steal_from(thief, victim);
  }

  Plan plan() const {
    Plan plan;
    for (std::size_t v = 0; v < shares_.size(); ++v)
      plan.streams.push_back(stream_plan(problem_, window_, problem_.streams[v], choices_[v], shares_[v][0],
                                         labelling_[v], shares_[v][1]));
    return plan;
  }

 private:
  using Shares = std::array<double, 2>;  ///< Of one stream, in devices: inference, retraining.

  void share_fairly() {
    const double fair = jobs_.empty() ? 0 : capacity_left(problem_, labelling_) / static_cast<double>(jobs_.size());
    quantum_ = fair < problem_.quantum - kShareTolerance ? fair : problem_.quantum;
    shares_.resize(problem_.streams.size(), Shares{0, 0});
    for (const Job& job : jobs_) shares_[job.stream][job.retraining] = fair;
    for (std::size_t v = 0; v < shares_.size(); ++v) {
      choices_.push_back(pick(v, shares_[v]));
      worth_.accuracy += problem_.streams[v].weight * choices_[v].accuracy;
      worth_.shortfall += choices_[v].shortfall;
    }
  }

  void steal_from(const Job& thief, const Job& victim) {
    // A quantum of 0 (labelling took it all, or no capacity) moves nothing and could not end.
    while (quantum_ > 0 && step(thief, victim)) {
    }
  }

  /// Moves one quantum if that is worth it. Only the two streams' own worth changes.
  bool step(const Job& thief, const Job& victim) {
    Shares from = shares_[victim.stream];
    if (from[victim.retraining] - quantum_ < -kShareTolerance) return false;
    from[victim.retraining] = std::max(0.0, from[victim.retraining] - quantum_);
    if (thief.stream == victim.stream) {
      from[thief.retraining] += quantum_;
      return take({victim.stream}, {from});
    }
    Shares to = shares_[thief.stream];
    to[thief.retraining] += quantum_;
    return take({victim.stream, thief.stream}, {from, to});
  }

  bool take(const std::vector<std::size_t>& streams, const std::vector<Shares>& shares) {
    Worth worth = worth_;
    std::array<Choice, 2> choices;
    for (std::size_t i = 0; i < streams.size(); ++i) {
      const Choice& now = choices_[streams[i]];
      choices[i] = pick(streams[i], shares[i]);
      worth.accuracy += problem_.streams[streams[i]].weight * (choices[i].accuracy - now.accuracy);
      worth.shortfall += choices[i].shortfall - now.shortfall;
    }
    if (!worth.beats(worth_)) return false;
    worth_ = worth;
    for (std::size_t i = 0; i < streams.size(); ++i) {
      shares_[streams[i]] = shares[i];
      choices_[streams[i]] = choices[i];
    }
    return true;
  }

  Choice pick(std::size_t stream, const Shares& shares) const {
    return pick_configs(window_, problem_.streams[stream], shares[0], shares[1]);
  }

  const Problem& problem_;
  DeviceWindow window_;
  std::vector<double> labelling_;  ///< [streams], in devices.
  std::vector<Job> jobs_;
  double quantum_ = 0;           ///< What one step moves, in devices.
  std::vector<Shares> shares_;   ///< [streams].
  std::vector<Choice> choices_;  ///< [streams].
  Worth worth_;
};

class Thief final : public DevicePolicy {
 public:
  std::string name() const override { return "thief"; }

 private:
  Plan plan_device(const Problem& problem) const override {
    Search search(problem);
    search.steal();
    return search.plan();
  }
};

}  // namespace

std::unique_ptr<Policy> make_thief() { return std::make_unique<Thief>(); }

}  // namespace ekya::scheduler
