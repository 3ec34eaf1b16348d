// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/learner/state_folder.h"

#include <filesystem>
#include <set>
#include <utility>

#include "ekya/base/printable.h"

namespace ekya::learner {
namespace {

/// A folder of somebody else's is left alone: a store drops what it takes for left-overs of its own.
Status check_own(FileOps& files, const std::string& path) {
  static const std::set<std::string> ours{"samples", "checkpoints", "zoo", "features", "lock"};
  std::error_code error;
  const auto status = std::filesystem::symlink_status(path, error);
  if (status.type() == std::filesystem::file_type::not_found) return {};
  const std::string shown = printable(path, 4096);
  if (!std::filesystem::status_known(status))
    return Error{ErrorCode::kIo, "cannot look at " + shown + ": " + error.message()};
  if (status.type() != std::filesystem::file_type::directory)
    return Error{ErrorCode::kInvalidArgument, shown + " is no folder (links are not followed); name another"};
  const auto names = files.list(path);
  if (!names) return names.error();
  for (const std::string& name : *names)
    if (!ours.contains(name))
      return Error{ErrorCode::kInvalidArgument, shown + " holds \"" + printable(name) +
                                                    "\", which is not of a stream's state; name a new or empty folder"};
  return {};
}

}  // namespace

Result<StateFolder> open_state_folder(FileOps& files, const std::string& path, const SampleStoreOptions& options) {
  if (Status own = check_own(files, path); !own) return own.error();
  if (Status made = files.make_folder(path); !made) return made.error();
  StateFolder state;
  auto lock = FolderLock::take(path);
  if (!lock && lock.error().code == ErrorCode::kBusy)
    return Error{ErrorCode::kBusy, printable(path, 4096) +
                                       " is in use by another retrainer; give each stream a folder of its own (" +
                                       lock.error().message + ")"};
  if (!lock) return lock.error();
  state.lock = *std::move(lock);
  auto samples = SampleStore::open(path + "/samples", options, files);
  if (!samples) return samples.error();
  state.samples = *std::move(samples);
  auto checkpoints = CheckpointStore::open(files, path + "/checkpoints");
  if (!checkpoints) return checkpoints.error();
  state.checkpoints = std::make_unique<CheckpointStore>(*std::move(checkpoints));
  auto newest = state.checkpoints->newest();
  if (!newest) return newest.error();
  state.newest = *std::move(newest);
  auto zoo = ModelZoo::open(files, path + "/zoo");
  if (!zoo) return zoo.error();
  state.zoo = std::make_unique<ModelZoo>(*std::move(zoo));
  state.features = FeatureCache::open(path + "/features", {}, files);
  return state;
}

}  // namespace ekya::learner
