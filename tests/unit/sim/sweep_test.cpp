// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/sim/sweep.h"

#include <gtest/gtest.h>

namespace ekya::sim {
namespace {

/// Two lines: x + the draw's seed, and twice that.
Sweep sums() {
  Sweep sweep;
  sweep.xs = {10, 20};
  sweep.lines = {"sum", "twice"};
  sweep.panels = {{"only", [](double x, std::uint64_t seed) -> Result<std::vector<double>> {
                     const double sum = x + static_cast<double>(seed);
                     return std::vector<double>{sum, 2 * sum};
                   }}};
  sweep.draws = 4;
  return sweep;
}

// Seeds 1 to 4 at x = 10: 11, 12, 13, 14. Their deviation is sqrt(5/3); 1.959964 * 1.290994 / 2 = 1.265151.
TEST(Sweep, GivesMeanAndConfidenceIntervalOfEachLineAtEachX) {
  const auto points = run(sums());
  ASSERT_TRUE(points) << points.error().message;
  ASSERT_EQ(points->size(), 4U);
  EXPECT_EQ(points->at(0).line, "sum");
  EXPECT_DOUBLE_EQ(points->at(0).value.mean, 12.5);
  EXPECT_NEAR(points->at(0).value.half_width, 1.265151, 1e-6);
  EXPECT_DOUBLE_EQ(points->at(3).x, 20);
  EXPECT_DOUBLE_EQ(points->at(3).value.mean, 45);
}

TEST(Sweep, ComparesWithTheFirstLineDrawByDraw) {
  const auto points = run(sums());
  ASSERT_TRUE(points) << points.error().message;
  EXPECT_DOUBLE_EQ(points->at(0).difference.mean, 0);
  EXPECT_DOUBLE_EQ(points->at(0).difference.half_width, 0);
  EXPECT_DOUBLE_EQ(points->at(1).difference.mean, 12.5);
}

TEST(Sweep, TellsWhereAMeasureFailed) {
  Sweep sweep = sums();
  sweep.panels[0].measure = [](double x, std::uint64_t) -> Result<std::vector<double>> {
    if (x > 10) return Error{ErrorCode::kInvalidArgument, "too much"};
    return std::vector<double>{0, 0};
  };
  const auto points = run(sweep);
  ASSERT_FALSE(points);
  EXPECT_EQ(points.error().message, "only at 20: too much");
}

TEST(Sweep, WritesOnePointARow) {
  const auto points = run(sums());
  ASSERT_TRUE(points) << points.error().message;
  EXPECT_EQ(csv_of({points->at(1)}, 4),
            "panel,x,line,mean,half_width,difference,difference_half_width,draws\n"
            "only,10,twice,25.00000,2.53030,12.50000,1.26515,4\n");
}

}  // namespace
}  // namespace ekya::sim
