// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/profiler/pareto.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace ekya::profiler {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;

const std::vector<ParetoPoint> kWindow{{"cheap", 1, 0.7}, {"dear", 10, 0.9}, {"bad", 5, 0.6}};

TEST(DistancesToFront, AreWhatTheBestOfNoMoreWorkHasAbove) {
  EXPECT_THAT(distances_to_front(kWindow), ElementsAre(0, 0, DoubleNear(0.1, 1e-12)));
  EXPECT_THAT(distances_to_front(std::vector<ParetoPoint>{{"a", 1, 0.7}, {"b", 1, 0.8}}),
              ElementsAre(DoubleNear(0.1, 1e-12), 0));
}

TEST(DistancesToFront, ForgiveAPointItsErrorBar) {
  EXPECT_THAT(distances_to_front(std::vector<ParetoPoint>{{"a", 1, 0.9, 0.3}, {"b", 2, 0.6, 0.2}, {"c", 2, 0.6, 0.4}}),
              ElementsAre(0, DoubleNear(0.1, 1e-12), 0));
}

TEST(DistancesToFront, LeaveImpossiblePointsOut) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(distances_to_front(std::vector<ParetoPoint>{{"a", nan, 0.9}, {"b", 1, 0.8}, {"c", 0, nan}}),
              ElementsAre(1, 0, 1));
}

ParetoPruner after(int windows) {
  ParetoPruner pruner;
  for (int i = 0; i < windows; ++i) {
    pruner.record(kWindow);
    pruner.new_window();
  }
  return pruner;
}

TEST(ParetoPruner, LeavesAConfigOutThatWasFarForThreeWindows) {
  EXPECT_FALSE(after(2).pruned("bad"));
  EXPECT_TRUE(after(3).pruned("bad"));
  EXPECT_FALSE(after(3).pruned("cheap"));
  EXPECT_FALSE(after(3).pruned("dear"));
  EXPECT_FALSE(after(3).pruned("never seen"));
}

TEST(ParetoPruner, TriesItAgainInOneWindowOfEight) {
  ParetoPruner pruner = after(3);
  std::string in;
  for (int i = 0; i < 16; ++i) {
    in += pruner.pruned("bad") ? '-' : '+';
    pruner.new_window();
  }
  EXPECT_EQ(in, "-------+-------+");
}

TEST(ParetoPruner, TakesItBackWhenItHasComeNear) {
  ParetoPruner pruner = after(3);
  for (int i = 0; i < 2; ++i) {
    pruner.record(std::vector<ParetoPoint>{{"cheap", 1, 0.7}, {"bad", 5, 0.9}});
    pruner.new_window();
  }
  EXPECT_FALSE(pruner.pruned("bad"));
}

TEST(ParetoPruner, ForgivesADistanceWithinTheNoise) {
  ParetoPruner pruner;
  for (int i = 0; i < 9; ++i) {
    pruner.record(std::vector<ParetoPoint>{{"a", 1, 0.7}, {"b", 5, 0.66}});
    pruner.new_window();
  }
  EXPECT_FALSE(pruner.pruned("b"));
}

}  // namespace
}  // namespace ekya::profiler
