// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/learner/yolo_coding.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace ekya::learner {
namespace {

const std::vector<YoloScale> kScales{{32, {3, 4, 5}}, {16, {0, 1, 2}}};
const std::vector<float> kAnchors{10, 14, 23, 27, 37, 58, 81, 82, 135, 169, 344, 319};
constexpr std::size_t kPriors = 3 * 2 * 2 + 3 * 4 * 4;

/// Priors of yolov3_tiny at 64 pixels.
std::vector<YoloPrior> priors() { return yolo_priors(64, kScales, kAnchors); }

/// Raw rows that find nothing: [kPriors, 5 + labels].
std::vector<float> silent_rows(std::size_t labels) {
  std::vector<float> raw(kPriors * (5 + labels), 0);
  for (std::size_t i = 0; i < kPriors; ++i) raw[i * (5 + labels) + 4] = -10;
  return raw;
}

LabelledBox box_at(float x, float y, float width, float height, int label = 0) {
  return {x - width / 2, y - height / 2, x + width / 2, y + height / 2, label};
}

TEST(YoloPriors, AreOrderedByScaleAnchorRowAndColumn) {
  const auto found = priors();
  ASSERT_EQ(found.size(), kPriors);
  EXPECT_EQ(found[6].cells, 2);
  EXPECT_EQ(found[6].column, 0);
  EXPECT_EQ(found[6].row, 1);
  EXPECT_FLOAT_EQ(found[6].width, 135.0F / 64);
  EXPECT_EQ(found[55].cells, 4);
  EXPECT_EQ(found[55].column, 3);
  EXPECT_EQ(found[55].row, 2);
  EXPECT_FLOAT_EQ(found[55].height, 58.0F / 64);
}

// The numbers come from the formulas of the paper, written once more in numpy.
TEST(DecodeYolo, GivesTheBoxesOfThePapersFormulas) {
  auto raw = silent_rows(2);
  const float first[] = {0.3F, -1.2F, 0.5F, -0.25F, 1.5F, -0.4F, 2}, second[] = {-2, 4, 0.1F, 0.2F, 3, 1, -1};
  std::ranges::copy(first, raw.begin() + 6 * 7);
  std::ranges::copy(second, raw.begin() + 55 * 7);
  const float expected[] = {0.28722126F, 0.61573761F, 3.47777143F, 2.05652082F, 0.81757448F, 0.40131234F, 0.88079708F,
                            0.77980073F, 0.74550345F, 0.63892694F, 1.10689625F, 0.95257413F, 0.73105858F, 0.26894142F};
  const auto rows = decode_yolo(raw, priors(), 0.4F);
  ASSERT_EQ(rows.size(), std::size(expected));
  for (std::size_t i = 0; i < rows.size(); ++i) EXPECT_NEAR(rows[i], expected[i], 1e-5) << i;
}

TEST(DecodeYolo, LeavesOutRowsBelowTheThresholdAndNotANumber) {
  auto raw = silent_rows(1);
  raw[4] = NAN;
  raw[6 + 4] = 0;  // An objectness of 0.5.
  EXPECT_EQ(decode_yolo(raw, priors(), 0.4F).size(), 6U);
  EXPECT_EQ(decode_yolo(raw, priors(), 0.51F).size(), 0U);
  EXPECT_TRUE(decode_yolo({}, {}, 0.4F).empty());
}

// 0.6 x 0.9 of 64 pixels is 38 x 58: nearest to the anchor 37 x 58, the third of the fine scale.
TEST(AssignYolo, GivesABoxToItsCellAtTheNearestAnchor) {
  const LabelledBox truth = box_at(0.9F, 0.55F, 0.6F, 0.9F, 1);
  const auto targets = assign_yolo(silent_rows(2), priors(), {&truth, 1});
  ASSERT_EQ(targets.positives.size(), 1U);
  const auto& positive = targets.positives[0];
  EXPECT_EQ(positive.row, 12 + 2 * 16 + 2 * 4 + 3);
  EXPECT_NEAR(positive.offset[0], 0.6, 1e-5);
  EXPECT_NEAR(positive.offset[1], 0.2, 1e-5);
  EXPECT_NEAR(positive.stretch[0], std::log(0.6 * 64 / 37), 1e-5);
  EXPECT_NEAR(positive.stretch[1], std::log(0.9 * 64 / 58), 1e-5);
  EXPECT_NEAR(positive.size_weight, 2 - 0.54, 1e-5);
  EXPECT_EQ(positive.label, 1);
  EXPECT_EQ(std::ranges::count(targets.objectness, 1.0F), 1);
  EXPECT_EQ(targets.objectness[55], 1);
}

TEST(AssignYolo, TurnsBackIntoTheSameBox) {
  const LabelledBox truth = box_at(0.3F, 0.7F, 0.2F, 0.25F);
  const auto positive = assign_yolo(silent_rows(1), priors(), {&truth, 1}).positives.at(0);
  auto raw = silent_rows(1);
  float* row = raw.data() + static_cast<std::size_t>(positive.row) * 6;
  for (std::size_t i = 0; i < 2; ++i) {
    row[i] = std::log(positive.offset[i] / (1 - positive.offset[i]));
    row[2 + i] = positive.stretch[i];
  }
  row[4] = 10;
  const auto rows = decode_yolo(raw, priors(), 0.4F);
  ASSERT_EQ(rows.size(), 6U);
  const float expected[] = {0.3F, 0.7F, 0.2F, 0.25F};
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(rows[i], expected[i], 1e-5) << i;
}

// The row one cell to the left, at the same anchor.
TEST(AssignYolo, LeavesRowsOpenThatOverlapATruthByMoreThanAHalf) {
  const LabelledBox truth = box_at(0.375F, 0.375F, 37.0F / 64, 58.0F / 64);
  auto raw = silent_rows(1);
  const std::size_t neighbour = 12 + 2 * 16 + 4 + 0;
  const auto far = assign_yolo(raw, priors(), {&truth, 1});  // 0.25 of 0.58 to the left: IoU 0.40.
  EXPECT_EQ(far.objectness_weight[neighbour], 1);
  raw[neighbour * 6] = 5;  // 0.13 to the left: IoU 0.64.
  const auto near = assign_yolo(raw, priors(), {&truth, 1});
  EXPECT_EQ(near.objectness_weight[neighbour], 0);
  EXPECT_EQ(near.objectness[neighbour], 0);
  EXPECT_EQ(near.objectness_weight[neighbour + 1], 1) << "the row that has to find it";
}

TEST(AssignYolo, GivesARowToTheFirstOfTwoBoxes) {
  const std::vector<LabelledBox> truth{box_at(0.3F, 0.3F, 0.2F, 0.2F, 1), box_at(0.31F, 0.3F, 0.2F, 0.2F, 0)};
  const auto targets = assign_yolo(silent_rows(2), priors(), truth);
  ASSERT_EQ(targets.positives.size(), 1U);
  EXPECT_EQ(targets.positives[0].label, 1);
}

TEST(AssignYolo, TakesABoxAtTheFramesEdgeAndAFrameWithoutABox) {
  const LabelledBox edge{0.98F, 0.98F, 1, 1, 0, 1};
  EXPECT_EQ(assign_yolo(silent_rows(1), priors(), {&edge, 1}).positives.size(), 1U);
  const auto empty = assign_yolo(silent_rows(1), priors(), {});
  EXPECT_TRUE(empty.positives.empty());
  EXPECT_EQ(std::ranges::count(empty.objectness_weight, 1.0F), static_cast<std::ptrdiff_t>(kPriors));
}

TEST(AssignYolo, HandsTheWeightOfTheLabelOn) {
  LabelledBox truth = box_at(0.5F, 0.5F, 0.5F, 0.5F);
  truth.weight = 0.25F;
  const auto targets = assign_yolo(silent_rows(1), priors(), {&truth, 1});
  EXPECT_EQ(targets.positives.at(0).weight, 0.25F);
  EXPECT_EQ(targets.objectness_weight[static_cast<std::size_t>(targets.positives[0].row)], 0.25F);
}

}  // namespace
}  // namespace ekya::learner
