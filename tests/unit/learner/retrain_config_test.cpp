// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "ekya/learner/held_back.h"
#include "ekya/learner/recent_samples.h"
#include "ekya/learner/training_config.h"

namespace ekya::learner {
namespace {

using ::testing::HasSubstr;

TEST(TrainingConfigs, EmptyTextGivesTheDefaults) {
  const auto configs = parse_training_configs("");
  ASSERT_TRUE(configs) << configs.error().message;
  EXPECT_EQ(configs->size(), 18u);
  EXPECT_EQ(configs->front().id, "head-e5-d50");
  EXPECT_EQ(configs->back().id, "all-e8");
}

TEST(TrainingConfigs, ReadsEachField) {
  const auto configs = parse_training_configs(
      R"([{"id":"a","epochs":7,"batch-size":16,"layers":"head","fraction":0.5,"learning-rate":0.1,
           "mirror":true,"head-width":64},{"id":"b"}])");
  ASSERT_TRUE(configs) << configs.error().message;
  const TrainingConfig& a = configs->front();
  EXPECT_EQ(a.epochs, 7);
  EXPECT_EQ(a.batch_size, 16);
  EXPECT_EQ(a.layers, TrainedLayers::kHead);
  EXPECT_DOUBLE_EQ(a.fraction, 0.5);
  EXPECT_DOUBLE_EQ(a.learning_rate, 0.1);
  EXPECT_TRUE(a.mirror);
  EXPECT_EQ(a.head_width, 64);
  EXPECT_EQ(configs->back().head_width, 0);
  EXPECT_FALSE(configs->back().mirror);
  EXPECT_EQ(configs->back().layers, TrainedLayers::kAll);
}

TEST(TrainingConfigs, RefusesWithThePlaceAndTheReason) {
  const std::pair<std::string, const char*> rows[] = {
      {"[", "not a JSON list"},
      {"{}", "not a JSON list"},
      {"[]", "1 to 32 entries"},
      {"[1]", "configs[0]: is not an object"},
      {R"([{}])", "configs[0].id"},
      {R"([{"id":"../x"}])", "configs[0].id"},
      {R"([{"id":"probe"}])", "take another"},
      {R"([{"id":"a"},{"id":"a"}])", "configs[1].id: \"a\" is there twice"},
      {R"([{"id":"a","epochs":0}])", "configs[0].epochs: 0 is not in"},
      {R"([{"id":"a","epochs":1.5}])", "not a whole number"},
      {R"([{"id":"a","epochs":1e999}])", "not a JSON list"},
      {R"([{"id":"a","fraction":0}])", "configs[0].fraction"},
      {R"([{"id":"a","mirror":1}])", "configs[0].mirror: is neither"},
      {R"([{"id":"a","head-width":4097}])", "configs[0].head-width: 4097 is not in 0..4096"},
      {R"([{"id":"a","layers":"tail"}])", "\"tail\" is neither"},
      {R"([{"id":"a","layers":[[]]}])", "configs[0].layers"},
      {R"([{"id":"a","epoch":1}])", "unknown key \"epoch\""},
      {"[" + std::string(70000, ' ') + "]", "64 KiB"},
      {std::string(60000, '['), "not a JSON list"},
  };
  for (const auto& [text, reason] : rows) {
    SCOPED_TRACE(text.substr(0, 60));
    const auto configs = parse_training_configs(text);
    ASSERT_FALSE(configs);
    EXPECT_EQ(configs.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(configs.error().message, HasSubstr(reason));
  }
}

TEST(TrainingConfigs, DefaultsHaveIdsOfTheirOwnAndThreeFamilies) {
  std::set<std::string> ids, families;
  for (const TrainingConfig& config : default_training_configs()) {
    ids.insert(config.id);
    families.insert(candidate(config).family);
  }
  EXPECT_EQ(ids.size(), 18u);
  EXPECT_EQ(families.size(), 3u);
}

TEST(TrainingConfigs, OfOneFamilyDifferInEpochsAndFractionOnly) {
  const TrainingConfig base{"a", 5, 32, TrainedLayers::kHead, 1, 0.01};
  const std::string family = candidate(base).family;
  TrainingConfig other = base;
  other.id = "b";
  other.epochs = 9;
  other.fraction = 0.5;
  EXPECT_EQ(candidate(other).family, family);
  EXPECT_DOUBLE_EQ(candidate(other).passes(), 4.5);
  EXPECT_TRUE(candidate(other).frozen_trunk);
  const TrainingConfig strangers[]{{"b", 5, 16, TrainedLayers::kHead, 1, 0.01},
                                   {"b", 5, 32, TrainedLayers::kAll, 1, 0.01},
                                   {"b", 5, 32, TrainedLayers::kHead, 1, 0.02},
                                   {"b", 5, 32, TrainedLayers::kHead, 1, 0.01, true},
                                   {"b", 5, 32, TrainedLayers::kHead, 1, 0.01, false, 64}};
  for (const TrainingConfig& stranger : strangers) EXPECT_NE(candidate(stranger).family, family);
}

TEST(TrainingConfigs, CountsSteps) {
  EXPECT_EQ(count_steps({"a", 5, 32, TrainedLayers::kAll, 1, 0.01}, 100), 20);
  EXPECT_EQ(count_steps({"a", 5, 32, TrainedLayers::kAll, 0.5, 0.01}, 100), 10);
  EXPECT_EQ(count_steps({"a", 1, 32, TrainedLayers::kAll, 1, 0.01}, 0), 1);
}

TEST(HeldBackChooser, HoldsBackEveryFifthOfAClass) {
  HeldBackChooser chooser;
  const std::vector<std::string> car{"car"};
  for (int frame = 1; frame <= 20; ++frame) EXPECT_EQ(chooser.next(car), frame % 5 == 0) << frame;
}

TEST(HeldBackChooser, HoldsBackWholeFramesAndAboutAFifthOfEachClass) {
  HeldBackChooser chooser;
  int cars = 0, buses = 0;
  for (int frame = 0; frame < 300; ++frame) {
    const std::vector<std::string> labels =
        frame % 3 == 0 ? std::vector<std::string>{"car", "car", "bus"} : std::vector<std::string>{"car", "car"};
    if (!chooser.next(labels)) continue;
    for (const auto& label : labels) ++(label == "car" ? cars : buses);
  }
  EXPECT_NEAR(cars, 120, 12);
  EXPECT_NEAR(buses, 20, 8);
}

TEST(RecentSamples, GivesTheHeldBackAndTheFresh) {
  RecentSamples samples(8);
  const std::vector<std::uint8_t> pixels(8 * 8 * 3);
  samples.add(0, false, 1, pixels);
  samples.add(1, true, 1, pixels);
  const auto trained = samples.last_number();
  samples.add(2, false, 2, pixels);
  EXPECT_THAT(samples.untrained(trained, 2, 1).crops.labels, testing::ElementsAre(2));
  EXPECT_THAT(samples.untrained(trained, 2, 5).crops.labels, testing::ElementsAre(1, 2));
  EXPECT_EQ(samples.untrained(trained, 2, 1).first_window, 2u);
  EXPECT_EQ(samples.held_back(4), 1);
  EXPECT_EQ(samples.held_back(5), 0);
}

TEST(RecentSamples, StaysBounded) {
  RecentSamples samples(8);
  for (int i = 0; i < 10000; ++i) samples.add(0, true, 1, std::vector<std::uint8_t>(8 * 8 * 3));
  EXPECT_EQ(samples.untrained(0, 1, 1).crops.count(), 512);
}

}  // namespace
}  // namespace ekya::learner
