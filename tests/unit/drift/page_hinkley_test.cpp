// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/drift/page_hinkley.h"

#include <gtest/gtest.h>

namespace ekya::drift {
namespace {

PageHinkleyOptions simple() {
  PageHinkleyOptions options;
  options.min_instances = 1, options.delta = 0.5, options.threshold = 3, options.alpha = 1;
  return options;
}

// Means 0, 2/11, 4/12: the sum of rises grows by 2 - 2/11 - 0.5, then by 2 - 4/12 - 0.5, ...
TEST(PageHinkley, SumsDeviationsFromTheMeanSoFar) {
  PageHinkley test(simple(), 0, 10);
  EXPECT_FALSE(test.add(2));
  EXPECT_NEAR(test.rise(), 0, 1e-12);  // The first sum is the lowest so far, whatever it is.
  EXPECT_FALSE(test.add(2));
  EXPECT_NEAR(test.rise(), 2 - 4.0 / 12 - 0.5, 1e-12);
  EXPECT_FALSE(test.add(2));
  EXPECT_NEAR(test.rise(), 4 - 4.0 / 12 - 6.0 / 13 - 1, 1e-12);
  EXPECT_TRUE(test.add(2));  // 3.135
}

TEST(PageHinkley, KnowsWhereARiseBegan) {
  PageHinkley test(simple());
  for (int i = 0; i < 40; ++i) test.add(0);
  EXPECT_EQ(test.since_rise(), 0);
  for (int i = 0; i < 3; ++i) test.add(2);
  EXPECT_EQ(test.since_rise(), 3);
}

TEST(PageHinkley, ListensToTheSideThatItIsToldTo) {
  using Mode = PageHinkleyOptions::Mode;
  for (const auto& [mode, rises, falls] : {std::tuple{Mode::kUp, true, false}, std::tuple{Mode::kDown, false, true},
                                           std::tuple{Mode::kBoth, true, true}}) {
    SCOPED_TRACE(static_cast<int>(mode));
    PageHinkleyOptions options = simple();
    options.mode = mode;
    for (const double to : {9.0, -9.0}) {
      PageHinkley test(options);
      for (int i = 0; i < 20; ++i) ASSERT_FALSE(test.add(0));
      EXPECT_EQ(test.add(to), to > 0 ? rises : falls);
    }
  }
}

TEST(PageHinkley, SaysNothingOfFewValues) {
  PageHinkleyOptions options = simple();
  options.min_instances = 10;
  PageHinkley test(options);
  for (int i = 0; i < 9; ++i) EXPECT_FALSE(test.add(i * 100)) << i;
  EXPECT_TRUE(test.add(1000));
}

}  // namespace
}  // namespace ekya::drift
