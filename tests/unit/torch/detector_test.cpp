// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "detector_fixtures.h"

namespace ekya::learner::testing {
namespace {

using ::testing::HasSubstr;

std::int64_t count_values(const WeightsFile& file) {
  std::int64_t values = 0;
  for (const auto& [name, tensor] : file.tensors)
    values += static_cast<std::int64_t>(tensor.data.size() / size_of(tensor.dtype));
  return values;
}

/// At the published width, with COCO's 80 classes.
WeightsFile published(const std::string& architecture) {
  ModelInfo info = detector_student(architecture, 80, 64);
  info.width = 1;
  return fresh_weights(info);
}

// yolov3-tiny.weights has 35,434,956 bytes: a head of 20 and 8,858,734 floats.
TEST(TinyYoloV3, HasTheValuesOfThePublishedWeightsFile) {
  const WeightsFile file = published("yolov3_tiny");
  EXPECT_EQ(count_values(file), 8'858'734);
  EXPECT_EQ(file.tensors.size(), 11 * 5 + 2 * 2U);
  EXPECT_EQ(file.tensors.at("module_list.0.conv_0.weight").shape, (std::vector<std::int64_t>{16, 3, 3, 3}));
  EXPECT_EQ(file.tensors.at("module_list.21.batch_norm_21.running_var").shape, (std::vector<std::int64_t>{256}));
  EXPECT_EQ(file.tensors.at("module_list.15.conv_15.bias").shape, (std::vector<std::int64_t>{255}));
  EXPECT_EQ(file.tensors.at("module_list.22.conv_22.weight").shape, (std::vector<std::int64_t>{255, 256, 1, 1}));
}

// yolov3.weights has 248,007,048 bytes: a head of 20 and 62,001,757 floats.
TEST(YoloV3, HasTheValuesOfThePublishedWeightsFile) {
  const WeightsFile file = published("yolov3");
  EXPECT_EQ(count_values(file), 62'001'757);
  EXPECT_EQ(file.tensors.size(), 72 * 5 + 3 * 2U);
  EXPECT_EQ(file.tensors.at("module_list.99.conv_99.weight").shape, (std::vector<std::int64_t>{128, 384, 1, 1}));
  EXPECT_EQ(file.tensors.at("module_list.105.conv_105.bias").shape, (std::vector<std::int64_t>{255}));
}

TEST(DetectorArchitectures, AreListedWithTheParametersTheyHaveAtEightyClasses) {
  std::map<std::string, std::int64_t> found;
  for (const Architecture& architecture : torch_engine().architectures())
    if (architecture.is_detector) found[architecture.name] = architecture.parameters;
  // Of YOLO as github.com/ultralytics/yolov3 counts them; of SSDLite counted by hand.
  const std::map<std::string, std::int64_t> expected{
      {"ssdlite_mobilenet_v2", 4'484'148}, {"yolov3", 61'949'149}, {"yolov3_tiny", 8'852'366}};
  EXPECT_EQ(found, expected);
}

TEST(SsdLite, HasTorchvisionsNames) {
  const WeightsFile file = fresh_weights(detector_student("ssdlite_mobilenet_v2"));
  for (const char* name :
       {"backbone.features.0.0.weight", "backbone.features.18.1.running_var", "backbone.extra.3.2.0.weight",
        "head.classification_head.module_list.5.0.1.bias", "head.regression_head.module_list.0.1.bias"})
    EXPECT_EQ(file.tensors.count(name), 1U) << name;
  EXPECT_EQ(file.tensors.at("head.classification_head.module_list.0.1.bias").shape, std::vector<std::int64_t>{6 * 4})
      << "six boxes, three classes and the background";
}

class Detectors : public ::testing::TestWithParam<std::string> {};

TEST_P(Detectors, ExpectNothingWhileTheyAreFresh) {
  const auto detector = build_detector(fresh_weights(detector_student(GetParam())));
  EXPECT_EQ(detector->info().input_size, 96);
  EXPECT_EQ(detector->info().labels.size(), 3U);
  EXPECT_EQ(results(*detector, shape_frames(1), 0.9F).at(0).found.size(), 0U);
}

TEST_P(Detectors, KnowThatTheyAreDetectors) {
  const auto weights = fresh_weights(detector_student(GetParam()));
  EXPECT_EQ(model_info(weights)->task, ModelTask::kDetection);
  EXPECT_FALSE(torch_engine().build_classifier(weights));
}

TEST_P(Detectors, NameAMissingAndASurplusTensor) {
  WeightsFile weights = fresh_weights(detector_student(GetParam()));
  const auto first = weights.tensors.begin()->first;
  weights.tensors["odd.weight"] = weights.tensors.at(first);
  EXPECT_THAT(torch_engine().build_detector(weights).error().message, HasSubstr("odd.weight"));
  weights.tensors.erase("odd.weight");
  weights.tensors.erase(first);
  EXPECT_THAT(torch_engine().build_detector(weights).error().message, HasSubstr(first));
}

TEST_P(Detectors, RefuseOtherLabelsThanTheyWereMadeFor) {
  WeightsFile weights = fresh_weights(detector_student(GetParam()));
  set_model_info(weights, [&] {
    ModelInfo info = *model_info(weights);
    info.labels.push_back("another");
    return info;
  }());
  const auto detector = torch_engine().build_detector(weights);
  ASSERT_FALSE(detector);
  EXPECT_EQ(detector.error().code, ErrorCode::kCorrupt);
  EXPECT_THAT(detector.error().message, HasSubstr("shape"));
}

TEST_P(Detectors, RefuseAFrameOfAnotherSize) {
  const auto detector = build_detector(fresh_weights(detector_student(GetParam())));
  const auto found = detector->detect(std::vector<float>(3 * 95 * 96), 0.5F);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::kInvalidArgument);
}

INSTANTIATE_TEST_SUITE_P(All, Detectors, ::testing::Values("ssdlite_mobilenet_v2", "yolov3_tiny", "yolov3"),
                         [](const auto& info) { return info.param; });

TEST(BuildDetector, RefusesAClassifierAndAnUnknownArchitecture) {
  const auto classifier = torch_engine().build_detector(fresh_weights(student()));
  ASSERT_FALSE(classifier);
  EXPECT_THAT(classifier.error().message, HasSubstr("classifier"));
  ModelInfo info = detector_student("yolov3_tiny");
  WeightsFile weights = fresh_weights(info);
  weights.metadata["ekya.architecture"] = "yolov9";
  EXPECT_THAT(torch_engine().build_detector(weights).error().message, HasSubstr("yolov3_tiny"));
}

TEST(YoloDetector, RefusesAnInputThatIsNoMultipleOf32AndAnOddNumberOfAnchors) {
  ModelInfo info = detector_student("yolov3_tiny", 3, 100);
  const auto odd = torch_engine().initialise(info, 1);
  ASSERT_FALSE(odd);
  EXPECT_EQ(odd.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(odd.error().message, HasSubstr("multiple of 32"));
  info.input_size = 96;
  info.anchors = {1, 2, 3, 4};
  EXPECT_THAT(torch_engine().initialise(info, 1).error().message, HasSubstr("6 anchors"));
}

TEST(YoloDetector, HasAnchorsAsLargeInTheFrameAsPublished) {
  const auto info = model_info(fresh_weights(detector_student("yolov3_tiny", 3, 832)));
  ASSERT_TRUE(info);
  ASSERT_EQ(info->anchors.size(), 12U);
  EXPECT_FLOAT_EQ(info->anchors[0], 20);  // 10 of 416 pixels.
  EXPECT_FLOAT_EQ(info->anchors[11], 2 * 319.0F);
}

// At 64 pixels the anchors are 1.5 x 2.2 to 53 x 49 pixels, in cells of 32 (the larger three) and 16.
TEST(YoloDetector, GivesABoxForEachCellAndAnchor) {
  const auto detector = build_detector(constant_yolo({0, 0, 0, 0, 4, 4}));
  const auto found = detector->detect(std::vector<float>(3 * 64 * 64), 0.9F);
  ASSERT_TRUE(found) << found.error().message;
  ASSERT_EQ(found->size(), 60U) << "none overlaps another by a half";
  EXPECT_NEAR(found->at(0).confidence, 0.98201379 * 0.98201379, 1e-5);
  bool seen = false;
  for (const Detection& d :
       *found)  // The anchor 37 x 58 of 416 in the fine cell of column 1, row 2: centre 0.375, 0.625.
    seen |= std::abs(d.x1 - (0.375 - 18.5 / 416)) < 1e-5 && std::abs(d.y2 - (0.625 + 29.0 / 416)) < 1e-5;
  EXPECT_TRUE(seen);
}

}  // namespace
}  // namespace ekya::learner::testing
