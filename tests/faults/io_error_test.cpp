// SPDX-License-Identifier: LGPL-2.1-or-later
// Full disks, I/O errors and short writes at every call, once and for ever (C3), also while recovering (C7).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ekya/learner/checkpoint_store.h"
#include "ekya/learner/sample_store.h"
#include "support/fault_file_ops.h"
#include "support/fault_limits.h"
#include "support/fault_samples.h"
#include "support/fault_temp_folder.h"
#include "support/fault_weights.h"

namespace ekya::learner {
namespace {

using ekya::testing::Fault;
using ekya::testing::FaultFileOps;
using ekya::testing::FaultKind;
using ekya::testing::FileSizeLimit;
using ekya::testing::names_in;
using ekya::testing::sample;
using ekya::testing::small_weights;
using ekya::testing::TempFolder;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// A folder with two good checkpoints.
void fill(const std::string& folder) {
  auto store = CheckpointStore::open(FileOps::system(), folder, 2);
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(store->publish(small_weights()));
}

/// As fill(), then what a crash may leave: a temporary file and a newest checkpoint that is broken.
void fill_after_a_crash(const std::string& folder) {
  fill(folder);
  ekya::testing::write_text(folder + "/000000000003.safetensors", "torn");
  ekya::testing::write_text(folder + "/000000000004.safetensors.tmp", "torn");
}

/// Opens, looks for the newest and publishes thrice. Gives the newest generation that publish() promised.
std::uint64_t work(FileOps& files, const std::string& folder) {
  auto store = CheckpointStore::open(files, folder, 2);
  if (!store) {
    EXPECT_EQ(store.error().code, ErrorCode::kIo);
    return 0;
  }
  static_cast<void>(store->newest());
  std::uint64_t promised = 0;
  for (int i = 0; i < 3; ++i) {
    const auto entry = store->publish(small_weights());
    if (entry)
      promised = entry->generation;
    else
      EXPECT_THAT(entry.error().message, HasSubstr("injected"));
  }
  return promised;
}

void check_after(const std::string& folder, std::uint64_t promised) {
  auto store = CheckpointStore::open(FileOps::system(), folder, 2);
  ASSERT_TRUE(store) << store.error().message;
  const auto newest = store->newest();
  ASSERT_TRUE(newest && newest->entry) << "the old checkpoints are gone";
  EXPECT_GE(newest->entry->generation, std::max<std::uint64_t>(promised, 2));
  const auto next = store->publish(small_weights());
  ASSERT_TRUE(next) << next.error().message;
  EXPECT_GT(next->generation, promised);
  EXPECT_THAT(names_in(folder, ".tmp"), IsEmpty());
}

void fail_at_every_call(void (*prepare)(const std::string&)) {
  std::size_t calls = 0;
  {
    const TempFolder folder;
    prepare(folder.path());
    FaultFileOps files;
    ASSERT_GE(work(files, folder.path()), 5u);
    calls = files.calls();
  }
  ASSERT_GT(calls, 15u);
  for (const FaultKind kind : {FaultKind::kIo, FaultKind::kFull, FaultKind::kShortWrite})
    for (const bool for_ever : {false, true})
      for (std::size_t nth = 1; nth <= calls; ++nth) {
        SCOPED_TRACE(::testing::Message()
                     << "kind " << static_cast<int>(kind) << ", call " << nth << (for_ever ? " for ever" : " once"));
        const TempFolder folder;
        prepare(folder.path());
        FaultFileOps files;
        files.set_fault({nth, for_ever, kind});
        const std::uint64_t promised = work(files, folder.path());
        ASSERT_NO_FATAL_FAILURE(check_after(folder.path(), promised));
      }
}

TEST(IoErrorInACheckpoint, LeavesTheOldOnesWholeAtEveryCall) { fail_at_every_call(fill); }

TEST(IoErrorInACheckpoint, LeavesTheOldOnesWholeWhileRecoveringFromACrash) { fail_at_every_call(fill_after_a_crash); }

TEST(IoErrorInACheckpoint, PassesWithTheFault) {
  const TempFolder folder;
  fill(folder.path());
  FaultFileOps files;
  auto store = CheckpointStore::open(files, folder.path(), 2);
  files.set_fault({2, false, FaultKind::kFull});
  EXPECT_FALSE(store->publish(small_weights()));
  EXPECT_TRUE(store->publish(small_weights()));
}

TEST(FullDisk, RefusesTheCheckpointAndLeavesNothingBehind) {
  const TempFolder folder;
  fill(folder.path());
  auto store = CheckpointStore::open(FileOps::system(), folder.path(), 2);
  WeightsFile large = small_weights();
  large.tensors["large"] = {DType::kF32, {25'000}, std::vector<std::byte>(100'000)};
  {
    const FileSizeLimit limit(40'000);
    const auto entry = store->publish(large);
    ASSERT_FALSE(entry);
    EXPECT_EQ(entry.error().code, ErrorCode::kIo);
    EXPECT_THAT(entry.error().message, HasSubstr(folder.path()));
  }
  EXPECT_EQ(FileOps::system().list(folder.path())->size(), 2u);
  EXPECT_EQ(store->newest()->entry->generation, 2u);
  EXPECT_TRUE(store->publish(large));
}

TEST(IoErrorInTheSampleStore, LeavesItWholeAtEveryCall) {
  const auto run = [](FileOps& files, const std::string& folder) {
    const auto store = SampleStore::open(folder, {.max_samples = 6}, files);
    if (!store) return;
    for (int i = 0; i < 5; ++i) static_cast<void>((*store)->add(sample("car", 2)));
    static_cast<void>((*store)->load({"car"}, {.size = 16}));
    static_cast<void>((*store)->keep_exemplars(2, 16, ekya::testing::no_difference));
  };
  const auto prepare = [](const std::string& folder) {
    const auto store = *SampleStore::open(folder);
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(store->add(sample("car", 1)));
  };
  for (const FaultKind kind : {FaultKind::kIo, FaultKind::kShortWrite})
    for (const bool for_ever : {false, true})
      for (std::size_t nth = 1; nth <= 24; ++nth) {
        SCOPED_TRACE(::testing::Message()
                     << "kind " << static_cast<int>(kind) << ", call " << nth << (for_ever ? " for ever" : " once"));
        const TempFolder folder;
        prepare(folder.path());
        FaultFileOps files;
        files.set_fault({nth, for_ever, kind});
        run(files, folder.path());
        const auto store = SampleStore::open(folder.path(), {.max_samples = 6});
        ASSERT_TRUE(store) << store.error().message;
        const auto crops = (*store)->load({"car"}, {.size = 16});
        ASSERT_TRUE(crops);
        EXPECT_GE(crops->count(), 4);
        EXPECT_EQ((*store)->unreadable(), 0u) << "an I/O error says nothing about the sample";
        EXPECT_TRUE((*store)->add(sample("car", 3)));
      }
}

TEST(FullDisk, RefusesSamplesAndLeavesTheStoreWhole) {
  const TempFolder folder;
  auto store = *SampleStore::open(folder.path());
  int added = 0, refused = 0;
  {
    // The journal of the index is what grows.
    const FileSizeLimit limit(60'000);
    for (int i = 0; i < 60; ++i) {
      const auto status = store->add(sample("car"));
      ++(status ? added : refused);
      EXPECT_TRUE(status || status.error().code == ErrorCode::kIo);
    }
    EXPECT_GT(added, 0);
    EXPECT_GT(refused, 0);
    EXPECT_EQ(store->size(), static_cast<std::size_t>(added));
    EXPECT_EQ(store->load({"car"}, {.size = 16})->count(), added);
  }
  EXPECT_TRUE(store->add(sample("car"))) << "there is room again";
  store.reset();
  const auto again = *SampleStore::open(folder.path());
  EXPECT_EQ(again->load({"car"}, {.size = 16})->count(), added + 1);
  EXPECT_EQ(again->unreadable(), 0u);
}

}  // namespace
}  // namespace ekya::learner
