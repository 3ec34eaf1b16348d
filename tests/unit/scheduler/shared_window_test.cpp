// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/scheduler/shared_window.h"

#include <gmock/gmock.h>

#include "ekya/scheduler/estimate.h"
#include "scheduler_problems.h"

namespace ekya::scheduler {
namespace {

using ::testing::SizeIs;

/// Two cameras whose inference reaches half its accuracy from 0.25 devices on and all of it from 0.5 on.
Problem two_cameras() {
  Problem problem;
  problem.window_s = 100;
  problem.min_accuracy = 0;
  const std::vector<InferenceConfig> inference{{"half", 0.25, 0.5}, {"full", 0.5, 1}};
  problem.streams = {{"A", 0.5, 0, {}, inference, {{"a", 10, 0.8}}, ""},
                     {"B", 0.4, 0, {}, inference, {{"b", 16.25, 0.6}}, ""}};
  return problem;
}

std::vector<Start> quarters(const Problem& problem) {
  return {{0.25, 0.25, &problem.streams[0].retraining[0]}, {0.25, 0.25, &problem.streams[1].retraining[0]}};
}

// A ends at 10 / 0.25 = 40 s and leaves 0.25 / 3 to each of the others. B has 6.25 s left, which takes 18.75 s at a
// third of the device; then both inferences hold 0.5.
TEST(SharedWindow, GivesTheShareOfAJobThatEndsToAllInferencesAndRunningJobs) {
  const Problem problem = two_cameras();
  SharedWindow window(problem);
  const Worth worth = window.run(quarters(problem));
  const std::vector<StreamPlan> plans = window.plans(quarters(problem), {0, 0});
  EXPECT_NEAR(plans[0].expected_accuracy, (40 * 0.25 + 18.75 * 0.4 + 41.25 * 0.8) / 100, 1e-12);
  EXPECT_NEAR(plans[1].expected_accuracy, (58.75 * 0.2 + 41.25 * 0.6) / 100, 1e-12);
  EXPECT_NEAR(worth.accuracy, plans[0].expected_accuracy + plans[1].expected_accuracy, 1e-12);
  ASSERT_THAT(plans[1].phases, SizeIs(3));
  EXPECT_NEAR(plans[1].phases[1].begin_s, 40, 1e-9);
  EXPECT_NEAR(plans[1].phases[1].retraining_share, 1.0 / 3, 1e-12);
  EXPECT_NEAR(plans[1].phases[2].begin_s, 58.75, 1e-9);
  EXPECT_NEAR(plans[1].phases[2].inference_share, 0.5, 1e-12);
  EXPECT_EQ(plans[1].phases[2].inference_config, "full");
  EXPECT_EQ(plans[1].phases[2].retraining_share, 0);
}

TEST(SharedWindow, NeverRunsAJobThatStartsWithNothing) {
  const Problem problem = two_cameras();
  SharedWindow window(problem);
  std::vector<Start> starts = quarters(problem);
  starts[1].retraining_share = 0;
  window.run(starts);
  const StreamPlan plan = window.plans(starts, {0, 0})[1];
  EXPECT_EQ(plan.retraining_config, "");
  EXPECT_NEAR(plan.expected_accuracy, 0.2, 1e-12);  // 0.25 + 0.125 is still less than 0.5
}

// At 0.2 of a curve that reaches half the speed at 0.25, and with 0.05 more out of reach of max_share: 10 / 0.4 = 25 s.
TEST(SharedWindow, RunsJobsAtTheSpeedOfTheCurveAndUpToTheirLargestShare) {
  Problem problem = two_cameras();
  problem.devices[0].throughput = {{0.25, 0.5}, {1, 1}};
  problem.streams[0].retraining[0].max_share = 0.2;
  SharedWindow window(problem);
  window.run(quarters(problem));
  const StreamPlan plan = window.plans(quarters(problem), {0, 0})[0];
  EXPECT_NEAR(plan.retraining_share, 0.2, 1e-12);
  EXPECT_NEAR(plan.phases[1].begin_s, 25, 1e-9);
}

TEST(SharedWindow, LeavesOutAJobThatDoesNotEndWithinTheWindow) {
  Problem problem = two_cameras();
  problem.window_s = 40;  // A would end just then
  SharedWindow window(problem);
  window.run(quarters(problem));
  const StreamPlan plan = window.plans(quarters(problem), {0, 0})[0];
  EXPECT_EQ(plan.retraining_config, "");
  EXPECT_EQ(plan.retraining_share, 0);
  EXPECT_NEAR(plan.expected_accuracy, 0.25, 1e-12);
}

TEST(SharedWindow, CountsWhatTheFirstMomentMissesToAReachableFloor) {
  Problem problem = two_cameras();
  problem.streams[0].min_accuracy = 0.4;  // gets 0.25
  problem.streams[1].min_accuracy = 0.5;  // out of reach
  SharedWindow window(problem);
  EXPECT_NEAR(window.run(quarters(problem)).shortfall, 0.15, 1e-12);
}

TEST(FactorSteps, FindWhatBestInferenceFinds) {
  for (unsigned seed = 0; seed < 100; ++seed) {
    const Problem problem = random_general_problem(seed);
    for (const Stream& stream : problem.streams) {
      const FactorSteps steps(stream);
      for (double share = 0; share < 1.2; share += 0.0125)
        EXPECT_EQ(steps.at(share).config, best_inference(stream, share)) << "seed " << seed << " share " << share;
    }
  }
}

}  // namespace
}  // namespace ekya::scheduler
