// SPDX-License-Identifier: LGPL-2.1-or-later
// A head with a hidden layer, and one that grows with the classes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <cstring>

#include "ekya/learner/half.h"
#include "torch_fixtures.h"

namespace ekya::learner::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TrainOptions quick(TrainedLayers layers, int epochs) {
  TrainOptions options;
  options.layers = layers;
  options.epochs = epochs;
  options.batch_size = 16;
  options.learning_rate = layers == TrainedLayers::kHead ? 0.2 : 0.05;
  return options;
}

Result<WeightsFile> train(const Classifier& from, const LabelledCrops& crops, const TrainOptions& options) {
  auto job = torch_engine().train(from, crops, options);
  if (!job) return job.error();
  run_all(**job);
  return (*job)->weights();
}

/// Row of a matrix that is stored as F16.
std::vector<float> row_of(const Tensor& matrix, std::int64_t row) {
  EXPECT_EQ(matrix.dtype, DType::kF16);
  std::vector<Half> halves(static_cast<std::size_t>(matrix.shape[1]));
  std::memcpy(halves.data(), &matrix.data[halves.size() * sizeof(Half) * static_cast<std::size_t>(row)],
              halves.size() * sizeof(Half));
  std::vector<float> values;
  for (const Half half : halves) values.push_back(to_float(half));
  return values;
}

class Heads : public ::testing::TestWithParam<TrainedLayers> {};

TEST_P(Heads, LearnWithAHiddenLayerAndComeBackFromTheirFile) {
  const LabelledCrops crops = coloured_crops(40);
  TrainOptions options = quick(GetParam(), 40);
  options.head_width = 32;
  options.learning_rate = 0.02;
  const auto weights = train(*build(fresh_weights(student())), crops, options);
  ASSERT_TRUE(weights) << weights.error().message;
  EXPECT_EQ(weights->tensors.count("fc.weight"), 0U);
  EXPECT_THAT(weights->tensors.at("fc.0.weight").shape, ElementsAre(32, 1024));
  EXPECT_THAT(weights->tensors.at("fc.0.bias").shape, ElementsAre(32));
  EXPECT_THAT(weights->tensors.at("fc.2.weight").shape, ElementsAre(4, 32));
  EXPECT_THAT(weights->tensors.at("fc.2.bias").shape, ElementsAre(4));
  const auto again = build(*parse_weights(serialize(*weights), true));
  EXPECT_EQ(again->info().head_width, 32);
  EXPECT_GT(accuracy(*again, crops), 0.9);
}

TEST_P(Heads, KeepTheirWidthUnlessAnotherIsWanted) {
  const LabelledCrops crops = coloured_crops(16);
  TrainOptions options = quick(GetParam(), 1);
  options.learning_rate = 0;  // So that what is kept comes out as it was.
  ModelInfo info = student();
  info.head_width = 8;
  const WeightsFile before = fresh_weights(info);
  const auto kept = train(*build(before), crops, options);
  EXPECT_EQ(model_info(*kept)->head_width, 8);
  EXPECT_EQ(kept->tensors.at("fc.0.weight").data, before.tensors.at("fc.0.weight").data);
  EXPECT_EQ(kept->tensors.at("fc.2.weight").data, before.tensors.at("fc.2.weight").data);
  options.head_width = 16;
  const auto other = train(*build(before), crops, options);
  EXPECT_EQ(model_info(*other)->head_width, 16);
  EXPECT_THAT(other->tensors.at("fc.0.weight").shape, ElementsAre(16, 1024));
  EXPECT_EQ(other->tensors.at("conv5.0.weight").data, before.tensors.at("conv5.0.weight").data);
}

TEST_P(Heads, LearnNewClasses) {
  TrainOptions options = quick(GetParam(), 40);
  const auto two = train(*build(fresh_weights(student("shufflenet_v2_x0_5", 2))), coloured_crops(40, 2), options);
  ASSERT_TRUE(two) << two.error().message;
  options.labels = {"class0", "class1", "class2", "class3"};
  const auto four = train(*build(*two), coloured_crops(40), options);
  ASSERT_TRUE(four) << four.error().message;
  EXPECT_EQ(model_info(*four)->labels, options.labels);
  EXPECT_GT(accuracy(*build(*four), coloured_crops(40, 4, 32, 99)), 0.9);
}

TEST_P(Heads, KeepTheRowsOfTheClassesTheyHaveAndAddSmallOnes) {
  for (const int width : {0, 8}) {
    SCOPED_TRACE(width);
    ModelInfo info = student();
    info.head_width = width;
    const WeightsFile before = fresh_weights(info);
    TrainOptions options = quick(GetParam(), 1);
    options.learning_rate = 0;
    options.labels = {"class2", "new", "class1", "class0", "class3"};
    const auto after = train(*build(before), coloured_crops(20, 5), options);
    ASSERT_TRUE(after) << after.error().message;
    const std::string name = width == 0 ? "fc.weight" : "fc.2.weight";
    const Tensor &old = before.tensors.at(name), &grown = after->tensors.at(name);
    EXPECT_EQ(grown.shape[0], 5);
    EXPECT_EQ(row_of(grown, 0), row_of(old, 2));
    EXPECT_EQ(row_of(grown, 2), row_of(old, 1));
    EXPECT_EQ(row_of(grown, 3), row_of(old, 0));
    EXPECT_EQ(row_of(grown, 4), row_of(old, 3));
    float most = 0;
    for (const float value : row_of(grown, 1)) most = std::max(most, std::abs(value));
    EXPECT_GT(most, 0);
    EXPECT_LE(most, 0.1001 / std::sqrt(width == 0 ? 1024 : width));
    if (width > 0) {
      EXPECT_EQ(after->tensors.at("fc.0.weight").data, before.tensors.at("fc.0.weight").data);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, Heads, ::testing::Values(TrainedLayers::kHead, TrainedLayers::kAll),
                         [](const auto& info) { return info.param == TrainedLayers::kHead ? "Head" : "All"; });

TEST(Head, IsNeverMadeSmallerNorHasAClassTwice) {
  const auto classifier = build(fresh_weights(student()));
  TrainOptions options = quick(TrainedLayers::kHead, 1);
  for (const auto& [labels, words] :
       {std::pair<std::vector<std::string>, std::string>{{"class0", "class1", "class2", "class4"}, "lack 'class3'"},
        {{"class0", "class1", "class2", "class3", "class0"}, "each named once"}}) {
    options.labels = labels;
    const auto weights = train(*classifier, coloured_crops(8), options);
    ASSERT_FALSE(weights);
    EXPECT_EQ(weights.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(weights.error().message, HasSubstr(words));
  }
}

TEST(Head, HasAtMost4096Neurons) {
  const auto classifier = build(fresh_weights(student()));
  TrainOptions options = quick(TrainedLayers::kHead, 1);
  for (const int width : {-1, 4097}) {
    options.head_width = width;
    const auto weights = train(*classifier, coloured_crops(8), options);
    ASSERT_FALSE(weights);
    EXPECT_EQ(weights.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(weights.error().message, HasSubstr("the head's width is " + std::to_string(width)));
  }
}

TEST(Head, OfATorchscriptModelStaysAsItIs) {
  const std::string path = std::string(std::getenv("EKYA_TEST_TORCHSCRIPT")) + "/classifier.pt";
  const auto script = *torch_engine().load_torchscript(path, student("torchscript"), nullptr);
  TrainOptions wider = quick(TrainedLayers::kHead, 1), more = wider;
  wider.head_width = 16;
  more.labels = {"class0", "class1", "class2", "class3", "class4"};
  for (const TrainOptions& options : {wider, more}) {
    const auto weights = train(*script, coloured_crops(8), options);
    ASSERT_FALSE(weights);
    EXPECT_EQ(weights.error().code, ErrorCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace ekya::learner::testing
