// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <random>
#include <vector>

#include "ekya/learner/gate.h"

namespace ekya::learner::testing {

/// What a bad teacher does to the labels that the gate sees.
struct BadTeacher {
  double random = 0;    ///< Share of the labels replaced by another class, evenly.
  double confused = 0;  ///< Share of the samples that are of class kConfused; each is labelled kCalled ...
  double strength = 1;  ///< ... with this probability.
  bool earlier = true;  ///< The labels of earlier windows suffer as well.
};

/// Models by their chances, so that the true accuracy is known exactly: a model answers right to a sample of class y
/// with probability accuracy[y], else any other class. The gate sees a few labels of it.
class GateWorld {
 public:
  static constexpr int kClasses = 6, kConfused = 2, kCalled = 4;

  explicit GateWorld(BadTeacher teacher, unsigned seed);

  /// How a candidate differs from the live model: it puts `fixed` of its errors right, breaks `broken` of its right
  /// answers, and says kCalled to `learned_wrong` of the samples of class kConfused.
  struct Change {
    double fixed = 0, broken = 0, learned_wrong = 0;
  };
  /// A change of about `gain` in accuracy with `churn` of both signs besides.
  Change change_of(double gain, double churn) const;

  void set_live(double accuracy);
  double live_accuracy() const;
  /// True accuracy after the change less that before.
  double true_gain(const Change& change) const;
  void adopt(const Change& change);

  /// Answers to `recent` and `earlier` samples, as the teacher labels them.
  GateEvidence examine(const Change& change, int recent, int earlier);
  /// One sample of the recent scene: whether live and candidate agree with its label.
  PairedCounts label(const Change& change);

  double uniform(double low, double high) { return std::uniform_real_distribution<>(low, high)(random_); }
  int integer(int low, int high) { return std::uniform_int_distribution<>(low, high)(random_); }

 private:
  struct Sample {
    int label = 0, live = 0, candidate = 0;
  };
  Sample draw(const Change& change, bool spoilt);
  int other_than(int label);
  std::vector<double> accuracies_after(const Change& change) const;
  double mean(const std::vector<double>& accuracies) const;

  BadTeacher teacher_;
  std::mt19937 random_;
  std::vector<double> shares_, live_;  ///< [kClasses]
};

/// What became of candidates that were offered one after another, each to the model that was live then.
struct SwapReport {
  int offered = 0, accepted = 0;
  int regressions = 0;  ///< Accepted although the true accuracy falls by more than a point.
  double worst = 0;     ///< Largest of these falls.
  int lasting = 0;      ///< Regressions that the canary had not taken back after Canary::kLabels labels.
  int taken_back = 0;   ///< By the canary.
  int wronged = 0;      ///< Of those, models that were truly no worse.
};

/// Offers candidates of random quality (-15 to +15 points; with a confused teacher every other one has learned the
/// confusion), 12 to 100 recent and 0 to 100 earlier labels each; the live model is set back to 60 .. 90 % now and
/// then, as drift does.
SwapReport offer_candidates(const BadTeacher& teacher, int count, unsigned seed, const GateOptions& options = {});

/// Share of candidates of that true gain that pass, of `count`, on so many recent labels.
double acceptance(const BadTeacher& teacher, double gain, int labels, int count, unsigned seed,
                  const GateOptions& options = {});

}  // namespace ekya::learner::testing
