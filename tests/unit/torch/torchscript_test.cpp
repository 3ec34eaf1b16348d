// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>

#include "torch_fixtures.h"

namespace ekya::learner::testing {
namespace {

using ::testing::HasSubstr;

std::string script(const std::string& name) {
  return std::string(std::getenv("EKYA_TEST_TORCHSCRIPT")) + "/" + name + ".pt";
}

ModelInfo script_info(int labels = 4) {
  ModelInfo info = student("torchscript", labels);
  return info;
}

std::shared_ptr<const Classifier> open_script(const std::string& name, const WeightsFile* retrained = nullptr) {
  auto classifier = torch_engine().load_torchscript(script(name), script_info(), retrained);
  EXPECT_TRUE(classifier) << classifier.error().message;
  return *std::move(classifier);
}

TEST(CheckTorchscript, PassesAClassifierAndADetector) {
  const Status classifier = check_torchscript(script("classifier"), 32, 4);
  EXPECT_TRUE(classifier) << classifier.error().message;
  const Status detector = check_torchscript(script("detector"), 64, 6);
  EXPECT_TRUE(detector) << detector.error().message;
}

struct Hostile {
  const char* file;
  ErrorCode code;
  const char* words;
};

class HostileScript : public ::testing::TestWithParam<Hostile> {};

TEST_P(HostileScript, IsRefusedInTime) {
  const auto begin = std::chrono::steady_clock::now();
  const Status checked = check_torchscript(script(GetParam().file), 32, 3);
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code, GetParam().code) << checked.error().message;
  EXPECT_THAT(checked.error().message, HasSubstr(GetParam().words));
  EXPECT_THAT(checked.error().message, HasSubstr(GetParam().file));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(12));
}

std::string test_name(const ::testing::TestParamInfo<Hostile>& info) {
  std::string name = info.param.file;
  std::erase(name, '-');
  return name;
}

INSTANTIATE_TEST_SUITE_P(All, HostileScript,
                         ::testing::Values(Hostile{"hangs", ErrorCode::kCancelled, "10 s"},
                                           Hostile{"wrong-shape", ErrorCode::kCorrupt, "shape [1, 3, 32, 32]"},
                                           Hostile{"not-finite", ErrorCode::kCorrupt, "not finite"},
                                           Hostile{"not-a-tensor", ErrorCode::kCorrupt, "Int"},
                                           Hostile{"raises", ErrorCode::kCorrupt, "refused"},
                                           Hostile{"eats-memory", ErrorCode::kCorrupt, "refused"},
                                           Hostile{"pretends", ErrorCode::kCancelled, "10 s"},
                                           Hostile{"writes", ErrorCode::kCorrupt, "crashed"},
                                           Hostile{"no-such-file", ErrorCode::kCorrupt, "No such file"}),
                         test_name);

TEST(CheckTorchscript, IsGivenUpWhenToldToStop) {
  std::stop_source source;
  source.request_stop();
  const Status checked = check_torchscript(script("hangs"), 32, 3, source.get_token());
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code, ErrorCode::kCancelled);
  EXPECT_THAT(checked.error().message, HasSubstr("the check was cancelled"));
}

TEST(CheckTorchscript, RefusesAnotherNumberOfClasses) {
  const Status checked = check_torchscript(script("classifier"), 32, 5);
  ASSERT_FALSE(checked);
  EXPECT_THAT(checked.error().message, HasSubstr("shape [1, 4], expected [1, 5]"));
}

TEST(CheckTorchscript, RefusesWhatIsNoModel) {
  const std::string path = ::testing::TempDir() + "/ekya-no-model.pt";
  std::ofstream(path) << "hello";
  EXPECT_FALSE(check_torchscript(path, 32, 4));
  unlink(path.c_str());
}

TEST(CheckTorchscript, DoesNotWaitForAFifo) {
  const std::string path = ::testing::TempDir() + "/ekya-fifo.pt";
  unlink(path.c_str());
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  const Status checked = check_torchscript(path, 32, 4);
  ASSERT_FALSE(checked);
  EXPECT_THAT(checked.error().message, HasSubstr("no regular file"));
  EXPECT_FALSE(torch_engine().load_torchscript(path, script_info(), nullptr));
  unlink(path.c_str());
}

TEST(CheckTorchscript, SaysWhereItLookedForTheHelper) {
  const std::string folder = std::getenv("EKYA_HELPER_DIR");
  setenv("EKYA_HELPER_DIR", "/nowhere", 1);
  const Status checked = check_torchscript(script("classifier"), 32, 4);
  setenv("EKYA_HELPER_DIR", folder.c_str(), 1);
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(checked.error().message, HasSubstr("/nowhere/ekya-check-torchscript"));
}

TEST(ScriptClassifier, RefusesAnotherNumberOfLabels) {
  const auto classifier = torch_engine().load_torchscript(script("classifier"), script_info(3), nullptr);
  ASSERT_FALSE(classifier);
  EXPECT_THAT(classifier.error().message, HasSubstr("expected [1, 3]"));
}

struct Retraining {
  const char* file;
  TrainedLayers layers;
  std::size_t tensors;
};

class RetrainedScript : public ::testing::TestWithParam<Retraining> {};

// "scaled" has something behind its last layer, so that its trunk cannot be run alone.
TEST_P(RetrainedScript, LearnsAndComesBackFromItsWeights) {
  const LabelledCrops crops = coloured_crops(40);
  TrainOptions options;
  options.layers = GetParam().layers;
  options.epochs = 60;
  options.learning_rate = 0.2;
  options.batch_size = 16;
  const auto before = open_script(GetParam().file);
  auto job = torch_engine().train(*before, crops, options);
  ASSERT_TRUE(job) << job.error().message;
  run_all(**job);
  const auto weights = (*job)->weights();
  ASSERT_TRUE(weights) << weights.error().message;
  EXPECT_EQ(weights->tensors.size(), GetParam().tensors);
  EXPECT_EQ(model_info(*weights)->architecture, "torchscript");
  EXPECT_LT(accuracy(*before, crops), 0.6) << "the live model has changed";
  EXPECT_GT(accuracy(**(*job)->classifier(), crops), 0.9);

  const auto again = open_script(GetParam().file, &*weights);
  const auto input = normalised(crops, script_info());
  EXPECT_EQ(*again->classify(input, 40), *(*(*job)->classifier())->classify(input, 40));
}

INSTANTIATE_TEST_SUITE_P(All, RetrainedScript,
                         ::testing::Values(Retraining{"classifier", TrainedLayers::kHead, 2},
                                           Retraining{"classifier", TrainedLayers::kAll, 4},
                                           Retraining{"scaled", TrainedLayers::kHead, 2}),
                         [](const auto& info) {
                           return std::string(info.param.file) +
                                  (info.param.layers == TrainedLayers::kHead ? "Head" : "All");
                         });

TEST(RetrainedScript, RefusesAModelWithoutALinearLayer) {
  auto headless = torch_engine().load_torchscript(script("headless"), script_info(3), nullptr);
  ASSERT_TRUE(headless) << headless.error().message;
  TrainOptions options;
  options.layers = TrainedLayers::kHead;
  const auto job = torch_engine().train(**headless, coloured_crops(4, 3), options);
  ASSERT_FALSE(job);
  EXPECT_EQ(job.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(job.error().message, HasSubstr("no linear layer"));
}

TEST(RetrainedScript, RefusesTensorsThatTheModelDoesNotHave) {
  WeightsFile weights;
  set_model_info(weights, script_info());
  weights.tensors["fc.weigth"] = {DType::kF32, {1}, std::vector<std::byte>(4)};
  const auto wrong_name = torch_engine().load_torchscript(script("classifier"), script_info(), &weights);
  ASSERT_FALSE(wrong_name);
  EXPECT_THAT(wrong_name.error().message, HasSubstr("fc.weigth"));
  weights.tensors = {{"fc.bias", {DType::kF32, {1}, std::vector<std::byte>(4)}}};
  const auto wrong_shape = torch_engine().load_torchscript(script("classifier"), script_info(), &weights);
  ASSERT_FALSE(wrong_shape);
  EXPECT_THAT(wrong_shape.error().message, HasSubstr("expected shape [4], found [1]"));
  set_model_info(weights, student("resnet18"));
  EXPECT_FALSE(torch_engine().load_torchscript(script("classifier"), script_info(), &weights));
}

TEST(ScriptDetector, DecodesAndSuppresses) {
  DetectorInfo info;
  info.labels = {"a", "b"};
  info.input_size = 64;
  const auto detector = torch_engine().load_torchscript_detector(script("detector"), info);
  ASSERT_TRUE(detector) << detector.error().message;
  const auto found = (*detector)->detect(std::vector<float>(3 * 64 * 64), 0.4F);
  ASSERT_TRUE(found) << found.error().message;
  ASSERT_EQ(found->size(), 2U);
  EXPECT_EQ((*found)[0].label, 0);
  EXPECT_FLOAT_EQ((*found)[0].x1, 0.125F);
  EXPECT_EQ((*found)[1].label, 1);
  EXPECT_FLOAT_EQ((*found)[1].y2, 0.875F);
  EXPECT_FALSE((*detector)->detect(std::vector<float>(5), 0.4F));
}

TEST(ScriptDetector, RefusesAnotherNumberOfColumns) {
  DetectorInfo info;
  info.labels = {"a", "b", "c"};
  info.input_size = 64;
  const auto detector = torch_engine().load_torchscript_detector(script("detector"), info);
  ASSERT_FALSE(detector);
  EXPECT_THAT(detector.error().message, HasSubstr("[1, 4, 6]"));
}

}  // namespace
}  // namespace ekya::learner::testing
