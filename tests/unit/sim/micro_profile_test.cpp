// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/sim/micro_profile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace ekya::sim {
namespace {

std::vector<int> counts(const std::vector<Bin>& bins) {
  std::vector<int> counts;
  for (const Bin& bin : bins) counts.push_back(bin.count);
  return counts;
}

TEST(Median, IsTheMiddleValueOrTheMeanOfTheTwoMiddleOnes) {
  EXPECT_DOUBLE_EQ(median({5, 1, 3}), 3);
  EXPECT_DOUBLE_EQ(median({4, 1, 3, 2}), 2.5);
}

TEST(Histogram, HasBinsFromTheLeastValueToTheGreatest) {
  const auto bins = histogram({-0.07, 0.01, 0.02, 0.12}, 0.05);
  ASSERT_EQ(bins.size(), 5U);
  EXPECT_DOUBLE_EQ(bins[0].from, -0.1);
  EXPECT_THAT(counts(bins), testing::ElementsAre(1, 0, 2, 0, 1));
}

// 0.1 + 0.05 is a little less than 0.15, and 0.15 / 0.05 a little less than 3.
TEST(Histogram, CountsAValueOnAnEdgeAboveIt) {
  EXPECT_THAT(counts(histogram({0.0, 0.15}, 0.05)), testing::ElementsAre(1, 0, 0, 1));
}

TEST(PredictionErrors, ArePredictedLessActual) {
  CityWindow window;
  window.configs.resize(2);
  window.configs[0].predicted_accuracy = 0.9;
  window.configs[0].accuracy = 0.7;
  window.configs[1].accuracy = 0.5;
  const auto errors = prediction_errors({window});
  ASSERT_EQ(errors.size(), 2U);
  EXPECT_NEAR(errors[0], 0.2, 1e-12);
  EXPECT_NEAR(errors[1], -0.5, 1e-12);
}

// The paper's text names 5.8 points.
TEST(PredictionErrors, OfTheRecordHaveAMedianOf586Points) {
  const auto recorded = read_recorded(FileOps::system(), EKYA_SHARED_DIR "/planning/recorded");
  if (!recorded) GTEST_SKIP() << "no recorded profiles: " << recorded.error().message;
  std::vector<double> sizes;
  for (const double error : prediction_errors(recorded->windows)) sizes.push_back(std::abs(error));
  EXPECT_EQ(sizes.size(), 936U);
  EXPECT_NEAR(median(sizes), 0.0586, 5e-5);
}

}  // namespace
}  // namespace ekya::sim
