// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/drift/mmd.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "ekya/base/random.h"

namespace ekya::drift {
namespace {

using ::testing::HasSubstr;

std::vector<float> normal(int count, int dimension, double mean, double deviation, Random& random) {
  std::vector<float> samples;
  for (int i = 0; i < count * dimension; ++i) samples.push_back(static_cast<float>(mean + deviation * random.normal()));
  return samples;
}

// Points 0, 1 against 2, 4: squared distances 1; 4; 4, 16, 1, 9. The median of the six sorted (1, 1, 4, 4, 9, 16) is
// the fourth, so the bandwidth is 2 and the kernel exp(-d^2 / 8).
TEST(Mmd, IsTheUnbiasedEstimateByHand) {
  const std::vector<float> x{0, 1}, y{2, 4};
  const auto result = mmd_test(x, y, 1);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_DOUBLE_EQ(result->bandwidth, 2);
  const auto kernel = [](double squared) { return std::exp(-squared / 8); };
  EXPECT_NEAR(result->mmd2, kernel(1) + kernel(4) - (kernel(4) + kernel(16) + kernel(1) + kernel(9)) / 2, 1e-6);
}

TEST(Mmd, DoesNotDependOnWhichSetIsTheSmaller) {
  Random random(3);
  const auto x = normal(30, 4, 0, 1, random), y = normal(12, 4, 0.5, 1, random);
  EXPECT_NEAR(mmd_test(x, y, 4)->mmd2, mmd_test(y, x, 4)->mmd2, 1e-9);
}

TEST(Mmd, SeesAnotherMeanAndAnotherSpread) {
  Random random(4);
  const auto usual = normal(60, 16, 0, 1, random);
  EXPECT_TRUE(mmd_test(usual, normal(40, 16, 0.5, 1, random), 16)->drift);
  EXPECT_TRUE(mmd_test(usual, normal(40, 16, 0, 1.6, random), 16)->drift);
}

// Of 400 tests at level 0.05, 20 are expected, with a standard deviation of 4.4.
TEST(Mmd, IsWrongAsOftenAsItsSignificanceSays) {
  MmdOptions options;
  options.significance = 0.05, options.permutations = 99;
  int alarms = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    Random random(seed, 5);
    options.seed = seed;
    alarms += mmd_test(normal(20, 3, 1, 2, random), normal(15, 3, 1, 2, random), 3, options)->drift;
  }
  EXPECT_GE(alarms, 8);
  EXPECT_LE(alarms, 34);
}

TEST(Mmd, OfEqualSamplesIsNothing) {
  const std::vector<float> same(12, 3.5f);
  const auto result = mmd_test(same, same, 3);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->bandwidth, 0);
  EXPECT_EQ(result->p_value, 1);
  EXPECT_FALSE(result->drift);
}

TEST(Mmd, RefusesWhatIsNoSetOfFeatures) {
  const std::vector<float> good{1, 2, 3, 4}, odd{1, 2, 3}, one{1, 2};
  const std::vector<float> wrong{1, 2, 3, std::numeric_limits<float>::quiet_NaN()};
  EXPECT_THAT(mmd_test(good, odd, 2).error().message, HasSubstr("recent features: 3 numbers"));
  EXPECT_THAT(mmd_test(one, good, 2).error().message, HasSubstr("reference features: 1 samples"));
  EXPECT_THAT(mmd_test(good, wrong, 2).error().message, HasSubstr("not finite"));
  EXPECT_FALSE(mmd_test(good, good, 0));
  MmdOptions options;
  options.significance = 0;
  EXPECT_FALSE(mmd_test(good, good, 2, options));
}

}  // namespace
}  // namespace ekya::drift
