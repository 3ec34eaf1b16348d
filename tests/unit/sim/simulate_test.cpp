// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/sim/simulate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "ekya/scheduler/policy.h"
#include "ekya/sim/execute.h"
#include "ekya/sim/generate.h"
#include "sim_scenarios.h"

namespace ekya::sim {
namespace {

using ::testing::HasSubstr;

/// cam0 alone. Under `uniform` it has half the device, which is full inference, and its job the other half: 40 s.
Scenario one_camera() {
  Scenario scenario = two_windows();
  scenario.streams.pop_back();
  return scenario;
}

StreamResult first(const Result<Simulated>& simulated, std::size_t window) { return simulated->windows[window][0]; }

TEST(Simulate, CountsAModelFromTheEndOfItsJobAndDriftFromTheWindowsBegin) {
  const auto simulated = simulate(one_camera(), "uniform");
  ASSERT_TRUE(simulated) << simulated.error().message;
  EXPECT_NEAR(first(simulated, 0).accuracy, 0.4 * 0.5 + 0.6 * 0.9, 1e-9);
  EXPECT_NEAR(first(simulated, 1).accuracy, 0.4 * 0.7 + 0.6 * 0.9, 1e-9);
  EXPECT_NEAR(simulated->mean_accuracy, (0.74 + 0.82) / 2, 1e-9);
  EXPECT_EQ(simulated->jobs_done, 2);
  EXPECT_NEAR(simulated->retraining_s, 40, 1e-9);
}

TEST(Simulate, MeasuresAndExpectsTheSameWithoutDelays) {
  const auto simulated = simulate(one_camera(), "uniform");
  ASSERT_TRUE(simulated);
  for (std::size_t w = 0; w < 2; ++w) EXPECT_NEAR(first(simulated, w).measured, first(simulated, w).accuracy, 1e-9);
}

TEST(Simulate, WaitsForTheSwap) {
  Scenario scenario = one_camera();
  scenario.swap_delay_s = 5;
  const auto simulated = simulate(scenario, "uniform");
  ASSERT_TRUE(simulated) << simulated.error().message;
  EXPECT_NEAR(first(simulated, 0).accuracy, 0.45 * 0.5 + 0.55 * 0.9, 1e-9);
}

TEST(Simulate, RetrainsOnlyOnceThereAreLabels) {
  Scenario scenario = one_camera();
  scenario.label_delay_s = 10;
  const auto simulated = simulate(scenario, "uniform");
  ASSERT_TRUE(simulated) << simulated.error().message;
  EXPECT_NEAR(first(simulated, 0).accuracy, 0.5 * 0.5 + 0.5 * 0.9, 1e-9);
  EXPECT_NEAR(first(simulated, 1).accuracy, 0.5 * 0.7 + 0.5 * 0.9, 1e-9);
}

// The drop comes 20 s after the model, which then has 0.7 until the job that it allows ends 40 s later.
TEST(Simulate, RetrainsAgainAfterADropInTheMiddle) {
  Scenario scenario = one_camera();
  scenario.windows = 1;
  scenario.window_s = 200;
  scenario.streams[0].scenes[1].begin_s = 60;
  const auto simulated = simulate(scenario, "uniform");
  ASSERT_TRUE(simulated) << simulated.error().message;
  EXPECT_NEAR(first(simulated, 0).accuracy, (40 * 0.5 + 20 * 0.9 + 40 * 0.7 + 100 * 0.9) / 200, 1e-9);
  EXPECT_EQ(simulated->jobs_done, 2);
}

// The model of a job that learns from before the drop falls with it.
TEST(Simulate, ADropHitsARunningJob) {
  Scenario scenario = one_camera();
  scenario.windows = 1;
  scenario.label_delay_s = 50;
  scenario.streams[0].scenes[1].begin_s = 80;
  const auto simulated = simulate(scenario, "uniform");
  ASSERT_TRUE(simulated) << simulated.error().message;
  EXPECT_NEAR(first(simulated, 0).accuracy, 0.8 * 0.5 + 0.1 * 0.3 + 0.1 * 0.7, 1e-9);
}

// Believed 40 device-seconds, truly 50. After 10 s that is known, and the 90 s that are left of the window are just too
// few for the other 45. In the second window they are done at 90 s; the model has fallen by the drop meanwhile.
TEST(Simulate, TellsTheTrueWorkAfterATenthAndTakesAJobOverTheWindowsEnd) {
  Scenario scenario = one_camera();
  scenario.streams[0].scenes[0].retraining[0].work_s = 50;
  scenario.streams[0].scenes[0].retraining[0].believed.work_s = 40;
  const auto simulated = simulate(scenario, "uniform");
  ASSERT_TRUE(simulated) << simulated.error().message;
  EXPECT_NEAR(first(simulated, 0).accuracy, 0.5, 1e-9);
  EXPECT_NEAR(first(simulated, 1).accuracy, 0.9 * 0.3 + 0.1 * 0.7, 1e-9);
  EXPECT_EQ(simulated->jobs_done, 1);
}

TEST(Simulate, MeasuresTheTimeBelowTheFloor) {
  Scenario scenario = one_camera();
  scenario.streams[0].min_accuracy = 0.6;
  const auto simulated = simulate(scenario, "uniform");
  ASSERT_TRUE(simulated);
  EXPECT_NEAR(first(simulated, 0).below_floor_s, 40, 1e-9);
  EXPECT_NEAR(first(simulated, 1).below_floor_s, 0, 1e-9);
}

TEST(Simulate, WeighsTheStreams) {
  Scenario scenario = two_windows();
  scenario.streams[0].weight = 3;
  const auto simulated = simulate(scenario, "thief");
  ASSERT_TRUE(simulated);
  double sum = 0;
  for (const auto& window : simulated->windows) sum += 3 * window[0].accuracy + window[1].accuracy;
  EXPECT_NEAR(simulated->mean_accuracy, sum / 8, 1e-12);
}

// 20 Mbit up at 1 Mbit/s, 10 s there, 20 Mbit down at 2 Mbit/s: the model comes 40 s after the
// labels, which the second window has from its 20th second on.
TEST(Simulate, WaitsForTheModelOfTheCloudWhateverIsPlannedMeanwhile) {
  Scenario scenario = one_camera();
  scenario.cloud = scheduler::Cloud{1, 2, 10};
  scenario.streams[0].upload_mbit = scenario.streams[0].model_mbit = 20;
  scenario.streams[0].scenes[0].retraining[0].accuracy = 0.8;
  scenario.streams[0].scenes[1].drop = 0.1;
  scenario.streams[0].scenes[1].begin_s = 120;
  const auto simulated = simulate(scenario, "cloud");
  ASSERT_TRUE(simulated) << simulated.error().message;
  EXPECT_NEAR(first(simulated, 0).accuracy, 0.4 * 0.5 + 0.6 * 0.8, 1e-9);
  EXPECT_NEAR(first(simulated, 1).accuracy, 0.2 * 0.8 + 0.4 * 0.7 + 0.4 * 0.9, 1e-9);
}

TEST(Simulate, RefusesAnUnknownPolicyAndABadScenario) {
  EXPECT_EQ(simulate(one_camera(), "greedy").error().code, ErrorCode::kNotFound);
  Scenario scenario = one_camera();
  scenario.devices.clear();
  EXPECT_EQ(simulate(scenario, "thief").error().code, ErrorCode::kInvalidArgument);
}

TEST(Simulate, GivesTheSameBytesForTheSameScenario) {
  GenerateOptions options;
  options.windows = 3;
  options.error = 0.3;
  const auto run = [&] {
    std::string text;
    const auto trace = [&](const std::string& line) { text += line + "\n"; };
    EXPECT_TRUE(simulate(generate(options), "phased", trace));
    return text;
  };
  const std::string once = run();
  EXPECT_GT(once.size(), 10000U);
  EXPECT_EQ(run(), once);
}

// The controller plans at least a quarter of a window ahead, the direct executor what is left; but for that both must
// come to the same.
TEST(Simulate, OfOneWindowComesToWhatTheDirectExecutorDoes) {
  for (const char* policy : {"phased", "exact", "thief", "thief-wide", "cached", "no-retraining"})
    for (std::uint64_t seed = 0; seed < 30; ++seed) {
      GenerateOptions options;
      options.seed = seed;
      options.streams = 1 + static_cast<int>(seed % 6);
      options.devices = 1 + static_cast<int>(seed % 3);
      options.pooled = seed % 2;
      options.configs = 8;
      const Scenario scenario = generate(options);
      const auto simulated = simulate(scenario, policy);
      const auto executed =
          execute(problem_of(scenario, true), problem_of(scenario, false), **scheduler::make_policy(policy));
      ASSERT_TRUE(simulated && executed);
      EXPECT_NEAR(simulated->mean_accuracy, executed->mean_accuracy, 0.002) << policy << ", seed " << seed;
    }
}

// simulate() itself checks the shares of every device at every moment.
TEST(Simulate, EveryPolicyCarriesOutRandomScenarios) {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    GenerateOptions options;
    options.seed = seed;
    options.streams = 1 + static_cast<int>(seed % 6);
    options.devices = 1 + static_cast<int>(seed % 3);
    options.windows = 2;
    options.pooled = seed % 2;
    options.configs = 6;
    options.label_delay_s = static_cast<double>(seed % 5);
    options.swap_delay_s = static_cast<double>(seed % 4);
    options.error = seed % 3 ? 0 : 0.5;
    const Scenario scenario = generate(options);
    for (const std::string& policy : scheduler::policy_names()) {
      const auto simulated = simulate(scenario, policy);
      ASSERT_TRUE(simulated) << policy << ", seed " << seed << ": " << simulated.error().message;
      for (const auto& window : simulated->windows)
        for (const StreamResult& result : window)
          EXPECT_TRUE(result.accuracy >= 0 && result.accuracy <= 1) << result.accuracy;
      const double most = options.devices * scenario.window_s * 2 + 1e-6;
      EXPECT_LE(simulated->inference_s + simulated->labelling_s + simulated->retraining_s, most);
    }
  }
}

}  // namespace
}  // namespace ekya::sim
