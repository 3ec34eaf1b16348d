// SPDX-License-Identifier: LGPL-2.1-or-later
// kill -9 in the middle of a write (C1).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <thread>

#include "ekya/learner/checkpoint_store.h"
#include "ekya/learner/sample_store.h"
#include "support/fault_child.h"
#include "support/fault_temp_folder.h"
#include "support/fault_weights.h"

namespace ekya::learner {
namespace {

using ekya::testing::Child;
using ekya::testing::names_in;
using ekya::testing::TempFolder;
using ::testing::IsEmpty;

constexpr unsigned kSeed = 1;

/// Lets the child work for 5 to 40 ms, then kills it. Gives the last number that it said it had made sure.
std::uint64_t kill_in_the_middle(const std::string& mode, const std::string& folder, std::mt19937& random) {
  Child child({mode, folder});
  std::string line = child.line();
  if (line.empty()) return 0;
  std::this_thread::sleep_for(std::chrono::milliseconds(std::uniform_int_distribution(5, 40)(random)));
  child.kill_now();
  for (std::string next = line; !next.empty(); next = child.line()) line = next;
  return std::stoull(line);
}

TEST(KilledWhilePublishing, LosesNoCheckpointAndKeepsNoTornOne) {
  const TempFolder folder;
  std::mt19937 random(kSeed);
  std::size_t left_temporary = 0;
  std::uint64_t last = 0;
  for (int kill = 0; kill < 100; ++kill) {
    SCOPED_TRACE(::testing::Message() << "seed " << kSeed << ", kill " << kill);
    const std::uint64_t published = kill_in_the_middle("publish", folder.path(), random);
    ASSERT_GT(published, last) << "the child counts on from what there was";
    left_temporary += names_in(folder.path(), ".tmp").size();
    auto store = CheckpointStore::open(FileOps::system(), folder.path(), 3);
    ASSERT_TRUE(store) << store.error().message;
    EXPECT_EQ(names_in(folder.path(), ".tmp").size(), 0u);
    const auto newest = store->newest();
    ASSERT_TRUE(newest && newest->entry);
    EXPECT_THAT(newest->rejected, IsEmpty());
    ASSERT_GE(newest->entry->generation, published);
    last = newest->entry->generation;
  }
  EXPECT_GT(left_temporary, 0u) << "no kill hit a write: the test tests nothing";
}

TEST(KilledWhileAddingSamples, KeepsIndexAndCropsTogether) {
  const TempFolder folder;
  std::mt19937 random(kSeed);
  std::uint64_t last = 0;
  for (int kill = 0; kill < 30; ++kill) {
    SCOPED_TRACE(::testing::Message() << "seed " << kSeed << ", kill " << kill);
    const std::uint64_t added = kill_in_the_middle("add", folder.path(), random);
    ASSERT_GT(added, last);
    auto store = SampleStore::open(folder.path(), {.max_samples = 60});
    ASSERT_TRUE(store) << store.error().message;
    EXPECT_GE((*store)->last_window(), added) << "a sample that add() took was lost";
    last = (*store)->last_window();
    const auto crops = (*store)->load({"car", "bus"}, {.size = 16});
    ASSERT_TRUE(crops) << crops.error().message;
    EXPECT_EQ((*store)->unreadable(), 0u);
    EXPECT_EQ(crops->labels.size(), (*store)->size());
    EXPECT_EQ(names_in(folder.path(), ".jpg").size(), (*store)->size());
    EXPECT_LE((*store)->size(), 60u);
  }
}

}  // namespace
}  // namespace ekya::learner
