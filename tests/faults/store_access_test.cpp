// SPDX-License-Identifier: LGPL-2.1-or-later
// Stores that are shared, read-only, removed while in use, or reached through links (C6, X7).
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "ekya/learner/checkpoint_store.h"
#include "ekya/learner/sample_store.h"
#include "support/fault_child.h"
#include "support/fault_limits.h"
#include "support/fault_samples.h"
#include "support/fault_temp_folder.h"
#include "support/fault_weights.h"

namespace ekya::learner {
namespace {

using ekya::testing::Child;
using ekya::testing::file_text;
using ekya::testing::names_in;
using ekya::testing::sample;
using ekya::testing::small_weights;
using ekya::testing::TempFolder;
using ekya::testing::WithoutRoot;
using ekya::testing::write_text;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(SharedStore, IsRefusedToASecondProcess) {
  const TempFolder folder;
  auto store = *SampleStore::open(folder.path());
  EXPECT_EQ(Child({"open", folder.path()}).line(), "busy");
  store.reset();
  EXPECT_EQ(Child({"open", folder.path()}).line(), "open");
}

TEST(ReadOnlyStore, GivesAnErrorAtTheStart) {
  const TempFolder folder;
  const WithoutRoot nobody(folder.path());
  ASSERT_EQ(::chmod(folder.path().c_str(), 0500), 0);
  for (const auto& status : {SampleStore::open(folder / "samples").error(), SampleStore::open(folder.path()).error(),
                             CheckpointStore::open(FileOps::system(), folder / "checkpoints").error()}) {
    EXPECT_EQ(status.code, ErrorCode::kIo);
    EXPECT_THAT(status.message, HasSubstr("Permission denied"));
  }
  ASSERT_EQ(::chmod(folder.path().c_str(), 0700), 0);
}

TEST(ReadOnlyStore, StillGivesItsCheckpointAndRefusesANewOne) {
  const TempFolder folder;
  auto store = CheckpointStore::open(FileOps::system(), folder.path());
  ASSERT_TRUE(store->publish(small_weights()));
  const WithoutRoot nobody(folder.path());
  ASSERT_EQ(::chmod(folder.path().c_str(), 0500), 0);
  auto again = CheckpointStore::open(FileOps::system(), folder.path());
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->newest()->entry->generation, 1u);
  EXPECT_EQ(again->publish(small_weights()).error().code, ErrorCode::kIo);
  ASSERT_EQ(::chmod(folder.path().c_str(), 0700), 0);
  EXPECT_EQ(again->publish(small_weights())->generation, 2u);
}

TEST(RemovedStore, GivesErrorsAndDoesNotComeBackByItself) {
  const TempFolder folder;
  auto samples = *SampleStore::open(folder / "samples");
  auto checkpoints = *CheckpointStore::open(FileOps::system(), folder / "checkpoints");
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(samples->add(sample("car")));
  ASSERT_TRUE(checkpoints.publish(small_weights()));
  std::filesystem::remove_all(folder / "samples");
  std::filesystem::remove_all(folder / "checkpoints");
  const auto added = samples->add(sample("car"));
  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().code, ErrorCode::kIo);
  EXPECT_THAT(added.error().message, HasSubstr("was removed or replaced while in use"));
  EXPECT_FALSE(samples->load({"car"}, {}));
  EXPECT_EQ(samples->unreadable(), 0u);
  EXPECT_EQ(checkpoints.publish(small_weights()).error().code, ErrorCode::kNotFound);
  EXPECT_FALSE(checkpoints.newest());
  samples.reset();
  EXPECT_THAT(names_in(folder.path()), IsEmpty());
}

TEST(RemovedStore, IsNotMixedWithOneThatTookItsPlace) {
  const TempFolder folder;
  auto old_store = *SampleStore::open(folder / "samples");
  ASSERT_TRUE(old_store->add(sample("car")));
  std::filesystem::remove_all(folder / "samples");
  auto new_store = *SampleStore::open(folder / "samples");
  EXPECT_FALSE(old_store->add(sample("car")));
  EXPECT_TRUE(new_store->add(sample("bus")));
  old_store.reset();
  EXPECT_EQ(new_store->size(), 1u);
  new_store.reset();
  EXPECT_EQ((*SampleStore::open(folder / "samples"))->load({"bus"}, {})->count(), 1);
}

TEST(LinkedStore, IsRefused) {
  const TempFolder folder;
  std::filesystem::create_directory(folder / "outside");
  std::filesystem::create_directory_symlink("outside", folder / "link");
  EXPECT_EQ(SampleStore::open(folder / "link").error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(SampleStore::open(folder / "link/").error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(CheckpointStore::open(FileOps::system(), folder / "link").error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(names_in(folder / "outside"), IsEmpty());
}

TEST(LinkedStore, WritesNothingThroughALinkInside) {
  const TempFolder folder;
  write_text(folder / "outside", "safe");
  for (const char* name : {"index.sqlite", "index.sqlite-wal", "index.sqlite-journal", "lock", "000000000001.jpg"}) {
    SCOPED_TRACE(name);
    const std::string store = folder / (std::string("with-") + name);
    std::filesystem::create_directory(store);
    std::filesystem::create_symlink(folder / "outside", store + "/" + name);
    const auto opened = SampleStore::open(store);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(file_text(folder / "outside"), "safe");
  }
  const std::string checkpoints = folder / "checkpoints";
  auto store = *CheckpointStore::open(FileOps::system(), checkpoints);
  std::filesystem::create_symlink(folder / "outside", checkpoints + "/000000000001.safetensors.tmp");
  EXPECT_TRUE(store.publish(small_weights()));
  EXPECT_EQ(file_text(folder / "outside"), "safe");
}

TEST(StoreOfAnotherKind, IsRefusedAndLeftAsItIs) {
  const TempFolder folder;
  const auto refuse = [&](const std::string& name, const char* words) {
    SCOPED_TRACE(name);
    const auto store = SampleStore::open(folder / name);
    ASSERT_FALSE(store);
    EXPECT_EQ(store.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(store.error().message, HasSubstr(words));
  };
  for (const char* name : {"pictures", "notes", "text", "numbers"}) std::filesystem::create_directory(folder / name);
  write_text(folder / "pictures/000000000001.jpg", "holiday");
  write_text(folder / "notes/notes.txt", "mine");
  write_text(folder / "text/index.sqlite", "this is no database but long enough to look at: " + std::string(200, 'x'));
  write_text(folder / "numbers/20240131.jpg", "holiday");
  refuse("pictures", "holds pictures but no index.sqlite");
  refuse("notes", "holds 'notes.txt', which is no file of a sample store");
  refuse("text", "not a database");
  refuse("numbers", "holds '20240131.jpg'");
  EXPECT_EQ(file_text(folder / "pictures/000000000001.jpg"), "holiday");
  EXPECT_EQ(file_text(folder / "notes/notes.txt"), "mine");
  EXPECT_EQ(file_text(folder / "text/index.sqlite").substr(0, 4), "this");
}

TEST(Permissions, GiveStoresToTheirOwnerOnly) {
  const TempFolder folder;
  const mode_t old = ::umask(0);
  auto samples = *SampleStore::open(folder / "state/samples");
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(samples->add(sample("car")));
  auto checkpoints = *CheckpointStore::open(FileOps::system(), folder / "state/checkpoints");
  ASSERT_TRUE(checkpoints.publish(small_weights()));
  ::umask(old);
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path())) {
    struct stat status {};
    ASSERT_EQ(::lstat(entry.path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, entry.is_directory() ? 0700u : 0600u) << entry.path();
    files += entry.is_regular_file();
  }
  EXPECT_GE(files, 6u) << "index, journal, lock, crops and a checkpoint";
}

}  // namespace
}  // namespace ekya::learner
