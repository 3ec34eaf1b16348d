// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/drift/feature_drift.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "ekya/base/random.h"

namespace ekya::drift {
namespace {

FeatureDriftOptions of_dimension(int dimension) {
  FeatureDriftOptions options;
  options.dimension = dimension;
  return options;
}

/// Alarms among `count` features of that mean.
int feed(FeatureDrift& drift, int count, double mean, Random& random) {
  int alarms = 0;
  for (int i = 0; i < count; ++i) {
    std::vector<float> feature(8);
    for (float& value : feature) value = static_cast<float>(mean + random.normal());
    const auto added = drift.add(feature);
    EXPECT_TRUE(added);
    alarms += added && *added;
  }
  return alarms;
}

TEST(FeatureDrift, TellsAChangeOnceWithinThirtyFeatures) {
  FeatureDrift drift(of_dimension(8));
  Random random(1);
  EXPECT_EQ(feed(drift, 300, 0, random), 0);
  EXPECT_EQ(feed(drift, 30, 1.5, random), 1);
  EXPECT_EQ(feed(drift, 300, 1.5, random), 0);
}

TEST(FeatureDrift, SaysNothingBeforeItHasAReferenceAndEnoughToCompare) {
  FeatureDrift drift(of_dimension(8));
  Random random(2);
  EXPECT_EQ(feed(drift, 60, 0, random), 0);
  EXPECT_EQ(feed(drift, 19, 9, random), 0);
  EXPECT_EQ(feed(drift, 1, 9, random), 1);
}

TEST(FeatureDrift, LeavesOutWhatIsNoFeature) {
  FeatureDrift drift(of_dimension(2));
  EXPECT_FALSE(drift.add(std::vector<float>{1}));
  EXPECT_FALSE(drift.add(std::vector<float>{1, std::numeric_limits<float>::infinity()}));
  EXPECT_TRUE(drift.add(std::vector<float>{1, 2}));
}

}  // namespace
}  // namespace ekya::drift
