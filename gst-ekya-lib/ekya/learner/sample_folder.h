// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "ekya/base/file_ops.h"
#include "ekya/base/result.h"

namespace ekya::learner {

/// Names in a sample store's folder: `index.sqlite` with SQLite's journals, `index.sqlite.bad`, `lock`, and crops
/// `<id, 12 digits>.jpg`. No name comes from a label or another text of the user's.
class SampleFolder {
 public:
  /// Makes the folder (0700) and, where missing, an empty index file (0600).
  /// Errors: kInvalidArgument when the folder holds anything else, a link, or crops without an index; kIo.
  static Result<SampleFolder> open(FileOps& files, const std::string& path);

  const std::string& path() const { return path_; }
  std::string index_path() const;
  std::string crop_path(std::int64_t id) const;

  Result<std::set<std::int64_t>> crops() const;
  /// Removes the crops and renames the index, whose rows are lost, to `index.sqlite.bad`; begins an empty one.
  Status set_aside_index();
  /// Whether the index file is still the one that was there at first: the folder may be removed while in use.
  bool is_in_place() const;

 private:
  SampleFolder(FileOps& files, std::string path) : files_(&files), path_(std::move(path)) {}
  Status check_names() const;
  Status make_index();

  FileOps* files_;
  std::string path_;
  std::uint64_t index_file_ = 0;  ///< Its inode.
};

}  // namespace ekya::learner
