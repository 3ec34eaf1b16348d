// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/sim/compare.h"

#include <gtest/gtest.h>

#include <cmath>

namespace ekya::sim {
namespace {

// Deviation of 1, 2, 3, 4: sqrt(5/3) = 1.290994; 1.959964 * 1.290994 / 2 = 1.265151.
TEST(Estimate, GivesMeanAndConfidenceInterval) {
  const Estimate e = estimate({1, 2, 3, 4});
  EXPECT_DOUBLE_EQ(e.mean, 2.5);
  EXPECT_NEAR(e.half_width, 1.265151, 1e-6);
}

TEST(Estimate, OfASingleValueHasNoInterval) { EXPECT_EQ(estimate({0.7}).half_width, 0); }

TEST(Summarise, ComparesCaseByCaseWithTheFirstPolicy) {
  const auto summaries =
      summarise({{{0.5, 0.4, 0.8, 0}, {0.6, 0.5, 0.7, 0.1}}, {{0.9, 0.8, 1, 0.2}, {0.7, 0.6, 1, 0}}});
  ASSERT_EQ(summaries.size(), 2U);
  EXPECT_DOUBLE_EQ(summaries[0].accuracy.mean, 0.7);
  EXPECT_DOUBLE_EQ(summaries[0].difference.mean, 0);
  EXPECT_DOUBLE_EQ(summaries[1].accuracy.mean, 0.65);
  EXPECT_DOUBLE_EQ(summaries[1].worst_stream.mean, 0.55);
  EXPECT_NEAR(summaries[1].difference.mean, -0.05, 1e-12);
  EXPECT_NEAR(summaries[1].least_difference, -0.2, 1e-12);
  EXPECT_EQ(summaries[1].least_case, 1U);
  EXPECT_NEAR(summaries[1].gap.mean, 0.2, 1e-12);
  EXPECT_NEAR(summaries[1].below_floor, 0.05, 1e-12);
}

// The second policy gains 0.3 where it lets streams fall below a_min, and 0.1 where it does not.
TEST(Summarise, LooksForTheMostDifferenceWhereTheFloorsAreKeptAsWell) {
  const auto summaries = summarise({{{0.5, 0, 1, 0}, {0.8, 0, 1, 0.2}}, {{0.5, 0, 1, 0.1}, {0.6, 0, 1, 0.1}}});
  EXPECT_NEAR(summaries[1].most_difference, 0.1, 1e-12);
  EXPECT_EQ(summaries[1].most_case, 1U);
  EXPECT_TRUE(std::isnan(summarise({{{0.5, 0, 1, 0}, {0.8, 0, 1, 0.2}}})[1].most_difference));
}

}  // namespace
}  // namespace ekya::sim
