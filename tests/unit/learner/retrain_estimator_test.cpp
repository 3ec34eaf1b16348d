// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "ekya/learner/estimator.h"

namespace ekya::learner {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

const TrainingConfig kHead{"head-e5", 5, 32, TrainedLayers::kHead, 1, 0.01};
const TrainingConfig kAll{"all-e4", 4, 32, TrainedLayers::kAll, 1, 0.01};

TEST(Estimator, WorkIsStepsTimesMeasuredStepOverSlots) {
  Estimator estimator(2);
  estimator.record_step(kAll, true, Seconds{0.2});
  EXPECT_NEAR(estimator.work(kAll, 50, 50), 5.0, 1e-9);
  estimator.record_overhead(Seconds{1});
  EXPECT_NEAR(estimator.work(kAll, 50, 50), 5.5, 1e-9);
}

TEST(Estimator, UsesStepsOfTheSameLayersForAConfigThatNeverRan) {
  Estimator estimator(1);
  estimator.record_step({"probe-all", 1, 16, TrainedLayers::kAll, 1, 0.01}, true, Seconds{0.1});
  EXPECT_NEAR(estimator.work(kAll, 10, 10), 2.0, 1e-9);  // Twice the batch, twice the time.
}

// 5 epochs of 4 steps: the trunk runs in the first 4 steps only.
TEST(Estimator, TellsTheFirstEpochFromTheRest) {
  Estimator estimator(1);
  estimator.record_step(kHead, true, Seconds{1});
  estimator.record_step(kHead, false, Seconds{0.1});
  EXPECT_NEAR(estimator.work(kHead, 20, 20), 5.6, 1e-9);
  EXPECT_NEAR(estimator.work(kHead, 20, 18), 3.6, 1e-9);
  EXPECT_NEAR(estimator.work(kHead, 20, 5), 0.5, 1e-9);
}

TEST(Estimator, TakesTheForwardTimeUntilAStepIsTimed) {
  Estimator estimator(1);
  EXPECT_EQ(estimator.step_time(kHead, true).count(), 0);
  estimator.record_forward(Seconds{0.001});
  EXPECT_NEAR(estimator.step_time(kHead, true).count(), 0.096, 1e-9);
}

TEST(Estimator, ExpectsAConfigToReachAgainWhatItReached) {
  Estimator estimator(1);
  estimator.record_result("all-e4", 0.9);
  EXPECT_NEAR(estimator.accuracy(kAll, 0.6, 400), 0.9, 1e-9);
  EXPECT_NEAR(estimator.accuracy(kAll, 0.95, 400), 0.95, 1e-9);
  estimator.record_result("all-e4", 0.8);
  EXPECT_NEAR(estimator.accuracy(kAll, 0.6, 400), 0.85, 1e-9);
}

TEST(Estimator, HopesForMoreTheLongerAConfigDidNotRun) {
  Estimator estimator(1);
  estimator.record_result("all-e4", 0.7);
  for (int window = 0; window < 20; ++window) estimator.new_window();
  EXPECT_NEAR(estimator.accuracy(kAll, 0.6, 400), 0.75, 1e-9);
}

TEST(Estimator, ExpectsMoreOfMoreTraining) {
  Estimator estimator(1);
  estimator.record_probe(TrainedLayers::kHead, 0.6, 0.7);
  estimator.record_probe(TrainedLayers::kAll, 0.6, 0.7);
  const TrainingConfig longer{"all-e8", 8, 32, TrainedLayers::kAll, 1, 0.01};
  EXPECT_GT(estimator.accuracy(longer, 0.6, 400), estimator.accuracy(kAll, 0.6, 400));
  EXPECT_GT(estimator.accuracy(kAll, 0.6, 400), 0.7);
  EXPECT_LE(estimator.accuracy(longer, 0.6, 1'000'000), Estimator::kCeiling);
}

TEST(Estimator, StillTriesAConfigAfterAProbeWithoutGain) {
  Estimator estimator(1);
  estimator.record_probe(TrainedLayers::kAll, 0.6, 0.5);
  EXPECT_GT(estimator.accuracy(kAll, 0.6, 96), 0.6);
}

TEST(Estimator, PromisesNothingForAWhileAfterAFailure) {
  Estimator estimator(1);
  estimator.record_result("all-e4", 0.9);
  estimator.penalise("all-e4");
  EXPECT_DOUBLE_EQ(estimator.accuracy(kAll, 0.6, 400), 0.6);
  estimator.new_window();
  EXPECT_DOUBLE_EQ(estimator.accuracy(kAll, 0.6, 400), 0.6);
  estimator.new_window();
  EXPECT_GT(estimator.accuracy(kAll, 0.6, 400), 0.6);
  estimator.penalise("all-e4");
  for (int window = 0; window < 3; ++window) estimator.new_window();
  EXPECT_DOUBLE_EQ(estimator.accuracy(kAll, 0.6, 400), 0.6);
}

// T6: whatever goes in, finite figures in their ranges come out, and a good measurement is kept.
TEST(Estimator, StaysFiniteWithImpossibleFigures) {
  const double figures[] = {0, -1, kNan, kInfinity, -kInfinity, 1e308, 1e-308, 3601};
  for (const double value : figures)
    for (const int steps : {-5, 0, 1, 1'000'000'000}) {
      SCOPED_TRACE(testing::Message() << value << ", " << steps << " steps");
      Estimator estimator(0);
      estimator.record_step(kAll, true, Seconds{0.1});
      for (int i = 0; i < 10; ++i) {
        estimator.record_forward(Seconds{value});
        estimator.record_step(kAll, true, Seconds{value});
        estimator.record_overhead(Seconds{value});
        estimator.record_probe(TrainedLayers::kAll, value, -value);
        estimator.record_result("all-e4", value);
      }
      const double work = estimator.work(kAll, steps, steps), accuracy = estimator.accuracy(kAll, value, steps);
      EXPECT_TRUE(work > 0 && work <= 1e6) << work;
      EXPECT_TRUE(estimator.probe_work() > 0 && estimator.probe_work() <= 1e6);
      EXPECT_TRUE(accuracy >= 0 && accuracy <= 1) << accuracy;
      EXPECT_TRUE(estimator.probe_accuracy(value) >= 0 && estimator.probe_accuracy(value) <= 1);
      if (!(value > 0 && value <= 3600)) {
        EXPECT_NEAR(estimator.step_time(kAll, true).count(), 0.1, 1e-12);
      }
    }
}

TEST(Estimator, ConstantTimesGiveThatTime) {
  Estimator estimator(1);
  for (int i = 0; i < 1000; ++i) estimator.record_step(kAll, true, Seconds{0.25});
  EXPECT_NEAR(estimator.step_time(kAll, true).count(), 0.25, 1e-9);
}

}  // namespace
}  // namespace ekya::learner
