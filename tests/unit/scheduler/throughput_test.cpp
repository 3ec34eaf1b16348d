// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/scheduler/throughput.h"

#include <gtest/gtest.h>

#include <cmath>

namespace ekya::scheduler {
namespace {

TEST(Throughput, IsTheShareWhereNothingWasMeasured) {
  const Throughput linear;
  EXPECT_EQ(linear.speed(0), 0);
  EXPECT_EQ(linear.speed(0.37), 0.37);
  EXPECT_EQ(linear.speed(3), 3);
  EXPECT_EQ(linear.share(0.37), 0.37);
}

TEST(Throughput, RunsStraightBetweenMeasuredPointsAndFlatAfterTheLast) {
  const Throughput curve({{0.1, 0.36}, {0.5, 0.83}, {1, 1}});
  EXPECT_DOUBLE_EQ(curve.speed(0.05), 0.18);
  EXPECT_DOUBLE_EQ(curve.speed(0.1), 0.36);
  EXPECT_DOUBLE_EQ(curve.speed(0.3), 0.595);
  EXPECT_DOUBLE_EQ(curve.speed(1), 1);
  EXPECT_DOUBLE_EQ(curve.speed(2), 1);
  EXPECT_DOUBLE_EQ(curve.share(0.595), 0.3);
  EXPECT_TRUE(std::isinf(curve.share(1.5)));
}

// Recorded: 70 % of the GPU gives 0.8638, on the line from 50 % (0.8322) to 80 % (0.9730) it is 0.9261.
TEST(Throughput, AlternatesBetweenTwoSharesWhereThatIsFaster) {
  const Throughput curve({{0.5, 0.8322}, {0.7, 0.8638}, {0.8, 0.9730}, {1, 1}});
  EXPECT_NEAR(curve.speed(0.7), 0.8322 + (0.9730 - 0.8322) * 2 / 3, 1e-12);
  for (std::size_t i = 1; i < curve.pieces().size(); ++i)
    EXPECT_LT(curve.pieces()[i].slope, curve.pieces()[i - 1].slope);
}

TEST(Throughput, NeverFalls) {
  const Throughput curve({{0.5, 0.9}, {1, 0.8}});
  EXPECT_DOUBLE_EQ(curve.speed(1), 0.9);
}

}  // namespace
}  // namespace ekya::scheduler
