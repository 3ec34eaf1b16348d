// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/sim/estimate_error.h"

#include <gtest/gtest.h>

#include <cmath>

#include "ekya/scheduler/problem_json.h"
#include "unit/scheduler/scheduler_problems.h"

namespace ekya::sim {
namespace {

scheduler::Problem many_configs() {
  scheduler::Problem problem;
  problem.window_s = 200;
  problem.streams = {{"cam0", 0.5, 0, {}, {}, {}, ""}};
  for (int i = 0; i < 20000; ++i) problem.streams[0].retraining.push_back({"g" + std::to_string(i), 40, 0.5});
  return problem;
}

TEST(EstimateError, LeavesTheMeanAndHasTheDeviationAskedFor) {
  const auto believed = with_estimate_error(many_configs(), 0.2, 1);
  double accuracy = 0, accuracy2 = 0, work = 0, work2 = 0;
  const auto& configs = believed.streams[0].retraining;
  for (const auto& config : configs) {
    accuracy += config.accuracy;
    accuracy2 += config.accuracy * config.accuracy;
    work += config.work_s;
    work2 += config.work_s * config.work_s;
  }
  const auto n = static_cast<double>(configs.size());
  EXPECT_NEAR(accuracy / n, 0.5, 0.005);
  EXPECT_NEAR(std::sqrt(accuracy2 / n - std::pow(accuracy / n, 2)), 0.1, 0.002);
  EXPECT_NEAR(work / n, 40, 0.2);
  EXPECT_NEAR(std::sqrt(work2 / n - std::pow(work / n, 2)), 8, 0.2);
}

TEST(EstimateError, TellsItsDeviation) {
  const auto believed = with_estimate_error(many_configs(), 0.3, 1);
  for (const auto& config : believed.streams[0].retraining) {
    EXPECT_DOUBLE_EQ(config.accuracy_sd, 0.3 * config.accuracy);
    EXPECT_DOUBLE_EQ(config.work_sd_s, 0.3 * config.work_s);
  }
}

TEST(EstimateError, OfZeroChangesNothing) {
  const auto truth = scheduler::random_problem(3, 4);
  EXPECT_EQ(scheduler::to_json(with_estimate_error(truth, 0, 1)), scheduler::to_json(truth));
}

TEST(EstimateError, IsTheSameForTheSameSeedAndPassesValidate) {
  for (unsigned seed = 0; seed < 50; ++seed) {
    const auto truth = scheduler::random_problem(seed, 4);
    const auto believed = with_estimate_error(truth, 0.5, seed);
    EXPECT_TRUE(validate(believed));
    EXPECT_EQ(scheduler::to_json(believed), scheduler::to_json(with_estimate_error(truth, 0.5, seed)));
  }
}

}  // namespace
}  // namespace ekya::sim
