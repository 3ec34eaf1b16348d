// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <thread>

#include "ekya/learner/sample_store.h"
#include "support/fault_samples.h"
#include "support/fault_temp_folder.h"

namespace ekya::learner {
namespace {

using ekya::testing::held_back;
using ekya::testing::sample;
using ekya::testing::TempFolder;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

std::unique_ptr<SampleStore> open(const std::string& folder, std::size_t most = 2000) {
  auto store = SampleStore::open(folder, {.max_samples = most});
  EXPECT_TRUE(store) << store.error().message;
  return store ? *std::move(store) : nullptr;
}

LabelledCrops load(SampleStore& store, const SampleStore::Query& query = {},
                   const std::vector<std::string>& labels = {"bus", "car"}) {
  auto crops = store.load(labels, query);
  EXPECT_TRUE(crops) << crops.error().message;
  return crops ? *std::move(crops) : LabelledCrops();
}

std::size_t count_crops(const std::string& folder) { return ekya::testing::names_in(folder, ".jpg").size(); }

/// First byte of each crop: crops of one colour are told apart by it.
std::vector<int> greys(const LabelledCrops& crops) {
  std::vector<int> greys;
  const std::size_t bytes = static_cast<std::size_t>(crops.size) * crops.size * 3;
  for (std::size_t i = 0; i < crops.labels.size(); ++i) greys.push_back(crops.pixels[i * bytes]);
  return greys;
}

TEST(SampleStore, GivesBackWhatWasAdded) {
  const TempFolder folder;
  auto store = open(folder / "samples");
  Sample added = sample("car", 3, 32, 200);
  added.confidence = 0.75f;
  ASSERT_TRUE(store->add(added));
  const auto crops = load(*store, {.size = 32});
  EXPECT_EQ(crops.size, 32);
  EXPECT_THAT(crops.labels, ElementsAre(1));
  EXPECT_THAT(crops.weights, ElementsAre(0.75f));
  ASSERT_EQ(crops.pixels.size(), 32u * 32 * 3);
  for (const int value : crops.pixels) ASSERT_NEAR(value, 200, 3);
  EXPECT_EQ(store->size(), 1u);
  EXPECT_EQ(store->last_window(), 3u);
  EXPECT_THAT(store->count_by_label(), ElementsAre(Pair("car", 1)));
}

TEST(SampleStore, KeepsADetailedPictureWithinALittle) {
  const TempFolder folder;
  auto store = open(folder.path());
  Sample added = sample("car", 1, 64);
  for (int y = 0; y < 64; ++y)
    for (int x = 0; x < 64; ++x) {
      added.pixels[static_cast<std::size_t>((y * 64 + x) * 3)] = static_cast<std::uint8_t>(x * 4);
      added.pixels[static_cast<std::size_t>((y * 64 + x) * 3 + 2)] = static_cast<std::uint8_t>(y * 4);
    }
  ASSERT_TRUE(store->add(added));
  const auto crops = load(*store, {.size = 64});
  double sum = 0;
  for (std::size_t i = 0; i < added.pixels.size(); ++i) sum += std::abs(crops.pixels.at(i) - added.pixels[i]);
  EXPECT_LT(sum / static_cast<double>(added.pixels.size()), 2);
}

TEST(SampleStore, ResizesToWhatIsAskedFor) {
  const TempFolder folder;
  auto store = open(folder.path());
  ASSERT_TRUE(store->add(sample("car", 1, 48, 90)));
  ASSERT_TRUE(store->add(sample("bus", 1, 8, 30)));
  const auto crops = load(*store, {.size = 24});
  ASSERT_EQ(crops.pixels.size(), 2u * 24 * 24 * 3);
  EXPECT_NEAR(greys(crops)[0], 30, 3);
  EXPECT_NEAR(greys(crops)[1], 90, 3);
}

TEST(SampleStore, GivesTheNewestFirstAndNoMoreThanAskedFor) {
  const TempFolder folder;
  auto store = open(folder.path());
  for (const int window : {1, 2, 3, 4}) ASSERT_TRUE(store->add(sample("car", window, 8, window * 50)));
  EXPECT_THAT(greys(load(*store, {.max_recent = 3, .size = 8})), ElementsAre(200, 150, 100));
  EXPECT_THAT(greys(load(*store, {.min_window = 3, .size = 8})), ElementsAre(200, 150));
  EXPECT_THAT(greys(load(*store, {.min_window = 5, .size = 8})), ElementsAre());
}

TEST(SampleStore, KeepsHeldBackSamplesApart) {
  const TempFolder folder;
  auto store = open(folder.path());
  ASSERT_TRUE(store->add(sample("car", 1, 8, 50)));
  ASSERT_TRUE(store->add(held_back(sample("car", 1, 8, 100))));
  EXPECT_THAT(greys(load(*store, {.size = 8})), ElementsAre(50));
  EXPECT_THAT(greys(load(*store, {.held_back = true, .size = 8})), ElementsAre(100));
}

TEST(SampleStore, SkipsLabelsThatTheModelLacks) {
  const TempFolder folder;
  auto store = open(folder.path());
  for (const char* label : {"tram", "car", "bus"}) ASSERT_TRUE(store->add(sample(label)));
  EXPECT_THAT(load(*store, {}, {"car", "van"}).labels, ElementsAre(0));
  EXPECT_THAT(load(*store, {}, {}).labels, ElementsAre());
}

TEST(SampleStore, WeighsByConfidenceWithinBounds) {
  const TempFolder folder;
  auto store = open(folder.path());
  for (const float confidence : {1.0f, 0.5f, 0.001f}) {
    Sample added = sample("car");
    added.confidence = confidence;
    ASSERT_TRUE(store->add(added));
  }
  EXPECT_THAT(load(*store).weights, ElementsAre(0.05f, 0.5f, 1.0f));
}

TEST(SampleStore, TakesExemplarsOfEarlierWindowsEvenlyOverTheClasses) {
  const TempFolder folder;
  auto store = open(folder.path());
  for (int window = 1; window <= 12; ++window) ASSERT_TRUE(store->add(sample("car", window)));
  for (int window = 1; window <= 2; ++window) ASSERT_TRUE(store->add(sample("bus", window)));
  ASSERT_TRUE(store->add(sample("car", 20)));
  const auto crops = load(*store, {.min_window = 20, .exemplars = 8, .size = 8});
  EXPECT_EQ(crops.labels[0], 1) << "recent ones come first";
  EXPECT_THAT(crops.labels, UnorderedElementsAre(0, 0, 1, 1, 1, 1, 1, 1, 1));
}

TEST(SampleStore, TakesTheOldestOfTheLargestClassOutWhenFull) {
  const TempFolder folder;
  auto store = open(folder.path(), 10);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(store->add(sample("bus", 1, 8, 10)));
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(store->add(sample("car", 2, 8, 100 + i * 5)));
  EXPECT_THAT(store->count_by_label(), ElementsAre(Pair("bus", 3), Pair("car", 7)));
  EXPECT_THAT(greys(load(*store, {.min_window = 2, .size = 8})), ElementsAre(195, 190, 185, 180, 175, 170, 165));
  EXPECT_EQ(count_crops(folder.path()), 10u);
}

TEST(SampleStore, KeepsAQuarterHeldBackUnderAFloodOfOthers) {
  const TempFolder folder;
  auto store = open(folder.path(), 40);
  for (int i = 0; i < 6; ++i) ASSERT_TRUE(store->add(held_back(sample("car"))));
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(store->add(sample("car")));
  EXPECT_EQ(load(*store, {.held_back = true}).count(), 6);
  for (int i = 0; i < 30; ++i) ASSERT_TRUE(store->add(held_back(sample("bus"))));
  EXPECT_THAT(load(*store, {.held_back = true}).labels, ElementsAre(0, 0, 0, 0, 0, 1, 1, 1, 1, 1));
  EXPECT_EQ(load(*store).count(), 30);
}

TEST(SampleStore, MayHoldNothingButHeldBackSamples) {
  const TempFolder folder;
  auto store = open(folder.path(), 10);
  for (int i = 0; i < 15; ++i) ASSERT_TRUE(store->add(held_back(sample("car"))));
  EXPECT_EQ(store->size(), 10u);
}

TEST(SampleStore, CountsRecentWindows) {
  const TempFolder folder;
  auto store = open(folder.path());
  for (const std::uint64_t window : {1, 2, 2}) ASSERT_TRUE(store->add(sample("car", window)));
  ASSERT_TRUE(store->add(held_back(sample("bus", 2))));
  EXPECT_THAT(store->count_by_label(2), ElementsAre(Pair("bus", 1), Pair("car", 2)));
  EXPECT_THAT(store->count_by_label(~0ull), ElementsAre());
}

TEST(SampleStore, IsThereAgainAfterARestart) {
  const TempFolder folder;
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(open(folder.path())->add(sample("car", i + 1, 8, 40 * i)));
  auto store = open(folder.path());
  EXPECT_EQ(store->last_window(), 5u);
  EXPECT_THAT(greys(load(*store, {.size = 8})), ElementsAre(160, 120, 80, 40, 0));
  EXPECT_EQ(store->unreadable(), 0u);
}

TEST(SampleStore, ShrinksToASmallerLimitAtARestart) {
  const TempFolder folder;
  {
    auto store = open(folder.path(), 20);
    for (int i = 0; i < 20; ++i) ASSERT_TRUE(store->add(sample(i < 15 ? "car" : "bus")));
  }
  EXPECT_THAT(open(folder.path(), 8)->count_by_label(), ElementsAre(Pair("bus", 4), Pair("car", 4)));
  EXPECT_EQ(count_crops(folder.path()), 8u);
}

TEST(SampleStore, RefusesASampleThatIsWrong) {
  const TempFolder folder;
  auto store = open(folder.path());
  std::vector<Sample> wrong(11, sample("car"));
  wrong[0].label = "";
  wrong[1].label = std::string(257, 'a');
  wrong[2].label = "a\nb";
  wrong[3].size = 0;
  wrong[4].size = -16;
  wrong[5].size = 4096;
  wrong[6].pixels.pop_back();
  wrong[7].confidence = 0;
  wrong[8].confidence = 1.5f;
  wrong[9].confidence = NAN;
  wrong[10].window = ~0ull;
  for (std::size_t i = 0; i < wrong.size(); ++i) {
    SCOPED_TRACE(i);
    const auto added = store->add(wrong[i]);
    ASSERT_FALSE(added);
    EXPECT_EQ(added.error().code, ErrorCode::kInvalidArgument) << added.error().message;
  }
  EXPECT_EQ(store->load({"car"}, {.size = 0}).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(store->size(), 0u);
  EXPECT_EQ(count_crops(folder.path()), 0u);
}

TEST(SampleStore, MakesNoFileNameOfALabel) {
  const TempFolder folder;
  auto store = open(folder / "samples");
  for (const char* label : {"../../x", "/etc/passwd", "a/b", ".", "'; DROP TABLE samples; --", "caf\xc3\xa9"})
    ASSERT_TRUE(store->add(sample(label)));
  EXPECT_EQ(count_crops(folder / "samples"), 6u);
  EXPECT_EQ(store->count_by_label().size(), 6u);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
}

TEST(SampleStore, TakesNoMoreClassesThanItMay) {
  const TempFolder folder;
  auto store = *SampleStore::open(folder.path(), {.max_samples = 4, .max_classes = 2});
  ASSERT_TRUE(store->add(sample("car")));
  ASSERT_TRUE(store->add(sample("bus")));
  const auto added = store->add(sample("tram"));
  ASSERT_FALSE(added);
  EXPECT_THAT(added.error().message, HasSubstr("'tram' is one class too many; 2 are kept"));
  EXPECT_TRUE(store->add(sample("car")));
}

TEST(SampleStore, IsOneOwners) {
  const TempFolder folder;
  auto store = open(folder.path());
  EXPECT_EQ(SampleStore::open(folder.path()).error().code, ErrorCode::kBusy);
  store.reset();
  EXPECT_TRUE(SampleStore::open(folder.path()));
}

TEST(SampleStore, CanBeUsedFromSeveralThreads) {
  const TempFolder folder;
  auto store = open(folder.path(), 50);
  std::thread adder([&] {
    for (int i = 0; i < 200; ++i) EXPECT_TRUE(store->add(sample(i % 2 ? "car" : "bus", i / 10)));
  });
  for (int i = 0; i < 30; ++i) {
    const auto crops = store->load({"bus", "car"}, {.size = 8});
    ASSERT_TRUE(crops) << crops.error().message;
    EXPECT_LE(crops->count(), 50);
    EXPECT_LE(store->size(), 50u);
  }
  adder.join();
  EXPECT_EQ(load(*store).count(), 50);
  EXPECT_EQ(store->unreadable(), 0u) << "what was evicted while it was read is not unreadable";
}

}  // namespace
}  // namespace ekya::learner
