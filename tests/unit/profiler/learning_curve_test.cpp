// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/profiler/learning_curve.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace ekya::profiler {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr int kMany = 1'000'000;  // Labels: next to no noise.

// b0 = 4, b1 = 2, b2 = 0.1: 0.4, 0.733, 0.8, 0.846, 0.9 at the end.
double truth(double k) { return 1 - (1 / (4 * k + 2) + 0.1); }

std::vector<CurvePoint> points(std::initializer_list<double> passes, int labels = kMany) {
  std::vector<CurvePoint> points;
  for (const double k : passes) points.push_back({k, truth(k), labels});
  return points;
}

TEST(LearningCurve, ExtrapolatesACurveFromItsBeginning) {
  const LearningCurve curve(points({0, 0.25, 0.5, 1, 2}));
  for (const double k : {0.0, 0.5, 3.0, 10.0, 30.0}) EXPECT_NEAR(curve.at(k).accuracy, truth(k), 0.01) << k;
  EXPECT_NEAR(curve.log_rate(), std::log10(2.0), 0.05);
  EXPECT_NEAR(curve.at(kInfinity).accuracy, 0.9, 0.01);
}

TEST(LearningCurve, KnowsLessFarFromItsPoints) {
  const LearningCurve curve(points({0, 0.25, 0.5}, 100));
  EXPECT_LT(curve.at(0.5).sd, curve.at(5).sd);
  EXPECT_LT(curve.at(5).sd, curve.at(kInfinity).sd);
}

TEST(LearningCurve, KnowsMoreWithMoreLabels) {
  const LearningCurve few(points({0, 0.25, 0.5, 1}, 20)), many(points({0, 0.25, 0.5, 1}, 500));
  EXPECT_GT(few.at(4).sd, 1.5 * many.at(4).sd);
}

TEST(LearningCurve, IsNoSurerThanItsLabelsHoweverOftenTheyWereUsed) {
  std::vector<CurvePoint> again;
  for (int i = 0; i < 200; ++i) again.push_back({i / 10.0, 0.8, 25});
  EXPECT_GT(LearningCurve(again).at(20).sd, 0.07);  // √(0.8 · 0.2 / 25) = 0.08
}

TEST(LearningCurve, WeighsAPointByItsLabels) {
  const auto near = [](int high, int low) {
    return LearningCurve(std::vector<CurvePoint>{{0, 0.5, 50}, {2, 0.9, high}, {2, 0.6, low}}).at(2).accuracy;
  };
  EXPECT_GT(near(500, 5), 0.85);
  EXPECT_LT(near(5, 500), 0.65);
}

TEST(LearningCurve, FollowsItsPriorWhereThereIsOnePointOnly) {
  const std::vector<CurvePoint> start{{0, 0.5, kMany}};
  const LearningCurve hopeful(start, {-1, 0.2, 0.05, 0.1, 1, 0.1}), doubtful(start, {-1, 0.9, 0.05, 0.1, 1, 0.1}),
      known(start, {0.3, 0.9, 0.05, 0.1, 1, 0.1});
  EXPECT_NEAR(hopeful.at(kInfinity).accuracy, 0.9, 0.01);
  EXPECT_NEAR(doubtful.at(kInfinity).accuracy, 0.55, 0.01);
  EXPECT_NEAR(known.at(kInfinity).accuracy, 0.7, 0.01);
  EXPECT_NEAR(hopeful.at(0).accuracy, 0.5, 0.01);
}

TEST(LearningCurve, OfConstantPointsIsConstant) {
  std::vector<CurvePoint> points;
  for (int i = 0; i <= 10; ++i) points.push_back({i / 2.0, 0.8, 200});
  for (const double k : {0.0, 5.0, 30.0}) EXPECT_NEAR(LearningCurve(points).at(k).accuracy, 0.8, 0.01) << k;
}

TEST(LearningCurve, OfFallingPointsIsNearTheirMean) {
  const LearningCurve curve(std::vector<CurvePoint>{{0, 0.8, 100}, {1, 0.7, 100}, {2, 0.6, 100}});
  EXPECT_NEAR(curve.at(0).accuracy, 0.7, 0.05);
  EXPECT_NEAR(curve.at(10).accuracy, 0.7, 0.05);
}

TEST(LearningCurve, NeverFalls) {
  const LearningCurve curve(std::vector<CurvePoint>{{0, 0.5, 30}, {0.1, 0.9, 30}, {0.2, 0.4, 30}, {0.4, 0.7, 30}});
  double last = 0;
  for (double k = 0; k < 40; k += 0.5) {
    EXPECT_GE(curve.at(k).accuracy, last - 1e-12);
    last = curve.at(k).accuracy;
  }
}

TEST(LearningCurve, KnowsNothingWithoutAPoint) {
  EXPECT_DOUBLE_EQ(LearningCurve().at(3).accuracy, 0.5);
  EXPECT_DOUBLE_EQ(LearningCurve(std::vector<CurvePoint>{{kNan, 0.5, 10}}).at(3).sd, 0.5);
}

// T6: whatever goes in, finite figures in their ranges come out, and what is impossible changes nothing.
TEST(LearningCurve, LeavesImpossiblePointsOut) {
  const LearningCurve clean(points({0, 0.5, 1}, 50));
  const CurvePoint wrong[]{{kNan, 0.5, 10}, {kInfinity, 0.5, 10}, {-1, 0.5, 10}, {1, kNan, 10},
                           {1, 1.5, 10},    {1, -0.5, 10},        {1, 0.5, 0},   {1, 0.5, -3}};
  for (const CurvePoint& point : wrong) {
    auto with = points({0, 0.5, 1}, 50);
    with.push_back(point);
    EXPECT_DOUBLE_EQ(LearningCurve(with).at(8).accuracy, clean.at(8).accuracy);
  }
}

TEST(LearningCurve, StaysFiniteAtTheLimits) {
  const double passes[]{0, 1e-300, 1, 1e300}, accuracies[]{0, 1e-300, 0.5, 1};
  for (const double first : passes)
    for (const double second : passes)
      for (const double low : accuracies)
        for (const double high : accuracies)
          for (const int labels : {1, std::numeric_limits<int>::max()}) {
            const LearningCurve curve(std::vector<CurvePoint>{{first, low, labels}, {second, high, 1}});
            for (const double k : {0.0, -1.0, 1e300, kInfinity, kNan}) {
              const Prediction p = curve.at(k);
              EXPECT_TRUE(p.accuracy >= -1e-12 && p.accuracy <= 1 + 1e-12) << p.accuracy;
              EXPECT_TRUE(p.sd >= 0 && p.sd <= 0.5) << p.sd;
            }
          }
}

}  // namespace
}  // namespace ekya::profiler
