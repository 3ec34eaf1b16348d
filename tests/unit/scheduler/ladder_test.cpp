// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/scheduler/ladder.h"

#include <gmock/gmock.h>

namespace ekya::scheduler {
namespace {

using ::testing::ElementsAre;

Ladder ladder(std::vector<InferenceConfig> inference) {
  Stream stream;
  stream.inference = std::move(inference);
  return Ladder(stream);
}

std::vector<int> configs(const Ladder& ladder) {
  std::vector<int> configs;
  for (const Ladder::Rung& rung : ladder.rungs()) configs.push_back(rung.config);
  return configs;
}

TEST(Ladder, KeepsOnlyConfigsThatNoCheaperOneMatches) {
  EXPECT_THAT(configs(ladder({{"full", 0.4, 1}, {"wasteful", 0.3, 0.7}, {"half", 0.2, 0.7}, {"worse", 0.2, 0.6}})),
              ElementsAre(-1, 2, 0));
}

TEST(Ladder, StartsAtAConfigThatCostsNothing) {
  EXPECT_THAT(configs(ladder({{"free", 0, 0.2}, {"full", 0.4, 1}})), ElementsAre(0, 1));
}

TEST(Ladder, OfAStreamWithoutInferenceIsOneRungOfFactorOne) {
  const Ladder none = ladder({});
  EXPECT_THAT(configs(none), ElementsAre(-1));
  EXPECT_EQ(none.rungs()[0].factor, 1);
  EXPECT_TRUE(none.steps(0).empty());
}

TEST(Ladder, StepsOverRungsBelowTheConcaveCurve) {
  // 0.5 at 0.1, 0.6 at 0.2, 1 at 0.3: the line from (0.1, 0.5) to (0.3, 1) passes above (0.2, 0.6).
  const Ladder curve = ladder({{"a", 0.1, 0.5}, {"b", 0.2, 0.6}, {"c", 0.3, 1}});
  ASSERT_EQ(curve.steps(0).size(), 2U);
  EXPECT_EQ(curve.steps(0)[0].rung, 1);
  EXPECT_DOUBLE_EQ(curve.steps(0)[1].width, 0.2);
  EXPECT_DOUBLE_EQ(curve.steps(0)[1].rise, 0.5);
  EXPECT_EQ(curve.steps(2)[0].rung, 3);
}

TEST(Ladder, FindsTheLowestRungOfAFactor) {
  const Ladder curve = ladder({{"a", 0.1, 0.5}, {"b", 0.3, 1}});
  EXPECT_EQ(curve.lowest(0), 0);
  EXPECT_EQ(curve.lowest(0.5), 1);
  EXPECT_EQ(curve.lowest(0.51), 2);
  EXPECT_EQ(curve.lowest(1.01), -1);
}

}  // namespace
}  // namespace ekya::scheduler
