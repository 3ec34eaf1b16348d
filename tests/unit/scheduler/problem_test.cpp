// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/scheduler/problem.h"

#include <gmock/gmock.h>

#include <cmath>
#include <functional>

#include "scheduler_problems.h"

namespace ekya::scheduler {
namespace {

using ::testing::StartsWith;

struct Bad {
  std::function<void(Problem&)> spoil;
  const char* message;
};

TEST(Problem, TheWorkedExampleIsValid) { EXPECT_TRUE(validate(worked_example(0.25))); }

TEST(Problem, WithoutStreamsIsValid) {
  Problem problem;
  problem.window_s = 1;
  EXPECT_TRUE(validate(problem));
}

TEST(Problem, EveryRefusalNamesThePlaceAndTheValue) {
  const Bad bad[] = {
      {[](Problem& p) { p.window_s = 0; }, "window_s: 0 is not > 0"},
      {[](Problem& p) { p.window_s = NAN; }, "window_s: nan is not > 0"},
      {[](Problem& p) { p.quantum = 1.5; }, "quantum: 1.5 is not in (0, 1]"},
      {[](Problem& p) { p.min_accuracy = -0.1; }, "min_accuracy: -0.1 is not in [0, 1]"},
      {[](Problem& p) { p.kappa = -1; }, "kappa: -1 is not >= 0"},
      {[](Problem& p) { p.devices.clear(); }, "devices: is empty"},
      {[](Problem& p) { p.devices.push_back(p.devices[0]); }, "devices[1].id: 'gpus' is there twice"},
      {[](Problem& p) { p.devices[0].capacity = INFINITY; }, "devices[0].capacity: inf is not > 0"},
      {[](Problem& p) { p.devices[0].id = ""; }, "devices[0].id: has 0 characters"},
      {[](Problem& p) { p.devices[0].memory_mb = NAN; }, "devices[0].memory_mb: nan is not > 0"},
      {[](Problem& p) {
         p.devices[0].throughput = {{0.5, 1}, {0.5, 2}};
       },
       "devices[0].throughput[1]: share 0.5 does not"},
      {[](Problem& p) {
         p.devices[0].throughput = {{0.5, NAN}};
       },
       "devices[0].throughput[0][1]: nan is not >= 0"},
      {[](Problem& p) {
         p.devices[0].throughput = {{0.5, 0}};
       },
       "devices[0].throughput: no point of the curve"},
      {[](Problem& p) {
         p.cloud = Cloud{0, 1, 1};
       },
       "cloud.uplink_mbps: 0 is not > 0"},
      {[](Problem& p) { p.streams[1].device = "tpu"; }, "streams[1].device: 'tpu' is not the id of a device"},
      {[](Problem& p) { p.streams[1].weight = 0; }, "streams[1].weight: 0 is not > 0"},
      {[](Problem& p) { p.streams[1].id = "../x"; }, "streams[1].id has the character '.'"},
      {[](Problem& p) { p.streams[1].id = "A"; }, "streams[1].id: 'A' is there twice"},
      {[](Problem& p) { p.streams[0].accuracy = NAN; }, "streams[0].accuracy: nan is not in [0, 1]"},
      {[](Problem& p) { p.streams[0].labelling_demand = -1; }, "streams[0].labelling_demand: -1 is not >= 0"},
      {[](Problem& p) { p.streams[0].min_accuracy = 2; }, "streams[0].min_accuracy: 2 is not in [0, 1]"},
      {[](Problem& p) { p.streams[0].inference[3].demand = -0.5; }, "streams[0].inference[3].demand: -0.5 is not >= 0"},
      {[](Problem& p) { p.streams[0].inference[3].factor = 1.01; },
       "streams[0].inference[3].factor: 1.01 is not in [0, 1]"},
      {[](Problem& p) { p.streams[1].retraining[0].work_s = -1; }, "streams[1].retraining[0].work_s: -1 is not > 0"},
      {[](Problem& p) { p.streams[1].retraining[0].max_share = 0; },
       "streams[1].retraining[0].max_share: 0 is not > 0"},
      {[](Problem& p) { p.streams[1].retraining[0].memory_mb = -1; },
       "streams[1].retraining[0].memory_mb: -1 is not >= 0"},
      {[](Problem& p) { p.streams[1].retraining[1].id = "1B"; }, "streams[1].retraining[1].id: '1B' is there twice"},
      {[](Problem& p) { p.streams[1].retraining[1].id = "a\nb"; }, "streams[1].retraining[1].id: has a character"},
      {[](Problem& p) { p.streams[1].running = "9X"; }, "streams[1].running: '9X' is not the id of a retraining"},
  };
  for (const Bad& row : bad) {
    SCOPED_TRACE(row.message);
    Problem problem = worked_example(0.25);
    row.spoil(problem);
    const Status status = validate(problem);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(status.error().message, StartsWith(row.message));
  }
}

TEST(Plan, MustAnswerTheProblem) {
  const Problem problem = worked_example(0.25);
  Plan good;
  good.streams = {{"A", "share-1", "1A", 0.5, 0, 1, 0.6, "gpus", "gpus", {}},
                  {"B", "", "", 1.5, 0, 0, 0.5, "gpus", "", {{0, "", 1.5, 0}, {85, "share-1", 2.5, 0}}}};
  good.streams[0].phases = {{0, "share-1", 0.5, 1}, {85, "share-1", 0.5, 0}};
  good.mean_accuracy = 0.55;
  EXPECT_TRUE(validate(problem, good));
  const std::pair<std::function<void(Plan&)>, const char*> bad[] = {
      {[](Plan& p) { p.streams.pop_back(); }, "streams: the plan has 1 streams, the problem 2"},
      {[](Plan& p) { std::swap(p.streams[0], p.streams[1]); }, "streams[0].id: 'B' is not 'A'"},
      {[](Plan& p) { p.streams[0].inference_config = "x"; }, "streams[0].inference_config: 'x' is not offered"},
      {[](Plan& p) { p.streams[0].retraining_config = "1B"; }, "streams[0].retraining_config: '1B' is not offered"},
      {[](Plan& p) { p.streams[0].labelling_share = -0.1; }, "streams[0].labelling_share: -0.1 is not >= 0"},
      {[](Plan& p) { p.streams[0].device = "tpu"; }, "streams[0].device: 'tpu' is not the id of a device"},
      {[](Plan& p) { p.streams[0].retraining_device = ""; },
       "streams[0].retraining_device: '' is not the id of a device"},
      {[](Plan& p) { p.streams[1].inference_share = 1.6; }, "streams[1].phases[0]: differs from what"},
      {[](Plan& p) { p.streams[1].phases[1].inference_share = 2.6; },
       "streams: the shares of device 'gpus' sum to 3.1, more than the capacity 3"},
      {[](Plan& p) { p.streams[1].phases[1].begin_s = 84; }, "streams: the shares of device 'gpus' sum to 4, more"},
      {[](Plan& p) { p.streams[1].phases[1].begin_s = 0; }, "streams[1].phases[1].begin_s: 0 does not lie after"},
      {[](Plan& p) {
         p.streams[1].delivery = Delivery{-1, 0.5};
       },
       "streams[1].delivery.at_s: -1 is not >= 0"},
      {[](Plan& p) {
         p.streams[1].delivery = Delivery{1, 1.5};
       },
       "streams[1].delivery.accuracy: 1.5 is not in [0, 1]"},
      {[](Plan& p) { p.mean_accuracy = NAN; }, "mean_accuracy: nan is not in [0, 1]"},
  };
  for (const auto& [spoil, message] : bad) {
    SCOPED_TRACE(message);
    Plan plan = good;
    spoil(plan);
    const Status status = validate(problem, plan);
    ASSERT_FALSE(status);
    EXPECT_THAT(status.error().message, StartsWith(message));
  }
}

TEST(Plan, JobsThatRunTogetherMustFitIntoTheMemory) {
  Problem problem = worked_example(0.25);
  problem.devices[0].memory_mb = 1000;
  problem.streams[0].retraining[0].memory_mb = 600;
  problem.streams[1].retraining[0].memory_mb = 600;
  Plan plan;
  plan.streams = {{"A", "", "1A", 0, 0, 1, 0.6, "gpus", "gpus", {{0, "", 0, 1}, {85, "", 0, 0}}},
                  {"B", "", "1B", 0, 0, 0, 0.5, "gpus", "gpus", {{0, "", 0, 0}, {85, "", 0, 2}}}};
  EXPECT_TRUE(validate(problem, plan));
  plan.streams[1].phases[1].begin_s = 80;
  const Status status = validate(problem, plan);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message, "streams: the jobs on device 'gpus' hold 1200 MB, more than 1000 MB");
}

TEST(Pessimistic, MakesEachEstimateWorseByKappaDeviations) {
  Problem problem = worked_example(0.25);
  problem.kappa = 2;
  problem.streams[0].retraining[0].accuracy_sd = 0.05;
  problem.streams[0].retraining[0].work_sd_s = 10;
  problem.streams[0].retraining[1].accuracy_sd = 0.9;
  const Problem worse = pessimistic(problem);
  EXPECT_DOUBLE_EQ(worse.streams[0].retraining[0].accuracy, 0.65);
  EXPECT_DOUBLE_EQ(worse.streams[0].retraining[0].work_s, 105);
  EXPECT_EQ(worse.streams[0].retraining[1].accuracy, 0);
  EXPECT_EQ(worse.streams[1].retraining[0].accuracy, 0.9);
  EXPECT_EQ(worse.kappa, 0);
}

}  // namespace
}  // namespace ekya::scheduler
