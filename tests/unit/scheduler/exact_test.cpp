// SPDX-License-Identifier: LGPL-2.1-or-later
// The knapsack against every plan that there is, and what must follow from its being the best.
#include <gmock/gmock.h>

#include "ekya/scheduler/allocate.h"
#include "ekya/scheduler/check.h"
#include "ekya/scheduler/pick.h"
#include "ekya/scheduler/policy.h"
#include "scheduler_problems.h"

namespace ekya::scheduler {
namespace {

using ::testing::ElementsAre;

Plan exact(const Problem& problem) { return (*make_policy("exact"))->plan(problem); }

// A retraining that pays only once it holds 2 quanta: one quantum at a time never finds it.
TEST(AllocateExact, FindsAGainThatNeedsTwoQuantaAtOnce) {
  ValueTable table(2, 2);
  std::copy_n(std::vector{0.2, 0.2, 0.9}.begin(), 3, table.row(0));
  std::copy_n(std::vector{0.5, 0.6, 0.6}.begin(), 3, table.row(1));
  const Allocation allocation = allocate_exact(table);
  EXPECT_THAT(allocation.quanta, ElementsAre(2, 0));
  EXPECT_DOUBLE_EQ(allocation.value, 1.4);
}

/// Floors met first, then the weighted mean accuracy.
struct Score {
  int met = 0;
  double accuracy = 0;
  bool operator<(const Score& other) const { return met != other.met ? met < other.met : accuracy < other.accuracy; }
  Score operator+(const Score& other) const { return {met + other.met, accuracy + other.accuracy}; }
};

/// The best of all configs and all shares that are multiples of the quantum, one of them with the remainder on top,
/// tried one by one.
class BruteForce {
 public:
  explicit BruteForce(const Problem& problem) : problem_(problem), window_(problem) {
    for (const Stream& stream : problem.streams) weights_ += stream.weight;
  }

  Score best(std::size_t v, int quanta, double remainder) const {
    if (v == problem_.streams.size()) return {};
    Score best{-1, 0};
    for (int r = 0; r <= quanta; ++r)
      for (int i = 0; i + r <= quanta; ++i) {
        const double inference = i * problem_.quantum, retraining = r * problem_.quantum;
        best = std::max(best, this->best(v + 1, quanta - r - i, remainder) + score(v, inference, retraining));
        if (remainder <= 0) continue;
        const Score rest = this->best(v + 1, quanta - r - i, 0);
        best = std::max(best, rest + score(v, inference + remainder, retraining));
        best = std::max(best, rest + score(v, inference, retraining + remainder));
      }
    return best;
  }

 private:
  Score score(std::size_t v, double inference, double retraining) const {
    const Stream& stream = problem_.streams[v];
    const Choice none = estimate_choice(window_, stream, inference, retraining, nullptr);
    double accuracy = none.accuracy;
    for (const RetrainingConfig& config : stream.retraining)
      if (is_candidate(stream, config))
        accuracy = std::max(accuracy, estimate_choice(window_, stream, inference, retraining, &config).accuracy);
    const bool met = stream.accuracy * factor_of(stream, none.inference) >= floor_of(problem_, stream) - 1e-9;
    return {met, stream.weight / weights_ * accuracy};
  }

  const Problem& problem_;
  DeviceWindow window_;
  double weights_ = 0;
};

Problem small_problem(unsigned seed) {
  std::mt19937 random(seed);
  Problem problem = random_general_problem(seed);
  problem.streams.resize(std::min<std::size_t>(problem.streams.size(), 1 + random() % 3));
  const int quanta = 1 + static_cast<int>(random() % (problem.streams.size() > 2 ? 5 : 8));
  problem.quantum = 0.05 * static_cast<double>(1 + random() % 6);
  const double remainder = problem.streams.size() < 3 && random() % 2 ? 0.3 : 0;
  problem.devices[0].capacity = (quanta + remainder) * problem.quantum;
  problem.devices[0].memory_mb = std::numeric_limits<double>::infinity();
  for (Stream& stream : problem.streams) stream.labelling_demand = 0;
  return problem;
}

TEST(Exact, EqualsBruteForceOnThousandsOfSmallProblems) {
  for (unsigned seed = 0; seed < 4000; ++seed) {
    const Problem problem = small_problem(seed);
    const double capacity = problem.devices[0].capacity;
    const int quanta = static_cast<int>(capacity / problem.quantum + 1e-9);
    const double remainder = capacity - quanta * problem.quantum;
    const Score best = BruteForce(problem).best(0, quanta, remainder > 1e-9 ? remainder : 0);
    const Plan plan = exact(problem);
    SCOPED_TRACE("seed " + std::to_string(seed));
    EXPECT_NEAR(plan.mean_accuracy, best.accuracy, 1e-9);
    EXPECT_EQ(problem.streams.size() - plan.floors_missed.size(), best.met);
  }
}

TEST(Exact, DoesNotMindTheOrderOfTheStreams) {
  for (unsigned seed = 0; seed < 300; ++seed) {
    Problem problem = random_general_problem(seed);
    problem.devices[0].memory_mb = std::numeric_limits<double>::infinity();
    const Plan plan = exact(problem);
    std::reverse(problem.streams.begin(), problem.streams.end());
    SCOPED_TRACE("seed " + std::to_string(seed));
    EXPECT_NEAR(exact(problem).mean_accuracy, plan.mean_accuracy, 1e-9);
    EXPECT_EQ(exact(problem).floors_missed.size(), plan.floors_missed.size());
  }
}

/// Not worse: as many floors, and where these are equal as much accuracy.
void expect_no_worse(const Plan& better, const Plan& plan) {
  EXPECT_LE(better.floors_missed.size(), plan.floors_missed.size());
  if (better.floors_missed.size() == plan.floors_missed.size()) {
    EXPECT_GE(better.mean_accuracy, plan.mean_accuracy - 1e-9);
  }
}

TEST(Exact, IsNeverHurtByMoreBudget) {
  for (unsigned seed = 0; seed < 300; ++seed) {
    Problem problem = random_general_problem(seed);
    problem.devices[0].memory_mb = std::numeric_limits<double>::infinity();
    for (Stream& stream : problem.streams) stream.labelling_demand = 0;
    problem.devices[0].capacity = 0.3;
    Plan plan = exact(problem);
    for (double capacity : {0.33, 0.4, 0.55, 0.6, 1.0, 1.04, 2.0, 2.5}) {
      SCOPED_TRACE("seed " + std::to_string(seed) + " capacity " + std::to_string(capacity));
      problem.devices[0].capacity = capacity;
      Plan more = exact(problem);
      expect_no_worse(more, plan);
      plan = std::move(more);
    }
  }
}

TEST(Exact, IsNeverHurtByABetterConfig) {
  for (unsigned seed = 0; seed < 300; ++seed) {
    std::mt19937 random(seed);
    Problem problem = random_general_problem(seed);
    problem.devices[0].memory_mb = std::numeric_limits<double>::infinity();
    const Plan plan = exact(problem);
    for (Stream& stream : problem.streams) {
      for (RetrainingConfig& config : stream.retraining) {
        if (random() % 2) config.work_s *= 0.7;
        if (random() % 2) config.accuracy = std::min(1.0, config.accuracy + 0.05);
        if (random() % 2) config.max_share *= 1.5;
      }
      for (InferenceConfig& config : stream.inference)
        if (random() % 2) config.factor = std::min(1.0, config.factor * 1.1);
    }
    SCOPED_TRACE("seed " + std::to_string(seed));
    expect_no_worse(exact(problem), plan);
  }
}

// 9 quanta and 0.08: with 0.98 devices the job runs, with 0.9 it would end just at the window's end.
TEST(Exact, SpendsWhatTheQuantaLeave) {
  Problem problem;
  problem.window_s = 100;
  problem.devices[0].capacity = 0.98;
  problem.streams = {{"cam", 0.5, 0, {}, {}, {{"g", 90, 0.9}}, ""}};
  EXPECT_NEAR(exact(problem).streams[0].retraining_share, 0.98, 1e-12);
  EXPECT_NEAR(exact(problem).mean_accuracy, (90 / 0.98 * 0.5 + (100 - 90 / 0.98) * 0.9) / 100, 1e-12);
}

// Both floors take all there is; with one of them, and 0.9 for the sharp camera, the mean would be higher.
TEST(Exact, MeetsAsManyFloorsAsPossibleBeforeTheMean) {
  Problem problem;
  problem.window_s = 100;
  problem.min_accuracy = 0.3;
  problem.streams = {{"dull", 0.3, 0, {}, {{"full", 0.5, 1}}, {}, ""},
                     {"sharp", 0.9, 0, {}, {{"full", 0.8, 1}, {"half", 0.4, 0.4}}, {}, ""}};
  EXPECT_NEAR(exact(problem).mean_accuracy, (0.3 + 0.36) / 2, 1e-12);
  EXPECT_THAT(exact(problem).floors_missed, ElementsAre());
  problem.streams[0].min_accuracy = 0.4;  // out of reach, and so no reason to spend anything
  EXPECT_NEAR(exact(problem).mean_accuracy, (0 + 0.9) / 2, 1e-12);
  EXPECT_THAT(exact(problem).floors_missed, ElementsAre("dull"));
}

}  // namespace
}  // namespace ekya::scheduler
