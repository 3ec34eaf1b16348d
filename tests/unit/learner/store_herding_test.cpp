// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "ekya/base/random.h"
#include "ekya/learner/herding.h"

namespace ekya::learner {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

/// Points on the unit circle.
std::vector<float> at_degrees(const std::vector<double>& degrees) {
  std::vector<float> features;
  for (const double angle : degrees)
    for (const double value : {std::cos(angle * M_PI / 180), std::sin(angle * M_PI / 180)})
      features.push_back(static_cast<float>(value));
  return features;
}

/// Algorithm 4 word for word: of all rows left, the one for which the mean of the chosen is nearest to the mean of all.
std::vector<int> by_definition(std::vector<float> features, int width, int most) {
  const int count = static_cast<int>(features.size()) / width;
  const auto value = [&](int row, int k) -> float& { return features[static_cast<std::size_t>(row * width + k)]; };
  for (int row = 0; row < count; ++row) {
    double length = 0;
    for (int k = 0; k < width; ++k) length += value(row, k) * value(row, k);
    for (int k = 0; k < width; ++k) value(row, k) /= static_cast<float>(std::sqrt(length));
  }
  std::vector<int> chosen;
  while (static_cast<int>(chosen.size()) < std::min(most, count)) {
    int best = -1;
    double least = 1e300;
    for (int row = 0; row < count; ++row) {
      if (std::find(chosen.begin(), chosen.end(), row) != chosen.end()) continue;
      double apart = 0;
      for (int k = 0; k < width; ++k) {
        double mean = 0, sum = value(row, k);
        for (int other = 0; other < count; ++other) mean += value(other, k) / count;
        for (const int other : chosen) sum += value(other, k);
        apart += std::pow(mean - sum / static_cast<double>(chosen.size() + 1), 2);
      }
      if (apart < least) {
        least = apart;
        best = row;
      }
    }
    chosen.push_back(best);
  }
  return chosen;
}

// The mean of 0, 20 and 70 degrees points to 29 degrees.
TEST(Herding, TakesTheOneNearestToTheMeanFirst) {
  const auto herds = herd(at_degrees({0, 20, 70}), 2, std::vector<int>{5, 5, 5}, 1);
  ASSERT_TRUE(herds);
  EXPECT_THAT(*herds, ElementsAre(Pair(5, ElementsAre(1))));
}

TEST(Herding, IsAlgorithmFourOfICarl) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const int count = 5 + random.below(30), width = 2 + random.below(6);
    std::vector<float> features;
    for (int i = 0; i < count * width; ++i) features.push_back(static_cast<float>(random.normal() + 0.5));
    const auto herds = herd(features, width, std::vector<int>(static_cast<std::size_t>(count), 0), 12);
    ASSERT_TRUE(herds);
    EXPECT_EQ(herds->at(0), by_definition(features, width, 12));
  }
}

TEST(Herding, GivesASmallerBudgetThePrefixOfALarger) {
  Random random(7);
  std::vector<float> features;
  for (int i = 0; i < 120; ++i) features.push_back(static_cast<float>(random.normal()));
  const std::vector<int> labels(40, 1);
  const auto ten = herd(features, 3, labels, 10)->at(1), all = herd(features, 3, labels, 100)->at(1);
  EXPECT_TRUE(std::equal(ten.begin(), ten.end(), all.begin()));
  EXPECT_THAT(all, SizeIs(40));
  EXPECT_EQ(std::set<int>(all.begin(), all.end()).size(), 40u) << "none twice";
}

TEST(Herding, TreatsEachClassByItself) {
  const auto herds = herd(at_degrees({0, 90, 10, 100, 20, 110}), 2, std::vector<int>{3, 8, 3, 8, 3, 8}, 1);
  EXPECT_THAT(*herds, ElementsAre(Pair(3, ElementsAre(2)), Pair(8, ElementsAre(3))));
}

TEST(Herding, LooksAtDirectionsAndNotAtLengths) {
  auto features = at_degrees({0, 20, 70});
  features[2] *= 1000;
  features[3] *= 1000;
  EXPECT_THAT(herd(features, 2, std::vector<int>{0, 0, 0}, 3)->at(0),
              ::testing::ElementsAreArray(herd(at_degrees({0, 20, 70}), 2, std::vector<int>{0, 0, 0}, 3)->at(0)));
}

TEST(Herding, TakesTheFirstOfThoseThatAreAlike) {
  EXPECT_THAT(herd(std::vector<float>(8, 0.5f), 2, std::vector<int>(4, 0), 3)->at(0), ElementsAre(0, 1, 2));
  EXPECT_THAT(herd(std::vector<float>(8, 0.0f), 2, std::vector<int>(4, 0), 3)->at(0), ElementsAre(0, 1, 2)) << "zeros";
}

TEST(Herding, OfNothingIsNothing) {
  EXPECT_THAT(*herd({}, 4, {}, 5), IsEmpty());
  EXPECT_THAT(herd(std::vector<float>{1}, 1, std::vector<int>{0}, 0)->at(0), IsEmpty());
  EXPECT_THAT(herd(std::vector<float>{1}, 1, std::vector<int>{0}, -3)->at(0), IsEmpty());
}

TEST(Herding, RefusesAWrongShapeAndWhatIsNotFinite) {
  EXPECT_FALSE(herd(std::vector<float>{1, 2, 3}, 2, std::vector<int>{0}, 1));
  EXPECT_FALSE(herd(std::vector<float>{1, 2}, 0, std::vector<int>{0, 0}, 1));
  EXPECT_FALSE(herd(std::vector<float>{1, std::nanf("")}, 1, std::vector<int>{0, 0}, 1));
}

}  // namespace
}  // namespace ekya::learner
