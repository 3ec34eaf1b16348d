// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ekya/learner/checkpoint_store.h"
#include "support/fault_temp_folder.h"
#include "support/fault_weights.h"

namespace ekya::learner {
namespace {

using ekya::testing::file_text;
using ekya::testing::small_weights;
using ekya::testing::TempFolder;
using ekya::testing::write_text;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

CheckpointStore open(const std::string& folder, int keep = 5) {
  auto store = CheckpointStore::open(FileOps::system(), folder, keep);
  EXPECT_TRUE(store) << store.error().message;
  return *std::move(store);
}

std::vector<std::uint64_t> generations(const CheckpointStore& store) {
  std::vector<std::uint64_t> generations;
  const auto entries = store.list();
  EXPECT_TRUE(entries);
  for (const auto& entry : *entries) generations.push_back(entry.generation);
  return generations;
}

TEST(CheckpointStore, HasNoneAtFirst) {
  const TempFolder folder;
  auto store = open(folder / "a/b");
  const auto newest = store.newest();
  ASSERT_TRUE(newest);
  EXPECT_FALSE(newest->entry);
  EXPECT_THAT(newest->rejected, IsEmpty());
}

TEST(CheckpointStore, FindsWhatItPublished) {
  const TempFolder folder;
  const auto published = open(folder.path()).publish(small_weights());
  ASSERT_TRUE(published) << published.error().message;
  EXPECT_EQ(published->generation, 1u);
  EXPECT_EQ(published->path, folder / "000000000001.safetensors");
  const auto newest = open(folder.path()).newest();
  ASSERT_TRUE(newest && newest->entry);
  EXPECT_EQ(newest->entry->path, published->path);
  EXPECT_EQ(newest->weights.metadata.at("ekya.generation"), "1");
  EXPECT_EQ(newest->weights.tensors.at("fc.bias").data, small_weights().tensors.at("fc.bias").data);
}

TEST(CheckpointStore, KeepsTheNewestOnes) {
  const TempFolder folder;
  auto store = open(folder.path(), 3);
  for (int i = 0; i < 7; ++i) ASSERT_TRUE(store.publish(small_weights()));
  EXPECT_THAT(generations(store), ElementsAre(5, 6, 7));
}

TEST(CheckpointStore, KeepsTwoAtLeast) {
  const TempFolder folder;
  auto store = open(folder.path(), 0);
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(store.publish(small_weights()));
  EXPECT_THAT(generations(store), ElementsAre(3, 4));
}

TEST(CheckpointStore, CountsOnFromTheNewest) {
  const TempFolder folder;
  ASSERT_TRUE(open(folder.path()).publish(small_weights()));
  EXPECT_EQ(open(folder.path()).publish(small_weights())->generation, 2u);
}

TEST(CheckpointStore, UsesTheOneBeforeABrokenOneAndNeverGivesItsGenerationAgain) {
  const TempFolder folder;
  auto store = open(folder.path());
  ASSERT_TRUE(store.publish(small_weights()));
  const auto second = store.publish(small_weights());
  write_text(second->path, "broken");
  auto again = open(folder.path());
  const auto newest = again.newest();
  ASSERT_TRUE(newest && newest->entry);
  EXPECT_EQ(newest->entry->generation, 1u);
  ASSERT_EQ(newest->rejected.size(), 1u);
  EXPECT_THAT(newest->rejected[0], HasSubstr(second->path + ": "));
  EXPECT_EQ(file_text(second->path + ".bad"), "broken");
  EXPECT_EQ(open(folder.path()).publish(small_weights())->generation, 3u);
  EXPECT_THAT(again.newest()->rejected, IsEmpty()) << "one warning, not one a start";
}

TEST(CheckpointStore, DropsBrokenOnesWithThoseOfTheirAge) {
  const TempFolder folder;
  auto store = open(folder.path(), 2);
  ASSERT_TRUE(store.publish(small_weights()));
  write_text(store.publish(small_weights())->path, "broken");
  ASSERT_EQ(store.newest()->rejected.size(), 1u);
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(store.publish(small_weights()));
  EXPECT_THAT(*FileOps::system().list(folder.path()),
              ElementsAre("000000000003.safetensors", "000000000004.safetensors"));
}

TEST(CheckpointStore, RefusesACopyUnderAnotherName) {
  const TempFolder folder;
  auto store = open(folder.path());
  const auto first = store.publish(small_weights());
  std::filesystem::copy(first->path, folder / "000000000009.safetensors");
  const auto newest = store.newest();
  EXPECT_EQ(newest->entry->generation, 1u);
  EXPECT_THAT(newest->rejected, ElementsAre(HasSubstr("ekya.generation is '1'; the name says 9")));
}

TEST(CheckpointStore, RemovesWhatACrashLeftAndNothingElse) {
  const TempFolder folder;
  write_text(folder / "000000000003.safetensors.tmp", "torn");
  const std::vector<std::string> others{"0000000000003.safetensors", "00000000000x.safetensors", "notes.tmp",
                                        "000000000003.safetensors.bad2"};
  for (const auto& name : others) write_text(folder / name, "mine");
  auto store = open(folder.path(), 2);
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(store.publish(small_weights()));
  EXPECT_FALSE(std::filesystem::exists(folder / "000000000003.safetensors.tmp"));
  for (const auto& name : others) EXPECT_EQ(file_text(folder / name), "mine") << name;
  EXPECT_THAT(generations(store), ElementsAre(4, 5));
}

TEST(CheckpointStore, SaysWhenThereIsNoGenerationLeft) {
  const TempFolder folder;
  write_text(folder / "999999999999.safetensors", "");
  const auto published = open(folder.path()).publish(small_weights());
  ASSERT_FALSE(published);
  EXPECT_THAT(published.error().message, HasSubstr("no generation left"));
}

}  // namespace
}  // namespace ekya::learner
