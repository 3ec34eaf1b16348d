// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/learner/ssd_coding.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace ekya::learner {
namespace {

const std::vector<int> kCells{20, 10, 5, 3, 2, 1};  // Of ssdlite320.

// The numbers come from torchvision's DefaultBoxGenerator([[2, 3]] * 6, min_ratio=0.2, max_ratio=0.95), restated in
// numpy.
TEST(SsdDefaultBoxes, AreThoseOfTorchvisionsSsdlite320) {
  const auto boxes = ssd_default_boxes(kCells);
  ASSERT_EQ(boxes.size(), 3234U);
  struct Row {
    std::size_t index;
    float x, y, width, height;
  };
  const Row rows[] = {{0, 0.025F, 0.025F, 0.2F, 0.2F},
                      {1, 0.025F, 0.025F, 0.26457513F, 0.26457513F},
                      {5, 0.025F, 0.025F, 0.11547005F, 0.34641016F},
                      {123, 0.025F, 0.075F, 0.14142136F, 0.28284271F},
                      {2400, 0.05F, 0.05F, 0.35F, 0.35F},
                      {2626, 0.75F, 0.35F, 0.60621778F, 0.20207259F},
                      {3043, 0.5F, 0.3F, 0.57008771F, 0.57008771F},
                      {3176, 0.5F, 0.5F, 0.91923882F, 0.45961941F},
                      {3225, 0.75F, 0.75F, 0.56568542F, 1},
                      {3229, 0.5F, 0.5F, 0.97467943F, 0.97467943F},
                      {3233, 0.5F, 0.5F, 0.54848276F, 1}};
  for (const Row& row : rows) {
    SCOPED_TRACE(row.index);
    EXPECT_NEAR(boxes[row.index].x, row.x, 1e-6);
    EXPECT_NEAR(boxes[row.index].y, row.y, 1e-6);
    EXPECT_NEAR(boxes[row.index].width, row.width, 1e-6);
    EXPECT_NEAR(boxes[row.index].height, row.height, 1e-6);
  }
}

// torchvision's BoxCoder with weights 10, 10, 5, 5, restated in numpy.
TEST(DecodeSsd, GivesTheBoxAndSoftmaxOfTorchvision) {
  const DefaultBox base{0.025F, 0.075F, 0.14142136F, 0.28284271F};
  const std::vector<float> raw{1.5F, -2, 0.7F, -0.9F, 1, 2, -0.5F};
  const float expected[] = {0.04621320F, 0.01843146F, 0.16267328F, 0.23625009F, 0.68967209F, 0.05661173F};
  const auto rows = decode_ssd(raw, {&base, 1}, 0.5F);
  ASSERT_EQ(rows.size(), 6U);
  for (std::size_t i = 0; i < rows.size(); ++i) EXPECT_NEAR(rows[i], expected[i], 1e-6) << i;
  EXPECT_TRUE(decode_ssd(raw, {&base, 1}, 0.7F).empty());
}

TEST(DecodeSsd, StaysFiniteForAHugeOffset) {
  const DefaultBox base{0.5F, 0.5F, 0.5F, 0.5F};
  const auto rows = decode_ssd(std::vector<float>{0, 0, 1e9F, -1e9F, 0, 9}, {&base, 1}, 0.5F);
  ASSERT_EQ(rows.size(), 5U);
  EXPECT_FLOAT_EQ(rows[2], 0.5F * 1000 / 16);
  EXPECT_EQ(rows[3], 0);
}

TEST(EncodeSsd, IsUndoneByDecoding) {
  const DefaultBox base{0.4F, 0.6F, 0.3F, 0.2F};
  const LabelledBox box{0.35F, 0.45F, 0.6F, 0.8F};
  const auto offsets = encode_ssd(box, base);
  std::vector<float> raw(offsets.begin(), offsets.end());
  raw.insert(raw.end(), {0, 5});
  const auto rows = decode_ssd(raw, {&base, 1}, 0.5F);
  ASSERT_EQ(rows.size(), 5U);
  EXPECT_NEAR(rows[0], 0.475, 1e-6);
  EXPECT_NEAR(rows[1], 0.625, 1e-6);
  EXPECT_NEAR(rows[2], 0.25, 1e-6);
  EXPECT_NEAR(rows[3], 0.35, 1e-6);
}

TEST(MatchSsd, GivesABoxItsOverlapsOfAtLeastAHalfAndTheOthersToTheBackground) {
  const std::vector<DefaultBox> boxes{
      {0.25F, 0.25F, 0.5F, 0.5F}, {0.25F, 0.125F, 0.5F, 0.25F}, {0.75F, 0.75F, 0.5F, 0.5F}};
  const LabelledBox truth{0, 0, 0.5F, 0.5F};
  EXPECT_EQ(match_ssd(boxes, {&truth, 1}), (std::vector<int>{0, 0, -1})) << "IoU 1, exactly 1/2 and 0";
  EXPECT_EQ(match_ssd(boxes, {}), (std::vector<int>{-1, -1, -1}));
}

TEST(MatchSsd, GivesASmallBoxTheNearestDefaultBoxAllTheSame) {
  const std::vector<DefaultBox> boxes{{0.25F, 0.25F, 0.5F, 0.5F}, {0.75F, 0.75F, 0.5F, 0.5F}};
  const std::vector<LabelledBox> truth{{0, 0, 0.5F, 0.5F}, {0.7F, 0.7F, 0.8F, 0.8F}};
  EXPECT_EQ(match_ssd(boxes, truth), (std::vector<int>{0, 1}));
}

}  // namespace
}  // namespace ekya::learner
