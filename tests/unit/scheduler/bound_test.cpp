// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/scheduler/bound.h"

#include <gtest/gtest.h>

#include <cmath>

#include "ekya/base/random.h"
#include "ekya/scheduler/policy.h"
#include "scheduler_problems.h"

namespace ekya::scheduler {
namespace {

/// Two cameras that need 0.5 devices each; one may retrain for 40 s.
Problem two_cameras(double capacity) {
  Problem problem;
  problem.window_s = 100;
  problem.devices[0].capacity = capacity;
  for (const char* id : {"a", "b"}) {
    Stream stream;
    stream.id = id;
    stream.accuracy = 0.5;
    stream.inference = {{"full", 0.5, 1}};
    problem.streams.push_back(std::move(stream));
  }
  problem.streams[0].retraining = {{"g", 40, 0.9, 1}};
  return problem;
}

TEST(UpperBound, WithoutAPriceIsWhatEachStreamReachesAlone) {
  const Problem problem = two_cameras(1);
  const WindowModel model(problem);
  // (40 · 0.5 + 60 · 0.9) / 100 and 0.5
  EXPECT_NEAR(UpperBound(model, 0).at({{0}, {0}}), (0.74 + 0.5) / 2, 1e-12);
}

TEST(UpperBound, IsWhatAPlanReachesWhereCapacityIsEnough) {
  const Problem problem = two_cameras(2);
  const Plan plan = (*make_policy("phased"))->plan(problem);
  EXPECT_NEAR(plan.mean_accuracy, (0.74 + 0.5) / 2, 1e-9);
  EXPECT_NEAR(plan.upper_bound, plan.mean_accuracy, 1e-5);
}

// At 1 a device until the end inference is worth what it costs: 0.5 of accuracy for 0.5 devices. Retraining gains at
// most 0.4 a second from then on, for 40 of price: 40 · 0.5 · 0 + 60 · 0.4 - 40 < 0. All that is left is the price of
// the capacity.
TEST(UpperBound, AtAHighPriceIsThePriceOfAllCapacity) {
  const Problem problem = two_cameras(0.8);
  const WindowModel model(problem);
  EXPECT_NEAR(UpperBound(model, 0).at({{0}, {1}}), 0.8 / 2, 1e-12);
}

TEST(UpperBound, CountsLabellingAsTaken) {
  const Problem problem = two_cameras(0.8);
  const WindowModel model(problem);
  EXPECT_NEAR(UpperBound(model, 0.3).at({{0}, {1}}), 0.5 / 2, 1e-12);
}

TEST(UpperBound, HoldsAtAnyPricesForThePlansOfEveryPolicy) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Problem problem = random_general_problem(seed);
    for (Stream& stream : problem.streams) stream.labelling_demand = 0;
    const WindowModel model(problem);
    Random random(seed);
    CapacityPrices prices;
    for (int k = 0; k < 5; ++k) {
      prices.begin_s.push_back(problem.window_s * k / 5);
      prices.price.push_back(std::exp(random.uniform(-4, 2)));
    }
    const double bound = UpperBound(model, 0).at(prices);
    for (const char* name : {"phased", "exact", "thief-wide", "thief", "uniform", "no-retraining"})
      EXPECT_GE(bound, (*make_policy(name))->plan(problem).mean_accuracy - 1e-9) << name;
  }
}

}  // namespace
}  // namespace ekya::scheduler
