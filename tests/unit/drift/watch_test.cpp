// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/drift/watch.h"

#include <gtest/gtest.h>

namespace ekya::drift {
namespace {

constexpr Seconds at(double seconds) { return Seconds{seconds}; }

TEST(DriftWatch, ASuspicionBuysLabelsForATime) {
  DriftWatch watch;
  EXPECT_EQ(watch.label_factor(at(0)), 1);
  const Response response = watch.alarm(Tier::kFrames, at(100));
  EXPECT_TRUE(response.more_labels);
  EXPECT_FALSE(response.retrain);
  EXPECT_EQ(watch.label_factor(at(100)), 3);
  EXPECT_EQ(watch.label_factor(at(119.9)), 3);
  EXPECT_EQ(watch.label_factor(at(120)), 1);
}

TEST(DriftWatch, SuspicionsDoNotProlongTheTimeAndRestAfterIt) {
  DriftWatch watch;
  watch.alarm(Tier::kFrames, at(0));
  EXPECT_FALSE(watch.alarm(Tier::kFeatures, at(19)).more_labels);
  EXPECT_EQ(watch.label_factor(at(20)), 1);
  EXPECT_FALSE(watch.alarm(Tier::kFrames, at(79.9)).more_labels);
  EXPECT_EQ(watch.ignored(), 2u);
  EXPECT_TRUE(watch.alarm(Tier::kFrames, at(80)).more_labels);
}

TEST(DriftWatch, SuspicionsThatNoLabelConfirmsCountEverMoreRarely) {
  DriftWatch watch;
  double now = 0;
  for (const double rest : {60, 120, 240, 480, 600, 600}) {
    ASSERT_TRUE(watch.alarm(Tier::kFrames, at(now)).more_labels) << now;
    EXPECT_FALSE(watch.alarm(Tier::kFrames, at(now + 20 + rest - 0.1)).more_labels) << rest;
    now += 20 + rest;
  }
}

TEST(DriftWatch, LabelsThatShowADriftRetrainAtOnceAndTrustSuspicionsAgain) {
  DriftWatch watch;
  watch.alarm(Tier::kFrames, at(0));
  watch.alarm(Tier::kFrames, at(80));  // In vain: the next rest is 120 s.
  const Response response = watch.alarm(Tier::kLabels, at(90));
  EXPECT_TRUE(response.retrain);
  EXPECT_TRUE(response.more_labels);
  EXPECT_EQ(watch.label_factor(at(109.9)), 3);
  EXPECT_EQ(watch.label_factor(at(110)), 1);
  EXPECT_TRUE(watch.alarm(Tier::kFrames, at(110)).more_labels);
  EXPECT_TRUE(watch.alarm(Tier::kFrames, at(190)).more_labels);  // 20 + 60 s.
}

TEST(DriftWatch, LabelsAreHeardDuringARest) {
  DriftWatch watch;
  watch.alarm(Tier::kFrames, at(0));
  EXPECT_TRUE(watch.alarm(Tier::kLabels, at(50)).retrain);
  EXPECT_TRUE(watch.alarm(Tier::kLabels, at(51)).retrain);
}

TEST(DriftWatch, AnotherTimeEndsBoostAndRest) {
  DriftWatch watch;
  watch.alarm(Tier::kFrames, at(1000));
  watch.restart_time();
  EXPECT_EQ(watch.label_factor(at(0)), 1);
  EXPECT_TRUE(watch.alarm(Tier::kFrames, at(1)).more_labels);
}

}  // namespace
}  // namespace ekya::drift
