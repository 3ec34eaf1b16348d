// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/sim/execute.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/scheduler/scheduler_problems.h"

namespace ekya::sim {
namespace {

using scheduler::make_policy;
using scheduler::Plan;
using scheduler::Policy;
using scheduler::policy_names;
using scheduler::Problem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// One camera on one device for 100 s. Half the device keeps up with all frames, a quarter with half of them at 80 %.
Problem one_camera() {
  Problem problem;
  problem.window_s = 100;
  problem.min_accuracy = 0;
  scheduler::Stream stream;
  stream.id = "cam0";
  stream.accuracy = 0.5;
  stream.inference = {{"full", 0.5, 1}, {"half", 0.25, 0.8}};
  stream.retraining = {{"g", 20, 0.9, 1}};
  problem.streams = {stream};
  return problem;
}

/// A second camera that retrains in 30 device-seconds.
Problem two_cameras() {
  Problem problem = one_camera();
  problem.streams.push_back(problem.streams[0]);
  problem.streams[1].id = "cam1";
  problem.streams[1].retraining = {{"g", 30, 0.7, 1}};
  return problem;
}

/// Gives each stream a quarter for inference and a fixed share for its job. Notes what it was asked.
class Fixed final : public Policy {
 public:
  explicit Fixed(std::vector<double> retraining) : retraining_(std::move(retraining)) {}
  std::string name() const override { return "fixed"; }
  Plan plan(const Problem& problem) const override {
    Plan plan;
    plan.policy = name();
    for (std::size_t v = 0; v < problem.streams.size(); ++v) {
      scheduler::StreamPlan stream;
      stream.id = problem.streams[v].id;
      stream.device = problem.devices[0].id;
      stream.inference_config = "half";
      stream.inference_share = 0.25;
      if (!problem.streams[v].retraining.empty()) {
        stream.retraining_config = "g";
        stream.retraining_device = stream.device;
        stream.retraining_share = retraining_[v];
      }
      plan.streams.push_back(stream);
    }
    seen.push_back(problem);
    return plan;
  }

  mutable std::vector<Problem> seen;

 private:
  std::vector<double> retraining_;
};

// uniform: 0.5 for inference (full), 0.5 for the job, which ends at 20 / 0.5 = 40 s: (40 · 0.5 + 60 · 0.9) / 100.
TEST(ExecutePlan, CountsTheNewModelFromTheEndOfItsJob) {
  const Problem problem = one_camera();
  const auto executed = execute_plan(problem, (*make_policy("uniform"))->plan(problem));
  ASSERT_TRUE(executed) << executed.error().message;
  EXPECT_NEAR(executed->mean_accuracy, 0.74, 1e-12);
  EXPECT_NEAR(executed->retrained_at_s[0], 40, 1e-9);
  EXPECT_EQ(executed->plans, 1);
}

// The same on a device where half the share reaches 0.8 of the speed: 20 / 0.8 = 25 s.
TEST(ExecutePlan, RunsJobsAtTheSpeedOfTheDevicesCurve) {
  Problem problem = one_camera();
  problem.devices[0].throughput = {{0.5, 0.8}, {1, 1}};
  const auto executed = execute_plan(problem, (*make_policy("uniform"))->plan(problem));
  ASSERT_TRUE(executed) << executed.error().message;
  EXPECT_NEAR(executed->mean_accuracy, (25 * 0.5 + 75 * 0.9) / 100, 1e-12);
}

TEST(ExecutePlan, ReachesWhatEveryPolicyExpectsWhereTheEstimatesAreTrue) {
  for (unsigned seed = 0; seed < 60; ++seed) {
    Problem problem = scheduler::random_problem(seed, 1 + static_cast<int>(seed % 5));
    if (seed % 3 == 1) problem.devices[0].throughput = {{0.1, 0.36}, {0.5, 0.83}, {1, 1}};
    for (const std::string& name : policy_names()) {
      SCOPED_TRACE(name + " on seed " + std::to_string(seed));
      const Plan plan = (*make_policy(name))->plan(problem);
      const auto executed = execute_plan(problem, plan);
      ASSERT_TRUE(executed) << executed.error().message;
      for (std::size_t v = 0; v < plan.streams.size(); ++v)
        EXPECT_NEAR(executed->accuracy[v], plan.streams[v].expected_accuracy, 1e-9);
    }
  }
}

// cam0 retrains with 0.25: ends at 80 s. cam1: 30 / 0.25 = 120 s, so never, until cam0's job has ended.
TEST(Execute, PlansAgainWhenAJobEnds) {
  const Fixed policy({0.25, 0.25});
  const auto executed = execute(two_cameras(), policy);
  ASSERT_TRUE(executed) << executed.error().message;
  EXPECT_EQ(executed->plans, 2);
  EXPECT_THAT(executed->accuracy, ElementsAre(::testing::DoubleNear(0.8 * (0.8 * 0.5 + 0.2 * 0.9), 1e-12),
                                              ::testing::DoubleNear(0.8 * 0.5, 1e-12)));
}

TEST(Execute, TellsThePolicyWhatIsLeft) {
  const Fixed policy({0.25, 0.25});
  ASSERT_TRUE(execute(two_cameras(), policy));
  ASSERT_EQ(policy.seen.size(), 2U);
  const Problem& rest = policy.seen[1];
  EXPECT_NEAR(rest.window_s, 20, 1e-9);
  EXPECT_EQ(rest.streams[0].accuracy, 0.9);
  EXPECT_TRUE(rest.streams[0].retraining.empty()) << "a stream retrains once";
  EXPECT_EQ(rest.streams[1].running, "g");
  EXPECT_NEAR(rest.streams[1].retraining[0].work_s, 30 - 80 * 0.25, 1e-9);
  EXPECT_EQ(rest.streams[1].retraining_device, "cpu");
}

/// Runs cam1's job until cam0's ends, and then no more.
class Dropping final : public Policy {
 public:
  std::string name() const override { return "dropping"; }
  Plan plan(const Problem& problem) const override {
    Plan plan = Fixed({0.25, 0.25}).plan(problem);
    if (problem.window_s < 100) {
      EXPECT_EQ(problem.streams[1].running, "g");
      EXPECT_NEAR(problem.streams[1].retraining[0].work_s, 21, 1e-9) << "it waits and keeps its work";
      plan.streams[1].retraining_share = 0;
    }
    return plan;
  }
};

// cam1's job of 41 device-seconds gets 20 of them, 80 s long, before it is dropped.
TEST(Execute, LetsADroppedJobWait) {
  Problem problem = two_cameras();
  problem.streams[1].retraining[0].work_s = 41;
  const auto executed = execute(problem, Dropping());
  ASSERT_TRUE(executed) << executed.error().message;
  EXPECT_EQ(executed->plans, 2);
  EXPECT_NEAR(executed->accuracy[1], 0.4, 1e-12);
}

// Believed 20 device-seconds, truly 24: at 0.25 the job ends at 96 s.
TEST(Execute, FollowsTheTruthAndNotTheEstimates) {
  const Problem believed = one_camera();
  Problem truth = believed;
  truth.streams[0].retraining[0].work_s = 24;
  truth.streams[0].retraining[0].accuracy = 0.6;
  const auto executed = execute(believed, truth, Fixed({0.25}));
  ASSERT_TRUE(executed) << executed.error().message;
  EXPECT_NEAR(executed->accuracy[0], 0.8 * (0.96 * 0.5 + 0.04 * 0.6), 1e-12);
  EXPECT_NEAR(executed->retrained_at_s[0], 96, 1e-9);
}

/// Runs the only job until it should have ended.
class Phased final : public Policy {
 public:
  std::string name() const override { return "phased"; }
  Plan plan(const Problem& problem) const override {
    Plan plan = Fixed({0.5}).plan(problem);
    if (problem.streams[0].retraining.empty()) return plan;
    left_s.push_back(problem.streams[0].retraining[0].work_s);
    plan.streams[0].phases = {{0, "half", 0.25, 0.5}, {2 * left_s.back(), "full", 0.5, 0}};
    return plan;
  }
  mutable std::vector<double> left_s;
};

// Believed 20 device-seconds, truly 21: after 40 s it has overrun, and 5 % of 20 more are enough: 42 s.
TEST(Execute, PlansAgainWhenAJobHasOverrunItsEstimate) {
  Problem truth = one_camera();
  truth.streams[0].retraining[0].work_s = 21;
  const Phased policy;
  const auto executed = execute(one_camera(), truth, policy);
  ASSERT_TRUE(executed) << executed.error().message;
  EXPECT_THAT(policy.left_s, ElementsAre(20, 1));
  EXPECT_NEAR(executed->retrained_at_s[0], 42, 1e-9);
}

// The better stored model answers at once: full inference with factor 1.
TEST(Execute, TakesAStoredModelAtOnce) {
  Problem problem = one_camera();
  problem.streams[0].cached_accuracy = 0.7;
  const auto executed = execute(problem, **make_policy("cached"));
  ASSERT_TRUE(executed) << executed.error().message;
  EXPECT_NEAR(executed->accuracy[0], 0.7, 1e-12);
  EXPECT_EQ(executed->retrained_at_s[0], 0);
}

// Up 40 Mbit at 4 Mbit/s, 10 s of retraining, down 40 Mbit at 2 Mbit/s: it comes after 40 s and is worse than believed.
TEST(Execute, WaitsForTheModelOfTheCloud) {
  Problem believed = one_camera();
  believed.streams[0].upload_mbit = believed.streams[0].model_mbit = 40;
  believed.cloud = scheduler::Cloud{4, 2, 10};
  Problem truth = believed;
  truth.streams[0].retraining[0].accuracy = 0.8;
  const auto executed = execute(believed, truth, **make_policy("cloud"));
  ASSERT_TRUE(executed) << executed.error().message;
  EXPECT_NEAR(executed->retrained_at_s[0], 40, 1e-9);
  EXPECT_NEAR(executed->accuracy[0], 0.4 * 0.5 + 0.6 * 0.8, 1e-12);
}

// From 0 to 80 s the instant accuracy is 0.5 · 0.8 = 0.4, then 0.72.
TEST(Execute, MeasuresTheTimeBelowTheFloor) {
  Problem problem = one_camera();
  problem.min_accuracy = 0.5;
  auto executed = execute(problem, Fixed({0.25}));
  ASSERT_TRUE(executed);
  EXPECT_NEAR(executed->below_floor_s[0], 80, 1e-9);
  problem.streams[0].min_accuracy = 0.4;
  executed = execute(problem, Fixed({0.25}));
  ASSERT_TRUE(executed);
  EXPECT_EQ(executed->below_floor_s[0], 0);
}

TEST(Execute, WeighsTheStreams) {
  Problem problem = two_cameras();
  problem.streams[0].weight = 3;
  const auto executed = execute(problem, Fixed({0.25, 0.25}));
  ASSERT_TRUE(executed);
  EXPECT_NEAR(executed->mean_accuracy, (3 * executed->accuracy[0] + executed->accuracy[1]) / 4, 1e-12);
}

TEST(Execute, RefusesAPlanThatExceedsTheDevice) {
  const auto executed = execute(two_cameras(), Fixed({0.5, 0.5}));
  ASSERT_FALSE(executed);
  EXPECT_EQ(executed.error().code, ErrorCode::kInternal);
  EXPECT_THAT(executed.error().message, HasSubstr("'fixed' is wrong: streams: the shares of device 'cpu' sum to 1.5"));
}

TEST(Execute, RefusesATruthOfAnotherShape) {
  Problem truth = one_camera();
  truth.streams[0].retraining[0].id = "other";
  const auto executed = execute(one_camera(), truth, Fixed({0.25}));
  ASSERT_FALSE(executed);
  EXPECT_EQ(executed.error().code, ErrorCode::kInvalidArgument);
}

TEST(Execute, GivesTheSameBitsAgain) {
  for (const std::string& name : policy_names()) {
    const Problem problem = scheduler::random_problem(7, 5);
    const auto policy = make_policy(name);
    EXPECT_EQ(execute(problem, **policy)->accuracy, execute(problem, **policy)->accuracy) << name;
  }
}

}  // namespace
}  // namespace ekya::sim
