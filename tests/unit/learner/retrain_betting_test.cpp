// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "ekya/learner/betting_test.h"

namespace ekya::learner {
namespace {

// Stakes of 0.2, 0.4, 0.6 and 0.8: 1.2, 1.4, 1.6 and 1.8 after the first, their squares after the second.
TEST(BettingTest, GivesThisWealth) {
  BettingTest test(-1, 0);
  EXPECT_DOUBLE_EQ(test.wealth(), 1);
  test.add(1);
  EXPECT_NEAR(test.wealth(), 1.5, 1e-12);
  test.add(1);
  EXPECT_NEAR(test.wealth(), 2.3, 1e-12);
  test.add(-1);
  EXPECT_NEAR(test.wealth(), 1.0, 1e-12);
}

TEST(BettingTest, NeitherWinsNorLosesOnTheMean) {
  BettingTest test(0, 0.3);
  for (int i = 0; i < 100; ++i) test.add(0.3);
  EXPECT_NEAR(test.wealth(), 1, 1e-9);
}

TEST(BettingTest, IsNeverRuinedAndStaysFinite) {
  BettingTest test(-1, 0.5);
  for (int i = 0; i < 10000; ++i) test.add(1);
  EXPECT_TRUE(std::isfinite(test.wealth()));
  for (int i = 0; i < 100; ++i) test.add(-7);  // Below the lowest: taken for it.
  EXPECT_GT(test.wealth(), 0);
}

// Ville's inequality: looked at after each of 500 numbers, at most one fair game in twenty ever shows a wealth of 20.
TEST(BettingTest, SeldomGetsRichInAFairGame) {
  std::mt19937 random(3);
  int rich = 0;
  for (int run = 0; run < 2000; ++run) {
    BettingTest test(-1, 0);
    bool was_rich = false;
    for (int i = 0; i < 500 && !was_rich; ++i) {
      test.add(random() % 2 ? 1 : -1);
      was_rich = test.wealth() >= 20;
    }
    rich += was_rich;
  }
  EXPECT_LE(rich, 100);
  EXPECT_GE(rich, 20);  // It does bet.
}

}  // namespace
}  // namespace ekya::learner
