// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/learner/detection.h"

#include <gtest/gtest.h>

#include <cmath>

namespace ekya::learner {
namespace {

DetectorInfo detector(int input_size = 100) {
  DetectorInfo info;
  info.labels = {"car", "bus"};
  info.input_size = input_size;
  info.iou_threshold = 0.5F;
  return info;
}

TEST(DecodeDetections, GivesFractionsOfTheFrameAndTheBestClass) {
  const std::vector<float> rows{10, 20, 30, 60, 0.2F, 0.9F};
  const auto found = decode_detections(rows, detector(), 0.4F);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_FLOAT_EQ(found[0].x1, 0.1F);
  EXPECT_FLOAT_EQ(found[0].y1, 0.2F);
  EXPECT_FLOAT_EQ(found[0].x2, 0.3F);
  EXPECT_FLOAT_EQ(found[0].y2, 0.6F);
  EXPECT_EQ(found[0].label, 1);
  EXPECT_FLOAT_EQ(found[0].confidence, 0.9F);
}

TEST(DecodeDetections, ReadsCentreAndSizeInFractions) {
  DetectorInfo info = detector();
  info.boxes_are_centre_size = true;
  info.boxes_are_normalised = true;
  const auto found = decode_detections(std::vector<float>{0.5F, 0.5F, 0.2F, 0.4F, 0.9F, 0}, info, 0.4F);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_FLOAT_EQ(found[0].x1, 0.4F);
  EXPECT_FLOAT_EQ(found[0].y1, 0.3F);
  EXPECT_FLOAT_EQ(found[0].x2, 0.6F);
  EXPECT_FLOAT_EQ(found[0].y2, 0.7F);
}

TEST(DecodeDetections, MultipliesByTheObjectness) {
  DetectorInfo info = detector();
  info.has_objectness = true;
  const std::vector<float> rows{0, 0, 10, 10, 0.5F, 0.9F, 0, 20, 20, 30, 30, 0.1F, 0.9F, 0};
  const auto found = decode_detections(rows, info, 0.4F);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_FLOAT_EQ(found[0].confidence, 0.45F);
}

TEST(DecodeDetections, ClipsToTheFrameAndDropsWhatIsOutside) {
  const std::vector<float> rows{-10, 50, 50, 150, 0.9F, 0, 110, 0, 120, 10, 0.9F, 0};
  const auto found = decode_detections(rows, detector(), 0.4F);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_FLOAT_EQ(found[0].x1, 0);
  EXPECT_FLOAT_EQ(found[0].y2, 1);
}

TEST(DecodeDetections, DropsRowsThatAreNotFiniteOrHaveNoArea) {
  const float nan = NAN, infinite = INFINITY;
  const std::vector<float> rows{nan, 0,  10,       10, 0.9F,     0,     //
                                0,   0,  infinite, 10, 0.9F,     0,     //
                                0,   0,  10,       10, nan,      0.9F,  //
                                0,   0,  10,       10, 0.9F,     nan,   //
                                0,   0,  10,       10, infinite, 0,     //
                                30,  30, 30,       40, 0.9F,     0,     //
                                30,  30, 20,       40, 0.9F,     0};
  EXPECT_TRUE(decode_detections(rows, detector(), 0.4F).empty());
}

// 10 x 10 at 0 and at 2: 80 shared of 120, IoU 0.67; at 4: 60 of 140, IoU 0.43.
TEST(DecodeDetections, SuppressesOverlapsOfTheSameClassOnly) {
  const std::vector<float> rows{0, 0, 10, 10, 0.7F, 0,      // The weaker of two.
                                2, 0, 12, 10, 0.9F, 0,      //
                                6, 0, 16, 10, 0.6F, 0,      // Overlaps the best by 60 of 140: stays.
                                2, 0, 12, 10, 0,    0.5F};  // Same place, other class: stays.
  const auto found = decode_detections(rows, detector(), 0.4F);
  ASSERT_EQ(found.size(), 3U);
  EXPECT_FLOAT_EQ(found[0].confidence, 0.9F);
  EXPECT_FLOAT_EQ(found[1].confidence, 0.6F);
  EXPECT_EQ(found[2].label, 1);
}

TEST(DecodeDetections, KeepsTheBestThreeHundred) {
  std::vector<float> rows;
  for (int i = 0; i < 1000; ++i) {
    const auto x = static_cast<float>(2 * i);
    rows.insert(rows.end(), {x, 0, x + 1, 1, 0.5F + static_cast<float>(i) / 4000, 0});
  }
  const auto found = decode_detections(rows, detector(2001), 0.4F);
  ASSERT_EQ(found.size(), kMostDetections);
  EXPECT_FLOAT_EQ(found[0].confidence, 0.5F + 999.0F / 4000);
}

TEST(DecodeDetections, TakesNoRowsAndABrokenLastRow) {
  EXPECT_TRUE(decode_detections({}, detector(), 0.4F).empty());
  EXPECT_TRUE(decode_detections(std::vector<float>{0, 0, 10}, detector(), 0.4F).empty());
}

}  // namespace
}  // namespace ekya::learner
