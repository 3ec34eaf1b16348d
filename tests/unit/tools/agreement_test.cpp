// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agreement/agreement.h"

#include <gtest/gtest.h>

namespace ekya::tools {
namespace {

RegionKey region(int clip, std::uint64_t time, unsigned x) { return {clip, time, x, 0, 10, 10}; }

TEST(Agreement, ComparesARegionWhoeverSpeaksFirst) {
  Agreement agreement;
  agreement.student(region(1, 100, 0), "car");
  agreement.golden(region(1, 100, 0), "car");
  agreement.golden(region(1, 100, 20), "car");
  agreement.student(region(1, 100, 20), "bus");
  EXPECT_EQ(agreement.score(1).regions(), 2);
  EXPECT_DOUBLE_EQ(agreement.score(1).agreement(), 0.5);
}

TEST(Agreement, LeavesOutWhatOnlyOneSpeaksOf) {
  Agreement agreement;
  agreement.student(region(1, 100, 0), "car");
  agreement.student(region(1, 200, 0), "car");
  agreement.golden(region(1, 200, 0), "car");
  agreement.golden(region(1, 300, 0), "car");
  EXPECT_EQ(agreement.score(1).regions(), 1);
}

TEST(Agreement, CountsClipsApartThoughTheirTimesRepeat) {
  Agreement agreement;
  EXPECT_EQ(agreement.clip(), 0);
  for (int clip : {1, 2}) {
    agreement.student(region(clip, 100, 0), clip == 1 ? "bus" : "car");
    agreement.golden(region(clip, 100, 0), "car");
  }
  EXPECT_EQ(agreement.clip(), 2);
  EXPECT_DOUBLE_EQ(agreement.score(1).agreement(), 0);
  EXPECT_DOUBLE_EQ(agreement.score(2).agreement(), 1);
}

// Nine cars and one bus, all called car: right nine times in ten, and one class of two.
TEST(Agreement, WeighsClassesAlikeInTheirMean) {
  Agreement agreement;
  for (unsigned i = 0; i < 10; ++i) {
    agreement.student(region(1, 100, i), "car");
    agreement.golden(region(1, 100, i), i == 0 ? "bus" : "car");
  }
  EXPECT_DOUBLE_EQ(agreement.score(1).agreement(), 0.9);
  EXPECT_DOUBLE_EQ(agreement.score(1).mean_over_classes(), 0.5);
}

}  // namespace
}  // namespace ekya::tools
