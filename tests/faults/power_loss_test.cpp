// SPDX-License-Identifier: LGPL-2.1-or-later
// Power cuts (C2): what a disk may hold after one is rebuilt from the log of the file operations, at every point of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "ekya/learner/checkpoint_store.h"
#include "support/fault_file_ops.h"
#include "support/fault_temp_folder.h"
#include "support/fault_weights.h"

namespace ekya::learner {
namespace {

using ekya::testing::FaultFileOps;
using ekya::testing::FileCall;
using ekya::testing::TempFolder;
using ::testing::IsEmpty;
using Kind = FileCall::Kind;
using Files = std::map<std::string, std::vector<std::byte>>;  // By path.

/// Adds or takes a name. A rename whose source never reached the disk does nothing.
void apply(const FileCall& call, Files& files) {
  if (call.kind == Kind::kWrite) files[call.path] = call.bytes;
  if (call.kind == Kind::kRemove) files.erase(call.path);
  if (call.kind != Kind::kRename) return;
  if (auto found = files.find(call.path); found != files.end()) {
    files[call.to] = std::move(found->second);
    files.erase(call.path);
  }
}

/// The disk at a power cut: what the last sync of the folder made sure, then any of the changes of names since, then a
/// file in the middle of its write.
struct Disk {
  Files sure;
  std::vector<FileCall> pending;
  std::uint64_t published = 0;

  void run(const FileCall& call) {
    if (call.kind == Kind::kMark) published = std::stoull(call.path);
    if (call.kind == Kind::kSyncFolder) {
      for (const FileCall& change : pending) apply(change, sure);
      pending.clear();
    } else if (call.kind != Kind::kMark && call.kind != Kind::kMakeFolder) {
      pending.push_back(call);
    }
  }

  /// Each subset of the pending changes, in their order.
  std::vector<Files> possible() const {
    std::vector<Files> all;
    for (std::size_t subset = 0; subset < (std::size_t{1} << pending.size()); ++subset) {
      Files files = sure;
      for (std::size_t i = 0; i < pending.size(); ++i)
        if (subset >> i & 1) apply(pending[i], files);
      all.push_back(std::move(files));
    }
    return all;
  }
};

/// The first part of a write, and one with a sector of zeros in its place.
std::vector<std::vector<std::byte>> torn(const std::vector<std::byte>& bytes) {
  std::vector<std::vector<std::byte>> versions;
  for (std::size_t cut = 0; cut < bytes.size(); cut += 512) {
    versions.emplace_back(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(cut));
    versions.push_back(bytes);
    std::fill_n(versions.back().begin() + static_cast<std::ptrdiff_t>(cut),
                std::min<std::size_t>(512, bytes.size() - cut), std::byte{0});
  }
  return versions;
}

void check(const Files& files, std::uint64_t published) {
  const TempFolder folder;
  for (const auto& [path, bytes] : files)
    ekya::testing::write_text(folder / std::filesystem::path(path).filename().string(),
                              {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  auto store = CheckpointStore::open(FileOps::system(), folder.path(), 2);
  ASSERT_TRUE(store) << store.error().message;
  const auto newest = store->newest();
  ASSERT_TRUE(newest) << newest.error().message;
  ASSERT_THAT(newest->rejected, IsEmpty()) << "a torn file had the name of a checkpoint";
  ASSERT_GE(newest->entry ? newest->entry->generation : 0, published);
  ASSERT_THAT(ekya::testing::names_in(folder.path(), ".tmp"), IsEmpty());
}

TEST(PowerLoss, LeavesTheNewestPublishedCheckpointAtEveryPoint) {
  const TempFolder folder;
  FaultFileOps recorder;
  auto store = CheckpointStore::open(recorder, folder.path(), 2);
  WeightsFile weights = ekya::testing::small_weights();
  weights.tensors["large"] = {DType::kF32, {300}, std::vector<std::byte>(1200, std::byte{7})};
  for (int i = 1; i <= 5; ++i) {
    ASSERT_TRUE(store->publish(weights));
    recorder.mark(std::to_string(i));
  }
  Disk disk;
  std::size_t states = 0;
  for (std::size_t at = 0; at <= recorder.log().size(); ++at) {
    SCOPED_TRACE(::testing::Message() << "after " << at << " operations");
    for (Files files : disk.possible()) {
      ASSERT_NO_FATAL_FAILURE(check(files, disk.published));
      ++states;
      if (at == recorder.log().size() || recorder.log()[at].kind != Kind::kWrite) continue;
      for (auto& bytes : torn(recorder.log()[at].bytes)) {
        files[recorder.log()[at].path] = std::move(bytes);
        ASSERT_NO_FATAL_FAILURE(check(files, disk.published));
        ++states;
      }
    }
    if (at < recorder.log().size()) disk.run(recorder.log()[at]);
  }
  EXPECT_EQ(disk.published, 5u);
  EXPECT_GT(states, 100u);
  RecordProperty("states", static_cast<int>(states));
}

}  // namespace
}  // namespace ekya::learner
