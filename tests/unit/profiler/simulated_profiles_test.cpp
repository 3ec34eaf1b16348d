// SPDX-License-Identifier: LGPL-2.1-or-later
// How far the forecasts of whole profiles are from the truth, where the truth is known.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "ekya/learner/training_config.h"
#include "ekya/sim/micro_profile.h"
#include "support/repetitions.h"
#include "unit/profiler/simulated_training.h"

namespace ekya::profiler {
namespace {

constexpr int kSamples = 500, kStreams = 15, kWindows = 8;
constexpr int kLearnt = 3;  // A stream's windows before it count as its youth.
constexpr Seconds kWindow{200};

std::vector<Candidate> defaults() {
  std::vector<Candidate> candidates;
  for (const auto& config : learner::default_training_configs()) candidates.push_back(learner::candidate(config));
  return candidates;
}

/// Where a family ends and how fast it learns in a stream; a window differs a little from the next.
struct Habit {
  double final_error = 0, log_rate = 0;
  bool power_law = false;  ///< By another law than ours.
};

std::map<std::string, Habit> draw_habits(const std::vector<Candidate>& candidates, Random& random) {
  std::map<std::string, Habit> habits;
  for (const Candidate& candidate : candidates)
    if (!habits.contains(candidate.family))
      habits[candidate.family] = {random.uniform(0.05, 0.4), random.uniform(-0.3, 1), random.chance(0.5)};
  return habits;
}

std::map<std::string, Truth> draw_truths(const std::vector<Candidate>& candidates,
                                         const std::map<std::string, Habit>& habits, double start, Random& random) {
  std::map<std::string, Truth> truths;
  for (const Candidate& candidate : candidates) {
    if (truths.contains(candidate.family)) continue;
    const Habit& habit = habits.at(candidate.family);
    const double final_error = std::min(1 - start, habit.final_error * std::exp(0.2 * random.normal()));
    truths[candidate.family] = {start,
                                1 - final_error,
                                std::pow(10, habit.log_rate + 0.1 * random.normal()),
                                habit.power_law,
                                candidate.frozen_trunk ? 0.002 : 0.006,
                                candidate.frozen_trunk ? 0.00005 : 0.006};
  }
  return truths;
}

struct Score {
  std::vector<double> young, learnt, running;  ///< Sizes of errors; `running`: of the chosen config after an epoch.
  double covered = 0;                          ///< Part of all within the nominal 90 % interval.
  double most_spent = 0;                       ///< Part of the window's device time.
};

/// Runs the most promising job to its end, an epoch at a time; gives the error of its forecast after the first one.
double run_best(MicroProfiler& profiler, SimulatedTraining& training, const std::vector<Candidate>& candidates,
                const std::map<std::string, Truth>& truths) {
  const auto best = std::max_element(candidates.begin(), candidates.end(), [&](const auto& a, const auto& b) {
    return profiler.forecast(a.id).accuracy < profiler.forecast(b.id).accuracy;
  });
  profiler.choose(best->id);
  double error = 0;
  for (int epoch = 1; epoch <= best->epochs; ++epoch) {
    profiler.record(training.train(profiler, *best, static_cast<int>(best->fraction * kSamples)));
    if (epoch == 1)
      error = std::abs(profiler.forecast(best->id).accuracy - truths.at(best->family).accuracy(best->passes()));
  }
  profiler.finished(best->id, training.measure(truths.at(best->family).accuracy(best->passes())), 100);
  return error;
}

void run_stream(int labels, bool same_labels, Random& random, Score& score) {
  const std::vector<Candidate> candidates = defaults();
  const auto habits = draw_habits(candidates, random);
  MicroProfiler profiler(candidates, 1);
  profiler.costs().record_forward(Seconds{0.002});
  for (int window = 0; window < kWindows; ++window) {
    const auto truths = draw_truths(candidates, habits, random.uniform(0.3, 0.8), random);
    SimulatedTraining training(truths, kSamples, labels, same_labels, random.next());
    profiler.new_window();
    profiler.begin(
        {kSamples, labels, training.measure(truths.begin()->second.start), Seconds{0}, profile_budget(kWindow, 1)});
    training.profile(profiler, candidates);
    score.most_spent = std::max(score.most_spent, profiler.spent() / kWindow.count());
    for (const Candidate& candidate : candidates) {
      const Forecast forecast = profiler.forecast(candidate.id);
      if (!forecast.offered) continue;
      const double error = std::abs(forecast.accuracy - truths.at(candidate.family).accuracy(candidate.passes()));
      (window < kLearnt ? score.young : score.learnt).push_back(error);
      score.covered += error <= 1.645 * forecast.sd;
    }
    score.running.push_back(run_best(profiler, training, candidates, truths));
  }
}

struct Row {
  int labels;
  bool same_labels;
  double young, learnt, running;  ///< Bounds of the median absolute errors.
};

// The measured medians are in docs/algorithms/micro-profiling.md; the bounds leave room for another seed.
TEST(SimulatedProfiles, ForecastWithinAFewPointsAndKnowTheirError) {
  for (const Row& row : {Row{40, true, 0.075, 0.06, 0.05}, Row{100, true, 0.075, 0.055, 0.045},
                         Row{400, true, 0.08, 0.055, 0.04}, Row{100, false, 0.075, 0.055, 0.045}}) {
    SCOPED_TRACE(::testing::Message() << row.labels << " labels, the same: " << row.same_labels);
    Random random(11);
    Score score;
    const int streams = static_cast<int>(ekya::testing::repetitions(kStreams));
    for (int stream = 0; stream < streams; ++stream) run_stream(row.labels, row.same_labels, random, score);
    score.covered /= static_cast<double>(score.young.size() + score.learnt.size());
    std::printf(
        "%3d labels, %s: median absolute error %.1f points, after %d windows %.1f, of the running job after an "
        "epoch %.1f; %.0f %% within the 90 %% interval; cost <= %.2f %%\n",
        row.labels, row.same_labels ? "the same" : "new ones", 100 * sim::median(score.young), kLearnt,
        100 * sim::median(score.learnt), 100 * sim::median(score.running), 100 * score.covered, 100 * score.most_spent);
    if (streams < kStreams) continue;  // Too few to judge by: a sanitizer build looks for other faults.
    EXPECT_LE(sim::median(score.young), row.young);
    EXPECT_LE(sim::median(score.learnt), row.learnt);
    EXPECT_LE(sim::median(score.running), row.running);
    EXPECT_GE(score.covered, 0.80);
    EXPECT_LE(score.most_spent, 0.0101);
  }
}

}  // namespace
}  // namespace ekya::profiler
