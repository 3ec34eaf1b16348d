// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/profiler/costs.h"

#include <gtest/gtest.h>

#include <limits>

namespace ekya::profiler {
namespace {

const Candidate kHead{"head", "head", true, 5, 1, 32};
const Candidate kWide{"wide", "wide", true, 5, 1, 32};
const Candidate kAll{"all", "all", false, 4, 1, 32};

TEST(CostModel, TakesTheForwardTimeUntilTrainingIsTimed) {
  CostModel costs(1);
  EXPECT_EQ(costs.sample(kAll, true).count(), 0);
  costs.record_forward(Seconds{0.01});
  EXPECT_DOUBLE_EQ(costs.sample(kAll, true).count(), 0.03);
  EXPECT_DOUBLE_EQ(costs.sample(kHead, true).count(), 0.01);
  EXPECT_DOUBLE_EQ(costs.evaluation(kAll, 50).count(), 0.5);
  EXPECT_DOUBLE_EQ(costs.evaluation(kHead, 50).count(), 0.5);
  costs.record_evaluation(kHead, 100, Seconds{0.1});
  EXPECT_DOUBLE_EQ(costs.evaluation(kAll, 50).count(), 0.5);
  EXPECT_DOUBLE_EQ(costs.evaluation(kWide, 50).count(), 0.05);
  costs.record_training(kAll, true, 10, Seconds{0.4});
  EXPECT_DOUBLE_EQ(costs.sample(kAll, true).count(), 0.04);
  EXPECT_DOUBLE_EQ(costs.sample(kHead, true).count(), 0.01);
}

TEST(CostModel, TellsFreshSamplesFromThoseWhoseFeaturesAreThere) {
  CostModel costs(1);
  costs.record_training(kHead, true, 10, Seconds{1});
  EXPECT_DOUBLE_EQ(costs.sample(kHead, false).count(), 0.1);  // It costs no more.
  costs.record_training(kHead, false, 10, Seconds{0.01});
  EXPECT_DOUBLE_EQ(costs.sample(kHead, true).count(), 0.1);
  EXPECT_DOUBLE_EQ(costs.sample(kHead, false).count(), 0.001);
}

TEST(CostModel, TakesTheTimesOfFamiliesThatTrainTheSameLayers) {
  CostModel costs(1);
  costs.record_training(kHead, true, 10, Seconds{1});
  EXPECT_DOUBLE_EQ(costs.sample(kWide, true).count(), 0.1);
  costs.record_training(kWide, true, 10, Seconds{2});
  EXPECT_DOUBLE_EQ(costs.sample(kWide, true).count(), 0.2);
  EXPECT_DOUBLE_EQ(costs.sample(kHead, true).count(), 0.1);
}

TEST(CostModel, SharesTheDeviceAmongItsSlots) { EXPECT_DOUBLE_EQ(CostModel(4).device_seconds(Seconds{2}), 0.5); }

// T6
TEST(CostModel, LeavesImpossibleTimesOut) {
  const double figures[]{0,     -1,  std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(),
                         1e308, 3601};
  for (const double figure : figures) {
    SCOPED_TRACE(figure);
    CostModel costs(0);
    costs.record_forward(Seconds{0.1});
    costs.record_training(kAll, true, 1, Seconds{0.5});
    costs.record_training(kAll, true, 0, Seconds{0.7});
    costs.record_forward(Seconds{figure});
    costs.record_training(kAll, true, 1, Seconds{figure});
    costs.record_evaluation(kAll, 1, Seconds{figure});
    costs.record_overhead(Seconds{figure});
    EXPECT_DOUBLE_EQ(costs.sample(kAll, true).count(), 0.5);
    EXPECT_DOUBLE_EQ(costs.evaluation(kAll, 1).count(), 0.1);
    EXPECT_EQ(costs.overhead().count(), 0);
  }
}

}  // namespace
}  // namespace ekya::profiler
