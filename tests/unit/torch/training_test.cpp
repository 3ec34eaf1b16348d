// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <limits>

#include "torch_fixtures.h"

namespace ekya::learner::testing {
namespace {

using ::testing::HasSubstr;

std::unique_ptr<TrainingJob> start(const Classifier& from, const LabelledCrops& data, const TrainOptions& options) {
  auto job = torch_engine().train(from, data, options);
  EXPECT_TRUE(job) << job.error().message;
  return *std::move(job);
}

TrainOptions quick(TrainedLayers layers, int epochs) {
  TrainOptions options;
  options.layers = layers;
  options.epochs = epochs;
  options.batch_size = 16;
  options.learning_rate = layers == TrainedLayers::kHead ? 0.2 : 0.05;
  return options;
}

class BothKinds : public ::testing::TestWithParam<TrainedLayers> {};

TEST_P(BothKinds, LearnFortyColouredCrops) {
  const auto before = build(fresh_weights(student()));
  const LabelledCrops crops = coloured_crops(40);
  const auto job = start(*before, crops, quick(GetParam(), 40));
  EXPECT_EQ(job->steps(), 120);  // 40 crops in batches of about 16: 3 an epoch.
  run_all(*job);
  const auto after = job->classifier();
  ASSERT_TRUE(after) << after.error().message;
  EXPECT_GT(accuracy(**after, crops), 0.9);
  EXPECT_GT(accuracy(**after, coloured_crops(40, 4, 32, 99)), 0.9) << "on crops that it has not seen";
}

TEST_P(BothKinds, GiveTheSameWeightsForTheSameSeed) {
  const auto before = build(fresh_weights(student()));
  const auto weights = [&](std::uint64_t seed) {
    TrainOptions options = quick(GetParam(), 2);
    options.seed = seed;
    options.mirror = true;
    const auto job = start(*before, coloured_crops(40), options);
    run_all(*job);
    return serialize(*job->weights());
  };
  const auto first = weights(5);
  EXPECT_EQ(first, weights(5));
  EXPECT_NE(first, weights(6));
}

TEST_P(BothKinds, LeaveTheLiveModelAlone) {
  const auto before = build(fresh_weights(student()));
  const LabelledCrops crops = coloured_crops(8);
  const auto expected = *before->classify(normalised(crops, before->info()), 8);
  const auto job = start(*before, crops, quick(GetParam(), 3));
  run_all(*job);
  EXPECT_EQ(*before->classify(normalised(crops, before->info()), 8), expected);
}

TEST_P(BothKinds, GiveAClassifierOfTheirOwnWeightsThatLaterStepsDoNotChange) {
  const auto before = build(fresh_weights(student()));
  const LabelledCrops crops = coloured_crops(8);
  const auto job = start(*before, crops, quick(GetParam(), 3));
  ASSERT_TRUE(job->step());
  const auto snapshot = job->classifier();
  ASSERT_TRUE(snapshot) << snapshot.error().message;
  const auto input = normalised(crops, before->info());
  const auto result = *(*snapshot)->classify(input, 8);
  EXPECT_EQ(*build(*job->weights())->classify(input, 8), result);
  ASSERT_TRUE(job->step());
  EXPECT_EQ(*(*snapshot)->classify(input, 8), result);
}

TEST_P(BothKinds, TrainOnASingleSample) {
  const auto before = build(fresh_weights(student()));
  for (const int batch_size : {1, 32}) {
    TrainOptions options = quick(GetParam(), 3);
    options.batch_size = batch_size;
    const auto job = start(*before, coloured_crops(1), options);
    EXPECT_EQ(job->steps(), 3);
    run_all(*job);
    EXPECT_TRUE(job->classifier());
  }
}

TEST_P(BothKinds, KeepTheDescriptionOfTheModel) {
  ModelInfo info = student();
  info.generation = 12;
  info.origin = "a test";
  const auto job = start(*build(fresh_weights(info)), coloured_crops(4), quick(GetParam(), 1));
  run_all(*job);
  const auto found = model_info(*job->weights());
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->generation, 12U);
  EXPECT_EQ(found->origin, "a test");
  EXPECT_EQ(found->labels, info.labels);
}

TEST_P(BothKinds, FailWhenTheyDivergeAndStayFailed) {
  TrainOptions options = quick(GetParam(), 200);
  options.learning_rate = 1e30;
  const auto job = start(*build(fresh_weights(student())), coloured_crops(32), options);
  Result<StepReport> report = job->step();
  for (int i = 1; report && i < job->steps(); ++i) report = job->step();
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ErrorCode::kInternal);
  EXPECT_THAT(report.error().message, HasSubstr("diverged"));
  EXPECT_FALSE(job->step());
}

TEST_P(BothKinds, RefuseAStepAfterTheLast) {
  const auto job = start(*build(fresh_weights(student())), coloured_crops(4), quick(GetParam(), 1));
  run_all(*job);
  const auto more = job->step();
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().code, ErrorCode::kInvalidArgument);
}

INSTANTIATE_TEST_SUITE_P(All, BothKinds, ::testing::Values(TrainedLayers::kHead, TrainedLayers::kAll),
                         [](const auto& info) { return info.param == TrainedLayers::kHead ? "Head" : "All"; });

TEST(HeadTraining, ChangesTheHeadOnlyAndKeepsTheTrunkBitByBit) {
  const WeightsFile before = fresh_weights(student());
  const auto job = start(*build(before), coloured_crops(16), quick(TrainedLayers::kHead, 2));
  run_all(*job);
  const WeightsFile after = *job->weights();
  ASSERT_EQ(after.tensors.size(), before.tensors.size());
  for (const auto& [name, tensor] : before.tensors)
    EXPECT_EQ(after.tensors.at(name).data == tensor.data, name != "fc.weight" && name != "fc.bias") << name;
}

TEST(HeadTraining, RunsTheTrunkOnceASampleOnly) {
  const auto job =
      start(*build(fresh_weights(student("resnet18"))), coloured_crops(32), quick(TrainedLayers::kHead, 50));
  const auto epoch_time = [&] {
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_TRUE(job->step() && job->step());
    return std::chrono::steady_clock::now() - begin;
  };
  const auto first = epoch_time();
  auto later = epoch_time();
  for (int i = 0; i < 5; ++i) later = std::min(later, epoch_time());
  EXPECT_LT(later * 10, first);
}

// Nine crops of one class and one of another: without balance the rare class would be ignored.
TEST(Training, CountsARareClassMore) {
  LabelledCrops crops = coloured_crops(40, 2);
  for (std::size_t i = 0; i < crops.labels.size(); ++i) crops.labels[i] = i < 36 ? 0 : 1;  // Colours tell nothing.
  for (auto& pixel : crops.pixels) pixel = 128;
  const auto job =
      start(*build(fresh_weights(student("shufflenet_v2_x0_5", 2))), crops, quick(TrainedLayers::kHead, 60));
  run_all(*job);
  const auto result = (*job->classifier())->classify(normalised(crops, student("shufflenet_v2_x0_5", 2)), 40);
  EXPECT_NEAR((*result)[1], 4 * 3 / (4 * 3 + 36 * 20.0 / 36), 0.1);  // Weights: 20/4 held at 3, 20/36.
}

TEST(Training, FollowsTheSamplesWeights) {
  LabelledCrops crops = coloured_crops(40, 2);
  for (auto& pixel : crops.pixels) pixel = 128;
  for (std::size_t i = 0; i < crops.weights.size(); ++i) crops.weights[i] = crops.labels[i] == 1 ? 0.9F : 0.1F;
  const auto job =
      start(*build(fresh_weights(student("shufflenet_v2_x0_5", 2))), crops, quick(TrainedLayers::kHead, 60));
  run_all(*job);
  const auto result = (*job->classifier())->classify(normalised(crops, student("shufflenet_v2_x0_5", 2)), 40);
  EXPECT_NEAR((*result)[1], 0.9, 0.05);
}

struct BadInput {
  const char* name;
  std::function<void(LabelledCrops&, TrainOptions&)> apply;
  std::string words;
};

class BadTrainingInput : public ::testing::TestWithParam<BadInput> {};

TEST_P(BadTrainingInput, IsRefused) {
  static const auto classifier = build(fresh_weights(student()));
  LabelledCrops crops = coloured_crops(8);
  TrainOptions options;
  GetParam().apply(crops, options);
  const auto job = torch_engine().train(*classifier, crops, options);
  ASSERT_FALSE(job);
  EXPECT_EQ(job.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(job.error().message, HasSubstr(GetParam().words));
}

INSTANTIATE_TEST_SUITE_P(
    All, BadTrainingInput,
    ::testing::Values(
        BadInput{"NoSample",
                 [](LabelledCrops& c, TrainOptions&) {
                   c = {32, {}, {}, {}};
                 },
                 "no sample"},
        BadInput{"LabelTooHigh", [](LabelledCrops& c, TrainOptions&) { c.labels[3] = 4; }, "label 4 is out of range"},
        BadInput{"LabelBelowZero", [](LabelledCrops& c, TrainOptions&) { c.labels[3] = -1; }, "label -1"},
        BadInput{"OtherSize", [](LabelledCrops& c, TrainOptions&) { c = coloured_crops(8, 4, 16); }, "16 pixels"},
        BadInput{"FewPixels", [](LabelledCrops& c, TrainOptions&) { c.pixels.pop_back(); }, "bytes of pixels"},
        BadInput{"FewWeights", [](LabelledCrops& c, TrainOptions&) { c.weights.pop_back(); }, "7 weights"},
        BadInput{"WeightZero", [](LabelledCrops& c, TrainOptions&) { c.weights[0] = 0; }, "weight 0"},
        BadInput{"WeightNaN", [](LabelledCrops& c, TrainOptions&) { c.weights[0] = NAN; }, "weight nan"},
        BadInput{"NoEpoch", [](LabelledCrops&, TrainOptions& o) { o.epochs = 0; }, "epochs is 0"},
        BadInput{"NoBatch", [](LabelledCrops&, TrainOptions& o) { o.batch_size = 0; }, "batch size is 0"},
        BadInput{"RateNaN", [](LabelledCrops&, TrainOptions& o) { o.learning_rate = NAN; }, "learning rate is nan"},
        BadInput{"Momentum", [](LabelledCrops&, TrainOptions& o) { o.momentum = 1.5; }, "momentum is 1.5"}),
    [](const auto& info) { return info.param.name; });

class ForeignClassifier : public Classifier {
 public:
  const ModelInfo& info() const override { return info_; }
  Result<std::vector<float>> classify(std::span<const float>, int) const override { return std::vector<float>(); }

 private:
  ModelInfo info_ = student();
};

TEST(Training, RefusesAClassifierOfAnotherEngine) {
  const auto job = torch_engine().train(ForeignClassifier(), coloured_crops(4), {});
  ASSERT_FALSE(job);
  EXPECT_EQ(job.error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace ekya::learner::testing
