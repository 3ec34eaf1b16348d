// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ekya/base/file_ops.h"
#include "ekya/base/result.h"
#include "ekya/learner/weights_file.h"

namespace ekya::learner {

/// Checkpoints of one stream in one folder: `<folder>/<generation, 12 digits>.safetensors`. Atomic and durable: after a kill or a
/// power cut the newest whole one is found and generations never fall. Not thread-safe.
class CheckpointStore {
 public:
  struct Entry {
    std::uint64_t generation = 0;
    std::string path;
  };

  /// Opens (and makes) the folder; removes temporary files that a crash left. `keep` newest are kept, at least 2.
  /// Errors: kIo, kInvalidArgument for a path that is not a folder or is a link.
  static Result<CheckpointStore> open(FileOps& files, std::string folder, int keep = 5);

  /// The newest checkpoint whose hash is right; renames broken ones to `.bad` and lists them in `rejected`.
  /// Empty when there is none.
  struct Newest {
    std::optional<Entry> entry;
    WeightsFile weights;                ///< Of `entry`.
    std::vector<std::string> rejected;  ///< "path: reason"
  };
  Result<Newest> newest();

  /// Writes the next generation (max of all seen + 1, also put into the file's metadata) and drops the oldest.
  /// Errors: kIo; nothing is left behind and the older checkpoints are whole.
  Result<Entry> publish(WeightsFile weights);

  /// Valid names in the folder, oldest first.
  Result<std::vector<Entry>> list() const;

 private:
  CheckpointStore(FileOps& files, std::string folder, int keep);
  void drop_oldest();

  FileOps* files_;
  std::string folder_;
  int keep_;
  std::uint64_t last_ = 0;
};

}  // namespace ekya::learner
