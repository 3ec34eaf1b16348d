// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/scheduler/policy.h"

#include <gmock/gmock.h>

#include "ekya/scheduler/pick.h"
#include "scheduler_problems.h"

namespace ekya::scheduler {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Plan plan_by(const char* policy, const Problem& problem) { return (*make_policy(policy))->plan(problem); }

TEST(MakePolicy, KnowsTheDocumentedNames) {
  EXPECT_THAT(policy_names(), ElementsAre("phased", "exact", "thief-wide", "thief", "uniform", "fixed-config",
                                          "fixed-share", "cached", "cloud", "no-retraining"));
  for (const std::string& name : policy_names()) EXPECT_EQ((*make_policy(name))->name(), name);
}

TEST(MakePolicy, RefusesAnUnknownNameAndListsTheKnown) {
  const auto policy = make_policy("greedy\n");
  ASSERT_FALSE(policy);
  EXPECT_EQ(policy.error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(policy.error().message,
            "policy 'greedy\\x0a' is unknown; use one of phased, exact, thief-wide, thief, uniform, "
            "fixed-config, fixed-share, cached, cloud, no-retraining");
}

// Everything that a policy promises, on problems of all shapes.
void expect_a_good_plan(const std::string& policy, const Problem& problem) {
  const Status sound = validate(problem);
  ASSERT_TRUE(sound) << sound.error().message;
  const Plan plan = plan_by(policy.c_str(), problem);
  const Status status = validate(problem, plan);
  EXPECT_TRUE(status) << status.error().message;
  EXPECT_EQ(plan.policy, policy);
  for (std::size_t v = 0; v < plan.streams.size(); ++v) {
    const Stream& stream = problem.streams[v];
    if (!plan.streams[v].retraining_config.empty() && !stream.running.empty()) {
      EXPECT_EQ(plan.streams[v].retraining_config, stream.running);
    }
    if (policy == "phased") continue;  // it may take from a stream later on
    EXPECT_GE(plan.streams[v].expected_accuracy + 1e-12,
              estimate_choice(DeviceWindow(problem), stream, plan.streams[v].inference_share, 0, nullptr).accuracy);
  }
}

TEST(EveryPolicy, GivesAPlanThatPassesValidate) {
  for (const std::string& name : policy_names())
    for (unsigned seed = 0; seed < 300; ++seed) {
      SCOPED_TRACE(name + " seed " + std::to_string(seed));
      expect_a_good_plan(name, random_general_problem(seed));
    }
}

TEST(EveryPolicy, GivesAPlanThatPassesValidateOnSeveralDevices) {
  for (const std::string& name : policy_names())
    for (unsigned seed = 0; seed < 300; ++seed) {
      SCOPED_TRACE(name + " seed " + std::to_string(seed));
      expect_a_good_plan(name, random_devices_problem(seed));
    }
}

TEST(EveryPolicy, PlansForNoStreamsAtAll) {
  Problem problem;
  problem.window_s = 10;
  for (const std::string& name : policy_names()) {
    const Plan plan = plan_by(name.c_str(), problem);
    EXPECT_TRUE(plan.streams.empty());
    EXPECT_EQ(plan.mean_accuracy, 0);
  }
}

// Alone each config would be taken. The large one does not fit, so the small one is, and the job of "low", which gains
// less for its memory, goes.
TEST(EveryPolicy, FitsJobsIntoTheMemoryByDroppingThoseThatGainLeastForIt) {
  Problem problem;
  problem.window_s = 100;
  problem.min_accuracy = 0;
  problem.devices[0].memory_mb = 1000;
  problem.streams = {{"high", 0.5, 0, {}, {}, {{"large", 10, 0.95, 1, 1200}, {"small", 10, 0.9, 1, 600}}, ""},
                     {"low", 0.5, 0, {}, {}, {{"g", 10, 0.6, 1, 600}}, ""}};
  for (const char* policy : {"exact", "thief-wide", "thief", "uniform", "fixed-share"}) {
    const Plan plan = plan_by(policy, problem);
    EXPECT_EQ(plan.streams[0].retraining_config, "small") << policy;
    EXPECT_EQ(plan.streams[1].retraining_config, "") << policy;
  }
}

TEST(Thief, ServesAStreamThatOnlyRetrains) {
  Problem problem;
  problem.window_s = 100;
  problem.streams = {{"cam", 0.5, 0, {}, {}, {{"g", 10, 0.9, 1}}, ""}};
  const Plan plan = plan_by("thief", problem);
  EXPECT_EQ(plan.streams[0].retraining_config, "g");
  EXPECT_DOUBLE_EQ(plan.streams[0].retraining_share, 1);
  EXPECT_DOUBLE_EQ(plan.streams[0].expected_accuracy, 0.86);  // (10 · 0.5 + 90 · 0.9) / 100
}

TEST(Thief, GivesAStreamThatCannotRetrainTheWholeDevice) {
  Problem problem;
  problem.window_s = 100;
  problem.streams = {{"cam", 0.5, 0, {}, {{"full", 0.9, 1}}, {{"worse", 10, 0.4, 1}}, ""}};
  const Plan plan = plan_by("thief", problem);
  EXPECT_DOUBLE_EQ(plan.streams[0].inference_share, 1);
  EXPECT_EQ(plan.streams[0].inference_config, "full");
  EXPECT_EQ(plan.streams[0].retraining_config, "");
}

TEST(Thief, ServesLabellingFirstAndPlansTheRest) {
  Problem problem = worked_example(0.25);
  problem.streams[0].labelling_demand = 0.3;
  const Plan plan = plan_by("thief", problem);
  EXPECT_DOUBLE_EQ(plan.streams[0].labelling_share, 0.3);
  EXPECT_LE(sum_of_shares(plan), 3 + 1e-9);
}

// Ekya (NSDI 2022), section 3.2: 73 % over the two windows against 56 % of the uniform scheduler, which is ours
// in the first window on the hand-over score: recorded 0.6770833 and 0.467719.
TEST(WorkedExample, TheThiefRetrainsTheStreamThatGainsMost) {
  const Plan plan = plan_by("thief", worked_example(0.25));
  EXPECT_NEAR(plan.mean_accuracy, 0.6770833333, 1e-6);
  EXPECT_EQ(plan.streams[0].retraining_config, "");
  EXPECT_EQ(plan.streams[1].retraining_config, "2B");
  EXPECT_DOUBLE_EQ(plan.streams[0].inference_share, 1);
  EXPECT_DOUBLE_EQ(plan.streams[1].inference_share, 1);
  EXPECT_DOUBLE_EQ(plan.streams[1].retraining_share, 1);
}

TEST(WorkedExample, UniformTrainsTheMostAccurateConfigOfBothStreams) {
  const Plan plan = plan_by("uniform", worked_example(0.25));
  EXPECT_EQ(plan.streams[0].retraining_config, "1A");
  EXPECT_EQ(plan.streams[1].retraining_config, "1B");
  for (const StreamPlan& stream : plan.streams) {
    EXPECT_DOUBLE_EQ(stream.inference_share, 0.75);
    EXPECT_DOUBLE_EQ(stream.retraining_share, 0.75);
  }
  EXPECT_NEAR(plan.mean_accuracy, 0.4677083333, 1e-9);
}

TEST(WorkedExample, WithoutRetrainingIsTheMeanOfTheStartAccuracies) {
  EXPECT_DOUBLE_EQ(plan_by("no-retraining", worked_example(0.25)).mean_accuracy, 0.575);
}

TEST(Uniform, LeavesTheWholeShareToInferenceWhereItsConfigDoesNotPay) {
  Problem problem = worked_example(0.25);
  problem.window_s = 90;  // at 0.75 neither 1A (113 s) nor 1B (107 s) ends
  const Plan plan = plan_by("uniform", problem);
  EXPECT_DOUBLE_EQ(plan.streams[0].inference_share, 1.5);
  EXPECT_EQ(plan.streams[0].retraining_config, "");
}

// Shares as uniform, configs by Algorithm 2: at 0.75 config 2A ends after 86.7 s, 2B after 66.7 s.
TEST(WorkedExample, FixedShareTakesTheConfigsThatPayMostAtHalfTheShare) {
  const Plan plan = plan_by("fixed-share", worked_example(0.25));
  EXPECT_EQ(plan.streams[0].retraining_config, "2A");
  EXPECT_EQ(plan.streams[1].retraining_config, "2B");
  EXPECT_DOUBLE_EQ(plan.streams[1].retraining_share, 0.75);
  EXPECT_NEAR(plan.mean_accuracy, (0.5465277778 + 0.5861111111) / 2, 1e-9);
}

// At 0.25 devices each "cheap" adds 0.08 + 0.24, "dear" 0.16 + 0; a stream of little weight changes that.
TEST(FixedConfig, GivesAllStreamsTheConfigThatAddsMostAtFairShares) {
  Problem problem;
  problem.window_s = 100;
  problem.min_accuracy = 0;
  problem.streams = {{"a", 0.5, 0, {}, {}, {{"cheap", 5, 0.6}, {"dear", 15, 0.9}}, ""},
                     {"b", 0.5, 0, {}, {}, {{"cheap", 5, 0.8}, {"dear", 30, 0.9}}, ""}};
  const Plan plan = plan_by("fixed-config", problem);
  EXPECT_EQ(plan.streams[0].retraining_config, "cheap");
  EXPECT_EQ(plan.streams[1].retraining_config, "cheap");
  problem.streams[1].weight = 0.1;
  EXPECT_EQ(plan_by("fixed-config", problem).streams[0].retraining_config, "dear");
  EXPECT_NE(plan_by("fixed-config", problem).streams[1].retraining_config, "cheap");
}

/// Highest mean accuracy of all shares that are multiples of the quantum: an oracle for small problems.
double exhaustive(const Problem& problem, std::size_t v, int quanta) {
  if (v == problem.streams.size()) return 0;
  double best = 0;
  for (int r = 0; r <= quanta; ++r)
    for (int i = 0; i + r <= quanta; ++i) {
      const double here =
          pick_configs(DeviceWindow(problem), problem.streams[v], i * problem.quantum, r * problem.quantum).accuracy;
      best = std::max(best, here + exhaustive(problem, v + 1, quanta - r - i));
    }
  return best;
}

double fair_start(const Problem& problem) {
  double jobs = 0, sum = 0;
  const auto trains = [](const Stream& stream) {
    return std::any_of(stream.retraining.begin(), stream.retraining.end(),
                       [&](const RetrainingConfig& config) { return is_candidate(stream, config); });
  };
  for (const Stream& stream : problem.streams) jobs += 1 + trains(stream);
  for (const Stream& stream : problem.streams)
    sum += pick_configs(DeviceWindow(problem), stream, problem.devices[0].capacity / jobs,
                        trains(stream) ? problem.devices[0].capacity / jobs : 0)
               .accuracy;
  return sum / static_cast<double>(problem.streams.size());
}

TEST(Thief, LiesBetweenItsFairStartAndTheExhaustiveOptimum) {
  double worst = 0, sum = 0;
  int compared = 0;
  for (unsigned seed = 0; seed < 150; ++seed) {
    Problem problem = random_problem(seed, 2);
    problem.devices[0].capacity = 1;
    // The lattice must hold the fair start of 2, 3 or 4 jobs.
    problem.quantum = 1.0 / 12;
    const double thief = plan_by("thief", problem).mean_accuracy;
    const double best = exhaustive(problem, 0, 12) / 2;
    SCOPED_TRACE("seed " + std::to_string(seed));
    EXPECT_LE(thief, best + 1e-9);
    EXPECT_GE(thief, fair_start(problem) - 1e-9);
    worst = std::max(worst, best - thief);
    sum += best - thief;
    ++compared;
  }
  RecordProperty("mean_distance_to_optimum", std::to_string(sum / compared));
  RecordProperty("worst_distance_to_optimum", std::to_string(worst));
}

// The heuristic as printed stops at the first step that does not pay, so it can end below plain inference.
TEST(Thief, MayEndBelowNoRetraining) {
  Problem problem;
  problem.window_s = 100;
  problem.quantum = 0.1;
  problem.min_accuracy = 0;
  // Inference needs 0.8 and starts with 0.5: one more step of 0.1 buys nothing, and the job is of little use.
  problem.streams = {{"cam", 0.8, 0, {}, {{"full", 0.8, 1}}, {{"g", 30, 0.82, 1}}, ""}};
  EXPECT_LT(plan_by("thief", problem).mean_accuracy, plan_by("no-retraining", problem).mean_accuracy);
}

TEST(Thief, PutsAReachableLeastAccuracyBeforeTheMean) {
  Problem problem;
  problem.window_s = 100;
  problem.quantum = 0.25;
  problem.min_accuracy = 0;
  problem.streams = {
      {"dull", 0.45, 0, {}, {{"full", 0.5, 1}}, {}, ""},
      {"sharp", 0.9, 0, {}, {{"full", 0.75, 1}, {"half", 0.5, 0.4}}, {}, ""},
  };
  // 0 + 0.9 is more than 0.45 + 0.36
  EXPECT_DOUBLE_EQ(plan_by("thief", problem).streams[0].inference_share, 0.25);
  EXPECT_DOUBLE_EQ(plan_by("thief", problem).streams[1].expected_accuracy, 0.9);
  problem.streams[0].min_accuracy = 0.4;
  EXPECT_DOUBLE_EQ(plan_by("thief", problem).streams[0].expected_accuracy, 0.45);
  EXPECT_DOUBLE_EQ(plan_by("thief", problem).streams[1].expected_accuracy, 0.36);
}

TEST(Thief, StealsWholeFairSharesWhereTheseAreBelowTheQuantum) {
  Problem problem;
  problem.window_s = 100;
  problem.quantum = 0.5;
  problem.min_accuracy = 0;
  for (int v = 0; v < 4; ++v)
    problem.streams.push_back({"cam" + std::to_string(v), v == 0 ? 0.9 : 0.1, 0, {}, linear_inference(0.125), {}, ""});
  const Plan plan = plan_by("thief", problem);
  EXPECT_GT(plan.streams[0].inference_share, 0.25);
}

}  // namespace
}  // namespace ekya::scheduler
