// SPDX-License-Identifier: LGPL-2.1-or-later
// A sample store at its cap, and one whose pictures or rows are garbled (C8).
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include "ekya/learner/sample_store.h"
#include "support/fault_samples.h"
#include "support/fault_temp_folder.h"

namespace ekya::learner {
namespace {

using ekya::testing::file_text;
using ekya::testing::held_back;
using ekya::testing::names_in;
using ekya::testing::no_difference;
using ekya::testing::sample;
using ekya::testing::TempFolder;
using ekya::testing::write_text;
using ::testing::HasSubstr;
using ::testing::SizeIs;

std::unique_ptr<SampleStore> open(const std::string& folder) {
  auto store = SampleStore::open(folder);
  EXPECT_TRUE(store) << store.error().message;
  return store ? *std::move(store) : nullptr;
}

void fill(const std::string& folder, int count) {
  const auto store = open(folder);
  for (int i = 0; i < count; ++i) ASSERT_TRUE(store->add(sample("car", 1, 16, static_cast<std::uint8_t>(i * 20))));
}

void run_sql(const std::string& folder, const char* sql) {
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open((folder + "/index.sqlite").c_str(), &database), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(database, sql, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(database);
  sqlite3_close(database);
}

TEST(SampleStoreAtItsCap, NeverPassesItByMoreThanOne) {
  const TempFolder folder;
  const auto store = *SampleStore::open(folder.path(), {.max_samples = 100});
  for (int i = 0; i < 10'000; ++i) {
    Sample added = sample(i % 7 ? "car" : "bus", static_cast<std::uint64_t>(i / 500), 8);
    added.held_back = i % 5 == 0;
    ASSERT_TRUE(store->add(added));
    if (i % 500 == 0) {
      ASSERT_LE(store->size(), 100u);
      ASSERT_LE(names_in(folder.path(), ".jpg").size(), 101u);
    }
  }
  EXPECT_EQ(store->size(), 100u);
  EXPECT_EQ(store->load({"car", "bus"}, {.held_back = true})->count(), 25);
  EXPECT_EQ(store->load({"car", "bus"}, {})->count(), 75);
  EXPECT_EQ(store->unreadable(), 0u);
}

TEST(GarbledPictures, AreCountedSkippedAndRemoved) {
  const TempFolder folder;
  fill(folder.path(), 6);
  auto store = open(folder.path());
  auto names = names_in(folder.path(), ".jpg");
  std::sort(names.begin(), names.end());
  std::string flipped = file_text(folder / names[1]);
  flipped[flipped.size() / 2] ^= 1;
  write_text(folder / names[0], "");
  write_text(folder / names[1], flipped);
  std::filesystem::copy_file(folder / names[5], folder / names[2], std::filesystem::copy_options::overwrite_existing);
  std::filesystem::remove(folder / names[3]);
  const auto crops = store->load({"car"}, {.size = 16});
  ASSERT_TRUE(crops) << crops.error().message;
  EXPECT_EQ(crops->count(), 2);
  EXPECT_EQ(store->unreadable(), 4u);
  EXPECT_EQ(store->size(), 2u);
  EXPECT_THAT(names_in(folder.path(), ".jpg"), SizeIs(2));
  EXPECT_EQ(store->load({"car"}, {.size = 16})->count(), 2);
  EXPECT_EQ(store->unreadable(), 4u) << "each is counted once";
}

TEST(GarbledPictures, ThatAreNoFilesAreRefusedAtTheStart) {
  const TempFolder folder;
  fill(folder.path(), 2);
  std::filesystem::remove(folder / "000000000001.jpg");
  std::filesystem::create_directory(folder / "000000000001.jpg");
  EXPECT_EQ(SampleStore::open(folder.path()).error().code, ErrorCode::kInvalidArgument);
}

TEST(GarbledRows, AreCountedSkippedAndRemoved) {
  const TempFolder folder;
  fill(folder.path(), 6);
  run_sql(folder.path(),
          "UPDATE samples SET size = 2000000000 WHERE id = 1; UPDATE samples SET size = -1 WHERE id = 2;"
          "UPDATE samples SET digest = x'00' WHERE id = 3; UPDATE samples SET size = 17 WHERE id = 4;");
  auto store = open(folder.path());
  const auto crops = store->load({"car"}, {.size = 16});
  ASSERT_TRUE(crops) << crops.error().message;
  EXPECT_EQ(crops->count(), 2);
  EXPECT_EQ(store->unreadable(), 4u);
}

TEST(GarbledRows, WithoutAFileAndFilesWithoutARowGoAtTheNextStart) {
  const TempFolder folder;
  fill(folder.path(), 4);
  std::filesystem::remove(folder / "000000000002.jpg");
  write_text(folder / "000000000077.jpg", "left by a crash");
  auto store = open(folder.path());
  EXPECT_EQ(store->size(), 3u);
  EXPECT_EQ(store->unreadable(), 1u);
  EXPECT_THAT(names_in(folder.path(), ".jpg"), SizeIs(3));
  EXPECT_TRUE(store->add(sample("car")));
  EXPECT_EQ(store->load({"car"}, {})->count(), 4);
}

TEST(GarbledIndex, IsSetAsideAndTheStoreBeginsAnew) {
  const TempFolder folder;
  fill(folder.path(), 50);
  std::string bytes = file_text(folder / "index.sqlite");
  ASSERT_GT(bytes.size(), 8192u);
  for (std::size_t i = 4096; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 31);
  write_text(folder / "index.sqlite", bytes);
  auto store = open(folder.path());
  ASSERT_TRUE(store);
  EXPECT_EQ(store->size(), 0u);
  EXPECT_TRUE(std::filesystem::exists(folder / "index.sqlite.bad"));
  EXPECT_THAT(names_in(folder.path(), ".jpg"), SizeIs(0));
  EXPECT_TRUE(store->add(sample("car")));
  store.reset();
  EXPECT_EQ(open(folder.path())->size(), 1u);
}

// SQLite's header is the first 100 bytes; the rest of the first page still says whose file it is. Only where the header
// may be a later release's (of SQLite: bytes 18 and 47, of ours: 60 to 63) is it left as it is.
TEST(GarbledIndex, IsSetAsideAlsoWhenItsHeaderIsDamaged) {
  const TempFolder folder;
  fill(folder.path(), 20);
  const std::string bytes = file_text(folder / "index.sqlite");
  const auto opens = [](const std::string& index) {
    const TempFolder copy;
    write_text(copy / "index.sqlite", index);
    const bool opened = static_cast<bool>(SampleStore::open(copy.path()));
    EXPECT_TRUE(opened || file_text(copy / "index.sqlite") == index);
    return opened;
  };
  for (std::size_t at = 0; at < 100; ++at) {
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(bytes[at] ^ 0xff);
    const bool later_release = at == 18 || at == 47 || (at >= 60 && at < 64);
    EXPECT_NE(opens(damaged), later_release) << "byte " << at;
  }
  for (const char fill : {'\0', '\xff', 'x'}) EXPECT_TRUE(opens(std::string(bytes).replace(0, 100, 100, fill)));
  EXPECT_TRUE(opens(std::string(bytes.size(), '\0'))) << "zeros are what a power cut leaves";
}

// Whatever byte of the index changes, there is a store or an error, never a crash.
TEST(GarbledIndex, NeverCrashes) {
  const TempFolder folder;
  fill(folder.path(), 20);
  const std::string bytes = file_text(folder / "index.sqlite");
  std::size_t opened = 0, refused = 0;
  for (std::size_t at = 0; at < bytes.size(); at += 61) {
    SCOPED_TRACE(at);
    const TempFolder copy;
    std::string garbled = bytes;
    garbled[at] = static_cast<char>(garbled[at] ^ 0xff);
    write_text(copy / "index.sqlite", garbled);
    const auto store = SampleStore::open(copy.path());
    ++(store ? opened : refused);
    if (!store) continue;
    static_cast<void>((*store)->load({"car"}, {}));
    static_cast<void>((*store)->add(sample("car")));
    static_cast<void>((*store)->count_by_label());
  }
  EXPECT_GT(opened, refused);
}

TEST(IndexOfAnotherProgram, IsRefusedAndLeftAsItIs) {
  const TempFolder folder;
  run_sql(folder.path(), "CREATE TABLE samples (id INTEGER); INSERT INTO samples VALUES (1);");
  const auto store = SampleStore::open(folder.path());
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(store.error().message, HasSubstr("application id 0 and version 0"));
  run_sql(folder.path(), "INSERT INTO samples VALUES (2);");
}

TEST(IndexOfAnotherProgram, OfALaterReleaseIsRefused) {
  const TempFolder folder;
  fill(folder.path(), 1);
  run_sql(folder.path(), "PRAGMA user_version = 3");
  EXPECT_THAT(SampleStore::open(folder.path()).error().message, HasSubstr("and version 3; expected"));
}

/// As the first release left it: without ranks.
void fill_with_version_one(const std::string& folder, int count) {
  fill(folder, count);
  run_sql(folder, "ALTER TABLE samples DROP COLUMN exemplar_rank; PRAGMA user_version = 1");
}

TEST(IndexOfAnEarlierRelease, IsUpgradedWithoutLoss) {
  const TempFolder folder;
  fill_with_version_one(folder.path(), 12);
  for (int start = 0; start < 2; ++start) {
    const auto store = open(folder.path());
    ASSERT_TRUE(store);
    EXPECT_EQ(store->size(), 12u);
    EXPECT_EQ(store->load({"car"}, {.size = 16})->count(), 12);
    EXPECT_TRUE(store->keep_exemplars(1, 16, no_difference));
  }
  EXPECT_EQ(open(folder.path())->unreadable(), 0u);
  EXPECT_FALSE(std::filesystem::exists(folder / "index.sqlite.bad"));
}

TEST(IndexOfAnEarlierRelease, IsKnownAsOursWhenDamaged) {
  const TempFolder folder;
  fill_with_version_one(folder.path(), 12);
  std::string bytes = file_text(folder / "index.sqlite");
  bytes.replace(0, 100, 100, 'x');
  write_text(folder / "index.sqlite", bytes);
  EXPECT_TRUE(SampleStore::open(folder.path()));
  EXPECT_TRUE(std::filesystem::exists(folder / "index.sqlite.bad"));
}

TEST(GarbledPictures, AreSkippedWhenExemplarsAreChosen) {
  const TempFolder folder;
  fill(folder.path(), 6);
  write_text(folder / "000000000003.jpg", "no picture");
  const auto store = open(folder.path());
  ASSERT_TRUE(store->keep_exemplars(1, 16, no_difference));
  EXPECT_EQ(store->unreadable(), 1u);
  EXPECT_EQ(store->load({"car"}, {.min_window = 2, .exemplars = 9, .size = 16})->count(), 5);
}

TEST(GarbledRows, OfAnyRankStillGiveATrainingSet) {
  const TempFolder folder;
  fill(folder.path(), 6);
  run_sql(folder.path(),
          "UPDATE samples SET exemplar_rank = -5 WHERE id = 1; UPDATE samples SET exemplar_rank = 9223372036854775807"
          " WHERE id = 2; UPDATE samples SET exemplar_rank = 0 WHERE id > 3");
  const auto store = open(folder.path());
  EXPECT_EQ(store->load({"car"}, {.min_window = 2, .exemplars = 9, .size = 16})->count(), 6);
  EXPECT_TRUE(store->keep_exemplars(1, 16, no_difference));
  EXPECT_EQ(store->load({"car"}, {.min_window = 2, .exemplars = 9, .size = 16})->count(), 6);
}

}  // namespace
}  // namespace ekya::learner
