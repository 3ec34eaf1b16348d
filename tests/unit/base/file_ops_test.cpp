// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/base/file_ops.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <cstring>

#include "support/fault_file_ops.h"
#include "support/fault_temp_folder.h"

namespace ekya {
namespace {

using ekya::testing::Fault;
using ekya::testing::FaultFileOps;
using ekya::testing::file_text;
using ekya::testing::TempFolder;
using ekya::testing::write_text;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::span<const std::byte> bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

std::string text(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

mode_t mode_of(const std::string& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
}

FileOps& files() { return FileOps::system(); }

TEST(FileOps, WritesAFileThatOnlyItsOwnerMayRead) {
  const TempFolder folder;
  const mode_t old = ::umask(0);
  ASSERT_TRUE(files().write_new(folder / "a", bytes("hello")));
  ASSERT_TRUE(files().write_new_unsynced(folder / "b", bytes("hello")));
  ASSERT_TRUE(files().make_folder(folder / "c/d"));
  ::umask(old);
  EXPECT_EQ(file_text(folder / "a"), "hello");
  EXPECT_EQ(file_text(folder / "b"), "hello");
  EXPECT_EQ(mode_of(folder / "a"), 0600u);
  EXPECT_EQ(mode_of(folder / "b"), 0600u);
  EXPECT_EQ(mode_of(folder / "c"), 0700u);
  EXPECT_EQ(mode_of(folder / "c/d"), 0700u);
}

TEST(FileOps, WritesNoFileThatIsThere) {
  const TempFolder folder;
  write_text(folder / "a", "old");
  const auto written = files().write_new(folder / "a", bytes("new"));
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::kIo);
  EXPECT_THAT(written.error().message, AllOf(HasSubstr("a'"), HasSubstr("exists")));
  EXPECT_EQ(file_text(folder / "a"), "old");
}

TEST(FileOps, WritesThroughNoLink) {
  const TempFolder folder;
  ASSERT_EQ(::symlink((folder / "outside").c_str(), (folder / "a").c_str()), 0);
  EXPECT_FALSE(files().write_new(folder / "a", bytes("new")));
  EXPECT_FALSE(std::filesystem::exists(folder / "outside"));
}

TEST(FileOps, MakesParentsAndAcceptsAFolderThatIsThere) {
  const TempFolder folder;
  EXPECT_TRUE(files().make_folder(folder / "a/b/c/"));
  EXPECT_TRUE(files().make_folder(folder / "a/b/c"));
  EXPECT_TRUE(std::filesystem::is_directory(folder / "a/b/c"));
}

// /proc says "no such file" of a new folder whose parent is there: asking for the parent again and again never ends.
TEST(FileOps, GivesUpWhereNoFolderCanBe) {
  for (const std::string path : {"/proc/nowhere", "/proc/nowhere/at/all"}) {
    const auto made = files().make_folder(path);
    ASSERT_FALSE(made);
    EXPECT_THAT(made.error().message, HasSubstr("cannot make the folder '/proc/nowhere"));
  }
}

TEST(FileOps, TakesNoLinkAndNoFileForAFolder) {
  const TempFolder folder;
  ASSERT_TRUE(files().make_folder(folder / "real"));
  ASSERT_EQ(::symlink("real", (folder / "link").c_str()), 0);
  write_text(folder / "file", "");
  for (const char* name : {"link", "link/", "file"}) {
    SCOPED_TRACE(name);
    const auto made = files().make_folder(folder / name);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code, ErrorCode::kInvalidArgument) << made.error().message;
  }
  EXPECT_FALSE(files().list(folder / "link/"));
}

TEST(FileOps, ReachesAFolderThroughALinkedParent) {
  const TempFolder folder;
  ASSERT_TRUE(files().make_folder(folder / "real"));
  ASSERT_EQ(::symlink("real", (folder / "link").c_str()), 0);
  EXPECT_TRUE(files().make_folder(folder / "link/a/b"));
  EXPECT_TRUE(std::filesystem::is_directory(folder / "real/a/b"));
}

TEST(FileOps, ReadsWhatWasWritten) {
  const TempFolder folder;
  const std::string words(300'000, 'x');
  ASSERT_TRUE(files().write_new(folder / "a", bytes(words)));
  const auto read = files().read(folder / "a", words.size());
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(text(*read), words);
}

TEST(FileOps, ReadsAnEmptyFile) {
  const TempFolder folder;
  write_text(folder / "a", "");
  const auto read = files().read(folder / "a", 0);
  ASSERT_TRUE(read);
  EXPECT_TRUE(read->empty());
}

TEST(FileOps, SaysThatAFileIsMissing) {
  const TempFolder folder;
  const auto read = files().read(folder / "a", 10);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(read.error().message, HasSubstr(folder / "a"));
  EXPECT_EQ(files().remove(folder / "a").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(files().rename(folder / "a", folder / "b").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(files().sync_folder(folder / "a").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(files().list(folder / "a").error().code, ErrorCode::kNotFound);
}

// Each of these would block for ever, fill the memory or read another file.
TEST(FileOps, ReadsOnlyRegularFilesWithinTheLimit) {
  const TempFolder folder;
  ASSERT_EQ(::mkfifo((folder / "fifo").c_str(), 0600), 0);
  ASSERT_EQ(::mkdir((folder / "folder").c_str(), 0700), 0);
  write_text(folder / "sparse", "");
  ASSERT_EQ(::truncate((folder / "sparse").c_str(), 10'000'000'000), 0);
  write_text(folder / "real", "secret");
  ASSERT_EQ(::symlink("real", (folder / "link").c_str()), 0);
  ASSERT_EQ(::symlink("loop", (folder / "loop").c_str()), 0);
  const std::vector<std::pair<std::string, std::string>> rows{
      {folder / "fifo", "not a regular file"},   {"/dev/zero", "not a regular file"},
      {folder / "folder", "not a regular file"}, {folder / "sparse", "has 10000000000 bytes; at most 1000"},
      {folder / "link", "is a symbolic link"},   {folder / "loop", "is a symbolic link"}};
  for (const auto& [path, words] : rows) {
    SCOPED_TRACE(path);
    const auto start = std::chrono::steady_clock::now();
    const auto read = files().read(path, 1000);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, ErrorCode::kCorrupt);
    EXPECT_THAT(read.error().message, HasSubstr(words));
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(50));
  }
}

TEST(FileOps, ReadsNoSocket) {
  const TempFolder folder;
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, (folder / "s").c_str(), sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  EXPECT_FALSE(files().read(folder / "s", 1000));
  ::close(fd);
}

TEST(FileOps, ListsNamesInOrder) {
  const TempFolder folder;
  for (const char* name : {"b", "a", ".c"}) write_text(folder / name, "");
  const auto names = files().list(folder.path());
  ASSERT_TRUE(names);
  EXPECT_THAT(*names, ElementsAre(".c", "a", "b"));
}

TEST(FileOps, PrintsNoControlCharactersOfAPath) {
  EXPECT_THAT(files().read("/no\n\x1b[31m", 1).error().message, HasSubstr("/no\\x0a\\x1b[31m"));
}

TEST(ReplaceFile, WritesOverTheOldFile) {
  const TempFolder folder;
  ASSERT_TRUE(replace_file(files(), folder / "a", bytes("one")));
  ASSERT_TRUE(replace_file(files(), folder / "a", bytes("two")));
  EXPECT_EQ(file_text(folder / "a"), "two");
  EXPECT_EQ(files().list(folder.path())->size(), 1u);
}

TEST(ReplaceFile, WritesThroughNoLinkInPlaceOfItsTemporaryFile) {
  const TempFolder folder;
  write_text(folder / "outside", "safe");
  ASSERT_EQ(::symlink((folder / "outside").c_str(), (folder / "a.tmp").c_str()), 0);
  ASSERT_TRUE(replace_file(files(), folder / "a", bytes("new")));
  EXPECT_EQ(file_text(folder / "outside"), "safe");
  EXPECT_EQ(file_text(folder / "a"), "new");
}

TEST(ReplaceFile, TakesATemporaryFileThatACrashLeft) {
  const TempFolder folder;
  write_text(folder / "a.tmp", "torn");
  ASSERT_TRUE(replace_file(files(), folder / "a", bytes("new")));
  EXPECT_EQ(file_text(folder / "a"), "new");
}

TEST(ReplaceFile, SyncsTheFileBeforeAndTheFolderAfterTheRename) {
  const TempFolder folder;
  FaultFileOps faults;
  ASSERT_TRUE(replace_file(faults, folder / "a", bytes("new")));
  using Kind = ekya::testing::FileCall::Kind;
  ASSERT_EQ(faults.log().size(), 3u);
  EXPECT_EQ(faults.log()[0].kind, Kind::kWrite);
  EXPECT_EQ(faults.log()[1].kind, Kind::kRename);
  EXPECT_EQ(faults.log()[2].kind, Kind::kSyncFolder);
  EXPECT_EQ(faults.log()[2].path, folder.path());
}

TEST(ReplaceFile, LeavesTheOldFileOrTheNewOneWhenAnyCallFails) {
  for (const bool for_ever : {false, true})
    for (std::size_t nth = 1; nth <= 4; ++nth) {
      SCOPED_TRACE(::testing::Message() << "call " << nth << (for_ever ? " for ever" : " once"));
      const TempFolder folder;
      write_text(folder / "a", "old");
      FaultFileOps faults;
      faults.set_fault({nth, for_ever, ekya::testing::FaultKind::kShortWrite});
      EXPECT_FALSE(replace_file(faults, folder / "a", bytes("new!")));
      EXPECT_EQ(file_text(folder / "a"), nth < 4 ? "old" : "new!");
      EXPECT_TRUE(for_ever || !std::filesystem::exists(folder / "a.tmp"));
    }
}

TEST(FolderLock, IsHeldByOneAtATime) {
  const TempFolder folder;
  auto first = FolderLock::take(folder.path());
  ASSERT_TRUE(first) << first.error().message;
  const auto second = FolderLock::take(folder / "");
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kBusy);
  EXPECT_THAT(second.error().message, HasSubstr(folder.path()));
  first->reset();
  EXPECT_TRUE(FolderLock::take(folder.path()));
  EXPECT_EQ(mode_of(folder / "lock"), 0600u);
}

TEST(FolderLock, FollowsNoLink) {
  const TempFolder folder;
  ASSERT_TRUE(files().make_folder(folder / "real"));
  ASSERT_EQ(::symlink("real", (folder / "link").c_str()), 0);
  EXPECT_EQ(FolderLock::take(folder / "link/").error().code, ErrorCode::kInvalidArgument);
  ASSERT_EQ(::symlink((folder / "outside").c_str(), (folder / "real/lock").c_str()), 0);
  EXPECT_EQ(FolderLock::take(folder / "real").error().code, ErrorCode::kInvalidArgument);
  EXPECT_FALSE(std::filesystem::exists(folder / "outside"));
}

TEST(FolderLock, NeedsTheFolder) { EXPECT_EQ(FolderLock::take("/nowhere/at/all").error().code, ErrorCode::kNotFound); }

}  // namespace
}  // namespace ekya
