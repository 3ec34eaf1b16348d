// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ekya/learner/model_zoo.h"
#include "support/fault_temp_folder.h"
#include "support/fault_weights.h"
#include "support/fault_zoo.h"

namespace ekya::learner {
namespace {

using ekya::testing::file_text;
using ekya::testing::names_in;
using ekya::testing::scene_at;
using ekya::testing::small_model;
using ekya::testing::small_weights;
using ekya::testing::TempFolder;
using ekya::testing::weights_with_bias;
using ekya::testing::write_text;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

ModelZoo open(const std::string& folder, const ModelZooLimits& limits = {}) {
  auto zoo = ModelZoo::open(FileOps::system(), folder, limits);
  EXPECT_TRUE(zoo) << zoo.error().message;
  return *std::move(zoo);
}

void add(ModelZoo& zoo, double brightness, double accuracy = 0.9) {
  const auto added = zoo.add(weights_with_bias(static_cast<float>(brightness)), scene_at(brightness), accuracy);
  ASSERT_TRUE(added) << added.error().message;
}

/// Where the scenes of the entries are.
std::vector<double> scenes(const ModelZoo& zoo) {
  std::vector<double> scenes;
  for (const auto& entry : zoo.entries()) scenes.push_back(entry.scene.mean[0]);
  return scenes;
}

TEST(ModelZoo, IsEmptyAtFirst) {
  const TempFolder folder;
  auto zoo = open(folder / "a/zoo");
  EXPECT_THAT(zoo.entries(), IsEmpty());
  EXPECT_THAT(zoo.load_nearest(scene_at(0), small_model(), 3), IsEmpty());
  EXPECT_EQ(zoo.load(1).error().code, ErrorCode::kNotFound);
}

TEST(ModelZoo, GivesBackWhatWasAddedAlsoAfterARestart) {
  const TempFolder folder;
  const WeightsFile weights = small_weights();
  {
    auto zoo = open(folder.path());
    const auto added = zoo.add(weights, scene_at(7), 0.75);
    ASSERT_TRUE(added) << added.error().message;
    EXPECT_EQ(added->path, folder / "000000000001.safetensors");
    EXPECT_EQ(added->bytes, file_text(added->path).size());
  }
  auto zoo = open(folder.path());
  ASSERT_THAT(zoo.entries(), SizeIs(1));
  EXPECT_EQ(zoo.entries()[0].info.accuracy, 0.75);
  EXPECT_EQ(zoo.entries()[0].scene.mean, scene_at(7).mean);
  EXPECT_EQ(zoo.entries()[0].scene.classes, scene_at(7).classes);
  const auto loaded = zoo.load(1);
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->tensors.at("fc.weight").data, weights.tensors.at("fc.weight").data);
  EXPECT_EQ(loaded->metadata.count("ekya.zoo.scene") + loaded->metadata.count("ekya.zoo.number"), 0u);
}

TEST(ModelZoo, OrdersCandidatesByTheDistanceOfTheirScenes) {
  const TempFolder folder;
  auto zoo = open(folder.path());
  for (const double at : {10.0, 0.0, 30.0}) add(zoo, at);
  const auto nearest = zoo.candidates(scene_at(12), 2);
  ASSERT_THAT(nearest, SizeIs(2));
  EXPECT_EQ(nearest[0].entry.scene.mean[0], 10);
  EXPECT_NEAR(nearest[0].distance, 0.5, 1e-12);  // 2^2 / (4 * 2)
  EXPECT_EQ(nearest[1].entry.scene.mean[0], 0);
  EXPECT_THAT(zoo.candidates({"trunk", {12}, {1}, {}}, 2), IsEmpty());
}

TEST(ModelZoo, PrefersTheNewerOfTwoThatAreAsNear) {
  const TempFolder folder;
  auto zoo = open(folder.path());
  for (int i = 0; i < 2; ++i) add(zoo, 5);
  EXPECT_EQ(zoo.candidates(scene_at(5), 1)[0].entry.number, 2u);
}

TEST(ModelZoo, DropsTheOlderOfTheTwoNearestScenes) {
  const TempFolder folder;
  auto zoo = open(folder.path(), {.models = 3});
  for (const double at : {10.0, 0.0, 10.5}) add(zoo, at);
  EXPECT_THAT(scenes(zoo), ElementsAre(10, 0, 10.5));
  add(zoo, 50);
  EXPECT_THAT(scenes(zoo), ElementsAre(0, 10.5, 50));
  add(zoo, 1);
  EXPECT_THAT(scenes(zoo), ElementsAre(10.5, 50, 1)) << "the newest stays, though another is near it";
  EXPECT_THAT(names_in(folder.path()),
              UnorderedElementsAre("000000000003.safetensors", "000000000004.safetensors", "000000000005.safetensors"));
}

TEST(ModelZoo, NeverDropsTheNewest) {
  const TempFolder folder;
  auto zoo = open(folder.path(), {.models = 0});
  for (const double at : {1.0, 2.0, 3.0}) {
    add(zoo, at);
    EXPECT_THAT(scenes(zoo), ElementsAre(at));
  }
}

TEST(ModelZoo, DropsFirstWhatNoLongerCompares) {
  const TempFolder folder;
  auto zoo = open(folder.path(), {.models = 3});
  add(zoo, 1);
  ASSERT_TRUE(zoo.add(small_weights(), {"an old trunk", {1}, {1}, {}}, 0.9));
  for (const double at : {1.1, 1.2}) add(zoo, at);
  EXPECT_THAT(scenes(zoo), ElementsAre(1, 1.1, 1.2));
  EXPECT_EQ(zoo.entries()[0].number, 1u);
}

TEST(ModelZoo, KeepsWithinItsBytes) {
  const TempFolder folder;
  const std::size_t one = [&] {
    auto zoo = open(folder / "one");
    return zoo.add(weights_with_bias(1), scene_at(1), 0.9)->bytes;
  }();
  auto zoo = open(folder / "two", {.bytes = 2 * one + one / 2});
  for (const double at : {1.0, 9.0, 5.0}) add(zoo, at);
  EXPECT_THAT(scenes(zoo), SizeIs(2));
  EXPECT_EQ(scenes(zoo)[1], 5);
  auto tight = open(folder / "tight", {.bytes = one - 1});
  const auto refused = tight.add(weights_with_bias(1), scene_at(1), 0.9);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(names_in(folder / "tight"), IsEmpty());
}

TEST(ModelZoo, ShrinksToSmallerLimitsAtARestart) {
  const TempFolder folder;
  {
    auto zoo = open(folder.path());
    for (const double at : {0.0, 0.5, 20.0, 90.0}) add(zoo, at);
  }
  EXPECT_THAT(scenes(open(folder.path(), {.models = 3})), ElementsAre(0.5, 20, 90));
  EXPECT_THAT(names_in(folder.path()), SizeIs(3));
}

TEST(ModelZoo, LoadsOnlyWhatCanTakeThePlaceOfTheLiveModel) {
  const TempFolder folder;
  auto zoo = open(folder.path());
  ModelInfo other = small_model();
  other.labels = {"car", "tram"};
  WeightsFile weights = small_weights();
  set_model_info(weights, other);
  ASSERT_TRUE(zoo.add(weights, scene_at(1), 0.9));
  add(zoo, 40);
  const auto loaded = zoo.load_nearest(scene_at(1), small_model(), 2);
  ASSERT_THAT(loaded, SizeIs(1));
  EXPECT_EQ(loaded[0].entry.number, 2u);
  EXPECT_EQ(loaded[0].weights.tensors.at("fc.bias").data, weights_with_bias(40).tensors.at("fc.bias").data);
}

TEST(ModelZoo, SetsABrokenOneAsideAndTakesTheNext) {
  const TempFolder folder;
  auto zoo = open(folder.path());
  for (const double at : {1.0, 2.0, 30.0}) add(zoo, at);
  write_text(zoo.entries()[0].path, "broken");
  const auto loaded = zoo.load_nearest(scene_at(1), small_model(), 2);
  ASSERT_THAT(loaded, SizeIs(2));
  EXPECT_EQ(loaded[0].entry.number, 2u);
  EXPECT_EQ(loaded[1].entry.number, 3u);
  EXPECT_THAT(zoo.take_rejected(), ElementsAre(HasSubstr("000000000001.safetensors: ")));
  EXPECT_THAT(zoo.take_rejected(), IsEmpty()) << "told once";
  EXPECT_EQ(file_text(folder / "000000000001.safetensors.bad"), "broken");
  EXPECT_THAT(zoo.entries(), SizeIs(2));
}

TEST(ModelZoo, ForgetsOneThatIsGone) {
  const TempFolder folder;
  auto zoo = open(folder.path());
  add(zoo, 1);
  std::filesystem::remove(zoo.entries()[0].path);
  EXPECT_THAT(zoo.load_nearest(scene_at(1), small_model(), 1), IsEmpty());
  EXPECT_THAT(zoo.entries(), IsEmpty());
}

TEST(ModelZoo, KeepsOneBrokenFileAndGivesNoNumberTwice) {
  const TempFolder folder;
  {
    auto zoo = open(folder.path());
    for (const double at : {1.0, 2.0}) add(zoo, at);
    for (const auto& entry : zoo.entries()) write_text(entry.path, "broken");
  }
  auto zoo = open(folder.path());
  EXPECT_THAT(zoo.take_rejected(), SizeIs(2));
  EXPECT_THAT(names_in(folder.path()), ElementsAre("000000000002.safetensors.bad"));
  add(zoo, 3);
  EXPECT_EQ(zoo.entries()[0].number, 3u);
}

TEST(ModelZoo, RefusesACopyUnderAnotherNameAndACheckpoint) {
  const TempFolder folder;
  {
    auto zoo = open(folder.path());
    add(zoo, 1);
  }
  std::filesystem::copy(folder / "000000000001.safetensors", folder / "000000000009.safetensors");
  const auto checkpoint = serialize(small_weights());
  write_text(folder / "000000000010.safetensors",
             {reinterpret_cast<const char*>(checkpoint.data()), checkpoint.size()});
  auto zoo = open(folder.path());
  EXPECT_THAT(scenes(zoo), ElementsAre(1));
  EXPECT_THAT(zoo.take_rejected(), ElementsAre(HasSubstr("'1'; the name says 9"), HasSubstr("''; the name says 10")));
}

TEST(ModelZoo, RemovesWhatACrashLeftAndNothingElse) {
  const TempFolder folder;
  write_text(folder / "000000000003.safetensors.tmp", "torn");
  write_text(folder / "notes.txt", "mine");
  auto zoo = open(folder.path(), {.models = 1});
  for (const double at : {1.0, 2.0}) add(zoo, at);
  EXPECT_THAT(names_in(folder.path()), UnorderedElementsAre("notes.txt", "000000000002.safetensors"));
}

TEST(ModelZoo, RefusesWhatCouldNotBeReadAgain) {
  const TempFolder folder;
  auto zoo = open(folder.path());
  WeightsFile foreign = small_weights();
  foreign.metadata.clear();
  SceneStatistics crowded = scene_at(1);
  for (int i = 0; i < 4200; ++i) crowded.classes[std::string(250, 'x') + std::to_string(i)] = 1;
  EXPECT_FALSE(zoo.add(foreign, scene_at(1), 0.9));
  EXPECT_FALSE(zoo.add(small_weights(), {}, 0.9));
  EXPECT_FALSE(zoo.add(small_weights(), crowded, 0.9));
  for (const double accuracy : {-0.1, 1.1, std::nan("")})
    EXPECT_EQ(zoo.add(small_weights(), scene_at(1), accuracy).error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(names_in(folder.path()), IsEmpty());
}

}  // namespace
}  // namespace ekya::learner
