// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "ekya/base/random.h"
#include "ekya/profiler/micro_profiler.h"

namespace ekya::profiler {

/// How a family really learns, and what a sample really costs.
struct Truth {
  double start = 0.5, end = 0.9;  ///< Accuracy before the first and after endless training.
  double rate = 2;
  bool power_law = false;  ///< (1 + rate k)^-½ instead of the model's (1 + rate k)^-1.
  double fresh_s = 0.01, cached_s = 0.01;

  double accuracy(double passes) const {
    return end - (end - start) * std::pow(1 + rate * passes, power_law ? -0.5 : -1);
  }
};

/// Trains families of known truth: each accuracy is measured on a few labels, the same ones for all or new ones for
/// each measurement.
class SimulatedTraining {
 public:
  static constexpr double kEvaluation = 0.002;  ///< Seconds a label.

  SimulatedTraining(std::map<std::string, Truth> truths, int samples, int labels, bool same_labels, std::uint64_t seed)
      : truths_(std::move(truths)), samples_(samples), labels_(labels), same_labels_(same_labels), random_(seed) {
    draw_labels();
  }

  double measure(double accuracy) {
    if (!same_labels_) draw_labels();
    int right = 0;
    for (const double difficulty : difficulties_) right += difficulty < accuracy;
    return static_cast<double>(right) / labels_;
  }

  /// Trains on so many more samples of the family's job, and tells the costs.
  Progress train(MicroProfiler& profiler, const Candidate& candidate, int count) {
    const Truth& truth = truths_.at(candidate.family);
    double& trained = trained_[candidate.family];
    const double from = trained;
    trained += count;
    double fresh = count;
    if (candidate.frozen_trunk) {
      fresh = std::max(0.0, std::min<double>(trained, samples_) - std::max(from, cached_));
      cached_ = std::max(cached_, std::min<double>(trained, samples_));
    }
    const Seconds fresh_time{fresh * truth.fresh_s}, cached_time{(count - fresh) * truth.cached_s},
        evaluation{kEvaluation * labels_};
    profiler.costs().record_training(candidate, true, static_cast<int>(fresh), fresh_time);
    profiler.costs().record_training(candidate, false, count - static_cast<int>(fresh), cached_time);
    profiler.costs().record_evaluation(candidate, labels_, evaluation);
    return {candidate.id, count, measure(truth.accuracy(trained / samples_)), labels_,
            fresh_time + cached_time + evaluation};
  }

  /// Runs a profile to its end; gives the families in the order in which they were asked for.
  std::vector<std::string> profile(MicroProfiler& profiler, const std::vector<Candidate>& candidates) {
    std::vector<std::string> asked;
    while (const auto slice = profiler.next()) {
      asked.push_back(slice->family);
      for (const Candidate& candidate : candidates)
        if (candidate.id == slice->config) profiler.record(train(profiler, candidate, slice->samples));
    }
    return asked;
  }

 private:
  void draw_labels() {
    difficulties_.resize(static_cast<std::size_t>(labels_));
    for (double& difficulty : difficulties_) difficulty = random_.uniform();
  }

  std::map<std::string, Truth> truths_;
  int samples_, labels_;
  bool same_labels_;
  Random random_;
  std::vector<double> difficulties_;  ///< A label is right once the accuracy is above it.
  std::map<std::string, double> trained_;
  double cached_ = 0;
};

}  // namespace ekya::profiler
