// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <algorithm>
#include <vector>

#include "ekya/scheduler/problem.h"
#include "ekya/scheduler/throughput.h"

namespace ekya::scheduler {

/// Best mean accuracy of all plans for one device that choose any config for any stream, change shares only when a job
/// ends, and hand out multiples of capacity / quanta to jobs; what they leave goes to the best of all choices of
/// inference. By exhaustion.
class BruteForce {
 public:
  BruteForce(const Problem& problem, int quanta)
      : problem_(problem),
        quanta_(quanta),
        unit_(problem.devices[0].capacity / quanta),
        curve_(problem.devices[0].throughput),
        choice_(problem.streams.size(), -1) {}

  double best() {
    double weights = 0;
    for (const Stream& stream : problem_.streams) weights += stream.weight;
    return choose(0) / problem_.window_s / weights;
  }

 private:
  double choose(std::size_t v) {
    if (v == choice_.size()) return play();
    double best = 0;
    const auto& configs = problem_.streams[v].retraining;
    for (int c = -1; c < static_cast<int>(configs.size()); ++c) {
      if (c >= 0 && configs[static_cast<std::size_t>(c)].accuracy <= problem_.streams[v].accuracy) continue;
      choice_[v] = c;
      best = std::max(best, choose(v + 1));
    }
    return best;
  }

  const RetrainingConfig& config(std::size_t v) const {
    return problem_.streams[v].retraining[static_cast<std::size_t>(choice_[v])];
  }

  double play() {
    std::vector<double> work(choice_.size());
    unsigned ended = 0;
    for (std::size_t v = 0; v < choice_.size(); ++v) {
      if (choice_[v] < 0) ended |= 1U << v;
      if (choice_[v] >= 0) work[v] = config(v).work_s;
    }
    inference_.assign((std::size_t{1} << choice_.size()) * static_cast<std::size_t>(quanta_ + 1), -1);
    return phase(problem_.window_s, work, ended);
  }

  double phase(double left_s, const std::vector<double>& work, unsigned ended) {
    std::vector<int> shares(choice_.size(), 0);
    return std::max(left_s * inference(ended, quanta_), share_out(0, quanta_, shares, left_s, work, ended));
  }

  double share_out(std::size_t v, int free, std::vector<int>& shares, double left_s, const std::vector<double>& work,
                   unsigned ended) {
    if (v == choice_.size()) return run(free, shares, left_s, work, ended);
    if (ended >> v & 1U) return share_out(v + 1, free, shares, left_s, work, ended);
    double best = 0;
    for (int k = 0; k <= free; ++k) {
      shares[v] = k;
      best = std::max(best, share_out(v + 1, free - k, shares, left_s, work, ended));
    }
    shares[v] = 0;
    return best;
  }

  double run(int free, const std::vector<int>& shares, double left_s, std::vector<double> work, unsigned ended) {
    double time_s = left_s;
    for (std::size_t v = 0; v < shares.size(); ++v)
      if (shares[v] > 0) time_s = std::min(time_s, work[v] / speed(v, shares[v]));
    if (time_s >= left_s) return 0;  // nothing ends: without jobs is at least as good
    const double before = time_s * inference(ended, free);
    for (std::size_t v = 0; v < shares.size(); ++v) {
      if (shares[v] == 0) continue;
      work[v] -= time_s * speed(v, shares[v]);
      if (work[v] < 1e-9) ended |= 1U << v;
    }
    return before + phase(left_s - time_s, work, ended);
  }

  double speed(std::size_t v, int quanta) const { return curve_.speed(std::min(quanta * unit_, config(v).max_share)); }

  double inference(unsigned ended, int quanta) {
    double& known = inference_[ended * static_cast<std::size_t>(quanta_ + 1) + static_cast<std::size_t>(quanta)];
    if (known < 0) known = serve(0, ended, quanta * unit_);
    return known;
  }

  double serve(std::size_t v, unsigned ended, double left) const {
    if (v == choice_.size()) return 0;
    const Stream& stream = problem_.streams[v];
    const bool retrained = (ended >> v & 1U) && choice_[v] >= 0;
    const double worth = stream.weight * (retrained ? config(v).accuracy : stream.accuracy);
    double best = serve(v + 1, ended, left) + (stream.inference.empty() ? worth : 0);
    for (const InferenceConfig& c : stream.inference)
      if (c.demand <= left + 1e-9) best = std::max(best, worth * c.factor + serve(v + 1, ended, left - c.demand));
    return best;
  }

  const Problem& problem_;
  int quanta_;
  double unit_;
  Throughput curve_;
  std::vector<int> choice_;        ///< [streams], config or -1.
  std::vector<double> inference_;  ///< [sets of ended jobs, quanta], or -1.
};

}  // namespace ekya::scheduler
