// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/scheduler/estimate.h"

#include <gtest/gtest.h>

#include "ekya/scheduler/pick.h"
#include "scheduler_problems.h"

namespace ekya::scheduler {
namespace {

const RetrainingConfig k1A{"1A", 85, 0.75, 1};

TEST(WindowAccuracy, WithoutRetrainingIsAccuracyTimesFactor) {
  EXPECT_DOUBLE_EQ(window_accuracy(120, 0.65, nullptr, 1, 0.8, 1), 0.52);
}

TEST(WindowAccuracy, WeighsBeforeAndAfterByTheTimeTheJobTakes) {
  // (85 s · 0.65 + 35 s · 0.75) / 120 s
  EXPECT_NEAR(window_accuracy(120, 0.65, &k1A, 1, 1, 1), 0.6791666667, 1e-9);
  // At share 0.75 it takes 113.33 s: (113.33 · 0.65 · 0.75 + 6.67 · 0.75) / 120
  EXPECT_NEAR(window_accuracy(120, 0.65, &k1A, 0.75, 0.75, 1), 0.5020833333, 1e-9);
}

TEST(WindowAccuracy, OfAJobThatDoesNotEndInTheWindowIsThatOfNoJob) {
  EXPECT_DOUBLE_EQ(window_accuracy(120, 0.65, &k1A, 0.5, 1, 1), 0.65);
  EXPECT_DOUBLE_EQ(window_accuracy(85, 0.65, &k1A, 1, 1, 1), 0.65);
  EXPECT_DOUBLE_EQ(window_accuracy(120, 0.65, &k1A, 0, 1, 1), 0.65);
}

TEST(EstimateChoice, AJobIsNoFasterThanItsMaxShareAllows) {
  const Problem problem = worked_example(0.25);
  Stream stream = problem.streams[0];
  stream.retraining[0].max_share = 1;
  const auto worth = [&](double share) {
    return estimate_choice(DeviceWindow(problem), stream, 1, share, &stream.retraining[0]).accuracy;
  };
  EXPECT_DOUBLE_EQ(worth(3), worth(1));
}

TEST(EstimateChoice, FollowsTheThroughputCurveOfTheDevice) {
  Problem problem = worked_example(0.25);
  problem.devices[0].throughput = {{0.5, 0.85}, {1, 1}};
  // At half the device the speed is 0.85: (100 s · 0.65 + 20 s · 0.75) / 120 s
  EXPECT_NEAR(
      estimate_choice(DeviceWindow(problem), problem.streams[0], 1, 0.5, &problem.streams[0].retraining[0]).accuracy,
      0.6666666667, 1e-9);
}

Stream camera() {
  return {"cam", 0.8, 0, {}, {{"full", 0.4, 1.0}, {"half", 0.2, 0.7}, {"wasteful", 0.3, 0.7}, {"tenth", 0.04, 0.3}},
          {},    ""};
}

TEST(BestInference, IsTheMostAccurateThatFits) {
  const Stream stream = camera();
  EXPECT_EQ(best_inference(stream, 0.4)->id, "full");
  EXPECT_EQ(best_inference(stream, 0.39)->id, "half");
  EXPECT_EQ(best_inference(stream, 0.1)->id, "tenth");
  EXPECT_EQ(best_inference(stream, 0.03), nullptr);
}

TEST(BestInference, FitsDespiteRounding) { EXPECT_EQ(best_inference(camera(), 0.1 + 0.1 - 1e-16)->id, "half"); }

TEST(BestInference, IsTheBestThatFitsWhereNoneReachesTheLeastAccuracy) {
  EXPECT_EQ(best_inference(camera(), 0.1)->id, "tenth");
}

TEST(PickConfigs, ChoosesNoRetrainingThatDoesNotRaiseTheWindowAccuracy) {
  Problem problem;
  problem.window_s = 100;
  problem.streams = {camera()};
  problem.streams[0].retraining = {{"worse", 1, 0.7, 1}, {"same", 1, 0.8, 1}, {"late", 60, 0.99, 1}};
  EXPECT_EQ(pick_configs(DeviceWindow(problem), problem.streams[0], 0.4, 0.5).retraining, nullptr);
  EXPECT_EQ(pick_configs(DeviceWindow(problem), problem.streams[0], 0.4, 0.7).retraining->id, "late");
}

TEST(PickConfigs, KeepsTheRunningConfigOrNone) {
  Problem problem = worked_example(0.25);
  problem.streams[1].running = "1B";
  EXPECT_EQ(pick_configs(DeviceWindow(problem), problem.streams[1], 1, 1).retraining->id, "1B");
  EXPECT_EQ(pick_configs(DeviceWindow(problem), problem.streams[1], 1, 0.5).retraining, nullptr);
  problem.streams[1].running = "";
  EXPECT_EQ(pick_configs(DeviceWindow(problem), problem.streams[1], 1, 0.5).retraining->id, "2B");
}

TEST(PickConfigs, HandsTheFreedShareToTheInferenceOfTheStream) {
  const Problem problem = worked_example(0.25);
  // 2B at 0.75 takes 66.67 s: (66.67 · 0.5 · 0.75 + 53.33 · 0.85 · min(1.5, 1)) / 120
  EXPECT_NEAR(pick_configs(DeviceWindow(problem), problem.streams[1], 0.75, 0.75).accuracy, 0.5861111111, 1e-9);
}

TEST(PickConfigs, OfEqualConfigsTakesTheOneWithLessWork) {
  Problem problem;
  problem.window_s = 100;
  problem.streams = {{"cam", 0.5, 0, {}, {}, {{"long", 10, 0.5, 1}, {"b", 20, 0.9, 1}, {"a", 20, 0.9, 1}}, ""}};
  EXPECT_EQ(pick_configs(DeviceWindow(problem), problem.streams[0], 0, 1).retraining->id, "b");
}

TEST(PickConfigs, MissesTheLeastAccuracyOnlyWhereItCouldBeReached) {
  Problem problem;
  problem.window_s = 100;
  problem.min_accuracy = 0.6;
  problem.streams = {camera()};
  EXPECT_NEAR(pick_configs(DeviceWindow(problem), problem.streams[0], 0.2, 0).shortfall, 0.6 - 0.56, 1e-12);
  problem.min_accuracy = 0.81;  // more than 0.8 · 1.0: out of reach whatever inference gets
  EXPECT_EQ(pick_configs(DeviceWindow(problem), problem.streams[0], 0.2, 0).shortfall, 0);
}

TEST(LabellingShares, AreWhatIsWantedUpToAFifthOfTheDevice) {
  Problem problem = worked_example(0.25);
  problem.streams[0].labelling_demand = 0.2;
  problem.streams[1].labelling_demand = 0.3;
  EXPECT_EQ(labelling_shares(problem), (std::vector<double>{0.2, 0.3}));
  problem.streams[1].labelling_demand = 1.0;
  const std::vector<double> shares = labelling_shares(problem);  // 0.2 · 3 devices in the ratio 1 : 5
  EXPECT_NEAR(shares[0], 0.1, 1e-12);
  EXPECT_NEAR(shares[1], 0.5, 1e-12);
}

}  // namespace
}  // namespace ekya::scheduler
