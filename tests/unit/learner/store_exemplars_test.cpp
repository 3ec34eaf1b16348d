// SPDX-License-Identifier: LGPL-2.1-or-later
// Ranks of exemplars, and the samples that a store keeps by them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "ekya/learner/exemplars.h"
#include "ekya/learner/sample_store.h"
#include "support/fault_samples.h"
#include "support/fault_temp_folder.h"

namespace ekya::learner {
namespace {

using ekya::testing::held_back;
using ekya::testing::sample;
using ekya::testing::TempFolder;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::IsEmpty;
using ::testing::Le;
using ::testing::SizeIs;

SampleRow row(std::int64_t id, std::uint64_t window, std::optional<int> rank = std::nullopt) {
  SampleRow row;
  row.id = id;
  row.window = window;
  row.rank = rank;
  return row;
}

std::vector<std::int64_t> ids(const std::vector<SampleRow>& rows) {
  std::vector<std::int64_t> ids;
  for (const SampleRow& row : rows) ids.push_back(row.id);
  return ids;
}

/// Ids of the rows that still have a rank.
std::vector<std::int64_t> thinned(std::vector<SampleRow> rows, std::size_t most) {
  std::vector<SampleRow*> pointers;
  for (SampleRow& row : rows) pointers.push_back(&row);
  thin_exemplars(pointers, most);
  std::erase_if(rows, [](const SampleRow& row) { return !row.rank; });
  return ids(rows);
}

TEST(SpreadOrder, SpreadsEveryPrefix) {
  EXPECT_THAT(spread_order(0), IsEmpty());
  EXPECT_THAT(spread_order(1), ElementsAre(0));
  EXPECT_THAT(spread_order(5), ElementsAre(0, 4, 2, 1, 3));
  EXPECT_THAT(spread_order(8), ElementsAre(0, 4, 2, 6, 1, 5, 3, 7));
}

TEST(ThinExemplars, TakesTheHighestRankOfEachWindowFirst) {
  const std::vector<SampleRow> rows{row(1, 1, 0), row(2, 1, 1), row(3, 1, 2), row(4, 2, 0), row(5, 2, 1), row(6, 2)};
  EXPECT_THAT(thinned(rows, 9), ElementsAre(1, 2, 3, 4, 5));
  EXPECT_THAT(thinned(rows, 4), ElementsAre(1, 2, 4, 5));
  EXPECT_THAT(thinned(rows, 2), ElementsAre(1, 4));
  EXPECT_THAT(thinned(rows, 0), IsEmpty());
}

TEST(ThinExemplars, KeepsTheWindowsThatStaySpreadOverThePast) {
  std::vector<SampleRow> rows;
  for (int window = 1; window <= 9; ++window) rows.push_back(row(window, static_cast<std::uint64_t>(window), 0));
  EXPECT_THAT(thinned(rows, 5), ElementsAre(1, 3, 5, 7, 9));
  EXPECT_THAT(thinned({row(1, 1, 0), row(2, 2, 0), row(3, 9, 0)}, 2), ElementsAre(1, 3));
  EXPECT_THAT(thinned({row(1, 1, 0), row(2, 9, 0)}, 1), ElementsAre(1));
}

// A window at a time, as a stream does it: the oldest one stays, and no gap is more than twice what is even.
TEST(ThinExemplars, ForgetsNoPartOfALongPast) {
  std::vector<SampleRow> rows;
  for (std::int64_t window = 1; window <= 50; ++window) {
    rows.push_back(row(window, static_cast<std::uint64_t>(window), 0));
    std::vector<SampleRow*> pointers;
    for (SampleRow& row : rows) pointers.push_back(&row);
    thin_exemplars(pointers, 10);
    std::erase_if(rows, [](const SampleRow& row) { return !row.rank; });
  }
  ASSERT_THAT(rows, SizeIs(10));
  EXPECT_EQ(rows.front().id, 1);
  EXPECT_EQ(rows.back().id, 50);
  for (std::size_t i = 1; i < rows.size(); ++i)
    EXPECT_LE(rows[i].id - rows[i - 1].id, 11) << "after " << rows[i - 1].id;
}

TEST(TakeExemplars, TakesLowRanksFirstAndSpreadsTheLastOne) {
  const std::vector<SampleRow> rows{row(9, 5),    row(8, 5, 1), row(7, 4, 0), row(6, 4),
                                    row(5, 3, 0), row(4, 2, 0), row(3, 2, 1), row(2, 1, 0)};
  EXPECT_THAT(ids(take_exemplars(rows, 2)), ElementsAre(7, 4)) << "of 7, 5, 4, 2";
  EXPECT_THAT(ids(take_exemplars(rows, 5)), ElementsAre(7, 5, 4, 2, 8));
  EXPECT_THAT(ids(take_exemplars(rows, 99)), ElementsAre(7, 5, 4, 2, 8, 3, 9, 6));
}

/// The colour of each crop as a direction: 0 to 255 is 0 to 90 degrees.
Result<std::vector<float>> direction(const LabelledCrops& crops) {
  std::vector<float> features;
  const std::size_t bytes = static_cast<std::size_t>(crops.size) * crops.size * 3;
  for (std::size_t i = 0; i < crops.labels.size(); ++i) {
    const double angle = crops.pixels[i * bytes] / 255.0 * M_PI / 2;
    features.push_back(static_cast<float>(std::cos(angle)));
    features.push_back(static_cast<float>(std::sin(angle)));
  }
  return features;
}

std::unique_ptr<SampleStore> open(const std::string& folder, std::size_t most) {
  auto store = SampleStore::open(folder, {.max_samples = most});
  EXPECT_TRUE(store) << store.error().message;
  return store ? *std::move(store) : nullptr;
}

/// Colours of what a training set of the class would take from before `window`.
std::vector<int> exemplars(SampleStore& store, const std::string& label, std::uint64_t window, std::size_t most,
                           bool held_back = false) {
  const auto crops = store.load(
      {label}, {.held_back = held_back, .min_window = window, .max_recent = 0, .exemplars = most, .size = 8});
  std::vector<int> greys;
  for (std::size_t i = 0; i < crops->labels.size(); ++i) greys.push_back(crops->pixels[i * 192]);
  return greys;
}

TEST(KeepExemplars, PrefersTheOneNearestToTheMean) {
  const TempFolder folder;
  const auto store = open(folder.path(), 100);
  for (const std::uint8_t grey : {0, 60, 200}) ASSERT_TRUE(store->add(sample("car", 1, 8, grey)));
  EXPECT_THAT(exemplars(*store, "car", 2, 1), ElementsAre(200)) << "the newest, as long as nothing was chosen";
  ASSERT_TRUE(store->keep_exemplars(1, 8, direction));
  EXPECT_THAT(exemplars(*store, "car", 2, 1), ElementsAre(60));
  EXPECT_THAT(exemplars(*store, "car", 2, 9), SizeIs(3));
}

TEST(KeepExemplars, StayWhenTheStoreIsFull) {
  const TempFolder folder;
  const auto store = open(folder.path(), 16);  // 12 to train on: 6 exemplars of one class.
  for (int i = 0; i < 12; ++i) ASSERT_TRUE(store->add(sample("car", 1, 8, static_cast<std::uint8_t>(i * 20))));
  ASSERT_TRUE(store->keep_exemplars(1, 8, direction));
  for (int i = 0; i < 60; ++i) ASSERT_TRUE(store->add(sample("car", 2, 8, 250)));
  EXPECT_EQ(store->size(), 16u);
  EXPECT_THAT(exemplars(*store, "car", 2, 99), SizeIs(6));
  ASSERT_TRUE(store->keep_exemplars(2, 8, direction));
  for (int i = 0; i < 60; ++i) ASSERT_TRUE(store->add(sample("car", 3, 8, 251)));
  const auto kept = exemplars(*store, "car", 3, 99);
  EXPECT_THAT(kept, SizeIs(6));
  EXPECT_EQ(std::ranges::count_if(kept, [](int grey) { return grey >= 240; }), 3) << "three of each window";
}

TEST(KeepExemplars, StayAfterARestart) {
  const TempFolder folder;
  {
    const auto store = open(folder.path(), 100);
    for (const std::uint8_t grey : {0, 60, 200}) ASSERT_TRUE(store->add(sample("car", 1, 8, grey)));
    ASSERT_TRUE(store->keep_exemplars(1, 8, direction));
  }
  EXPECT_THAT(exemplars(*open(folder.path(), 100), "car", 2, 1), ElementsAre(60));
}

TEST(KeepExemplars, SpreadsThoseThatAreHeldBack) {
  const TempFolder folder;
  const auto store = open(folder.path(), 32);  // 8 held back: 4 exemplars.
  for (int i = 0; i < 8; ++i)
    ASSERT_TRUE(store->add(held_back(sample("car", 1, 8, static_cast<std::uint8_t>(i * 30)))));
  ASSERT_TRUE(store->keep_exemplars(1, 8, direction));
  for (int i = 0; i < 60; ++i) ASSERT_TRUE(store->add(held_back(sample("car", 2, 8, 250))));
  for (int i = 0; i < 60; ++i) ASSERT_TRUE(store->add(sample("car", 2, 8, 250)));
  EXPECT_THAT(exemplars(*store, "car", 2, 99, true), SizeIs(4));
}

TEST(KeepExemplars, SaysWhatIsWrongWithTheFeaturesAndLeavesTheChoice) {
  const TempFolder folder;
  const auto store = open(folder.path(), 100);
  for (const std::uint8_t grey : {0, 60, 200}) ASSERT_TRUE(store->add(sample("car", 1, 8, grey)));
  ASSERT_TRUE(store->keep_exemplars(1, 8, direction));
  const std::vector<SampleStore::Features> wrong{
      [](const LabelledCrops&) {
        return Error{ErrorCode::kResource, "out of memory"};
      },
      [](const LabelledCrops&) { return std::vector<float>(); },
      [](const LabelledCrops&) { return std::vector<float>(4, 1.0f); },
      [](const LabelledCrops& crops) { return std::vector<float>(crops.labels.size(), std::nanf("")); }};
  for (const auto& features : wrong) EXPECT_FALSE(store->keep_exemplars(1, 8, features));
  EXPECT_FALSE(store->keep_exemplars(1, 0, direction));
  EXPECT_THAT(exemplars(*store, "car", 2, 1), ElementsAre(60));
  EXPECT_TRUE(store->keep_exemplars(99, 8, direction)) << "a window without samples";
}

TEST(KeepExemplars, AsksForFeaturesInSmallBatchesOfOneWidth) {
  const TempFolder folder;
  const auto store = open(folder.path(), 200);
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(store->add(sample("car", 1, 8)));
  std::vector<int> counts;
  ASSERT_TRUE(store->keep_exemplars(1, 8, [&](const LabelledCrops& crops) {
    counts.push_back(crops.count());
    return direction(crops);
  }));
  EXPECT_THAT(counts, ElementsAre(64, 36));
  EXPECT_FALSE(store->keep_exemplars(1, 8, [&](const LabelledCrops& crops) {
    return Result<std::vector<float>>(std::vector<float>(crops.labels.size() * (crops.count() == 64 ? 2 : 1), 1.0f));
  }));
}

// 200 samples a window; the tram is there in the first two only, the bike comes in window 30.
TEST(KeepExemplars, DoNotForgetAClassThatVanishedForFiftyWindows) {
  const TempFolder folder;
  const auto store = open(folder.path(), 400);
  for (std::uint64_t window = 1; window <= 50; ++window) {
    for (int i = 0; i < 200; ++i) {
      const char* label = i % 4 == 0 && window <= 2    ? "tram"
                          : i % 4 == 1 && window >= 30 ? "bike"
                          : i % 2                      ? "bus"
                                                       : "car";
      Sample added = sample(label, window, 8, static_cast<std::uint8_t>(window * 5));
      added.held_back = i % 5 == 0;
      ASSERT_TRUE(store->add(added));
    }
    ASSERT_TRUE(store->keep_exemplars(window, 8, direction));
    ASSERT_LE(store->size(), 400u);
  }
  const auto trams = exemplars(*store, "tram", 50, 999);
  EXPECT_THAT(trams.size(), AllOf(Ge(37u), Le(80u))) << "its part of 300 / 2 / 4";
  EXPECT_THAT(exemplars(*store, "bike", 50, 999).size(), Ge(37u));
  EXPECT_THAT(exemplars(*store, "tram", 50, 999, true), ::testing::Not(IsEmpty())) << "the gate sees it too";
  const auto cars = exemplars(*store, "car", 50, 37);
  const std::set<int> windows(cars.begin(), cars.end());
  EXPECT_GE(windows.size(), 30u) << "nearly one of each window";
  EXPECT_LE(*windows.begin(), 12) << "also of the first";
  // A small training set has all four classes in equal parts.
  const auto crops = store->load({"tram", "bike", "bus", "car"}, {.min_window = 50, .max_recent = 0, .exemplars = 80});
  for (const int label : {0, 1, 2, 3}) EXPECT_EQ(std::ranges::count(crops->labels, label), 20) << label;
}

TEST(SampleStore, TakesFourThousandAndNinetySixClassesAndNoMore) {
  const TempFolder folder;
  auto store = open(folder.path(), 5000);
  for (int i = 0; i < 4096; ++i) ASSERT_TRUE(store->add(sample("class " + std::to_string(i), 1, 8)));
  for (int i = 0; i < 200; ++i)
    ASSERT_EQ(store->add(sample("other " + std::to_string(i), 1, 8)).error().code, ErrorCode::kInvalidArgument);
  ASSERT_TRUE(store->add(sample("class 7", 1, 8)));
  ASSERT_TRUE(store->keep_exemplars(1, 8, direction));
  EXPECT_EQ(store->size(), 4097u);
  store.reset();
  store = open(folder.path(), 4000);
  EXPECT_TRUE(store->add(sample("other", 1, 8))) << "97 classes had to go, so there is room";
}

}  // namespace
}  // namespace ekya::learner
