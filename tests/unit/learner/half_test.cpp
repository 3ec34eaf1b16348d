// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/learner/half.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace ekya::learner {
namespace {

constexpr Half kInfinity = 0x7C00, kSign = 0x8000;
constexpr float kLargest = std::numeric_limits<float>::infinity();

TEST(Half, HasTheValuesOfTheStandard) {
  EXPECT_EQ(to_float(0x3C00), 1);
  EXPECT_EQ(to_float(0xC000), -2);
  EXPECT_EQ(to_float(0x7BFF), 65504);
  EXPECT_EQ(to_float(0x0400), 0x1p-14F);
  EXPECT_EQ(to_float(0x0001), 0x1p-24F);
  EXPECT_EQ(to_float(0x3555), 0.333251953125F);
  EXPECT_EQ(to_float(kInfinity), kLargest);
  EXPECT_TRUE(std::signbit(to_float(kSign)));
  EXPECT_TRUE(std::isnan(to_float(0x7E00)));
}

TEST(Half, ComesBackFromFloatsBitByBit) {
  for (unsigned half = 0; half <= kInfinity; ++half) {
    ASSERT_EQ(to_half(to_float(static_cast<Half>(half))), half);
    ASSERT_EQ(to_half(to_float(static_cast<Half>(half | kSign))), half | kSign);
  }
}

// Between two neighbours a float goes to the nearer; in the middle to the even one. All of them, both signs.
TEST(Half, RoundsToTheNearest) {
  for (unsigned half = 0; half + 1 < kInfinity; ++half) {
    const float low = to_float(static_cast<Half>(half)), high = to_float(static_cast<Half>(half + 1));
    const float middle = low + (high - low) / 2;
    ASSERT_EQ(to_half(middle), half % 2 == 0 ? half : half + 1) << half;
    ASSERT_EQ(to_half(std::nextafter(middle, low)), half) << half;
    ASSERT_EQ(to_half(std::nextafter(middle, high)), half + 1) << half;
    ASSERT_EQ(to_half(-std::nextafter(middle, high)), (half + 1) | kSign) << half;
  }
}

TEST(Half, IsInfiniteBeyondItsRange) {
  EXPECT_EQ(to_half(std::nextafter(65520.0F, 0.0F)), 0x7BFF);
  EXPECT_EQ(to_half(65520), kInfinity);
  EXPECT_EQ(to_half(1e30F), kInfinity);
  EXPECT_EQ(to_half(-kLargest), kInfinity | kSign);
  EXPECT_EQ(to_half(std::numeric_limits<float>::quiet_NaN()) & 0x7FFF, 0x7E00);
}

}  // namespace
}  // namespace ekya::learner
