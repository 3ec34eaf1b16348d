// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <memory>
#include <string>

#include "ekya/base/file_ops.h"
#include "ekya/base/result.h"
#include "ekya/learner/checkpoint_store.h"
#include "ekya/learner/feature_cache.h"
#include "ekya/learner/model_zoo.h"
#include "ekya/learner/sample_store.h"

namespace ekya::learner {

/// What a stream keeps on disk: `<folder>/samples`, `<folder>/checkpoints`, `<folder>/zoo`,
/// `<folder>/features` and a lock that makes it one owner's.
struct StateFolder {
  std::unique_ptr<FolderLock> lock;
  std::unique_ptr<SampleStore> samples;
  std::unique_ptr<CheckpointStore> checkpoints;
  CheckpointStore::Newest newest;  ///< What the stream had learned before.
  std::unique_ptr<ModelZoo> zoo;
  std::shared_ptr<FeatureCache> features;
};

/// Opens (and makes) it. Slow with a large checkpoint and a full zoo, which are read and hashed.
/// Errors: kBusy when somebody else has it; kInvalidArgument for a link, a file, or a folder that holds other things;
/// kIo. The message names the path and what to do.
Result<StateFolder> open_state_folder(FileOps& files, const std::string& path, const SampleStoreOptions& options);

}  // namespace ekya::learner
