// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/drift/adwin.h"

#include <gtest/gtest.h>

#include "ekya/base/random.h"

namespace ekya::drift {
namespace {

TEST(Adwin, KeepsMeanAndVarianceOfItsWindow) {
  Adwin adwin;
  for (const double value : {1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0}) EXPECT_FALSE(adwin.add(value));
  EXPECT_EQ(adwin.width(), 8);
  EXPECT_DOUBLE_EQ(adwin.mean(), 4.5);
  EXPECT_DOUBLE_EQ(adwin.variance(), 5.25);
}

TEST(Adwin, ForgetsWhatCameBeforeAChange) {
  Adwin adwin;
  Random random(1);
  for (int i = 0; i < 1000; ++i) ASSERT_FALSE(adwin.add(random.chance(0.1)));
  EXPECT_EQ(adwin.width(), 1000);
  bool changed = false;
  for (int i = 0; i < 200; ++i) changed = adwin.add(random.chance(0.9)) || changed;
  EXPECT_TRUE(changed);
  EXPECT_LT(adwin.width(), 300);
  EXPECT_GT(adwin.mean(), 0.75);
}

TEST(Adwin, KeepsAllOfASteadySeries) {
  Adwin adwin;
  Random random(2);
  for (int i = 0; i < 20000; ++i) ASSERT_FALSE(adwin.add(random.chance(0.3))) << i;
  EXPECT_EQ(adwin.width(), 20000);
  EXPECT_NEAR(adwin.mean(), 0.3, 0.01);
}

TEST(Adwin, OfNothingHasNoMean) {
  const Adwin adwin;
  EXPECT_EQ(adwin.width(), 0);
  EXPECT_EQ(adwin.mean(), 0);
  EXPECT_EQ(adwin.variance(), 0);
}

}  // namespace
}  // namespace ekya::drift
