// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <limits>

#include "ekya/learner/feature_cache.h"
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

TEST_P(BothKinds, GoOnWithMoreSamplesWhereTheyStopped) {
  TrainOptions options = quick(GetParam(), 2);
  options.schedule = Schedule::kConstant;
  const auto job = start(*build(fresh_weights(student())), coloured_crops(16), options);
  run_all(*job);
  const LabelledCrops more = coloured_crops(40);
  const Status extended = job->extend(more, 40);
  ASSERT_TRUE(extended) << extended.error().message;
  EXPECT_EQ(job->steps(), 120);
  run_all(*job);
  EXPECT_GT(accuracy(**job->classifier(), more), 0.9);
  EXPECT_FALSE(job->step()) << "after the last step";
}

// Momentum, order of the samples and augmentation go on: at a constant rate nothing tells that the job was split. The
// cache rounds, so that the batch in which a feature is computed does not show.
TEST_P(BothKinds, GiveTheSameWeightsInOnePieceAndInTwo) {
  const auto before = build(fresh_weights(student()));
  const LabelledCrops crops = coloured_crops(40);
  TrainOptions options = quick(GetParam(), 4);
  options.schedule = Schedule::kConstant;
  options.feature_cache = FeatureCache::open("");
  const auto whole = start(*before, crops, options);
  run_all(*whole);
  options.epochs = 3;
  const auto split = start(*before, crops, options);
  run_all(*split);
  EXPECT_NE(serialize(*split->weights()), serialize(*whole->weights()));
  ASSERT_TRUE(split->extend(crops, 1, Schedule::kConstant));
  run_all(*split);
  EXPECT_EQ(serialize(*split->weights()), serialize(*whole->weights()));
}

// The rate of the last of n cosine steps is (pi / 2n)^2 of the first's.
TEST_P(BothKinds, ComeToRestAtTheEndOfAnExtension) {
  const LabelledCrops crops = coloured_crops(16);
  const auto job = start(*build(fresh_weights(student())), crops, quick(GetParam(), 1));
  run_all(*job);
  ASSERT_TRUE(job->extend(crops, 50));
  const auto bias = [&] {
    std::array<float, 4> values{};
    std::memcpy(values.data(), job->weights()->tensors.at("fc.bias").data.data(), sizeof values);
    return values;
  };
  const auto moved = [&] {
    const auto before = bias();
    EXPECT_TRUE(job->step());
    const auto after = bias();
    float most = 0;
    for (std::size_t i = 0; i < after.size(); ++i) most = std::max(most, std::abs(after[i] - before[i]));
    return most;
  };
  const float first = moved();
  for (int i = 0; i < 48; ++i) ASSERT_TRUE(job->step());
  EXPECT_LT(moved() * 20, first);
}

TEST_P(BothKinds, AreAsTheyWereWhenAnExtensionIsRefused) {
  const auto before = build(fresh_weights(student()));
  const LabelledCrops crops = coloured_crops(16);
  const auto weights = [&](bool try_to_extend) {
    const auto job = start(*before, crops, quick(GetParam(), 3));
    EXPECT_TRUE(job->step());
    if (try_to_extend) {
      for (const auto& [data, epochs] :
           {std::pair{coloured_crops(8, 5), 1}, {LabelledCrops{32, {}, {}, {}}, 1}, {coloured_crops(8), 0}}) {
        const Status refused = job->extend(data, epochs);
        EXPECT_FALSE(refused);
        if (!refused) {
          EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
        }
      }
    }
    EXPECT_EQ(job->steps(), 3);
    EXPECT_TRUE(job->step() && job->step());
    return serialize(*job->weights());
  };
  EXPECT_EQ(weights(true), weights(false));
}

TEST_P(BothKinds, StayFailedWhenExtended) {
  TrainOptions options = quick(GetParam(), 200);
  options.learning_rate = 1e30;
  const auto job = start(*build(fresh_weights(student())), coloured_crops(32), options);
  for (int i = 0; i < job->steps() && job->step(); ++i) continue;
  const Status extended = job->extend(coloured_crops(32), 1);
  ASSERT_FALSE(extended);
  EXPECT_THAT(extended.error().message, HasSubstr("diverged"));
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

bool cpu_has_bfloat16() {
  std::ifstream file("/proc/cpuinfo");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  return text.find(" avx512_bf16") != std::string::npos;
}

TEST(MixedPrecision, LearnsAsWellAndIsUsedWhereTheProcessorHasIt) {
  const auto before = build(fresh_weights(student("resnet18")));
  const LabelledCrops crops = coloured_crops(32);
  TrainOptions options = quick(TrainedLayers::kAll, 10);
  const auto single = start(*before, crops, options);
  run_all(*single);
  options.mixed_precision = true;
  const auto mixed = start(*before, crops, options);
  run_all(*mixed);
  EXPECT_GT(accuracy(**single->classifier(), crops), 0.9);
  EXPECT_GT(accuracy(**mixed->classifier(), crops), 0.9);
  EXPECT_EQ(serialize(*mixed->weights()) != serialize(*single->weights()), cpu_has_bfloat16());
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
