// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <numeric>
#include <thread>

#include "torch_fixtures.h"

namespace ekya::learner::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

bool is_learned(const std::string& name) { return name.find(".running_") == std::string::npos; }

std::size_t learned_values(const WeightsFile& file) {
  std::size_t sum = 0;
  for (const auto& [name, tensor] : file.tensors)
    if (is_learned(name)) sum += tensor.data.size() / size_of(tensor.dtype);
  return sum;
}

void fill_tensor(Tensor& tensor, float value) {
  tensor.dtype = DType::kF32;
  const auto count =
      std::accumulate(tensor.shape.begin(), tensor.shape.end(), std::int64_t{1}, std::multiplies<std::int64_t>());
  tensor.data.resize(static_cast<std::size_t>(count) * sizeof(float));
  for (std::size_t at = 0; at < tensor.data.size(); at += sizeof(float))
    std::memcpy(&tensor.data[at], &value, sizeof value);
}

TEST(Architectures, AreListedWithTheParametersTheyHaveAtThousandClasses) {
  std::map<std::string, std::int64_t> found;
  for (const Architecture& architecture : torch_engine().architectures()) {
    if (architecture.is_detector) continue;  // See detector_test.cpp.
    found[architecture.name] = architecture.parameters;
  }
  const std::map<std::string, std::int64_t> expected{
      {"efficientnet_lite0", 4'652'008}, {"mobilenet_v2", 3'504'872},      {"resnet18", 11'689'512},
      {"resnet50", 25'557'032},          {"resnext101_32x8d", 88'791'336}, {"shufflenet_v2_x0_5", 1'366'792},
      {"shufflenet_v2_x1_0", 2'278'604},
  };
  EXPECT_EQ(found, expected);
}

// The counts that torchvision (for EfficientNet-Lite0 the PyPI package efficientnet-lite-pytorch) has for 1000 classes;
// names as in its state_dict(). All values are compared in tests/parity, where torchvision is at hand.
struct Published {
  const char* architecture;
  std::size_t parameters;
  std::size_t tensors;  ///< Without num_batches_tracked.
  std::map<std::string, std::vector<std::int64_t>> some;
};

class TorchvisionModels : public ::testing::TestWithParam<Published> {};

TEST_P(TorchvisionModels, HaveItsParameters) {
  const Published& published = GetParam();
  const WeightsFile file = fresh_weights(student(published.architecture, 1000));
  EXPECT_EQ(learned_values(file), published.parameters);
  EXPECT_EQ(file.tensors.size(), published.tensors);
  for (const auto& [name, shape] : published.some) {
    SCOPED_TRACE(name);
    ASSERT_TRUE(file.tensors.count(name));
    EXPECT_EQ(file.tensors.at(name).shape, shape);
  }
}

INSTANTIATE_TEST_SUITE_P(All, TorchvisionModels,
                         ::testing::Values(Published{"efficientnet_lite0",
                                                     4'652'008,
                                                     247,
                                                     {{"_conv_stem.weight", {32, 3, 3, 3}},
                                                      {"_bn0.running_mean", {32}},
                                                      {"_blocks.0._project_conv.weight", {16, 32, 1, 1}},
                                                      {"_blocks.4._expand_conv.weight", {240, 40, 1, 1}},
                                                      {"_blocks.4._depthwise_conv.weight", {240, 1, 5, 5}},
                                                      {"_blocks.15._bn2.running_var", {320}},
                                                      {"_conv_head.weight", {1280, 320, 1, 1}},
                                                      {"_fc.weight", {1000, 1280}}}},
                                           Published{"mobilenet_v2",
                                                     3'504'872,
                                                     262,
                                                     {{"features.0.0.weight", {32, 3, 3, 3}},
                                                      {"features.1.conv.0.0.weight", {32, 1, 3, 3}},
                                                      {"features.1.conv.1.weight", {16, 32, 1, 1}},
                                                      {"features.1.conv.2.running_var", {16}},
                                                      {"features.14.conv.0.0.weight", {576, 96, 1, 1}},
                                                      {"features.14.conv.1.1.weight", {576}},
                                                      {"features.17.conv.2.weight", {320, 960, 1, 1}},
                                                      {"features.18.1.bias", {1280}},
                                                      {"classifier.1.weight", {1000, 1280}}}},
                                           Published{"resnext101_32x8d",
                                                     88'791'336,
                                                     522,
                                                     {{"layer1.0.conv1.weight", {256, 64, 1, 1}},
                                                      {"layer1.0.conv2.weight", {256, 8, 3, 3}},
                                                      {"layer3.22.conv2.weight", {1024, 32, 3, 3}},
                                                      {"layer4.2.bn2.running_mean", {2048}},
                                                      {"fc.weight", {1000, 2048}}}},
                                           Published{"resnet18",
                                                     11'689'512,
                                                     102,
                                                     {{"conv1.weight", {64, 3, 7, 7}},
                                                      {"bn1.running_var", {64}},
                                                      {"layer1.1.conv2.weight", {64, 64, 3, 3}},
                                                      {"layer2.0.downsample.0.weight", {128, 64, 1, 1}},
                                                      {"layer4.0.downsample.1.running_mean", {512}},
                                                      {"fc.weight", {1000, 512}}}},
                                           Published{"resnet50",
                                                     25'557'032,
                                                     267,
                                                     {{"layer1.0.conv3.weight", {256, 64, 1, 1}},
                                                      {"layer1.0.downsample.0.weight", {256, 64, 1, 1}},
                                                      {"layer3.5.conv2.weight", {256, 256, 3, 3}},
                                                      {"layer4.0.conv1.weight", {512, 1024, 1, 1}},
                                                      {"fc.bias", {1000}}}},
                                           Published{"shufflenet_v2_x0_5",
                                                     1'366'792,
                                                     282,
                                                     {{"conv1.0.weight", {24, 3, 3, 3}},
                                                      {"stage2.0.branch1.0.weight", {24, 1, 3, 3}},
                                                      {"stage2.0.branch1.3.weight", {24}},
                                                      {"stage3.7.branch2.6.running_var", {48}},
                                                      {"stage4.3.branch2.5.weight", {96, 96, 1, 1}},
                                                      {"conv5.1.bias", {1024}},
                                                      {"fc.weight", {1000, 1024}}}},
                                           Published{"shufflenet_v2_x1_0",
                                                     2'278'604,
                                                     282,
                                                     {{"stage2.0.branch2.0.weight", {58, 24, 1, 1}},
                                                      {"stage4.0.branch1.2.weight", {232, 232, 1, 1}},
                                                      {"conv5.0.weight", {1024, 464, 1, 1}}}}),
                         [](const auto& info) { return info.param.architecture; });

class Networks : public ::testing::TestWithParam<const char*> {};

TEST_P(Networks, GiveProbabilitiesForEachCropAndLabel) {
  ModelInfo info = student(GetParam(), 5);
  info.width = 0.25;
  const auto classifier = build(fresh_weights(info));
  const LabelledCrops crops = coloured_crops(3);
  const auto result = classifier->classify(normalised(crops, info), 3);
  ASSERT_TRUE(result) << result.error().message;
  ASSERT_EQ(result->size(), 15U);
  for (int row = 0; row < 3; ++row)
    EXPECT_NEAR(std::accumulate(result->begin() + 5 * row, result->begin() + 5 * row + 5, 0.0), 1, 1e-5);
}

// Statistics that training has moved, so that folding them wrongly would show. The loss of the first step of kAll is
// that of the untouched model, unfolded; with less than 8 samples by stored statistics. Plain colours look the same
// when they are moved.
TEST_P(Networks, ClassifyWhenFoldedAsWhenTrained) {
  ModelInfo info = student(GetParam());
  info.width = 0.25;
  TrainOptions options;
  options.epochs = 3;
  options.learning_rate = 0.1;
  auto warming = torch_engine().train(*build(fresh_weights(info)), coloured_crops(32), options);
  ASSERT_TRUE(warming) << warming.error().message;
  run_all(**warming);
  const auto classifier = *(*warming)->classifier();

  LabelledCrops crops = coloured_crops(4);
  const std::size_t values = crops.pixels.size() / 4;
  for (std::size_t i = 0; i < crops.pixels.size(); ++i)
    crops.pixels[i] = static_cast<std::uint8_t>(50 * (i / values) + i % 3);
  const auto result = classifier->classify(normalised(crops, info), 4);
  ASSERT_TRUE(result) << result.error().message;
  double expected = 0;
  for (std::size_t i = 0; i < 4; ++i)
    expected -= std::log((*result)[i * 4 + static_cast<std::size_t>(crops.labels[i])]) / 4;
  auto job = torch_engine().train(*classifier, crops, options);
  ASSERT_TRUE(job) << job.error().message;
  EXPECT_NEAR((*job)->step()->loss, expected, 1e-4 * (1 + expected));
}

TEST_P(Networks, AreTheSameAfterAWeightsFile) {
  ModelInfo info = student(GetParam());
  info.width = 0.25;
  const WeightsFile weights = fresh_weights(info);
  const auto bytes = serialize(weights);
  const auto read = parse_weights(bytes, true);
  ASSERT_TRUE(read) << read.error().message;
  const std::vector<float> crops = normalised(coloured_crops(2), info);
  EXPECT_EQ(*build(weights)->classify(crops, 2), *build(*read)->classify(crops, 2));
}

// Nothing is cut off from the loss. Less than 8 samples are normalised by the stored statistics: by their own, some
// scales and shifts would be taken out again by the next normalisation, and have no gradient.
TEST_P(Networks, ChangeAllLearnedParametersInOneStep) {
  ModelInfo info = student(GetParam(), 4, 64);
  info.width = 0.25;
  const WeightsFile before = fresh_weights(info);
  TrainOptions options;
  options.epochs = 1;
  options.learning_rate = 0.1;
  options.weight_decay = 0;  // It would move what the loss does not reach.
  auto job = torch_engine().train(*build(before), coloured_crops(4, 4, 64), options);
  ASSERT_TRUE(job) << job.error().message;
  run_all(**job);
  const auto after = (*job)->weights();
  ASSERT_TRUE(after) << after.error().message;
  ASSERT_EQ(after->tensors.size(), before.tensors.size());
  for (const auto& [name, tensor] : before.tensors)
    EXPECT_EQ(tensor.data == after->tensors.at(name).data, !is_learned(name)) << name;
}

TEST_P(Networks, RefuseAFileThatLacksATensorOrHasOtherClasses) {
  ModelInfo info = student(GetParam());
  info.width = 0.125;
  const WeightsFile good = fresh_weights(info);
  WeightsFile lacking = good;
  const std::string last = lacking.tensors.rbegin()->first;
  lacking.tensors.erase(last);
  const auto incomplete = torch_engine().build_classifier(lacking);
  ASSERT_FALSE(incomplete);
  EXPECT_EQ(incomplete.error().code, ErrorCode::kCorrupt);
  EXPECT_THAT(incomplete.error().message, HasSubstr("tensor " + last + " is missing; " + GetParam()));

  WeightsFile other = good;
  info.labels.push_back("one more");
  set_model_info(other, info);
  const auto mislabelled = torch_engine().build_classifier(other);
  ASSERT_FALSE(mislabelled);
  EXPECT_THAT(mislabelled.error().message, HasSubstr("the model has 4 classes"));
}

INSTANTIATE_TEST_SUITE_P(All, Networks,
                         ::testing::Values("efficientnet_lite0", "mobilenet_v2", "resnet18", "resnet50",
                                           "resnext101_32x8d", "shufflenet_v2_x0_5", "shufflenet_v2_x1_0"),
                         [](const auto& info) { return info.param; });

// TensorFlow's padding depends on the parity of each map's size; both must give as many pixels as there are strides.
TEST(EfficientNetLite, TakesInputsOfEverySize) {
  for (const int size : {8, 31, 33, 50}) {
    SCOPED_TRACE(size);
    ModelInfo info = student("efficientnet_lite0", 4, size);
    info.width = 0.125;
    EXPECT_TRUE(torch_engine().build_classifier(fresh_weights(info)));
  }
}

TEST(Width, ScalesChannelsToMultiplesOfEight) {
  ModelInfo info = student("resnet18");
  info.width = 0.3;
  const WeightsFile file = fresh_weights(info);
  EXPECT_THAT(file.tensors.at("conv1.weight").shape, ElementsAre(16, 3, 7, 7));  // 64 x 0.3 = 19.2
  EXPECT_THAT(file.tensors.at("fc.weight").shape, ElementsAre(4, 152));          // 512 x 0.3 = 153.6
}

TEST(Initialise, GivesTheSameWeightsForTheSameSeedEvenFromTwoThreads) {
  const ModelInfo info = student();
  const auto expected = serialize(fresh_weights(info, 3));
  std::vector<std::byte> first, second;
  std::thread a([&] { first = serialize(fresh_weights(info, 3)); });
  std::thread b([&] { second = serialize(fresh_weights(info, 3)); });
  a.join();
  b.join();
  EXPECT_EQ(first, expected);
  EXPECT_EQ(second, expected);
  EXPECT_NE(serialize(fresh_weights(info, 4)), expected);
}

// What is done to good weights, and what the message must say.
struct Damage {
  const char* name;
  std::function<void(WeightsFile&)> apply;
  ErrorCode code;
  std::vector<std::string> words;
};

class DamagedWeights : public ::testing::TestWithParam<Damage> {};

TEST_P(DamagedWeights, AreRefusedWithWhatWasExpectedAndFound) {
  WeightsFile file = fresh_weights(student());
  GetParam().apply(file);
  const auto classifier = torch_engine().build_classifier(file);
  ASSERT_FALSE(classifier);
  EXPECT_EQ(classifier.error().code, GetParam().code);
  for (const std::string& words : GetParam().words) EXPECT_THAT(classifier.error().message, HasSubstr(words));
}

void relabel(WeightsFile& file, const ModelInfo& info) { set_model_info(file, info); }

INSTANTIATE_TEST_SUITE_P(
    All, DamagedWeights,
    ::testing::Values(
        Damage{"UnknownArchitecture",
               [](WeightsFile& f) { relabel(f, student("alexnet")); },
               ErrorCode::kInvalidArgument,
               {"alexnet", "resnet18"}},
        Damage{"OtherArchitecture",
               [](WeightsFile& f) { relabel(f, student("resnet18")); },
               ErrorCode::kCorrupt,
               {"resnet18"}},
        Damage{"OtherWidth",
               [](WeightsFile& f) {
                 ModelInfo info = student();
                 info.width = 0.5;
                 relabel(f, info);
               },
               ErrorCode::kCorrupt,
               {"expected shape", "found"}},
        Damage{"OtherClassCount",
               [](WeightsFile& f) { relabel(f, student("shufflenet_v2_x0_5", 6)); },
               ErrorCode::kCorrupt,
               {"4 classes", "6 labels"}},
        Damage{"MissingTensor",
               [](WeightsFile& f) { f.tensors.erase("conv5.0.weight"); },
               ErrorCode::kCorrupt,
               {"conv5.0.weight", "missing"}},
        Damage{"SurplusTensor",
               [](WeightsFile& f) { fill_tensor(f.tensors["extra"], 0); },
               ErrorCode::kCorrupt,
               {"extra"}},
        Damage{"WrongShape",
               [](WeightsFile& f) {
                 f.tensors["conv1.0.weight"].shape = {24, 3, 9, 1};
               },
               ErrorCode::kCorrupt,
               {"conv1.0.weight", "expected shape [24, 3, 3, 3], found [24, 3, 9, 1]"}},
        Damage{"WrongType",
               [](WeightsFile& f) { f.tensors["fc.bias"].dtype = DType::kI64; },
               ErrorCode::kCorrupt,
               {"fc.bias", "I64"}},
        Damage{"TooFewBytes",
               [](WeightsFile& f) { f.tensors["fc.bias"].data.pop_back(); },
               ErrorCode::kCorrupt,
               {"fc.bias", "bytes"}},
        Damage{"NotANumber",
               [](WeightsFile& f) { fill_tensor(f.tensors["fc.bias"], std::numeric_limits<float>::quiet_NaN()); },
               ErrorCode::kCorrupt,
               {"fc.bias", "not finite"}},
        Damage{"Infinite",
               [](WeightsFile& f) {
                 fill_tensor(f.tensors["stage3.1.branch2.0.weight"], std::numeric_limits<float>::infinity());
               },
               ErrorCode::kCorrupt,
               {"stage3.1.branch2.0.weight", "not finite"}},
        // Each weight is finite, what comes out of them is not.
        Damage{"NegativeVariance",
               [](WeightsFile& f) { fill_tensor(f.tensors["conv1.1.running_var"], -1); },
               ErrorCode::kInternal,
               {"output is not finite"}},
        Damage{"NoMetadata", [](WeightsFile& f) { f.metadata.clear(); }, ErrorCode::kCorrupt, {"ekya.architecture"}}),
    [](const auto& info) { return info.param.name; });

TEST(BuildClassifier, SkipsNumBatchesTracked) {
  WeightsFile file = fresh_weights(student());
  file.tensors["conv1.1.num_batches_tracked"] = {DType::kI64, {}, std::vector<std::byte>(8)};
  EXPECT_TRUE(torch_engine().build_classifier(file));
}

TEST(Classify, RefusesCropsOfTheWrongSize) {
  const auto classifier = build(fresh_weights(student()));
  const std::vector<float> crops(3 * 32 * 32);
  for (const int count : {0, 2, -1}) {
    const auto result = classifier->classify(crops, count);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(result.error().message, HasSubstr("3072 values"));
  }
}

TEST(Classify, SaysThatTheResultIsNotFinite) {
  const auto classifier = build(fresh_weights(student()));
  const std::vector<float> crops(3 * 32 * 32, std::numeric_limits<float>::quiet_NaN());
  const auto result = classifier->classify(crops, 1);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kInternal);
  EXPECT_THAT(result.error().message, HasSubstr("not finite"));
}

TEST(Classify, GivesTheSameFromManyThreads) {
  const ModelInfo info = student();
  const auto classifier = build(fresh_weights(info));
  const std::vector<float> crops = normalised(coloured_crops(4), info);
  const auto expected = *classifier->classify(crops, 4);
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t)
    threads.emplace_back([&] {
      torch_engine();  // One LibTorch thread for this one too.
      for (int i = 0; i < 5; ++i) EXPECT_EQ(*classifier->classify(crops, 4), expected);
    });
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace ekya::learner::testing
