// SPDX-License-Identifier: LGPL-2.1-or-later
// What a model says of its trunk, and training on what the feature cache knows of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "ekya/learner/feature_cache.h"
#include "ekya/learner/half.h"
#include "support/fault_temp_folder.h"
#include "torch_fixtures.h"

namespace ekya::learner::testing {
namespace {

using ekya::testing::TempFolder;
using ::testing::MatchesRegex;

TrainOptions quick(TrainedLayers layers, int epochs, std::shared_ptr<FeatureCache> cache = nullptr) {
  TrainOptions options;
  options.layers = layers;
  options.epochs = epochs;
  options.batch_size = 16;
  options.learning_rate = layers == TrainedLayers::kHead ? 0.2 : 0.05;
  options.feature_cache = std::move(cache);
  return options;
}

std::unique_ptr<TrainingJob> trained(const Classifier& from, const LabelledCrops& crops, const TrainOptions& options) {
  auto job = torch_engine().train(from, crops, options);
  EXPECT_TRUE(job) << job.error().message;
  run_all(**job);
  return *std::move(job);
}

std::vector<float> floats(const Tensor& tensor) {
  std::vector<float> values(tensor.data.size() / size_of(tensor.dtype));
  for (std::size_t i = 0; i < values.size(); ++i) {
    Half half = 0;
    if (tensor.dtype == DType::kF32)
      std::memcpy(&values[i], &tensor.data[4 * i], 4);
    else
      values[i] = (std::memcpy(&half, &tensor.data[2 * i], 2), to_float(half));
  }
  return values;
}

TEST(TrunkHash, IsThatOfWhatDecidesOnTheFeatures) {
  const WeightsFile file = fresh_weights(student());
  const std::string hash = build(file)->trunk_hash();
  EXPECT_THAT(hash, MatchesRegex("[0-9a-f]{64}"));
  EXPECT_EQ(build(file)->trunk_hash(), hash);

  const auto changed = [&](auto change) {
    WeightsFile other = file;
    ModelInfo info = *model_info(other);
    change(other, info);
    set_model_info(other, info);
    return build(other)->trunk_hash();
  };
  EXPECT_EQ(changed([](WeightsFile&, ModelInfo& info) { info.generation = 7, info.origin = "x", info.accuracy = 0.5; }),
            hash);
  EXPECT_EQ(changed([](WeightsFile& other, ModelInfo&) { other.tensors.at("fc.bias").data[0] ^= std::byte{1}; }), hash);
  EXPECT_NE(changed([](WeightsFile& other, ModelInfo&) { other.tensors.at("conv5.1.bias").data[0] ^= std::byte{1}; }),
            hash);
  EXPECT_NE(changed([](WeightsFile& other, ModelInfo&) {
              other.tensors.at("stage2.0.branch1.0.weight").data[0] ^= std::byte{1};
            }),
            hash);
  EXPECT_NE(changed([](WeightsFile&, ModelInfo& info) { info.input_size = 64; }), hash);
  EXPECT_NE(changed([](WeightsFile&, ModelInfo& info) { info.normalisation.mean[1] = 0.51F; }), hash);
  EXPECT_NE(changed([](WeightsFile&, ModelInfo& info) { info.normalisation.std[2] = 0.26F; }), hash);
}

TEST(TrunkHash, StaysWhenTheHeadIsTrainedAndChangesWithAllLayers) {
  const auto before = build(fresh_weights(student()));
  const LabelledCrops crops = coloured_crops(16);
  TrainOptions options = quick(TrainedLayers::kHead, 1);
  EXPECT_EQ((*trained(*before, crops, options)->classifier())->trunk_hash(), before->trunk_hash());
  options.head_width = 8;
  options.labels = {"class0", "class1", "class2", "class3", "class4"};
  EXPECT_EQ((*trained(*before, crops, options)->classifier())->trunk_hash(), before->trunk_hash());
  const auto all = trained(*before, crops, quick(TrainedLayers::kAll, 1));
  EXPECT_NE((*all->classifier())->trunk_hash(), before->trunk_hash());
}

TEST(Features, AreWhatTheHeadReads) {
  const WeightsFile file = fresh_weights(student());
  const auto classifier = build(file);
  const auto input = normalised(coloured_crops(2), classifier->info());
  const auto features = classifier->features(input, 2);
  ASSERT_TRUE(features) << features.error().message;
  ASSERT_EQ(features->size(), 2 * 1024U);
  const auto weight = floats(file.tensors.at("fc.weight")), bias = floats(file.tensors.at("fc.bias"));
  const auto result = *classifier->classify(input, 2);
  for (std::size_t row = 0; row < 2; ++row) {
    std::vector<double> logits(bias.begin(), bias.end());
    double sum = 0;
    for (std::size_t c = 0; c < 4; ++c) {
      for (std::size_t i = 0; i < 1024; ++i) logits[c] += double{weight[c * 1024 + i]} * (*features)[row * 1024 + i];
      sum += std::exp(logits[c]);
    }
    for (std::size_t c = 0; c < 4; ++c) EXPECT_NEAR(result[row * 4 + c], std::exp(logits[c]) / sum, 1e-4);
  }
}

// A normalisation by the batch's statistics would see the neighbours.
TEST(Features, DoNotDependOnTheOtherCropsOfABatch) {
  const auto classifier = build(fresh_weights(student()));
  const auto input = normalised(coloured_crops(16), classifier->info());
  const auto together = *classifier->features(input, 16);
  const auto alone = *classifier->features(std::span(input).first(input.size() / 16), 1);
  for (std::size_t i = 0; i < alone.size(); ++i) ASSERT_NEAR(alone[i], together[i], 1e-4) << i;
}

TEST(Features, RefuseCropsOfAnotherSize) {
  const auto features = build(fresh_weights(student()))->features(std::vector<float>(7), 1);
  ASSERT_FALSE(features);
  EXPECT_EQ(features.error().code, ErrorCode::kInvalidArgument);
}

class Script : public ::testing::Test {
 protected:
  static std::shared_ptr<const Classifier> open(const std::string& name, const WeightsFile* retrained = nullptr,
                                                int labels = 4) {
    const std::string folder = std::getenv("EKYA_TEST_TORCHSCRIPT");
    return *torch_engine().load_torchscript(folder + "/" + name + ".pt", student("torchscript", labels), retrained);
  }
};

TEST_F(Script, HasATrunkWhereNothingIsBehindTheLastLayer) {
  const auto classifier = open("classifier");
  const std::string hash = classifier->trunk_hash();
  EXPECT_THAT(hash, MatchesRegex("[0-9a-f]{64}"));
  EXPECT_EQ(open("classifier")->trunk_hash(), hash);
  const auto features = classifier->features(normalised(coloured_crops(3), classifier->info()), 3);
  ASSERT_TRUE(features) << features.error().message;
  EXPECT_EQ(features->size(), 3 * 16U);
  const auto head = trained(*classifier, coloured_crops(16), quick(TrainedLayers::kHead, 1))->weights();
  EXPECT_EQ(open("classifier", &*head)->trunk_hash(), hash);
  const auto all = trained(*classifier, coloured_crops(16), quick(TrainedLayers::kAll, 1))->weights();
  EXPECT_NE(open("classifier", &*all)->trunk_hash(), hash);
  for (const auto& [name, labels] : {std::pair{"scaled", 4}, std::pair{"headless", 3}}) {
    const auto whole = open(name, nullptr, labels);
    EXPECT_EQ(whole->trunk_hash(), "") << name;
    const auto none = whole->features(normalised(coloured_crops(1), whole->info()), 1);
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().code, ErrorCode::kUnavailable);
  }
}

TEST_F(Script, FindsItsFeaturesInTheCache) {
  const auto classifier = open("classifier");
  const auto cache = FeatureCache::open("");
  for (int job = 0; job < 2; ++job) trained(*classifier, coloured_crops(40), quick(TrainedLayers::kHead, 2, cache));
  EXPECT_EQ(cache->counts().misses, 40U);
  EXPECT_EQ(cache->counts().hits, 40U);
}

TEST(CachedTraining, GivesTheSameWeightsColdAndWarm) {
  const auto before = build(fresh_weights(student()));
  const LabelledCrops crops = coloured_crops(40);
  const auto cache = FeatureCache::open("");
  const auto weights = [&] {
    return serialize(*trained(*before, crops, quick(TrainedLayers::kHead, 10, cache))->weights());
  };
  const auto cold = weights();
  EXPECT_EQ(cache->counts().misses, 40U);
  EXPECT_EQ(cache->counts().hits, 0U);
  EXPECT_EQ(weights(), cold);
  EXPECT_EQ(cache->counts().misses, 40U);
  EXPECT_EQ(cache->counts().hits, 40U);
}

void expect_near(const Classifier& a, const Classifier& b, const LabelledCrops& crops) {
  const auto input = normalised(crops, a.info());
  const auto first = *a.classify(input, crops.count()), second = *b.classify(input, crops.count());
  for (std::size_t i = 0; i < first.size(); ++i) ASSERT_NEAR(first[i], second[i], 0.01) << i;
}

TEST(CachedTraining, DiffersFromUncachedByRoundingOnly) {
  const auto before = build(fresh_weights(student()));
  const LabelledCrops crops = coloured_crops(40);
  const auto train = [&](std::shared_ptr<FeatureCache> cache) {
    TrainOptions options = quick(TrainedLayers::kHead, 10, std::move(cache));
    options.learning_rate = 0.01;
    return trained(*before, crops, options);
  };
  const auto plain = train(nullptr), cached = train(FeatureCache::open(""));
  expect_near(**plain->classifier(), **cached->classifier(), crops);
}

TEST(CachedTraining, IsSharedByHeadsOfAllKindsAndLaterGenerations) {
  const auto before = build(fresh_weights(student()));
  const LabelledCrops crops = coloured_crops(24);
  const auto cache = FeatureCache::open("");
  TrainOptions options = quick(TrainedLayers::kHead, 2, cache);
  const auto next = trained(*before, crops, options)->classifier();
  options.head_width = 16;
  trained(*before, crops, options);
  options.labels = {"class0", "class1", "class2", "class3", "new"};
  trained(**next, crops, options);
  EXPECT_EQ(cache->counts().misses, 24U);
  EXPECT_EQ(cache->counts().hits, 48U);
}

TEST(CachedTraining, IsNotUsedWhenAllLayersAreTrained) {
  const auto cache = FeatureCache::open("");
  trained(*build(fresh_weights(student())), coloured_crops(8), quick(TrainedLayers::kAll, 1, cache));
  EXPECT_EQ(cache->counts().misses + cache->counts().hits, 0U);
  EXPECT_EQ(cache->counts().memory_bytes, 0U);
}

TEST(CachedTraining, ComputesDamagedEntriesAgain) {
  const auto before = build(fresh_weights(student()));
  const LabelledCrops crops = coloured_crops(40);
  const TempFolder folder;
  const auto train = [&](const std::shared_ptr<FeatureCache>& cache) {
    return *trained(*before, crops, quick(TrainedLayers::kHead, 10, cache))->classifier();
  };
  const auto whole = train(FeatureCache::open(folder / "features"));
  const auto names = ekya::testing::names_in(folder / "features", ".features");
  ASSERT_EQ(names.size(), 1U);
  const std::string path = folder / ("features/" + names[0]);
  std::string bytes = ekya::testing::file_text(path);
  for (std::size_t at = 12; at < bytes.size(); at += 5000) bytes[at] = static_cast<char>(bytes[at] ^ 0x40);
  ekya::testing::write_text(path, bytes);
  const auto cache = FeatureCache::open(folder / "features");
  const auto again = train(cache);
  EXPECT_EQ(cache->counts().corrupt, cache->counts().misses);
  EXPECT_GT(cache->counts().corrupt, 10U);
  EXPECT_GT(cache->counts().hits, 10U);
  expect_near(*whole, *again, crops);
}

}  // namespace
}  // namespace ekya::learner::testing
