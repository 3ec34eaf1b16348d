// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "ekya/learner/scene_statistics.h"

namespace ekya::learner {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

SceneStatistics scene(double mean, double variance) { return {"test", {mean}, {variance}, {}}; }

/// Crops [size, size] whose pixels are given in turn: one colour a crop.
LabelledCrops crops_of(const std::vector<std::array<std::uint8_t, 3>>& colours, int size = 4) {
  LabelledCrops crops;
  crops.size = size;
  for (const auto& colour : colours) {
    for (int i = 0; i < size * size; ++i) crops.pixels.insert(crops.pixels.end(), colour.begin(), colour.end());
    crops.labels.push_back(0);
    crops.weights.push_back(1);
  }
  return crops;
}

TEST(FeatureStatistics, AreTheMeanAndTheVarianceOfEachColumn) {
  const auto found = feature_statistics("test", std::vector<float>{1, 10, 3, 10, 5, 40}, 2);
  ASSERT_TRUE(found);
  EXPECT_THAT(found->mean, ElementsAre(3, 20));
  EXPECT_THAT(found->variance, ElementsAre(DoubleNear(8.0 / 3, 1e-12), 200));
}

TEST(FeatureStatistics, NeedWholeRowsOfFiniteNumbers) {
  const float nan = std::nanf("");
  EXPECT_FALSE(feature_statistics("test", {}, 1));
  EXPECT_FALSE(feature_statistics("test", std::vector<float>{1, 2, 3}, 2));
  EXPECT_FALSE(feature_statistics("test", std::vector<float>{1, 2}, 0));
  EXPECT_FALSE(feature_statistics("test", std::vector<float>(5000, 1), 5000));
  EXPECT_FALSE(feature_statistics("test", std::vector<float>{1, nan}, 1));
  EXPECT_FALSE(feature_statistics("test", std::vector<float>{1, std::numeric_limits<float>::infinity()}, 1));
}

TEST(ImageStatistics, AreBrightnessContrastSharpnessAndColour) {
  const std::vector<std::string> labels{"car"};
  const auto red = image_statistics(crops_of({{255, 0, 0}}), labels);
  ASSERT_TRUE(red);
  EXPECT_THAT(red->mean, ElementsAre(DoubleNear(0.299, 1e-6), DoubleNear(0, 1e-3), DoubleNear(0, 1e-6), 1, 0));
  EXPECT_THAT(red->classes, ElementsAre(Pair("car", 1)));
  LabelledCrops board = crops_of({{0, 0, 0}});
  for (std::size_t i = 0; i < board.pixels.size(); ++i) board.pixels[i] = (i / 3 + i / 12) % 2 ? 255 : 0;
  // Half white: deviation 0.5; each inner pixel differs from its four neighbours by 1.
  EXPECT_THAT(image_statistics(board, labels)->mean,
              ElementsAre(DoubleNear(0.5, 1e-6), DoubleNear(0.5, 1e-6), DoubleNear(4, 1e-5), 0, 0));
  EXPECT_THAT(image_statistics(crops_of({{0, 0, 0}, {255, 255, 255}}), labels)->variance[0], DoubleNear(0.25, 1e-6));
}

TEST(ImageStatistics, RefuseCropsThatCannotBe) {
  const std::vector<std::string> labels{"car"};
  EXPECT_FALSE(image_statistics({}, labels));
  LabelledCrops crops = crops_of({{1, 2, 3}});
  crops.labels[0] = 1;
  EXPECT_FALSE(image_statistics(crops, labels));
  crops.labels[0] = -1;
  EXPECT_FALSE(image_statistics(crops, labels));
  crops.labels[0] = 0;
  crops.pixels.pop_back();
  EXPECT_FALSE(image_statistics(crops, labels));
}

TEST(SceneDistance, IsBhattacharyyas) {
  EXPECT_DOUBLE_EQ(distance(scene(3, 2), scene(3, 2)), 0);
  EXPECT_NEAR(distance(scene(0, 1), scene(1, 1)), 0.125, 1e-12);
  EXPECT_NEAR(distance(scene(0, 1), scene(0, 4)), 0.5 * std::log(1.25), 1e-12);
  EXPECT_NEAR(distance(scene(0, 4), scene(1, 1)), 0.05 + 0.5 * std::log(1.25), 1e-12);
  EXPECT_NEAR(distance(scene(1, 1), scene(0, 4)), 0.05 + 0.5 * std::log(1.25), 1e-12) << "symmetric";
  EXPECT_NEAR(distance({"test", {0, 5}, {1, 1}, {}}, {"test", {1, 5}, {1, 1}, {}}), 0.0625, 1e-12) << "a mean";
}

TEST(SceneDistance, IsFiniteForFeaturesThatNeverChange) {
  EXPECT_NEAR(distance(scene(0.5, 0), scene(0.52, 0)), 0.5, 1e-9);  // 0.0004 / (4 * 0.0002)
}

// One car against one bus; with one more of each that is 2:1 against 1:2.
TEST(SceneDistance, CountsTheClasses) {
  SceneStatistics a = scene(0, 1), b = scene(0, 1);
  a.classes = {{"car", 1}};
  EXPECT_DOUBLE_EQ(distance(a, b), 0) << "nothing is known of b's";
  b.classes = {{"bus", 1}};
  EXPECT_NEAR(distance(a, b), -std::log(2 * std::sqrt(2.0) / 3), 1e-12);
  b.classes = {{"car", 1}};
  EXPECT_NEAR(distance(a, b), 0, 1e-12);
}

TEST(SceneDistance, IsInfiniteWhereNothingCompares) {
  EXPECT_TRUE(std::isinf(distance(scene(0, 1), {"other", {0}, {1}, {}})));
  EXPECT_TRUE(std::isinf(distance(scene(0, 1), {"test", {0, 0}, {1, 1}, {}})));
  EXPECT_TRUE(std::isinf(distance({}, {})));
  EXPECT_TRUE(std::isinf(distance(scene(0, 1e300), scene(0, 1e300)))) << "beyond what a double holds";
}

TEST(SceneText, IsReadBackExactly) {
  const SceneStatistics written{"caf\xc3\xa9", {0.1, -2e-9}, {0, 1e300}, {{"a\"b", 3}, {"car", 0}}};
  const auto read = parse_scene(scene_text(written));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->kind, written.kind);
  EXPECT_EQ(read->mean, written.mean);
  EXPECT_EQ(read->variance, written.variance);
  EXPECT_EQ(read->classes, written.classes);
}

TEST(SceneText, IsRefusedWhereItIsWrong) {
  const std::vector<std::pair<std::string, std::string>> rows{
      {"", "not JSON"},
      {"[]", "is not an object"},
      {R"({"kind":"x","mean":[1],"variance":[]})", "variance"},
      {R"({"kind":"x","mean":[],"variance":[]})", "variance"},
      {R"({"kind":"x","mean":[1],"variance":[-1]})", "variance[0]"},
      {R"({"kind":"x","mean":[1e999],"variance":[1]})", "not JSON"},
      {R"({"kind":"x","mean":["1"],"variance":[1]})", "mean[0]"},
      {R"({"kind":7,"mean":[1],"variance":[1]})", "kind"},
      {R"({"kind":"x","mean":[1],"variance":[1],"classes":[]})", "classes"},
      {R"({"kind":"x","mean":[1],"variance":[1],"classes":{"car":-1}})", "classes"},
      {R"({"kind":"x","mean":[1],"variance":[1],"classes":{"car":1e9}})", "classes"},
      {R"({"kind":"x","mean":[1],"variance":[1],"more":1})", "is not a known field"},
      {R"({"kind":"x","mean":[1],"mean":[1],"variance":[1]})", "twice"}};
  for (const auto& [text, words] : rows) {
    SCOPED_TRACE(text);
    const auto read = parse_scene(text);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(read.error().message, HasSubstr(words));
  }
}

}  // namespace
}  // namespace ekya::learner
