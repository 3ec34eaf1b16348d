// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "ekya/base/clock.h"
#include "ekya/profiler/candidate.h"
#include "ekya/profiler/costs.h"
#include "ekya/profiler/learning_curve.h"
#include "ekya/profiler/pareto.h"
#include "ekya/profiler/penalties.h"

namespace ekya::profiler {

/// Device-seconds that a profile may take: `part` of the window's, but never above 2.2 %; 0 for impossible figures.
double profile_budget(Seconds window, double devices, double part = 0.01);

/// What a profile starts from.
struct ProfileStart {
  int samples = 0;           ///< In the training set, before any data fraction.
  int labels = 0;            ///< Held back; all accuracies are measured on them.
  double live_accuracy = 0;  ///< Of the live model on them, in [0, 1].
  Seconds took{0};           ///< To measure it, of one thread.
  double budget = 0;         ///< Device-seconds, see profile_budget().
};

/// A request: train the family's job on the next `samples` of its shuffled training set (so the first of them are a
/// uniform sample), then measure its accuracy on the held-back labels.
struct Slice {
  std::string config;  ///< Of the family the one that trains longest.
  std::string family;
  int samples = 0;
};

/// What came of training a little: a slice that was asked for, or an epoch of the chosen job.
struct Progress {
  std::string config;
  int samples = 0;      ///< Trained on since the last report of this job.
  double accuracy = 0;  ///< Now, in [0, 1].
  int labels = 0;       ///< That it was measured on.
  Seconds took{0};      ///< Training and measuring, of one thread.
};

/// What a config will bring and cost if it goes on from where its job is.
struct Forecast {
  std::string id;
  bool offered = false;  ///< False while it is suspended or pruned: then it promises the live accuracy.
  double accuracy =
      0;            ///< Never below the live one, since the gate refuses a worse model, nor above 0.99 unless that is.
  double sd = 0;    ///< Of the error of what the curve predicts.
  double work = 0;  ///< Device-seconds at share 1 for what is left, in [0.001, 1e6].
};

/// Decides what to try in a window's little budget, and predicts from it what each retraining config would bring.
///
/// Successive halving over families: round by round each trains on as much of the data, until a part of the budget is
/// used; then the half of better forecast goes on with the next part, until one is left. The jobs stay alive: what was
/// profiled are the first steps of the job that is chosen. Reports of its later epochs update the curve in the same
/// way.
///
/// Per window: new_window(). Per job: begin(); run what next() asks for and report it, until it asks for nothing; offer
/// forecasts(); choose() the job that goes on; record() after each epoch; finished() or failed().
/// Times of steps, of evaluations and of the overhead go to costs() whenever they are measured.
///
/// No clock, no randomness: the same calls give the same answers. Whatever is fed in, forecasts are finite and in their
/// ranges. Cost of record() and begin(): the fit of one curve, or of all. Not thread-safe.
/// Source: Ekya (NSDI 2022, section 4.3); Jamieson and Talwalkar, "Non-stochastic best arm identification and
/// hyperparameter optimization", AISTATS 2016; docs/algorithms/micro-profiling.md.
class MicroProfiler {
 public:
  static constexpr double kCeiling = 0.99;  ///< No forecast promises more.

  /// slots: threads that make up the whole device; a job runs on one of them.
  MicroProfiler(const std::vector<Candidate>& candidates, int slots, const ParetoPruner::Options& pruning = {});

  CostModel& costs() { return costs_; }

  void new_window();
  void begin(const ProfileStart& start);
  /// The same until it is reported or failed; none: the profile is over.
  std::optional<Slice> next() const;
  void record(const Progress& progress);
  /// The profile is over; this config's job goes on, and those of other families are thrown away.
  void choose(const std::string& config);
  /// The gate has measured the model that this config's job made, accepted or not.
  void finished(const std::string& config, double accuracy, int labels);
  /// Its job failed or diverged: so the whole family, which shares it, is suspended.
  void failed(const std::string& config);

  Forecast forecast(const std::string& config) const;
  std::vector<Forecast> forecasts() const;  ///< In the order of the candidates.
  double spent() const { return spent_; }   ///< Device-seconds of this profile.

 private:
  struct Family {
    std::string name;
    std::vector<std::size_t> members;  ///< Indices into candidates_; the first trains longest.
    CurvePrior prior;                  ///< Learnt from earlier profiles and jobs.
    std::vector<CurvePoint> points;
    LearningCurve curve;
    double trained = 0;     ///< Samples that its job has trained on.
    bool measured = false;  ///< In this profile.
  };

  std::optional<std::size_t> find(const std::string& config) const;
  Family* family_of(const std::string& config);
  const Candidate& longest(const Family& family) const { return candidates_[family.members.front()]; }
  bool offered(const Candidate& candidate) const;

  void learn_from_profile();
  void begin_rungs();
  void find_next();
  void halve();
  double round_cost() const;
  int slice_samples(const Family& family) const;
  double slice_cost(const Family& family, int samples) const;
  double best_accuracy(const Family& family) const;
  void add_point(Family& family, double accuracy, int labels);

  Seconds training_time(const Candidate& candidate, double from, double to, double cached) const;
  double work(const Candidate& candidate, double from, double cached) const;
  double passes(const Candidate& candidate, double trained) const;

  std::vector<Candidate> candidates_;
  std::vector<std::size_t> family_index_;  ///< [candidates], into families_.
  std::vector<Family> families_;
  CostModel costs_;
  ParetoPruner pareto_;
  Penalties penalties_;

  ProfileStart start_;
  double spent_ = 0;
  double cached_ = 0;  ///< Samples whose trunk features some frozen family has computed.
  int slice_ = 0;      ///< Samples.
  int rungs_ = 1, ended_rungs_ = 0;
  std::vector<std::size_t> rung_;  ///< Families still in play, in the order in which they are measured.
  std::size_t position_ = 0;       ///< In rung_.
  std::string chosen_;             ///< Family whose job goes on; empty: none yet.
};

}  // namespace ekya::profiler
