// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "ekya/base/random.h"
#include "ekya/learner/accuracy.h"

namespace ekya::learner {
namespace {

void add(AccuracyMonitor& monitor, int count, bool right) {
  for (int i = 0; i < count; ++i) monitor.add(right);
}

/// `right` of every ten labels, spread evenly.
void add_mixed(AccuracyMonitor& monitor, int count, int right) {
  for (int i = 0; i < count; ++i) monitor.add(i * right / 10 != (i + 1) * right / 10);
}

TEST(SignTest, GivesTheExactTailOfFairCoinTosses) {
  EXPECT_DOUBLE_EQ(sign_test(0, 0), 1);
  EXPECT_NEAR(sign_test(4, 0), 0.0625, 1e-9);
  EXPECT_NEAR(sign_test(3, 0), 0.125, 1e-9);
  EXPECT_NEAR(sign_test(8, 2), 56.0 / 1024, 1e-9);
  EXPECT_NEAR(sign_test(0, 5), 1, 1e-9);
  EXPECT_NEAR(sign_test(-1, -1), 1, 1e-9);
  EXPECT_LT(sign_test(2000, 1000), 1e-9);
}

TEST(WilsonInterval, IsThatOfTheTextbook) {
  const Interval half = wilson_interval(5, 10);
  EXPECT_NEAR(half.low, 0.2366, 1e-4);
  EXPECT_NEAR(half.high, 0.7634, 1e-4);
  EXPECT_NEAR(wilson_interval(10, 10).low, 0.7225, 1e-4);
  EXPECT_EQ(wilson_interval(0, 0).high, 1);
}

TEST(AccuracyMonitor, TellsNothingFromFewLabels) {
  AccuracyMonitor monitor;
  add(monitor, 9, true);
  EXPECT_FALSE(monitor.accuracy());
  monitor.add(true);
  EXPECT_DOUBLE_EQ(*monitor.accuracy(), 1);
}

TEST(AccuracyMonitor, WeighsNewLabelsMore) {
  AccuracyMonitor monitor;
  add(monitor, 25, false);
  add(monitor, 25, true);
  EXPECT_NEAR(*monitor.accuracy(), 2.0 / 3, 1e-9);  // One half-life each: weights 1/2 and 1.
}

TEST(AccuracyMonitor, StartsWithWhatTheGateMeasured) {
  AccuracyMonitor monitor;
  monitor.reset(0.8);
  EXPECT_DOUBLE_EQ(*monitor.accuracy(), 0.8);
  add(monitor, 100, true);
  EXPECT_GT(*monitor.accuracy(), 0.97);
}

TEST(AccuracyMonitor, SeesASuddenFallOnce) {
  AccuracyMonitor monitor;
  add_mixed(monitor, 60, 9);
  ASSERT_FALSE(monitor.take_drift());
  add_mixed(monitor, 20, 5);
  const auto drift = monitor.take_drift();
  ASSERT_TRUE(drift);
  EXPECT_NEAR(drift->accuracy, 0.5, 1e-9);
  EXPECT_NEAR(drift->previous, 0.9, 1e-9);
  EXPECT_FALSE(monitor.take_drift());
}

TEST(AccuracyMonitor, TakesNoNoiseForDrift) {
  AccuracyMonitor monitor;
  add_mixed(monitor, 100, 9);
  add_mixed(monitor, 20, 8);
  EXPECT_FALSE(monitor.take_drift());
}

/// Labels until a drift is told, at most `most`.
int labels_until_drift(AccuracyMonitor& monitor, Random& random, double accuracy, int most) {
  for (int i = 1; i <= most; ++i) {
    monitor.add(random.chance(accuracy));
    if (monitor.take_drift()) return i;
  }
  return most;
}

TEST(AccuracyMonitor, SeesAFallFromNineTenthsToAHalfWithinFourteenLabels) {
  std::vector<int> delays;
  for (std::uint64_t seed = 0; seed < 101; ++seed) {
    AccuracyMonitor monitor;
    Random random(seed, 1);
    monitor.reset(0.9);
    labels_until_drift(monitor, random, 0.9, 60);
    delays.push_back(labels_until_drift(monitor, random, 0.5, 1000));
  }
  std::nth_element(delays.begin(), delays.begin() + 50, delays.end());
  EXPECT_LE(delays[50], 14);
}

TEST(AccuracyMonitor, IsWrongOnceInTwoThousandLabelsAtMostWhateverTheAccuracy) {
  for (const double accuracy : {0.95, 0.8, 0.5}) {
    SCOPED_TRACE(accuracy);
    AccuracyMonitor monitor;
    Random random(1);
    int alarms = 0;
    for (int i = 0; i < 40000; ++i) {
      monitor.add(random.chance(accuracy));
      alarms += monitor.take_drift().has_value();
    }
    EXPECT_LE(alarms, 20);
  }
}

TEST(AccuracyMonitor, SeesASmallFallInTime) {
  int seen = 0;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    AccuracyMonitor monitor;
    Random random(seed, 2);
    labels_until_drift(monitor, random, 0.92, 500);
    seen += labels_until_drift(monitor, random, 0.78, 400) < 400;
  }
  EXPECT_GE(seen, 14);
}

TEST(AccuracyMonitor, ARiseIsNoDriftAndANewStartForTheNextFall) {
  AccuracyMonitor monitor;
  add_mixed(monitor, 140, 5);
  add_mixed(monitor, 200, 10);
  EXPECT_FALSE(monitor.take_drift());
  add_mixed(monitor, 20, 5);
  const auto drift = monitor.take_drift();
  ASSERT_TRUE(drift);
  EXPECT_GT(drift->previous, 0.9);
}

TEST(AccuracyMonitor, SeesAFallBelowWhatTheGateMeasured) {
  AccuracyMonitor monitor;
  monitor.reset(0.95);
  add_mixed(monitor, 20, 4);
  EXPECT_TRUE(monitor.take_drift());
}

}  // namespace
}  // namespace ekya::learner
