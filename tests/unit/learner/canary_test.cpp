// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/learner/canary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace ekya::learner {
namespace {

using ::testing::HasSubstr;

/// Labels until the release is taken back; 0: it is not. Shares of labels that only the one of the two gets right.
int labels_until_rollback(std::mt19937& random, double only_old, double only_new) {
  std::uniform_real_distribution<> uniform(0, 1);
  Canary canary;
  while (!canary.is_over()) {
    const double draw = uniform(random);
    canary.add(draw >= only_new, draw < only_new || draw >= only_new + only_old);
    if (canary.reason_to_roll_back()) return canary.counts().total();
  }
  return 0;
}

int rollbacks(double only_old, double only_new, int releases = 1000) {
  std::mt19937 random(5);
  int taken_back = 0;
  for (int i = 0; i < releases; ++i) taken_back += labels_until_rollback(random, only_old, only_new) > 0;
  return taken_back;
}

TEST(Canary, TakesAReleaseBackAfterSevenLossesInARow) {
  Canary canary(0);
  for (int i = 0; i < 6; ++i) canary.add(true, false);
  EXPECT_FALSE(canary.reason_to_roll_back());
  canary.add(true, false);
  ASSERT_TRUE(canary.reason_to_roll_back());
  EXPECT_THAT(*canary.reason_to_roll_back(), HasSubstr("100.0 % against 0.0 % of 7 labels"));
}

TEST(Canary, KeepsABetterRelease) {
  Canary canary;
  for (int i = 0; i < 150; ++i) canary.add(i % 3 != 0, true);
  EXPECT_FALSE(canary.reason_to_roll_back());
}

TEST(Canary, LearnsNothingFromLabelsOnWhichBothAreAlike) {
  Canary canary(0);
  for (int i = 0; i < 150; ++i) canary.add(i % 2, i % 2);
  for (int i = 0; i < 7; ++i) canary.add(true, false);
  EXPECT_TRUE(canary.reason_to_roll_back());
}

TEST(Canary, IsOverAfterTwoHundredLabels) {
  Canary canary;
  for (int i = 0; i < 199; ++i) canary.add(true, true);
  EXPECT_FALSE(canary.is_over());
  canary.add(true, true);
  EXPECT_TRUE(canary.is_over());
  for (int i = 0; i < 100; ++i) canary.add(true, false);
  EXPECT_EQ(canary.counts().total(), 200);
  EXPECT_FALSE(canary.reason_to_roll_back());
}

TEST(Canary, ToleratesAFallWithinTheMargin) {
  Canary canary(0.5);
  for (int i = 0; i < 200; ++i) canary.add(true, i % 2);
  EXPECT_FALSE(canary.reason_to_roll_back());
}

// However often one asks: at most one in twenty, of releases that are as good as the model before.
TEST(Canary, SeldomTakesAnEqualReleaseBack) {
  EXPECT_LE(rollbacks(0.02, 0.02), 50);
  EXPECT_LE(rollbacks(0.10, 0.10), 50);
  EXPECT_LE(rollbacks(0.30, 0.30), 50);
  EXPECT_EQ(rollbacks(0.05, 0.20), 0);  // Better by 15 points.
}

TEST(Canary, TakesABadReleaseBack) {
  EXPECT_GE(rollbacks(0.35, 0.05), 990);  // 30 points worse
  EXPECT_GE(rollbacks(0.25, 0.05), 900);  // 20
  EXPECT_GE(rollbacks(0.12, 0.02), 500);  // 10
}

TEST(ShadowAgreement, ShadowsOneFrameInTwenty) {
  ShadowAgreement shadow(0.1);
  int frames = 0;
  for (int i = 0; i < 400; ++i) frames += shadow.next_frame();
  EXPECT_EQ(frames, 20);
}

TEST(ShadowAgreement, IsQuietWhileTheModelsDifferAsTheGateSaw) {
  std::mt19937 random(1);
  int asked = 0;
  for (int release = 0; release < 500; ++release) {
    ShadowAgreement shadow(0.2);
    for (int i = 0; i < 200; ++i) shadow.add(0, 0.9, random() % 5 == 0, 0.9);
    asked += shadow.reason_to_label().has_value();
  }
  EXPECT_LE(asked, 25);
}

TEST(ShadowAgreement, AsksForLabelsWhereTheModelsDifferMore) {
  ShadowAgreement shadow(0.1);
  for (int i = 0; i < 40; ++i) shadow.add(0, 0.9, i % 2, 0.9);
  ASSERT_TRUE(shadow.reason_to_label());
  EXPECT_THAT(*shadow.reason_to_label(), HasSubstr("differ on 50.0 % of 40 regions without labels, 10.0 % expected"));
}

TEST(ShadowAgreement, AsksForLabelsWhereTheConfidenceFalls) {
  ShadowAgreement shadow(0.1);
  for (int i = 0; i < 40; ++i) shadow.add(0, 0.9, 0, 0.5);
  ASSERT_TRUE(shadow.reason_to_label());
  EXPECT_THAT(*shadow.reason_to_label(), HasSubstr("lower by 40.0 % on the mean of 40 regions"));
}

TEST(ShadowAgreement, DoesNotAskAfterHigherConfidence) {
  ShadowAgreement shadow(1);  // They never agreed.
  for (int i = 0; i < 100; ++i) shadow.add(0, 0.5, 1, 0.9);
  EXPECT_FALSE(shadow.reason_to_label());
}

}  // namespace
}  // namespace ekya::learner
