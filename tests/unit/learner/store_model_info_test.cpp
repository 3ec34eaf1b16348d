// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ekya/learner/model.h"
#include "support/fault_weights.h"

namespace ekya::learner {
namespace {

using ekya::testing::small_model;
using ekya::testing::small_weights;
using ::testing::HasSubstr;

TEST(ModelInfo, ReadsWhatItWroteToTheLastBit) {
  ModelInfo info = small_model();
  info.width = 1.0 / 3;
  info.head_width = 128;
  info.accuracy = 0.1 + 0.2;
  info.generation = 18446744073709551615u;
  info.labels = {"caf\xc3\xa9", "a \"b\" \\c"};
  info.normalisation = {{-1e-7f, 1.0f / 3, 3.4e38f}, {1e-38f, 0.1f, 7}};
  WeightsFile file;
  set_model_info(file, info);
  const auto read = model_info(*parse_weights(serialize(file), true));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->architecture, info.architecture);
  EXPECT_EQ(read->width, info.width);
  EXPECT_EQ(read->head_width, 128);
  EXPECT_EQ(read->labels, info.labels);
  EXPECT_EQ(read->input_size, 64);
  EXPECT_EQ(read->normalisation.mean, info.normalisation.mean);
  EXPECT_EQ(read->normalisation.std, info.normalisation.std);
  EXPECT_EQ(read->generation, info.generation);
  EXPECT_EQ(read->accuracy, info.accuracy);
  EXPECT_EQ(read->origin, "test");
}

TEST(ModelInfo, KnowsADetectorByItsTaskAndItsAnchors) {
  ModelInfo info = small_model();
  info.task = ModelTask::kDetection;
  info.anchors = {2.5f, 3, 10, 1.0f / 3};
  WeightsFile file;
  set_model_info(file, info);
  EXPECT_EQ(file.metadata.at("ekya.task"), "detection");
  const auto read = model_info(file);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->task, ModelTask::kDetection);
  EXPECT_EQ(read->anchors, info.anchors);
  set_model_info(file, small_model());
  EXPECT_EQ(file.metadata.count("ekya.task") + file.metadata.count("ekya.anchors"), 0u) << "a classifier has neither";
}

TEST(ModelInfo, RefusesATaskOrAnchorsThatMakeNoSense) {
  const std::pair<const char*, const char*> bad[] = {{"ekya.task", "segmentation"}, {"ekya.anchors", "[]"},
                                                     {"ekya.anchors", "[1,2,3]"},   {"ekya.anchors", "[1,0]"},
                                                     {"ekya.anchors", "[1,\"2\"]"}, {"ekya.anchors", "[[1,2],[3,4]]"},
                                                     {"ekya.anchors", "[1,1e9]"}};
  for (const auto& [key, value] : bad) {
    WeightsFile file = small_weights();
    file.metadata[key] = value;
    const auto info = model_info(file);
    ASSERT_FALSE(info) << key << " " << value;
    EXPECT_THAT(info.error().message, HasSubstr(key));
  }
}

TEST(ModelInfo, IsWrittenInShortNumbers) {
  const WeightsFile file = small_weights();
  EXPECT_EQ(file.metadata.at("ekya.mean"), "[0.485,0.456,0.406]");
  EXPECT_EQ(file.metadata.at("ekya.labels"), R"(["car","bus"])");
  EXPECT_EQ(file.metadata.at("ekya.width"), "0.25");
  EXPECT_EQ(file.metadata.at("ekya.accuracy"), "0.1");
}

TEST(ModelInfo, HasNoHeadWidthWhereThereIsNoHiddenLayer) {
  WeightsFile file = small_weights();
  EXPECT_EQ(file.metadata.count("ekya.head_width"), 0u);
  file.metadata["ekya.head_width"] = "16";
  ModelInfo info = *model_info(file);
  EXPECT_EQ(info.head_width, 16);
  info.head_width = 0;
  set_model_info(file, info);
  EXPECT_EQ(file.metadata.count("ekya.head_width"), 0u);
}

TEST(ModelInfo, HasDefaultsForWhatAForeignToolMayLeaveOut) {
  WeightsFile file = small_weights();
  for (const char* key : {"ekya.width", "ekya.generation", "ekya.accuracy", "ekya.origin"}) file.metadata.erase(key);
  const auto info = model_info(file);
  ASSERT_TRUE(info) << info.error().message;
  EXPECT_EQ(info->width, 1);
  EXPECT_EQ(info->generation, 0u);
  EXPECT_EQ(info->accuracy, -1);
  EXPECT_EQ(info->origin, "");
}

TEST(ModelInfo, NamesAMissingKey) {
  for (const char* key : {"ekya.architecture", "ekya.labels", "ekya.mean", "ekya.std"}) {
    WeightsFile file = small_weights();
    file.metadata.erase(key);
    const auto info = model_info(file);
    ASSERT_FALSE(info);
    EXPECT_EQ(info.error().code, ErrorCode::kCorrupt);
    EXPECT_THAT(info.error().message, HasSubstr(std::string(key) + " is missing"));
  }
}

TEST(ModelInfo, NamesAWrongValue) {
  std::string many = "[\"0\"";
  for (int i = 1; i <= 4096; ++i) many += ",\"" + std::to_string(i) + "\"";
  const std::vector<std::pair<const char*, std::string>> rows{{"ekya.architecture", ""},
                                                              {"ekya.architecture", "../x"},
                                                              {"ekya.width", "wide"},
                                                              {"ekya.width", ""},
                                                              {"ekya.width", "0"},
                                                              {"ekya.width", "-1"},
                                                              {"ekya.width", "nan"},
                                                              {"ekya.width", "inf"},
                                                              {"ekya.width", "1x"},
                                                              {"ekya.width", "1e9"},
                                                              {"ekya.head_width", "-1"},
                                                              {"ekya.head_width", "4097"},
                                                              {"ekya.head_width", "1.5"},
                                                              {"ekya.labels", ""},
                                                              {"ekya.labels", "[]"},
                                                              {"ekya.labels", "{}"},
                                                              {"ekya.labels", "[1]"},
                                                              {"ekya.labels", "[\"\"]"},
                                                              {"ekya.labels", "[\"a\",\"a\"]"},
                                                              {"ekya.labels", "[\"a\\n\"]"},
                                                              {"ekya.labels", "[\"a\\u0000\"]"},
                                                              {"ekya.labels", many + "]"},
                                                              {"ekya.labels", "[\"" + std::string(257, 'a') + "\"]"},
                                                              {"ekya.labels", "[\"a\"] x"},
                                                              {"ekya.labels", std::string(100'000, '[')},
                                                              {"ekya.input_size", "7"},
                                                              {"ekya.input_size", "1025"},
                                                              {"ekya.input_size", "64.5"},
                                                              {"ekya.input_size", "99999999999999999999"},
                                                              {"ekya.mean", "[0,0]"},
                                                              {"ekya.mean", "[0,0,0,0]"},
                                                              {"ekya.mean", "[0,0,\"x\"]"},
                                                              {"ekya.mean", "[0,0,1e39]"},
                                                              {"ekya.mean", "0"},
                                                              {"ekya.std", "[1,1,0]"},
                                                              {"ekya.std", "[1,1,1e-60]"},
                                                              {"ekya.std", "[1,1,-1]"},
                                                              {"ekya.generation", "-1"},
                                                              {"ekya.generation", "1.5"},
                                                              {"ekya.accuracy", "1.01"},
                                                              {"ekya.accuracy", "-0.5"},
                                                              {"ekya.accuracy", "nan"},
                                                              {"ekya.accuracy", "2"}};
  for (const auto& [key, value] : rows) {
    SCOPED_TRACE(std::string(key) + " = " + value.substr(0, 40));
    WeightsFile file = small_weights();
    file.metadata[key] = value;
    const auto info = model_info(file);
    ASSERT_FALSE(info);
    EXPECT_EQ(info.error().code, ErrorCode::kCorrupt);
    EXPECT_THAT(info.error().message, HasSubstr(key));
    EXPECT_LT(info.error().message.size(), 400u);
    EXPECT_EQ(info.error().message.find('\n'), std::string::npos);
  }
}

// The parser and the destructor of the JSON library must not recurse, or this overflows the stack.
TEST(ModelInfo, SurvivesDeepNesting) {
  WeightsFile file = small_weights();
  const int depth = 500'000;
  file.metadata["ekya.labels"] = std::string(depth, '[') + std::string(depth, ']');
  EXPECT_FALSE(model_info(file));
}

}  // namespace
}  // namespace ekya::learner
